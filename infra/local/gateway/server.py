"""The gateway as a whole: its doors, and which request goes where."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from aiohttp import StreamReader, hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.http_parser import RawRequestMessage
from aiohttp.web_protocol import RequestHandler, RequestPayloadError

from infra.local.gateway.clock_jumps import watch_clock
from infra.local.gateway.connection import notice_dead_peer
from infra.local.gateway.dictation import Dictation
from infra.local.gateway.doors import BACKLOG, Door, Serves
from infra.local.gateway.functions import Functions
from infra.local.gateway.leftovers import Leftovers
from infra.local.gateway.limits import MAX_MESSAGE_BYTES, GatewayLimits
from infra.local.gateway.management import Management
from infra.local.gateway.rest_answers import Refusal
from infra.local.gateway.rest_api import RestApi
from infra.local.gateway.routes import Routes
from infra.local.gateway.sockets import Sockets
from infra.local.gateway.sounds import Sounds
from infra.local.gateway.tls_entrance import TlsEntrance
from infra.local.gateway.visitors import Visit, Visitors

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
        servers = [_http_server(door, rooms, limits, visitors) for door in doors]
        loop = asyncio.get_running_loop()
        listening = [
            # asyncio listens once more, with a backlog of its own.
            await loop.create_server(server, sock=listener, backlog=BACKLOG)
            for door, server, listener in zip(doors, servers, listeners, strict=True)
            if door.tls is None
        ]
        tls = [
            TlsEntrance(listener, server, door.tls, limits.tls_handshake_timeout)
            for door, server, listener in zip(doors, servers, listeners, strict=True)
            if door.tls is not None
        ]
        watching = asyncio.create_task(watch_clock(partial(_begin_anew, sockets)))
        try:
            yield ports
        finally:
            watching.cancel()
            for closing in listening:
                closing.close()
            for entrance in tls:
                await entrance.close()
            await sockets.stop()
            for server in servers:
                server.pre_shutdown()
            await asyncio.gather(*(server.shutdown(HTTP_SHUTDOWN_SECONDS) for server in servers))


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


def _is_malformed_request(record: logging.LogRecord) -> bool:
    mistakes = (HttpProcessingError, RequestPayloadError)
    return record.exc_info is not None and isinstance(record.exc_info[1], mistakes)


def _handler(door: Door, rooms: _Rooms) -> Handler:
    """Which request of a door goes where."""
    management = rooms.management if Serves.MANAGEMENT in door.serves else None
    sounds = rooms.sounds if Serves.SOUNDS in door.serves else None
    dictation = rooms.dictation if Serves.DICTATION in door.serves else None

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
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


def _http_server(
    door: Door, rooms: _Rooms, limits: GatewayLimits, visitors: Visitors
) -> web.Server:
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
        kind = web.BaseRequest
        if isinstance(protocol, _GuardedProtocol):
            protocol.brings_request()
            kind = _GuardedRequest
        return kind(
            message, payload, protocol, writer, task, loop, client_max_size=MAX_MESSAGE_BYTES
        )

    options: dict[str, Any] = {
        "request_factory": new_request,
        "access_log": None,
        "logger": log,
        "lingering_time": DROP_SECONDS,
    }
    handler = _handler(door, rooms)
    if not door.guarded:
        return _Server(handler, _Protocol, **options)
    options["keepalive_timeout"] = limits.visitor_idle_timeout
    # Or a refused body would be decompressed while it is dropped: five of 190 KB that become 200 MB
    # held up a caption for 1.4 s.
    options["auto_decompress"] = False
    protocol = partial(_GuardedProtocol, visitors, limits)
    return _Server(handler, protocol, **options)


class _Server(web.Server):
    """aiohttp's, with a protocol of our own."""

    def __init__(
        self, handler: Handler, protocol: Callable[..., RequestHandler], **options: Any
    ) -> None:
        super().__init__(handler, **options)
        self._protocol = protocol

    def __call__(self) -> RequestHandler:
        """The protocol of one accepted socket."""
        return self._protocol(self, loop=self._loop, **self._kwargs)


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


class _GuardedRequest(web.BaseRequest):
    """A stranger's: which programs answer it is not told."""

    async def _prepare_hook(self, response: web.StreamResponse) -> None:
        response.headers.popall(hdrs.SERVER, None)


class _GuardedProtocol(_Protocol, Visit):
    """One connection of a hall's door: counted, and cut when its peer says or reads nothing."""

    __slots__ = ("_first_head_due", "_give_up", "_is_in", "_limits", "_visitors")

    def __init__(
        self, visitors: Visitors, limits: GatewayLimits, manager: web.Server, **options: Any
    ) -> None:
        super().__init__(manager, **options)
        self._visitors = visitors
        self._limits = limits
        self._is_in = False
        self._give_up: Callable[[], object] | None = None
        self._first_head_due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let it in, or close it."""
        super().connection_made(transport)
        self._give_up = None
        peer = transport.get_extra_info("peername")
        # With TLS it was counted before its handshake.
        if not self._is_in and not self.enter(str(peer[0]) if peer else ""):
            self.force_close()
            return
        notice_dead_peer(transport, self._limits.unresponsive_after)
        self._first_head_due = asyncio.get_running_loop().call_later(
            self._limits.visitor_first_head_timeout, self._cut_without_request
        )

    def connection_lost(self, exc: BaseException | None) -> None:
        """It is over."""
        super().connection_lost(exc)
        self.leave()

    def enter(self, address: str, give_up: Callable[[], object] | None = None) -> bool:
        """Count it, until `leave`; returns whether there is room for it."""
        self._give_up = give_up
        self._is_in = self._visitors.enter(self, address)
        return self._is_in

    def brings_request(self) -> None:
        """Its head has come as a whole."""
        if self._first_head_due is not None:
            self._first_head_due.cancel()
            self._first_head_due = None
        self._visitors.brings_request(self)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Note that it may go for another, unless more is to be read or sent."""
        finished = await super().finish_response(request, resp, start_time)
        transport = self.transport
        if transport is not None and not self._messages and not transport.get_write_buffer_size():
            self._visitors.is_answered(self)
        return finished

    def leave(self) -> None:
        """Count it no more."""
        if self._first_head_due is not None:
            self._first_head_due.cancel()
            self._first_head_due = None
        self._visitors.leave(self)

    def cut(self) -> None:
        """Close it at once: with TLS a goodbye would wait for the peer's own."""
        if self._give_up is not None:
            self._give_up()
        elif self.transport is not None:
            self.transport.abort()
            self.force_close()

    def _cut_without_request(self) -> None:
        # A loop that was held up may see head and timer at once: then the head is queued.
        if not self._messages:
            self.cut()
