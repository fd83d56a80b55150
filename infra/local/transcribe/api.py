"""Transcribe's WebSocket: one stream from its handshake to its close."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

from aiohttp import WSCloseCode, WSMsgType, web

from infra.local.transcribe.event_stream import (
    MOST_BYTES,
    MalformedFrame,
    decode_message,
    encode_message,
)
from infra.local.transcribe.recogniser_process import RecogniserFailed
from infra.local.transcribe.request import (
    BadRequest,
    Forbidden,
    require_own_page,
    require_signature,
    stream_request,
)

PATH: Final = "/stream-transcription-websocket"
MOST_STREAMS: Final = 4
"""Two cores decode about three talks at once; AWS admits 25 streams an account."""
SILENT_SECONDS: Final = 15.0
_CLOSE_SECONDS: Final = 2.0
"""For the client to answer the close; it may have stopped reading."""
_NO_AUDIO: Final = "Your request timed out because no new audio was received for {:g} seconds."


class Hearing(Protocol):
    """A stream in the recogniser; every method may raise RecogniserFailed."""

    async def audio(self, pcm: bytes) -> None:
        """Hand on sound: 16-bit samples, little-endian, 16,000 a second."""

    async def end(self) -> None:
        """No more sound comes."""

    def results(self) -> AsyncIterator[bytes]:
        """Payloads of TranscriptEvents, until the last."""

    async def close(self) -> None:
        """Forget the stream."""


class Recogniser(Protocol):
    """What the server needs."""

    async def open(self) -> Hearing:
        """Begin a stream. Raises RecogniserFailed."""


class _Failure(Exception):
    """Ends a stream, as a message to its client."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


@dataclass(frozen=True)
class Limits:
    """Of streams; `silent_seconds` without sound end one."""

    streams: int = MOST_STREAMS
    silent_seconds: float = SILENT_SECONDS


class Endpoint:
    """The handler, and how many streams are open."""

    def __init__(
        self,
        recogniser: Recogniser,
        languages: Collection[str],
        limits: Limits,
        now: Callable[[], datetime],
    ) -> None:
        """`languages` are ISO 639 codes."""
        self._recogniser = recogniser
        self._languages = languages
        self._limits = limits
        self._now = now
        self._open = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One stream: refused at the handshake, or served until it ends or fails."""
        try:
            require_own_page(request.headers.get("Host"), request.headers.get("Origin"))
            require_signature(request.query, self._now())
        except Forbidden as refused:
            return web.json_response({"message": str(refused)}, status=403)
        socket = web.WebSocketResponse(
            timeout=_CLOSE_SECONDS, max_msg_size=MOST_BYTES, compress=False
        )
        await socket.prepare(request)
        try:
            with self._counted():
                stream_request(request.query, self._languages)
                await self._serve(socket)
        except BadRequest as error:
            await _fail(socket, _Failure("BadRequestException", str(error)))
        except _Failure as failure:
            await _fail(socket, failure)
        except RecogniserFailed:
            message = "A problem occurred while processing the audio."
            await _fail(socket, _Failure("InternalFailureException", message))
        return socket

    @contextmanager
    def _counted(self) -> Iterator[None]:
        if self._open >= self._limits.streams:
            raise _Failure("LimitExceededException", "Too many streams are open.")
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1

    async def _serve(self, socket: web.WebSocketResponse) -> None:
        async with self._hearing() as hearing:
            receiving = asyncio.create_task(self._receive(socket, hearing))
            sending = asyncio.create_task(_send_results(socket, hearing))
            tasks = {receiving, sending}
            try:
                # The results end when the sound has ended; whichever fails ends both.
                await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            finally:
                for task in tasks:
                    task.cancel()
                outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            for outcome in outcomes:
                if isinstance(outcome, (_Failure, RecogniserFailed)):
                    raise outcome
        await socket.close()

    @asynccontextmanager
    async def _hearing(self) -> AsyncIterator[Hearing]:
        hearing = await self._recogniser.open()
        try:
            yield hearing
        finally:
            await hearing.close()

    async def _receive(self, socket: web.WebSocketResponse, hearing: Hearing) -> None:
        """Hand sound on until the empty event, which ends the stream."""
        while pcm := await self._next_audio(socket):
            await hearing.audio(pcm)
        await hearing.end()

    async def _next_audio(self, socket: web.WebSocketResponse) -> bytes:
        try:
            frame = await socket.receive(self._limits.silent_seconds)
        except TimeoutError as error:
            message = _NO_AUDIO.format(self._limits.silent_seconds)
            raise _Failure("BadRequestException", message) from error
        if frame.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR):
            raise _Gone("", "")
        if frame.type is not WSMsgType.BINARY:
            raise _Failure("BadRequestException", "Frames must be binary.")
        try:
            event = decode_message(frame.data)
        except MalformedFrame as error:
            raise _Failure("BadRequestException", f"The frame is malformed: {error}") from error
        return _audio(event.headers, event.payload)


class _Gone(_Failure):
    """The client has closed its socket: nobody is left to say anything to."""


def _audio(headers: Mapping[str, object], payload: bytes) -> bytes:
    if headers.get(":message-type") != "event" or headers.get(":event-type") != "AudioEvent":
        raise _Failure("BadRequestException", "Messages must be of the event type AudioEvent.")
    if len(payload) % 2:
        raise _Failure("BadRequestException", "The audio must have whole samples of 16 bits.")
    return payload


async def _send_results(socket: web.WebSocketResponse, hearing: Hearing) -> None:
    async for payload in hearing.results():
        await socket.send_bytes(encode_message(_headers("event", "TranscriptEvent"), payload))


def _headers(kind: str, name: str) -> dict[str, str]:
    return {
        f":{kind}-type": name,
        ":content-type": "application/json",
        ":message-type": kind,
    }


async def _fail(socket: web.WebSocketResponse, failure: _Failure) -> None:
    """Say why, and close; a client that is gone hears nothing."""
    if not isinstance(failure, _Gone):
        payload = json.dumps({"Message": failure.message}).encode()
        with contextlib.suppress(ConnectionError):
            await socket.send_bytes(encode_message(_headers("exception", failure.kind), payload))
    await socket.close(code=WSCloseCode.OK)


def application(
    recogniser: Recogniser,
    languages: Collection[str],
    limits: Limits = Limits(),
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> web.Application:
    """The server's application, for a runner with a port."""
    app = web.Application()
    app.router.add_get(PATH, Endpoint(recogniser, languages, limits, now).handle)
    return app
