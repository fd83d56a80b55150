"""A recogniser that does as it is told, behind Transcribe's protocol, over real WebSockets.

What pages send is read by botocore's own parser of event streams. Everything may be called from the
test's thread.
"""

import json
import struct
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeVar

from botocore.eventstream import EventStreamBuffer
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve

from tests.fakes.domain import PATIENCE

T = TypeVar("T")

RATE = 16_000
AUDIO_HEADERS = {
    ":content-type": "application/octet-stream",
    ":event-type": "AudioEvent",
    ":message-type": "event",
}
WORD_SECONDS = 0.4


@dataclass(eq=False)
class Stream:
    """One stream that a page has opened, and the audio that came."""

    path: str
    connection: ServerConnection
    audio: bytearray = field(default_factory=bytearray)
    frames: int = 0
    is_ended: bool = False
    is_open: bool = True

    @property
    def seconds(self) -> float:
        """How much audio came."""
        return len(self.audio) / 2 / RATE


class StubTranscribe:
    """On a free port of loopback."""

    def __init__(self) -> None:
        self.streams: list[Stream] = []
        self.handshakes = 0
        self.refuse_with: int | None = None
        self.last_words: tuple[str, float] | None = None
        self._news = threading.Condition()
        self._server: Server | None = None

    @contextmanager
    def running(self) -> Iterator["StubTranscribe"]:
        """Serves until the end of the block."""
        with serve(self._hear, "127.0.0.1", 0, process_request=self._admit) as server:
            self._server = server
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                yield self
            finally:
                server.shutdown()
                for stream in self.streams:
                    stream.connection.close()
                thread.join()

    @property
    def origin(self) -> str:
        """What a page must be allowed to connect to."""
        assert self._server is not None
        return "ws://{}:{}".format(*self._server.socket.getsockname()[:2])

    # --- what a test does and sees ---

    def wait(self, found: Callable[[], T | None], what: str) -> T:
        """Waits until something is there, and returns it."""
        with self._news:
            result = self._news.wait_for(found, PATIENCE)
        assert result, f"{what} did not come; streams: {self.streams}"
        return result

    def stream(self, nth: int = 1) -> Stream:
        """The nth stream that a page has opened."""
        return self.wait(
            lambda: self.streams[nth - 1] if len(self.streams) >= nth else None, f"stream {nth}"
        )

    def hears(self, stream: Stream, seconds: float) -> bytes:
        """Waits for so much audio, and returns it."""
        self.wait(lambda: stream.seconds >= seconds or None, f"{seconds} s of audio")
        return bytes(stream.audio)

    def tries(self, count: int) -> None:
        """Waits for so many handshakes, the refused ones too."""
        self.wait(lambda: self.handshakes >= count or None, f"handshake {count}")

    def ended(self, stream: Stream) -> None:
        """Waits until the page has ended its audio."""
        self.wait(lambda: stream.is_ended or None, "the end of the audio")

    def say(
        self, stream: Stream, text: str, at: float, *, partial: bool = False, name: str = ""
    ) -> None:
        """A result, whose first word begins at so many seconds of the stream."""
        self.send(stream, event(text, at, partial=partial, name=name or f"result-{at}"))

    def fail(self, stream: Stream, kind: str, message: str = "") -> None:
        """An exception; Transcribe closes the socket after it."""
        headers = {":message-type": "exception", ":exception-type": kind}
        self.send(stream, framed(headers, json.dumps({"Message": message}).encode()))
        stream.connection.close()

    def send(self, stream: Stream, data: bytes | str) -> None:
        """Anything, garbage too."""
        stream.connection.send(data)

    def cut(self, stream: Stream) -> None:
        """The network fails."""
        stream.connection.socket.shutdown(2)

    # --- its server ---

    def _admit(self, _: ServerConnection, __: Request) -> Response | None:
        with self._news:
            self.handshakes += 1
            self._news.notify_all()
        if self.refuse_with is None:
            return None
        status = HTTPStatus(self.refuse_with)
        return Response(status.value, status.phrase, Headers())

    def _hear(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        stream = Stream(connection.request.path, connection)
        with self._news:
            self.streams.append(stream)
            self._news.notify_all()
        try:
            for data in connection:
                self._take(stream, data)
        except ConnectionClosed:
            pass
        finally:
            with self._news:
                stream.is_open = False
                self._news.notify_all()

    def _take(self, stream: Stream, data: bytes | str) -> None:
        assert isinstance(data, bytes)
        buffer = EventStreamBuffer()
        buffer.add_data(data)
        message: Any
        (message,) = list(buffer)
        assert message.headers == AUDIO_HEADERS
        with self._news:
            stream.audio += message.payload
            stream.frames += 1
            stream.is_ended = not message.payload
            self._news.notify_all()
        if not stream.is_ended:
            return
        if self.last_words is not None:
            self.say(stream, *self.last_words)
        stream.connection.close()


def event(text: str, at: float, *, partial: bool = False, name: str = "r") -> bytes:
    """A TranscriptEvent of one result; a word has 0.4 s."""
    items: list[dict[str, Any]] = []
    for word in text.split():
        bare = word.rstrip(".,?!")
        end = round(at + WORD_SECONDS, 3)
        common = {"StartTime": round(at, 3), "EndTime": end, "Stable": True}
        items.append({"Content": bare, "Type": "pronunciation", **common})
        if bare != word:
            mark = {"Content": word[len(bare) :], "Type": "punctuation"}
            items.append({**mark, "StartTime": end, "EndTime": end, "Stable": True})
        at = end
    result = {
        "ResultId": name,
        "IsPartial": partial,
        "StartTime": items[0]["StartTime"],
        "EndTime": at,
        "Alternatives": [{"Transcript": text, "Items": items}],
    }
    headers = {
        ":message-type": "event",
        ":event-type": "TranscriptEvent",
        ":content-type": "application/json",
    }
    return framed(headers, json.dumps({"Transcript": {"Results": [result]}}).encode())


def framed(headers: dict[str, str], payload: bytes) -> bytes:
    """A message of AWS's event-stream encoding."""
    encoded = b"".join(
        bytes([len(name)])
        + name.encode()
        + b"\x07"
        + struct.pack("!H", len(value))
        + value.encode()
        for name, value in headers.items()
    )
    prelude = struct.pack("!II", 16 + len(encoded) + len(payload), len(encoded))
    rest = struct.pack("!I", zlib.crc32(prelude)) + encoded + payload
    return prelude + rest + struct.pack("!I", zlib.crc32(prelude + rest))


def samples(audio: bytes) -> Sequence[int]:
    """Of 16-bit audio."""
    return struct.unpack(f"<{len(audio) // 2}h", audio)
