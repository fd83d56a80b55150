"""The gateway as a whole: its doors, and which request goes where."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from urllib.parse import unquote

from aiohttp import web

from infra.local.gateway.clock_jumps import watch_clock
from infra.local.gateway.dictation import Dictation
from infra.local.gateway.doors import BACKLOG, Door, Serves
from infra.local.gateway.functions import Functions
from infra.local.gateway.http_server import Handler, http_server
from infra.local.gateway.leftovers import Leftovers
from infra.local.gateway.limits import GatewayLimits
from infra.local.gateway.management import Management
from infra.local.gateway.rest_answers import Refusal
from infra.local.gateway.rest_api import RestApi
from infra.local.gateway.routes import Routes
from infra.local.gateway.sockets import Sockets
from infra.local.gateway.sounds import Sounds
from infra.local.gateway.tls_entrance import TlsEntrance
from infra.local.gateway.visitors import Visitors

# For HTTP requests that are still being read when everything else has stopped.
HTTP_SHUTDOWN_SECONDS = 0.1

log = logging.getLogger(__name__)

MANAGEMENT_PATH = "/@connections/"


@dataclass(frozen=True)
class Beside:
    """The stage's other servers that browsers reach through the gateway's doors."""

    sounds: Sounds | None = None
    dictation: Dictation | None = None


@dataclass(frozen=True)
class _Rooms:
    """What is behind the doors."""

    sockets: Sockets
    management: Management
    pages: RestApi
    sounds: Sounds | None
    dictation: Dictation | None


@asynccontextmanager
async def gateway(
    functions_host: str, doors: Sequence[Door], limits: GatewayLimits, beside: Beside = Beside()
) -> AsyncIterator[tuple[int, ...]]:
    """Serve at all doors until the block ends, then close what is beside; gives their ports.

    At the end every connection is closed with 1001 and its $disconnect invoked. Raises OSError if
    a port is taken.
    """
    async with AsyncExitStack() as stack:
        listeners = [stack.enter_context(door.listen()) for door in doors]
        ports = tuple(listener.getsockname()[1] for listener in listeners)
        functions = Functions(functions_host, limits)
        stack.push_async_callback(functions.close)
        leftovers = Leftovers()
        stack.callback(leftovers.close)
        sockets = Sockets(Routes(functions, limits), _domain_name(doors, ports), limits, leftovers)
        rooms = _Rooms(
            sockets,
            Management(sockets.open),
            RestApi(functions, limits),
            beside.sounds,
            beside.dictation,
        )
        for each in (beside.sounds, beside.dictation):
            if each is not None:
                stack.push_async_callback(each.close)
        visitors = Visitors(limits, leftovers)
        servers = [http_server(door, _handler(door, rooms), limits, visitors) for door in doors]
        listening = [
            await _listen(door, listener, server, limits)
            for door, listener, server in zip(doors, listeners, servers, strict=True)
        ]
        watching = asyncio.create_task(watch_clock(partial(_begin_anew, sockets)))
        try:
            yield ports
        finally:
            watching.cancel()
            for close in listening:
                await close()
            await sockets.stop()
            for server in servers:
                server.pre_shutdown()
            await asyncio.gather(*(server.shutdown(HTTP_SHUTDOWN_SECONDS) for server in servers))


async def _listen(
    door: Door, listener: socket.socket, server: web.Server, limits: GatewayLimits
) -> Callable[[], Awaitable[None]]:
    """Let connections in; returns what takes no more of them."""
    if door.tls is not None:
        return TlsEntrance(listener, server, door.tls, limits.tls_handshake_timeout).close
    # asyncio listens once more, with a backlog of its own.
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(server, sock=listener, backlog=BACKLOG)

    async def close() -> None:
        listening.close()

    return close


def _begin_anew(sockets: Sockets, seconds: float) -> None:
    log.warning(
        "the clock has jumped by %.0f s: %d connections are closed, and come back",
        seconds,
        len(sockets.open),
    )
    sockets.close_all()


def _domain_name(doors: Sequence[Door], ports: Sequence[int]) -> str:
    """Where functions post to connections, as events say it."""
    return next(
        (
            f"{door.address}:{port}"
            for door, port in zip(doors, ports, strict=True)
            if Serves.MANAGEMENT in door.serves
        ),
        "",
    )


def _handler(door: Door, rooms: _Rooms) -> Handler:
    """Which request of a door goes where."""
    management = rooms.management if Serves.MANAGEMENT in door.serves else None
    sounds = rooms.sounds if Serves.SOUNDS in door.serves else None
    dictation = rooms.dictation if Serves.DICTATION in door.serves else None

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        """By its path, and by what this door serves."""
        path = request.raw_path.partition("?")[0]
        if management is not None and (connection_id := _connection_id(path)) is not None:
            return await management.answer(request, connection_id)
        if door.forbids(path):
            return Refusal(HTTPStatus.FORBIDDEN)
        if Serves.PAGES not in door.serves or _wants_socket(request, door):
            if dictation is not None and path == dictation.path:
                return await dictation.serve(request, door)
            return await rooms.sockets.serve(request, door)
        if sounds is not None and path.startswith(sounds.prefix):
            return await sounds.serve(request, door)
        return await rooms.pages.serve(request, door)

    return answer


def _connection_id(path: str) -> str | None:
    """Whose connection a management call is about; None: it is no management call."""
    # A prefix (the stage) is tolerated. Every SDK escapes the `=` of an id, some also the `@`.
    path = path.replace("%3D", "=")
    if "%" in path:
        path = unquote(path)
    _, is_management, connection_id = path.rpartition(MANAGEMENT_PATH)
    return connection_id if is_management else None


def _wants_socket(request: web.BaseRequest, door: Door) -> bool:
    asked = request.headers.get("Upgrade", "").lower()
    return asked == "websocket" and Serves.SOCKETS in door.serves
