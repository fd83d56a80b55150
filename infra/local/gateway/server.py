"""The gateway as a whole: its doors, and which request goes where."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import unquote

from aiohttp import StreamReader, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.http_parser import RawRequestMessage
from aiohttp.web_protocol import RequestHandler

from infra.local.gateway.doors import BACKLOG, Door, Serves
from infra.local.gateway.functions import Functions
from infra.local.gateway.limits import MAX_MESSAGE_BYTES, GatewayLimits
from infra.local.gateway.management import Management
from infra.local.gateway.rest_api import RestApi
from infra.local.gateway.routes import Routes
from infra.local.gateway.sockets import Sockets

# For HTTP requests that are still being read when everything else has stopped.
HTTP_SHUTDOWN_SECONDS = 0.1

# How long a refused request's body is read and dropped before the connection is closed.
DROP_SECONDS = 5.0

log = logging.getLogger(__name__)
# aiohttp logs the first line of malformed requests: senders' mistakes, which may hold tokens.
log.addFilter(lambda record: not _is_malformed_request(record))

MANAGEMENT_PATH = "/@connections/"

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class _Rooms:
    """What is behind the doors."""

    sockets: Sockets
    management: Management
    pages: RestApi


@asynccontextmanager
async def gateway(
    functions_host: str, doors: Sequence[Door], limits: GatewayLimits
) -> AsyncIterator[tuple[int, ...]]:
    """Serve at all doors until the block ends; gives their ports.

    At the end every connection is closed with 1001 and its $disconnect invoked. Raises OSError if
    a port is taken.
    """
    async with AsyncExitStack() as stack:
        listeners = [stack.enter_context(door.listen()) for door in doors]
        ports = tuple(listener.getsockname()[1] for listener in listeners)
        functions = Functions(functions_host, limits)
        stack.push_async_callback(functions.close)
        domain_name = f"{doors[0].address}:{ports[0]}"
        sockets = Sockets(Routes(functions, limits), domain_name, limits)
        rooms = _Rooms(sockets, Management(sockets.open), RestApi(functions, limits))
        servers = [_http_server(_handler(door, rooms), limits) for door in doors]
        loop = asyncio.get_running_loop()
        listening = [
            # asyncio listens once more, with a backlog of its own.
            await loop.create_server(server, sock=listener, backlog=BACKLOG)
            for server, listener in zip(servers, listeners, strict=True)
        ]
        try:
            yield ports
        finally:
            for each in listening:
                each.close()
            await sockets.stop()
            for server in servers:
                server.pre_shutdown()
            await asyncio.gather(*(server.shutdown(HTTP_SHUTDOWN_SECONDS) for server in servers))


def _is_malformed_request(record: logging.LogRecord) -> bool:
    return record.exc_info is not None and isinstance(record.exc_info[1], HttpProcessingError)


def _handler(door: Door, rooms: _Rooms) -> Handler:
    """Which request of a door goes where."""

    async def answer_page(request: web.BaseRequest) -> web.StreamResponse:
        return await rooms.pages.serve(request, door)

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return await rooms.sockets.serve(request, door.hosts)

    async def answer_management(request: web.BaseRequest) -> web.StreamResponse:
        """A management call, or a handshake and what follows it."""
        # A prefix (the stage) is tolerated. Every SDK escapes the `=` of an id, some also the `@`.
        path = request.raw_path.partition("?")[0].replace("%3D", "=")
        if "%" in path:
            path = unquote(path)
        _, is_management, connection_id = path.rpartition(MANAGEMENT_PATH)
        if is_management:
            return await rooms.management.answer(request, connection_id)
        return await rooms.sockets.serve(request, door.hosts)

    if Serves.PAGES in door.serves:
        return answer_page
    return answer_management if Serves.MANAGEMENT in door.serves else answer


def _http_server(handler: Handler, limits: GatewayLimits) -> web.Server:
    """The low-level server of aiohttp: nothing stands between the many posts and their answers.

    (Without router, middlewares and access log: 14,000 posts a second instead of 11,500.)
    """

    def new_request(
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: RequestHandler,
        writer: AbstractStreamWriter,
        task: asyncio.Task[None],
    ) -> web.BaseRequest:
        """As aiohttp makes one, with the gateway's own limit on a body."""
        loop = asyncio.get_running_loop()
        return web.BaseRequest(
            message, payload, protocol, writer, task, loop, client_max_size=MAX_MESSAGE_BYTES
        )

    return _Server(
        handler,
        request_factory=new_request,
        access_log=None,
        logger=log,
        lingering_time=DROP_SECONDS,
    )


class _Server(web.Server):
    """aiohttp's, with a protocol of our own."""

    def __call__(self) -> RequestHandler:
        """The protocol of one accepted socket."""
        return _Protocol(self, loop=self._loop, **self._kwargs)


class _Protocol(RequestHandler):
    """Answers malformed HTTP, or a head with a line over 8 KB, as API Gateway does: in JSON."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = HTTPStatus.INTERNAL_SERVER_ERROR,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Log as aiohttp does; its own text would repeat what the client sent."""
        super().handle_error(request, status, exc, message)
        answer = web.json_response({"message": HTTPStatus(status).phrase}, status=status)
        answer.force_close()
        return answer
