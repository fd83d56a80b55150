"""All streams of a worker: each gets one decode in turn, so none waits for another's backlog."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from typing import Final

from infra.local.transcribe.listener import Listener
from infra.local.transcribe.messages import Kind
from infra.local.transcribe.results import transcript_event

Send = Callable[[Kind, int, bytes], None]
MOST_SAMPLES: Final = 10 * 16_000
"""Of a stream that a listener is given ahead. All of it is listened to before the next partial
result, so a stream that falls behind gets fewer of them."""


class _Stream:
    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.sound: deque[bytes] = deque()
        self.ended = False


class Streams:
    """What each open stream has sent and not been answered yet; `turn` works on it."""

    def __init__(self, new_listener: Callable[[], Listener], send: Send) -> None:
        """No stream is open."""
        self._new_listener = new_listener
        self._send = send
        self._streams: dict[int, _Stream] = {}

    def receive(self, kind: Kind, stream: int, body: bytes) -> None:
        """Take a message of the server; a stream that is gone is ignored."""
        if kind is Kind.OPEN:
            self._streams[stream] = _Stream(self._new_listener())
        elif kind is Kind.DROP:
            self._streams.pop(stream, None)
        elif known := self._streams.get(stream):
            known.ended = known.ended or kind is Kind.END
            if body:
                known.sound.append(body)

    def turn(self) -> bool:
        """Let each stream go on by one decode; returns whether there was anything to do."""
        worked = [self._go_on(number, stream) for number, stream in list(self._streams.items())]
        return any(worked)

    def _go_on(self, number: int, stream: _Stream) -> bool:
        taken = self._feed(stream)
        results = stream.listener.listen()
        over = stream.ended and not stream.sound and not stream.listener.has_more
        if over:
            results += stream.listener.finish()
            del self._streams[number]
        if taken:
            self._send(Kind.TAKEN, number, str(taken).encode())
        for heard in results:
            self._send(Kind.RESULT, number, json.dumps(transcript_event(heard)).encode())
        if over:
            self._send(Kind.DONE, number, b"")
        return bool(taken or results or over)

    @staticmethod
    def _feed(stream: _Stream) -> int:
        """Hand sound on to the listener, unless it has enough; returns the bytes."""
        taken = 0
        while stream.sound and stream.listener.waiting_samples < MOST_SAMPLES:
            piece = stream.sound.popleft()
            stream.listener.add(piece)
            taken += len(piece)
        return taken
