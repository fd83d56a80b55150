"""Apertium as long-lived pipes: one chain of programs a direction, sentence in, sentence out.

An `apertium` command costs 150 to 240 ms, nearly all of it loading dictionaries; kept open, the
same chain answers in 1 to 6 ms. Every program of a mode understands `-z`: flush at each NUL. See
https://wiki.apertium.org/wiki/Null_flush and https://wiki.apertium.org/wiki/Apertium_stream_format.
A chain is 6 to 11 processes, 40 to 160 MB together; it starts with its first sentence, and ends
when it has had none for a while.
"""

import contextlib
import os
import re
import select
import shlex
import shutil
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

MODES = Path("/usr/share/apertium/modes")

# A sentence takes milliseconds, even a long one: who needs two seconds hangs. Loading takes up to
# 0.7 s on an idle machine.
TIMEOUT_SECONDS = 2.0
START_SECONDS = 10.0

_END = "[][\n]"  # what Apertium's own deformatters write last; the tagger waits for it
_RESERVED = re.compile(r"[\[\]{}$/@<>]")
_ESCAPED_OR_BLANK = re.compile(r"\\(.)|\[[^\]]*\]", re.DOTALL)
# `^` opens a lexical unit and hangs the chain even when it is escaped; a backslash may, too, and a
# NUL would end the sentence early.
_UNSENDABLE = str.maketrans("", "", "^\\\0")

Command = Sequence[str]


class PipeFailed(RuntimeError):
    """A program died or did not answer in time; the next call starts the chain anew."""


def find_mode(name: str, modes: Path = MODES) -> tuple[Command, ...] | None:
    """The mode's programs, or None if it, one of its programs or one of its files is missing.

    `cg-proc` is such a program that Debian's packages do not ask for (it is in `cg3`).
    """
    path = modes / f"{name}.mode"
    if not path.is_file():
        return None
    commands = _with_constraint_grammar(name, _read_mode(path))
    files = [Path(word) for command in commands for word in command if word.startswith("/")]
    programs = [command[0] for command in commands]
    complete = all(map(shutil.which, programs)) and all(file.is_file() for file in files)
    return commands if complete else None


def _read_mode(path: Path) -> tuple[Command, ...]:
    """A mode file as a pipe needs it.

    `$1` is the place of the marking option: `-n` prints unknown words bare, without `*`, `@`, `#`.
    `$2` would make the tagger show its reasoning.
    """
    commands: list[list[str]] = [[]]
    for word in shlex.split(path.read_text("utf-8")):
        if word == "|":
            commands.append([])
        elif word != "$2":
            commands[-1].append("-n" if word == "$1" else word)
    return tuple([program, "-z", *arguments] for program, *arguments in commands)


def _with_constraint_grammar(name: str, commands: tuple[Command, ...]) -> tuple[Command, ...]:
    """Use a package's constraint grammar where its mode forgets it.

    spa-ita 0.2.1 ships one; without it every "para" (for) becomes "partorisca" (may give birth).
    """
    grammar = Path(commands[0][-1]).with_name(f"{name}.rlx.bin")
    if not grammar.is_file() or any(command[0] == "cg-proc" for command in commands):
        return commands
    return commands[0], ["cg-proc", "-z", str(grammar)], *commands[1:]


class RulePipe:
    """One direction, kept running from its first sentence on; threads take turns."""

    def __init__(self, commands: Sequence[Command], timeout: float = TIMEOUT_SECONDS) -> None:
        self._commands = commands
        self._timeout = timeout
        self._lock = threading.Lock()
        self._closed = False
        self._used_at = time.monotonic()
        self._programs: list[subprocess.Popen[bytes]] = []

    def translate(self, sentence: str) -> str:
        """Translate one sentence, up to 30,000 bytes.

        Raises:
            PipeFailed: no answer, or none in time.
        """
        with self._lock:
            self._ready()
            return self._ask(sentence, self._timeout)

    def start(self) -> None:
        """Begin to start it, unless it runs: whoever needs several chains has them load at once."""
        if not self._programs:
            threading.Thread(target=self._start_for_later, daemon=True).start()

    def close_unused(self, seconds: float) -> None:
        """End the programs if nothing was translated for so long; the next sentence starts them."""
        if self._lock.acquire(blocking=False):
            try:
                if time.monotonic() - self._used_at >= seconds:
                    self._stop()
            finally:
                self._lock.release()

    def close(self) -> None:
        """End the programs, also under the hands of a thread that waits for them."""
        self._closed = True
        for program in self._programs:
            program.kill()
        with self._lock:
            self._stop()

    def _start_for_later(self) -> None:
        # What fails here fails for the sentence that comes, too, which has somebody to tell.
        with self._lock, contextlib.suppress(PipeFailed, OSError):
            self._ready()

    def _ready(self) -> None:
        if self._closed:
            raise PipeFailed("the pipe is closed")
        self._used_at = time.monotonic()
        if not self._running():
            self._stop()
            self._start()

    def _running(self) -> bool:
        return bool(self._programs) and all(program.poll() is None for program in self._programs)

    def _start(self) -> None:
        source: IO[bytes] | int = subprocess.PIPE
        for command in self._commands:
            program = subprocess.Popen(command, stdin=source, stdout=subprocess.PIPE, bufsize=0)
            self._programs.append(program)
            if not isinstance(source, int):
                source.close()  # the program's alone now: else it would never see its end
            source = _opened(program.stdout)
        self._ask(".", START_SECONDS)

    def _ask(self, sentence: str, timeout: float) -> str:
        """Write, read to the NUL; after a failure no late answer may reach the next call."""
        try:
            _opened(self._programs[0].stdin).write(_serialise(sentence))
            answer = _read_to_nul(_opened(self._programs[-1].stdout), timeout)
        except (OSError, PipeFailed) as error:
            self._stop()
            raise PipeFailed(f"{self._commands[0]}: {error}") from error
        return _parse(answer)

    def _stop(self) -> None:
        for program in self._programs:
            program.kill()
        for program in self._programs:
            program.wait()
            for stream in (program.stdin, program.stdout):
                if stream is not None:
                    stream.close()
        self._programs = []


def _opened(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise PipeFailed("the program has no pipe")
    return stream


def _serialise(sentence: str) -> bytes:
    """A sentence as the first program reads it; a pipe holds 64 KiB, so writing it never blocks."""
    sendable = sentence.translate(_UNSENDABLE)
    return (_RESERVED.sub(r"\\\g<0>", sendable) + _END).encode() + b"\0"


def _parse(answer: bytes) -> str:
    """The last program's output without escapes and without `_END`."""
    return _ESCAPED_OR_BLANK.sub(lambda found: found[1] or "", answer.decode())


def _read_to_nul(stream: IO[bytes], timeout: float) -> bytes:
    deadline = time.monotonic() + timeout
    answer = b""
    while not answer.endswith(b"\0"):
        remaining = deadline - time.monotonic()
        if remaining <= 0 or not select.select([stream], [], [], remaining)[0]:
            raise PipeFailed(f"no answer in {timeout} s")
        piece = os.read(stream.fileno(), 65536)
        if not piece:
            raise PipeFailed("a program ended")
        answer += piece
    return answer[:-1]
