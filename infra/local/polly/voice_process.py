"""One language's worker, as the server sees it: started when asked, ended when unused or ill.

A worker answers one text after the other. When it dies, hangs or answers nonsense, it is ended, and
the next text starts another.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Sequence
from typing import Final

from infra.local.polly.worker_messages import ANSWER, MOST_ANSWER_BYTES, Question

LOGGER = logging.getLogger(__name__)

LOAD_SECONDS: Final = 20.0
"""Loading takes half a second to one on idle cores."""
HUNG_SECONDS: Final = 5.0
"""For a text, and more for a long one: a sentence takes 0.1 s, 3,000 characters 3 s. Voices yield
to captions: on a busy machine 3,000 characters took more than 20 s."""
HUNG_SECONDS_PER_CHARACTER: Final = 0.02
MOST_WAITING: Final = 8
"""Texts of one language, with the one that is being said: Polly's own burst is 10 a second."""
_TRIES: Final = 2
_MP3_SYNC: Final = 0xFF


class VoiceFailed(Exception):
    """The voice cannot say a text."""


class VoiceBusy(Exception):
    """Too many texts are waiting for this voice."""


class _WorkerEnded(VoiceFailed):
    """The worker ended in the middle: another one may do better."""


class VoiceProcess:
    """At most one worker at a time, and the texts that wait for it."""

    def __init__(
        self,
        command: Sequence[str],
        load_seconds: float = LOAD_SECONDS,
        hung_seconds: float = HUNG_SECONDS,
    ) -> None:
        """Nothing is started before `prepare` or `speak`."""
        self._command = command
        self._load_seconds = load_seconds
        self._hung_seconds = hung_seconds
        self._worker: asyncio.subprocess.Process | None = None
        self._fresh = True
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._used_at = time.monotonic()

    @property
    def pid(self) -> int | None:
        """Of the worker; None: there is none."""
        return self._worker.pid if self._worker and self._worker.returncode is None else None

    async def prepare(self) -> None:
        """Start the worker unless it runs, without waiting for its voice to be loaded.

        Raises:
            VoiceFailed: it cannot be started.
        """
        self._used_at = time.monotonic()
        if not self._turn.locked():
            async with self._turn:
                await self._running()

    async def speak(self, question: Question) -> bytes:
        """The sound of a text.

        Raises:
            VoiceBusy: too many wait already.
            VoiceFailed: it cannot be said, or the worker died twice over it, hung, or answered
                nonsense.
        """
        if self._waiting >= MOST_WAITING:
            raise VoiceBusy(f"{self._waiting} texts are waiting")
        self._waiting += 1
        try:
            async with self._turn:
                return await self._said(question)
        finally:
            self._waiting -= 1
            self._used_at = time.monotonic()

    def close_unused(self, seconds: float) -> None:
        """End a worker that was not used for so long."""
        if not self._waiting and time.monotonic() - self._used_at >= seconds:
            self._end()

    async def close(self) -> None:
        """End the worker."""
        worker = self._worker
        self._end()
        if worker:
            await worker.wait()

    async def _said(self, question: Question) -> bytes:
        for last in range(1, _TRIES + 1):
            try:
                return await self._asked(question)
            except _WorkerEnded:
                if last == _TRIES:
                    raise
        raise AssertionError

    async def _asked(self, question: Question) -> bytes:
        worker = await self._running()
        allowed = self._hung_seconds + len(question.text) * HUNG_SECONDS_PER_CHARACTER
        if self._fresh:
            allowed += self._load_seconds
        try:
            async with asyncio.timeout(allowed):
                well, body = await _exchange(worker, question.encoded())
        except TimeoutError as error:
            self._end()
            LOGGER.warning("a voice gave no answer in %.0f s and is ended", allowed)
            raise VoiceFailed("the voice hangs") from error
        except (OSError, asyncio.IncompleteReadError) as error:
            self._end()
            LOGGER.warning("a voice ended with exit code %s", await worker.wait())
            raise _WorkerEnded("the voice has ended") from error
        except BaseException:
            self._end()  # half an answer may be left in the pipe
            raise
        self._fresh = False
        if not well:
            raise VoiceFailed(body.decode(errors="replace"))
        if question.form == "mp3" and body[:1] != bytes([_MP3_SYNC]):
            self._end()
            raise VoiceFailed("the voice's answer is not a sound")
        return body

    async def _running(self) -> asyncio.subprocess.Process:
        if self._worker is None or self._worker.returncode is not None:
            self._fresh = True
            try:
                self._worker = await asyncio.create_subprocess_exec(
                    *self._command,
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    start_new_session=True,  # see `worker._yield_to_captions`
                )
            except OSError as error:
                raise VoiceFailed(str(error)) from error
        return self._worker

    def _end(self) -> None:
        worker, self._worker = self._worker, None
        if worker:
            with contextlib.suppress(ProcessLookupError):
                worker.kill()  # it holds nothing


async def _exchange(worker: asyncio.subprocess.Process, question: bytes) -> tuple[bool, bytes]:
    """Raises OSError or IncompleteReadError where the worker ends or says nonsense."""
    if worker.stdin is None or worker.stdout is None:
        raise OSError("the worker has no pipes")
    worker.stdin.write(question)
    await worker.stdin.drain()
    well, length = ANSWER.unpack(await worker.stdout.readexactly(ANSWER.size))
    if length > MOST_ANSWER_BYTES:
        raise OSError(f"an answer of {length} bytes")
    return well, await worker.stdout.readexactly(length)
