"""A gateway between a recorded host of functions and real clients, all in one event loop."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import websockets
from aiohttp import web

from infra.local.access.callers import LOOPBACK_HOSTS
from infra.local.gateway.doors import Door, Serves
from infra.local.gateway.limits import GatewayLimits
from infra.local.gateway.server import gateway

PATIENCE = 20.0
"""Seconds until a test that waits for something fails; nothing ever waits for it to pass."""

Event = Mapping[str, Any]


@dataclass(frozen=True)
class Reply:
    """What a function's host answers: the result, or the error that it reports."""

    result: object = field(default_factory=lambda: {"statusCode": 200})
    error: str | None = None
    status: int = 200


Behaviour = Callable[[Event], Awaitable[Reply]]


async def succeed(_event: Event) -> Reply:
    return Reply()


async def fail(_event: Event) -> Reply:
    return Reply({"errorMessage": "secret", "errorType": "ValueError"}, error="Unhandled")


class FakeFunctions:
    """Records every invocation before it answers as told."""

    def __init__(self, routes: Mapping[str, Sequence[str]]) -> None:
        self._routes = routes
        self.behaviour: dict[str, Behaviour] = defaultdict(lambda: succeed)
        self.calls: dict[str, list[Event]] = defaultdict(list)
        self._unseen: dict[str, asyncio.Queue[Event]] = defaultdict(asyncio.Queue)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/rest-api":
            resources = {
                path: {"methods": methods, "options": None}
                for path, methods in self._routes.items()
            }
            return web.json_response({"resources": resources, "binaryTypes": []})
        _, date, functions, name, invocations = request.path.split("/")
        assert (date, functions, invocations) == ("2015-03-31", "functions", "invocations")
        assert request.method == "POST"
        assert request.headers["X-Amz-Invocation-Type"] == "RequestResponse"
        event: Event = json.loads(await request.read())
        self.calls[name].append(event)
        self._unseen[name].put_nowait(event)
        reply = await self.behaviour[name](event)
        headers = {"X-Amz-Function-Error": reply.error} if reply.error else {}
        return web.Response(
            body=json.dumps(reply.result).encode(), status=reply.status, headers=headers
        )

    async def next(self, name: str) -> Event:
        """The next invocation of that function that has not been asked for yet."""
        return await asyncio.wait_for(self._unseen[name].get(), PATIENCE)

    def ids(self, name: str) -> list[str]:
        """The connections that the function was invoked for, in order."""
        return [event["requestContext"]["connectionId"] for event in self.calls[name]]


class Stage:
    """The running gateway, its functions, and ways to talk to it."""

    def __init__(self, port: int, functions: FakeFunctions, http: aiohttp.ClientSession) -> None:
        self.port = port
        self.functions = functions
        self._http = http

    async def connect(
        self, path: str = "/", **options: Any
    ) -> tuple[websockets.ClientConnection, str]:
        """A client and its connection id."""
        async with asyncio.timeout(PATIENCE):
            client = await websockets.connect(
                f"ws://127.0.0.1:{self.port}{path}", proxy=None, **options
            )
        event = await self.functions.next("connect")
        return client, event["requestContext"]["connectionId"]

    async def request(
        self, method: str, connection_id: str, body: bytes = b"", prefix: str = "", **options: Any
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body of a request to the management API."""
        quoted = connection_id.replace("=", "%3D")
        url = f"http://127.0.0.1:{self.port}{prefix}/@connections/{quoted}"
        async with (
            asyncio.timeout(PATIENCE),
            self._http.request(method, url, data=body, **options) as response,
        ):
            return response.status, response.headers, await response.read()

    async def post(self, connection_id: str, body: bytes) -> int:
        status, _, _ = await self.request("POST", connection_id, body)
        return status


@asynccontextmanager
async def fake_functions(
    routes: Mapping[str, Sequence[str]] | None = None,
) -> AsyncIterator[tuple[FakeFunctions, str]]:
    """The functions' host and its URL; `routes` are the methods of its HTTP paths."""
    functions = FakeFunctions(routes or {})
    server = web.Server(functions.handle, access_log=None)
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(server, "127.0.0.1", 0, backlog=1024)
    port = listening.sockets[0].getsockname()[1]
    try:
        yield functions, f"http://127.0.0.1:{port}"
    finally:
        listening.close()
        server.pre_shutdown()
        await server.shutdown(0.1)


@asynccontextmanager
async def stage(
    limits: GatewayLimits | None = None, hosts: Collection[str] = LOOPBACK_HOSTS
) -> AsyncIterator[Stage]:
    """Everything together; at its end the gateway stops, so all its $disconnect have been told."""
    async with (
        fake_functions() as (functions, url),
        aiohttp.ClientSession() as http,
        gateway(url, [sockets_door(hosts)], limits or GatewayLimits()) as (port,),
    ):
        yield Stage(port, functions, http)


def sockets_door(hosts: Collection[str] = LOOPBACK_HOSTS) -> Door:
    """WebSockets and their management, at a free port of loopback."""
    return Door(0, hosts, Serves.SOCKETS | Serves.MANAGEMENT)


async def receive(client: websockets.ClientConnection) -> str | bytes:
    return await asyncio.wait_for(client.recv(), PATIENCE)


async def closed(client: websockets.ClientConnection) -> tuple[int | None, str | None]:
    """The close code and reason that the client got, once its connection is closed."""
    await asyncio.wait_for(client.wait_closed(), PATIENCE)
    return client.close_code, client.close_reason
