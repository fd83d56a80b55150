"""Apertium as long-lived pipes: one chain of programs a direction, sentence in, sentence out.

An `apertium` command costs 150 to 240 ms, nearly all of it loading dictionaries; kept open, the
same chain answers in 1 to 6 ms. Every program of a mode understands `-z`: flush at each NUL. See
https://wiki.apertium.org/wiki/Null_flush and https://wiki.apertium.org/wiki/Apertium_stream_format.
A chain is 6 to 11 processes, 40 to 170 MB together; it starts when a listener of its language
joins, or with its first sentence, and ends when it has not been used for a while.
"""

import contextlib
import os
import re
import select
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from typing import IO

from infra.local.translate.engine.apertium_modes import Command

# A sentence takes milliseconds, even a long one: a chain that needs two seconds hangs. Loading
# takes up to 0.5 s on an idle machine.
TIMEOUT_SECONDS = 2.0
START_SECONDS = 10.0

_END = "[][\n]"  # what Apertium's own deformatters write last; the tagger waits for it
_RESERVED = re.compile(r"[\[\]{}$/@<>]")
_ESCAPED_OR_BLANK = re.compile(r"\\(.)|\[[^\]]*\]", re.DOTALL)
# `^` opens a lexical unit and hangs the chain even when it is escaped; a backslash may, too, and a
# NUL would end the sentence early.
_UNSENDABLE = str.maketrans("", "", "^\\\0")


class PipeFailed(RuntimeError):
    """A program died or did not answer in time; the next call starts the chain again."""


class RulePipe:
    """One direction, kept running from its start on; threads take turns.

    A chain is one shell's pipeline, in a session of its own. A shell, because Python lets no other
    thread run while it starts a program: 0.6 s for the 43 programs of five chains, up to 2 s beside
    two busy processes; with five shells a tenth of it. A session, because Linux shares the cores
    among sessions before it shares them among processes (sched_autogroup): beside two busy
    processes the five chains load in 0.6 s instead of 0.9 to 1.7 s.
    """

    def __init__(self, commands: Sequence[Command], timeout: float = TIMEOUT_SECONDS) -> None:
        self._commands = commands
        self._timeout = timeout
        self._lock = threading.Lock()
        self._closed = False
        self._used_at = time.monotonic()  # seconds
        self._chain: subprocess.Popen[bytes] | None = None

    def translate(self, sentence: str) -> str:
        """Translate one sentence, up to 30,000 bytes.

        Raises:
            PipeFailed: no answer, or none in time.
        """
        with self._lock:
            return self._ask(self._running(), sentence, self._timeout)

    def start(self) -> None:
        """Begin to start it, unless it runs, and return without waiting; it counts as used now.

        A failure is not reported: the next sentence tries again and reports its own.
        """
        self._used_at = time.monotonic()
        if not self._lock.acquire(blocking=False):
            return  # another thread is starting it, or using it
        if self._chain is not None and _is_alive(self._chain):
            self._lock.release()
            return
        try:
            threading.Thread(target=self._start_and_release, daemon=True).start()
        except RuntimeError:  # no thread is to be had; the sentence has one
            self._lock.release()

    def close_unused(self, seconds: float) -> None:
        """End the chain if it was not used for so long; the next use starts it again."""
        if self._lock.acquire(blocking=False):
            try:
                if time.monotonic() - self._used_at >= seconds:
                    self._stop()
            finally:
                self._lock.release()

    def close(self) -> None:
        """End the chain, also under the hands of a thread that waits for it."""
        self._closed = True
        _kill(self._chain)
        with self._lock:
            self._stop()

    def _start_and_release(self) -> None:
        """The end of `start`, which has taken the lock: a sentence that comes meanwhile waits."""
        try:
            with contextlib.suppress(PipeFailed, OSError):
                self._running()
        finally:
            self._lock.release()

    def _running(self) -> subprocess.Popen[bytes]:
        """The chain, started where it has not run or has ended; the caller holds the lock."""
        self._used_at = time.monotonic()
        if self._chain is not None and _is_alive(self._chain):
            return self._chain
        self._stop()
        self._require_open()
        chain = self._chain = subprocess.Popen(
            ["/bin/sh", "-c", _pipeline(self._commands)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        try:
            self._require_open()  # now that `close` finds the chain: one of the two ends it
        except PipeFailed:
            self._stop()
            raise
        self._ask(chain, ".", START_SECONDS)
        return chain

    def _require_open(self) -> None:
        if self._closed:
            raise PipeFailed("the pipe is closed")

    def _ask(self, chain: subprocess.Popen[bytes], sentence: str, timeout: float) -> str:
        """Write, read to the NUL; after a failure no late answer may reach the next call."""
        try:
            _opened(chain.stdin).write(_serialise(sentence))
            answer = _read_to_nul(_opened(chain.stdout), timeout)
        except (OSError, PipeFailed) as error:
            self._stop()
            raise PipeFailed(f"{self._commands[0]}: {error}") from error
        return _parse(answer)

    def _stop(self) -> None:
        chain, self._chain = self._chain, None
        if chain is not None:
            _kill(chain)
            chain.wait()
            for stream in (chain.stdin, chain.stdout):
                _opened(stream).close()


def _pipeline(commands: Sequence[Command]) -> str:
    """The chain as a shell starts it, in the background, before it waits for all of its programs.

    The shell keeps neither end for itself: what is read from a chain ends as soon as the last
    program does, which is when any before it does.
    """
    first, *others = map(shlex.join, commands)
    return f"exec 3<&0; {' | '.join([f'{first} <&3 3<&-', *others])} & exec 3<&- <&- >&-; wait"


def _is_alive(chain: subprocess.Popen[bytes]) -> bool:
    """Whether all of its programs run: between two sentences nothing but their end can be read."""
    if chain.poll() is not None:
        return False
    look = select.poll()
    look.register(_opened(chain.stdout))
    return not look.poll(0)


def _kill(chain: subprocess.Popen[bytes] | None) -> None:
    """End every program of a chain; those whose shell has ended have lost their input and end."""
    if chain is not None and chain.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(chain.pid, signal.SIGKILL)


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
