"""HTTP at one door, by aiohttp's low-level server: who is answered how, and who is cut."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus
from typing import Any

from aiohttp import StreamReader, hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.http_parser import RawRequestMessage
from aiohttp.web_protocol import RequestHandler, RequestPayloadError

from infra.local.gateway.connection import notice_dead_peer
from infra.local.gateway.doors import Door
from infra.local.gateway.limits import MAX_MESSAGE_BYTES, GatewayLimits
from infra.local.gateway.visitors import Visit, Visitors

# How long a refused request's body is read and dropped before the connection is closed.
DROP_SECONDS = 5.0

log = logging.getLogger(__name__)
# aiohttp logs the first line of malformed requests: senders' mistakes, which may hold tokens.
log.addFilter(lambda record: not _is_malformed_request(record))

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


def http_server(
    door: Door, handler: Handler, limits: GatewayLimits, visitors: Visitors
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
        self._forget_first_head()
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
        self._forget_first_head()
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

    def _forget_first_head(self) -> None:
        if self._first_head_due is not None:
            self._first_head_due.cancel()
            self._first_head_due = None


def _is_malformed_request(record: logging.LogRecord) -> bool:
    mistakes = (HttpProcessingError, RequestPayloadError)
    return record.exc_info is not None and isinstance(record.exc_info[1], mistakes)
