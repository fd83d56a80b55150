"""The life of every connection: `$connect`, its messages in order, and `$disconnect` once."""

import asyncio
import logging
from functools import partial
from http import HTTPStatus

from aiohttp import WebSocketError, WSMsgType, web

from infra.local.gateway.admission import Admission, Refused
from infra.local.gateway.answers import json_answer
from infra.local.gateway.connection import CUT, Connection, WebSocket
from infra.local.gateway.doors import Door
from infra.local.gateway.events import GOING_AWAY, Ending, Origin, new_id, now_ms
from infra.local.gateway.leftovers import Leftovers
from infra.local.gateway.limits import MAX_MESSAGE_BYTES, GatewayLimits
from infra.local.gateway.message_queue import Message, MessageQueue
from infra.local.gateway.routes import Routes

log = logging.getLogger(__name__)

INVALID_TEXT = Ending(1007, "Invalid UTF-8")
TOO_BIG = Ending(1009, "Message too big")
NO_STATUS = Ending(1005, "Client-side close frame status not set")
"""What API Gateway says of a close frame without a code, as most browsers send it."""

NOT_A_HANDSHAKE = json_answer(HTTPStatus.UPGRADE_REQUIRED, {"message": "Not a WebSocket handshake"})
UNAVAILABLE = json_answer(HTTPStatus.SERVICE_UNAVAILABLE, {"message": "Service Unavailable"})
ANOTHER_HOST = json_answer(HTTPStatus.FORBIDDEN, {"message": "Forbidden"})
TOO_MANY = json_answer(HTTPStatus.TOO_MANY_REQUESTS, {"message": "Too Many Requests"})

# aiohttp cuts the socket after a message over its own limit, and the close frame that names
# the reason can get lost. So the real limit is held against the whole message; this one is a cap.
READ_AT_MOST = 8 * MAX_MESSAGE_BYTES


class Sockets:
    """Every connection from its handshake to its `$disconnect`; `open` holds those in between."""

    def __init__(
        self, routes: Routes, domain_name: str, limits: GatewayLimits, leftovers: Leftovers
    ) -> None:
        self.open: dict[str, Connection] = {}
        self._routes = routes
        self._domain_name = domain_name
        self._limits = limits
        self._admission = Admission(limits)
        self._lives: set[asyncio.Task[web.StreamResponse]] = set()
        self._leftovers = leftovers
        self._stopping = False

    async def serve(self, request: web.BaseRequest, door: Door) -> web.StreamResponse:
        """Answer a handshake; if it is accepted, return when the connection is over."""
        ws = WebSocket(
            compress=False,
            decode_text=False,
            max_msg_size=READ_AT_MOST,
            timeout=self._limits.closing_timeout,
        )
        if not ws.can_prepare(request):
            return NOT_A_HANDSHAKE
        if not door.knows(request.headers.get("Host")):
            return ANOTHER_HOST
        if self._stopping:
            return UNAVAILABLE
        life = asyncio.create_task(self._admit(request, ws))
        self._lives.add(life)
        life.add_done_callback(self._over)
        return await life

    def close_all(self) -> None:
        """Begin to close every connection; clients come back where nothing else has ended."""
        for connection in list(self.open.values()):
            connection.close(GOING_AWAY)

    async def stop(self) -> None:
        """Close every connection and wait, within limits, until each `$disconnect` was invoked."""
        self._stopping = True
        self.close_all()
        if not self._lives:
            return
        _, late = await asyncio.wait(self._lives, timeout=self._limits.shutdown_timeout)
        if late:
            log.error("stopped before the $disconnect of %d connections", len(late))
            for life in late:
                life.cancel()
            await asyncio.wait(late)

    def _over(self, life: asyncio.Task[web.StreamResponse]) -> None:
        self._lives.discard(life)
        self._leftovers.ended(len(self._lives))

    async def _admit(self, request: web.BaseRequest, ws: WebSocket) -> web.StreamResponse:
        origin = self._origin(request)
        try:
            async with self._admission.turn():
                # A client that left while it waited gets no $connect, and so no $disconnect.
                left = request.transport is None
                refusal = UNAVAILABLE if left else await self._routes.connect(origin, request)
        except Refused:
            return TOO_MANY
        if refusal is not None:
            return refusal
        connection = await self._open(origin, request, ws)
        if connection is None:
            await self._routes.disconnect(origin, CUT)
            return UNAVAILABLE
        await self._live(connection, ws)
        return ws

    def _origin(self, request: web.BaseRequest) -> Origin:
        identity = {"sourceIp": request.remote or ""}
        user_agent = request.headers.get("User-Agent")
        if user_agent is not None:
            identity["userAgent"] = user_agent
        return Origin(new_id(), now_ms(), self._domain_name, identity)

    async def _open(
        self, origin: Origin, request: web.BaseRequest, ws: WebSocket
    ) -> Connection | None:
        """Complete the handshake; None if the client left while its $connect ran."""
        transport = request.transport
        if transport is None:
            return None
        try:
            await ws.prepare(request)
        except ConnectionError:
            return None
        connection = Connection(origin, ws, transport, self._limits)
        self.open[origin.connection_id] = connection
        return connection

    async def _live(self, connection: Connection, ws: WebSocket) -> None:
        handle = partial(self._routes.message, connection)
        queue = MessageQueue(
            handle,
            self._limits.pending_messages,
            connection.peer_is_gone,
            self._limits.messages_per_second,
            self._limits.message_burst,
        )
        if self._stopping:
            connection.close(GOING_AWAY)
        try:
            await _receive(connection, ws, queue)
        finally:
            del self.open[connection.origin.connection_id]
            connection.end(CUT)
        # A client that is slow to answer a close frame does not delay its $disconnect.
        await asyncio.gather(connection.closed(), self._finish(connection, queue))
        _forget_traceback(ws)

    async def _finish(self, connection: Connection, queue: MessageQueue) -> None:
        await queue.emptied()
        await self._routes.disconnect(connection.origin, connection.ending or CUT)


async def _receive(connection: Connection, ws: WebSocket, queue: MessageQueue) -> None:
    """Take messages in until the connection has an ending."""
    kind, data, reason = await ws.receive()
    while kind in (WSMsgType.TEXT, WSMsgType.BINARY):
        connection.touch()
        body = _body(kind, data)
        if isinstance(body, Ending):
            connection.close(body)
            return
        if not await queue.put(Message(body, now_ms())):
            return  # and what has not been read yet goes with it
        kind, data, reason = await ws.receive()
    connection.end(_ending(data, reason) if kind is WSMsgType.CLOSE else _failure(data))


def _body(kind: WSMsgType, data: bytes) -> str | bytes | Ending:
    """What a message says, or why the connection ends over it."""
    if len(data) > MAX_MESSAGE_BYTES:
        return TOO_BIG
    if kind is WSMsgType.BINARY:
        return data
    try:
        return data.decode()
    except UnicodeDecodeError:
        return INVALID_TEXT


def _ending(code: int, reason: str | None) -> Ending:
    """What a close frame says; `code` is 0 when it says nothing."""
    return Ending(code, reason or "") if code else NO_STATUS


def _failure(error: object) -> Ending:
    """How a connection ended without the peer's close frame."""
    return Ending(error.code, str(error)) if isinstance(error, WebSocketError) else CUT


def _forget_traceback(ws: WebSocket) -> None:
    """Let a cut socket be freed immediately.

    aiohttp keeps the error, whose traceback's frames keep the socket: a cycle of 30 objects that
    only the collector would find (seen: 14 KB a cut connection).
    """
    error = ws.exception()
    while error is not None:
        error.__traceback__, error = None, error.__context__
