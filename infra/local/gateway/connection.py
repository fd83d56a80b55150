"""One open socket: what is sent to it, and how it ends."""

import asyncio
import contextlib
import select
import socket
from enum import Enum, auto
from struct import Struct
from typing import Literal, TypeAlias

from aiohttp import web

from infra.local.gateway.events import GOING_AWAY, Ending, Origin, now_ms
from infra.local.gateway.limits import GatewayLimits

DELETED = Ending(1000, "Connection Closed Normally")
"""What API Gateway says after DELETE @connections (aws/chalice issue 2060 has such an event)."""

CUT = Ending(1006, "")
"""The socket ended without a close frame."""

TEXT_FRAME = 0x81  # FIN and opcode 1: RFC 6455, 5.2
SIXTEEN_BIT_LENGTH = Struct("!BBH")
SIXTY_FOUR_BIT_LENGTH = Struct("!BBQ")

WebSocket: TypeAlias = web.WebSocketResponse[Literal[False]]
"""aiohttp's, giving text messages as bytes."""


class PostOutcome(Enum):
    """What became of one post."""

    SENT = auto()
    GONE = auto()
    FULL = auto()


class Connection:
    """An accepted connection, from its handshake to its end.

    Posts go to the transport as whole frames, past the WebSocket's own writer: that one would make
    the poster wait for a client that does not read. Compression is never negotiated (API Gateway
    has none), so a frame is a header and the payload.
    """

    def __init__(
        self,
        origin: Origin,
        ws: WebSocket,
        transport: asyncio.Transport,
        limits: GatewayLimits,
    ) -> None:
        self.origin = origin
        self.ending: Ending | None = None
        self._ws = ws
        self._transport = transport
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._opened = self._last_active = self._loop.time()
        self._timer = self._loop.call_at(self._due(), self._close_if_due)
        self._closing: asyncio.Task[None] | None = None
        notice_dead_peer(transport, limits.unresponsive_after)

    def post(self, text: bytes) -> PostOutcome:
        """Send one text message (UTF-8) now or not at all; never waits.

        FULL means that the client reads more slowly than it is sent to: the message is dropped, the
        connection stays, and the kernel cuts it if the client reads nothing at all for a minute.
        """
        if self.ending is not None or self._ws.closed or self._transport.is_closing():
            return PostOutcome.GONE
        if self._transport.get_write_buffer_size() + len(text) > self._limits.outgoing_bytes:
            return PostOutcome.FULL
        self._transport.write(_text_frame(text))
        self.touch()
        return PostOutcome.SENT

    def peer_is_gone(self) -> bool:
        """Whether the peer has ended its side of the socket, as the kernel knows it.

        Also while nothing is read from it, when asyncio does not notice.
        """
        if self._transport.is_closing():
            return True
        look = select.poll()
        look.register(self._transport.get_extra_info("socket"), select.POLLRDHUP)
        return bool(look.poll(0))

    def touch(self) -> None:
        """Something passed over the connection: it is not idle."""
        self._last_active = self._loop.time()

    def last_active_ms(self) -> int:
        """When something last passed over the connection, in epoch milliseconds."""
        return now_ms() - int((self._loop.time() - self._last_active) * 1000)

    def end(self, ending: Ending) -> None:
        """Note how the connection ended. Only the first call counts; posts answer GONE after it."""
        if self.ending is None:
            self.ending = ending
            self._timer.cancel()

    def close(self, ending: Ending) -> None:
        """End the connection from this side: what was posted before still goes out first."""
        if self.ending is None:
            self.end(ending)
            self._closing = asyncio.create_task(self._close(ending))

    async def closed(self) -> None:
        """Return once a close from this side is over; immediately if there was none."""
        if self._closing is not None:
            await self._closing

    async def _close(self, ending: Ending) -> None:
        # Not drained: that would wait for a client that does not read. It gets `closing_timeout`.
        await self._ws.close(code=ending.code, message=ending.reason.encode(), drain=False)
        if self._transport.get_write_buffer_size():
            self._transport.abort()

    def _due(self) -> float:
        return min(
            self._last_active + self._limits.idle_timeout, self._opened + self._limits.max_age
        )

    def _close_if_due(self) -> None:
        # One timer a connection, moved on only when it fires: activity costs nothing.
        if self._loop.time() >= self._due():
            self.close(GOING_AWAY)
        else:
            self._timer = self._loop.call_at(self._due(), self._close_if_due)


def _text_frame(payload: bytes) -> bytes:
    """One unfragmented, unmasked frame (RFC 6455, 5.2)."""
    size = len(payload)
    if size < 126:
        return bytes((TEXT_FRAME, size)) + payload
    if size < 65536:
        return SIXTEEN_BIT_LENGTH.pack(TEXT_FRAME, 126, size) + payload
    return SIXTY_FOUR_BIT_LENGTH.pack(TEXT_FRAME, 127, size) + payload


def notice_dead_peer(transport: asyncio.BaseTransport, seconds: int) -> None:
    """Have the kernel end a connection whose peer is silently gone, or reads nothing it was sent.

    TCP keep-alive finds the first, TCP_USER_TIMEOUT also the second (seen: a peer with a full
    window is cut after it). Where a system lacks an option, its own default stays.
    """
    options = {
        "TCP_KEEPIDLE": max(1, seconds // 2),
        "TCP_KEEPINTVL": max(1, seconds // 6),
        "TCP_KEEPCNT": 3,
        "TCP_USER_TIMEOUT": seconds * 1000,
    }
    peer = transport.get_extra_info("socket")
    # Some kernels refuse where the peer has left already; the next read notices that.
    with contextlib.suppress(OSError):
        for name, value in options.items():
            option = getattr(socket, name, None)
            if option is not None:
                peer.setsockopt(socket.IPPROTO_TCP, option, value)
