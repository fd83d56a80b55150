"""The process that holds the model: `python -m infra.local.transcribe.worker`, started on demand.

It reads messages from its standard input and writes them to its standard output (`messages`); it
ends when its input does. One thread reads, so that sound never waits for a decode; the main thread
decodes.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
from functools import partial
from typing import IO

from infra.local.process.parent import end_with_parent
from infra.local.transcribe.decoding import Decoder
from infra.local.transcribe.listener import Listener
from infra.local.transcribe.messages import HEADER, Kind, encoded
from infra.local.transcribe.models import model_folder
from infra.local.transcribe.streams import Streams

Received = tuple[Kind, int, bytes] | None


def read_messages(source: IO[bytes], into: queue.SimpleQueue[Received]) -> None:
    """Hand on what comes in, and None at the end."""
    while len(head := source.read(HEADER.size)) == HEADER.size:
        kind, stream, length = HEADER.unpack(head)
        into.put((Kind(kind), stream, source.read(length)))
    into.put(None)


def work(streams: Streams, received: queue.SimpleQueue[Received]) -> None:
    """Serve until the input ends; waits for a message when there is nothing to do."""
    while True:
        busy = streams.turn()
        while not busy or not received.empty():
            message = received.get()
            if message is None:
                return
            streams.receive(*message)
            busy = True


def _listener(decoder: Decoder) -> Listener:
    from infra.local.transcribe.voice import SileroVoice

    return Listener(decoder, SileroVoice())


def main() -> None:
    """Load the model and serve."""
    end_with_parent(os.getppid())
    output = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no message
    received: queue.SimpleQueue[Received] = queue.SimpleQueue()
    threading.Thread(target=read_messages, args=(sys.stdin.buffer, received), daemon=True).start()
    # Here: loading takes a second, in which the sound of the first stream comes in already.
    from infra.local.transcribe.whisper import Whisper

    folder = model_folder("en")
    if folder is None:
        raise SystemExit("no model is installed")

    def send(kind: Kind, stream: int, body: bytes) -> None:
        output.write(encoded(kind, stream, body))

    work(Streams(partial(_listener, Whisper(folder)), send), received)


if __name__ == "__main__":
    main()
