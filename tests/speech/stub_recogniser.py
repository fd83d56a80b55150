"""Transcribe's protocol in front of a script: so much sound leads to these results."""

import json
import struct
from binascii import crc32
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore.eventstream import EventStreamBuffer
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

Message = dict[str, Any]


def encoded(headers: dict[str, str], payload: bytes) -> bytes:
    """A message of the event-stream encoding."""
    packed = b"".join(
        struct.pack(f"!B{len(name)}sBH{len(value.encode())}s", len(name), name.encode(), 7,
                    len(value.encode()), value.encode())
        for name, value in headers.items()
    )  # fmt: skip
    prelude = struct.pack("!II", len(packed) + len(payload) + 16, len(packed))
    message = prelude + struct.pack("!I", crc32(prelude)) + packed + payload
    return message + struct.pack("!I", crc32(message))


def transcript(*results: Message) -> bytes:
    """A TranscriptEvent."""
    headers = {
        ":message-type": "event",
        ":event-type": "TranscriptEvent",
        ":content-type": "application/json",
    }
    return encoded(headers, json.dumps({"Transcript": {"Results": results}}).encode())


def failure(kind: str, message: str) -> bytes:
    """An exception, after which the socket closes."""
    headers = {
        ":message-type": "exception",
        ":exception-type": kind,
        ":content-type": "application/json",
    }
    return encoded(headers, json.dumps({"Message": message}).encode())


def result(name: str, text: str, start: float, seconds: float = 0.3, *, partial: bool) -> Message:
    """Words and full stops, each word so many seconds long, all of them stable."""
    items: list[Message] = []
    at = start
    for word in text.split():
        bare = word.rstrip(".,?")
        items.append({"Type": "pronunciation", "Content": bare, "StartTime": at,
                      "EndTime": at + seconds, "Stable": True, "Confidence": 1.0})  # fmt: skip
        at += seconds
        if bare != word:
            items.append({"Type": "punctuation", "Content": word[-1], "StartTime": at,
                          "EndTime": at, "Stable": True})  # fmt: skip
    alternative = {"Transcript": text, "Items": items}
    return {"ResultId": name, "IsPartial": partial, "StartTime": start, "EndTime": at,
            "Alternatives": [alternative]}  # fmt: skip


@dataclass(slots=True)
class StubRecogniser:
    """A script for each stream, the last for all that follow.

    It has seconds of sound, each with the message that is sent when they have come. The messages
    that are left are sent when the sound ends.
    """

    scripts: Sequence[Sequence[tuple[float, bytes]]]
    streams: list[bytearray] = field(default_factory=list)
    """What was heard of each stream: 16-bit samples, 16,000 a second."""
    paths: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        """Its address, as a permission's `url` names it."""
        async with serve(self._serve, "127.0.0.1", 0, max_size=None) as server:
            port = server.sockets[0].getsockname()[1]
            yield f"ws://127.0.0.1:{port}/stream-transcription-websocket?language-code=en-US"

    async def _serve(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        self.paths.append(socket.request.path)
        heard = bytearray()
        self.streams.append(heard)
        script = list(self.scripts[min(len(self.streams), len(self.scripts)) - 1])
        try:
            async for payload in _sounds(socket):
                heard += payload
                while script and (not payload or script[0][0] * 32_000 <= len(heard)):
                    _, message = script.pop(0)
                    await socket.send(message)
                    if b":exception-type" in message:
                        return
                if not payload:
                    return
        except ConnectionClosed:
            return


async def _sounds(socket: ServerConnection) -> AsyncIterator[bytes]:
    buffer = EventStreamBuffer()
    async for frame in socket:
        assert isinstance(frame, bytes)
        buffer.add_data(frame)
        for event in _events(buffer):
            assert event.headers[":event-type"] == "AudioEvent", event.headers
            yield event.payload


def _events(buffer: EventStreamBuffer) -> Iterator[Any]:
    yield from buffer
