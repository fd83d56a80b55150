"""The recogniser's streams at a hall's doors, so that who speaks need not sit at the laptop.

The recogniser itself is on loopback, where it does not verify signatures. So it is done here, and
pages of other origins are refused.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection
from http import HTTPStatus
from typing import Final, Literal, TypeAlias

import aiohttp
from aiohttp import WSCloseCode, WSMsgType, web
from yarl import URL

from infra.local.access.callers import is_from
from infra.local.gateway.doors import Door
from infra.local.gateway.rest_answers import Refusal
from infra.local.sounds.signatures import (
    TRANSCRIBE,
    Credentials,
    SignatureError,
    Signed,
    verify_url,
)

log = logging.getLogger(__name__)

LARGEST_FRAME: Final = 256 * 1024
"""A frame has a tenth of a second's sound; the recogniser's own limit is lower."""
CLOSING_SECONDS: Final = 2.0

_Client: TypeAlias = aiohttp.ClientWebSocketResponse[Literal[True]]
_Server: TypeAlias = web.WebSocketResponse[Literal[True]]


class Dictation:
    """Passes streams on. To be closed after use."""

    path: Final = "/stream-transcription-websocket"

    def __init__(
        self,
        server: str,
        credentials: Credentials,
        origins: Collection[str],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`origins` are those of the stage's pages; `*` allows all."""
        self._server = server.rstrip("/")
        self._credentials = credentials
        self._origins = origins
        self._clock = clock
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar()
        )

    async def close(self) -> None:
        """Give up the connections to the recogniser."""
        await self._session.close()

    async def serve(self, request: web.BaseRequest, door: Door) -> web.StreamResponse:
        """One stream, from its handshake to its end."""
        socket = web.WebSocketResponse(
            timeout=CLOSING_SECONDS, max_msg_size=LARGEST_FRAME, compress=False
        )
        if not socket.can_prepare(request):
            return Refusal(HTTPStatus.UPGRADE_REQUIRED)
        if not self._may_stream(request, door):
            return Refusal(HTTPStatus.FORBIDDEN)
        try:
            async with self._session.ws_connect(
                URL(self._server + request.raw_path, encoded=True), max_msg_size=LARGEST_FRAME
            ) as recogniser:
                await socket.prepare(request)
                await _pass_on(socket, recogniser)
                return socket
        except aiohttp.WSServerHandshakeError as refused:
            return Refusal(HTTPStatus(refused.status))
        except (aiohttp.ClientError, ConnectionError, TimeoutError) as absent:
            log.warning("dictation: %s", type(absent).__name__)
            return socket if socket.prepared else Refusal(HTTPStatus.SERVICE_UNAVAILABLE)

    def _may_stream(self, request: web.BaseRequest, door: Door) -> bool:
        host, origin = request.headers.get("Host"), request.headers.get("Origin")
        if not is_from(self._origins, origin) or not door.knows(host):
            return False
        path, _, query = request.raw_path.partition("?")
        signed = Signed(request.method, path, query, {"host": host or ""})
        try:
            verify_url(signed, self._credentials, self._clock(), TRANSCRIBE)
        except SignatureError:
            return False
        return True


async def _pass_on(socket: _Server, recogniser: _Client) -> None:
    """Both ways until one side closes; the other is closed as that one was."""
    ways = {
        asyncio.create_task(_one_way(socket, recogniser)),
        asyncio.create_task(_one_way(recogniser, socket)),
    }
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
    codes = {recogniser.close_code, socket.close_code} - {None, WSCloseCode.ABNORMAL_CLOSURE}
    code = codes.pop() or WSCloseCode.OK if codes else WSCloseCode.OK
    await asyncio.gather(socket.close(code=code), recogniser.close(code=code))


async def _one_way(source: _Server | _Client, sink: _Server | _Client) -> None:
    while True:
        frame = await source.receive()
        if frame.type is WSMsgType.BINARY:
            await sink.send_bytes(frame.data)
        elif frame.type is WSMsgType.TEXT:
            await sink.send_str(frame.data)
        else:
            return
