"""The process of one voice: `python -m infra.local.polly.worker ENGINE VOICE`, started on demand.

It loads the voice, says one word to itself, and then answers what comes in on its standard input
(`worker_messages`). It ends when its input does.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import IO, Final

from infra.local.polly.worker_messages import LENGTH, answer, question
from infra.local.process.parent import end_with_parent

NICENESS: Final = 5
"""Captions are delivered first: on busy cores the functions get three times a voice's share."""
_AUTOGROUP: Final = Path("/proc/self/autogroup")


def serve(source: IO[bytes], sink: IO[bytes], engine: str, voice: str) -> None:
    """Load the voice and answer until the input ends."""
    # Here: imports and the voice take up to a second, in which the first text comes in already.
    from infra.local.polly.engine.loading import ENGINES

    spoken = ENGINES[engine](voice)
    spoken.sound("a", 24_000, "mp3")
    _yield_to_captions()
    while len(head := source.read(LENGTH.size)) == LENGTH.size:
        asked = question(source.read(*LENGTH.unpack(head)))
        try:
            sound = spoken.sound(asked.text, asked.rate, asked.form)
        except Exception as error:  # noqa: BLE001 - one text that cannot be said ends no voice
            sink.write(answer(well=False, body=repr(error)[:500].encode()))
        else:
            sink.write(answer(well=True, body=sound))


def _yield_to_captions() -> None:
    """Let other processes go first on busy cores, now that nobody waits for the voice to load.

    Linux shares the cores among sessions before it looks at the processes' own niceness
    (sched_autogroup). A worker has a session of its own.
    """
    os.nice(NICENESS)
    with contextlib.suppress(OSError):
        _AUTOGROUP.write_text(str(NICENESS), encoding="ascii")


def main() -> None:
    """Serve the server that started it."""
    end_with_parent(os.getppid())
    sink = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer
    engine, voice = sys.argv[1:]
    serve(sys.stdin.buffer, sink, engine, voice)


if __name__ == "__main__":
    main()
