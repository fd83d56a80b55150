"""A stand-in project behind its functions' host and a gateway, in an event loop of their own."""

import asyncio
import http.client
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import Queue

from aiohttp.test_utils import TestServer

from infra.local.event_sources.failure_destination import FailureFile
from infra.local.functions.lambda_api import InvokeApi
from infra.local.functions.registry import load
from infra.local.gateway.doors import Door
from infra.local.gateway.limits import GatewayLimits
from infra.local.gateway.server import gateway
from infra.local.invocation import Invoker
from tests.unit.infra.project import APP, project

PATIENCE = 20


@contextmanager
def served_project(
    directory: Path,
    doors: Sequence[Door],
    limits: GatewayLimits | None = None,
    after_call: Callable[[], None] = lambda: None,
    app: str = APP,
) -> Iterator[tuple[int, ...]]:
    """Gives the doors' ports."""
    started: Queue[tuple[int, ...]] = Queue()
    end = asyncio.Event()

    async def serve() -> None:
        api = InvokeApi(load(directory), Invoker(8), FailureFile(directory / "failed"), after_call)
        async with TestServer(api.web_application()) as functions:
            url = f"http://127.0.0.1:{functions.port}"
            async with gateway(url, doors, limits or GatewayLimits()) as ports:
                started.put(ports)
                await end.wait()

    with project(directory, app), asyncio.Runner() as runner:
        loop = runner.get_loop()
        thread = threading.Thread(target=runner.run, args=(serve(),))
        thread.start()
        try:
            yield started.get(timeout=PATIENCE)
        finally:
            loop.call_soon_threadsafe(end.set)
            thread.join(PATIENCE)


def request(port: int, method: str, path: str, **kwargs: object) -> tuple[int, bytes]:
    """Status and body of a request's answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request(method, path, **kwargs)  # type: ignore[arg-type]
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def raw(port: int, data: bytes) -> bytes:
    """What comes back on a connection until the server closes it."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(data)
        return b"".join(iter(lambda: connection.recv(65536), b""))
