"""The gateway as a whole: one port on loopback, and which request goes where."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from http import HTTPStatus
from urllib.parse import unquote

from aiohttp import StreamReader, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.http_parser import RawRequestMessage
from aiohttp.web_protocol import RequestHandler

from infra.local.gateway.functions import Functions
from infra.local.gateway.limits import MAX_MESSAGE_BYTES, GatewayLimits
from infra.local.gateway.management import Management
from infra.local.gateway.routes import Routes
from infra.local.gateway.sockets import Sockets
from infra.local.process.ports import LOOPBACK

# As many handshakes as a room full of phones starts together; the kernel caps it (somaxconn).
BACKLOG = 4096

# For HTTP requests that are still being read when everything else has stopped.
HTTP_SHUTDOWN_SECONDS = 0.1

log = logging.getLogger(__name__)
# aiohttp logs the first line of malformed requests: senders' mistakes, which may hold tokens.
log.addFilter(lambda record: not _is_malformed_request(record))

MANAGEMENT_PATH = "/@connections/"


@asynccontextmanager
async def gateway(
    functions_host: str,
    port: int,
    limits: GatewayLimits,
    hosts: Collection[str],
) -> AsyncIterator[int]:
    """Serve WebSockets and `@connections` until the block ends; gives the port (0 picks one).

    `hosts` are those that browsers may know it by.

    At the end every connection is closed with 1001 and its $disconnect invoked. Raises OSError if
    the port is taken.
    """
    listener = socket.create_server((LOOPBACK, port), backlog=BACKLOG)
    port = listener.getsockname()[1]
    functions = Functions(functions_host, limits)
    sockets = Sockets(Routes(functions, limits), f"{LOOPBACK}:{port}", limits, hosts)
    server = _http_server(sockets, Management(sockets.open))
    listening = await asyncio.get_running_loop().create_server(
        # asyncio listens once more, with a backlog of its own.
        server,
        sock=listener,
        backlog=BACKLOG,
    )
    try:
        yield port
    finally:
        listening.close()
        await sockets.stop()
        server.pre_shutdown()
        await server.shutdown(HTTP_SHUTDOWN_SECONDS)
        await functions.close()


def _is_malformed_request(record: logging.LogRecord) -> bool:
    return record.exc_info is not None and isinstance(record.exc_info[1], HttpProcessingError)


def _http_server(sockets: Sockets, management: Management) -> web.Server:
    """The low-level server of aiohttp: nothing stands between the many posts and their answers.

    (Without router, middlewares and access log: 14,000 posts a second instead of 11,500.)
    """

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        """A management call, or a handshake and what follows it."""
        # A prefix (the stage) is tolerated. Every SDK escapes the `=` of an id, some also the `@`.
        path = request.raw_path.partition("?")[0].replace("%3D", "=")
        if "%" in path:
            path = unquote(path)
        _, is_management, connection_id = path.rpartition(MANAGEMENT_PATH)
        if is_management:
            return await management.answer(request, connection_id)
        return await sockets.serve(request)

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

    return _Server(handle, request_factory=new_request, access_log=None, logger=log)


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
