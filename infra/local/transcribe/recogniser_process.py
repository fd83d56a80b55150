"""The worker's process, as the server sees it: started when somebody dictates, ended when unused.

The model takes 220 MB, which are given back some minutes after the last stream. When the worker
dies, its streams fail; the next stream starts another one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import AsyncIterator, Sequence
from typing import Final

from infra.local.transcribe.messages import HEADER, Kind, encoded

LOGGER = logging.getLogger(__name__)

WORKER: Final = (sys.executable, "-m", "infra.local.transcribe.worker")
UNUSED_SECONDS: Final = 180.0
HUNG_SECONDS: Final = 10.0
"""The worker reads in a thread of its own, beside its decodes: sound that it does not take for so
long waits for a process that hangs."""
MOST_WAITING_BYTES: Final = 30 * 32_000
"""Of a stream, on the way to the worker: 30 s of sound. Then the client is not read from."""


class RecogniserFailed(Exception):
    """The worker has died, or could not be started."""


class Hearing:
    """One stream in the worker."""

    def __init__(self, number: int, process: RecogniserProcess) -> None:
        """Made by `RecogniserProcess.open`."""
        self._number = number
        self._process = process
        self._answers: asyncio.Queue[tuple[Kind, bytes]] = asyncio.Queue()
        self._waiting = 0
        self._room = asyncio.Event()
        self._room.set()

    async def audio(self, pcm: bytes) -> None:
        """Hand on sound; waits while 30 s of it are waiting.

        Raises:
            RecogniserFailed: the worker has died.
        """
        await self._room.wait()
        self._waiting += len(pcm)
        if self._waiting >= MOST_WAITING_BYTES:
            self._room.clear()
        await self._process.write(Kind.AUDIO, self._number, pcm)

    async def end(self) -> None:
        """No more sound comes.

        Raises:
            RecogniserFailed: the worker has died.
        """
        await self._process.write(Kind.END, self._number)

    async def results(self) -> AsyncIterator[bytes]:
        """TranscriptEvents' payloads, until the stream's last one.

        Raises:
            RecogniserFailed: the worker has died.
        """
        while True:
            kind, body = await self._answers.get()
            if kind is Kind.DONE:
                return
            if kind is Kind.FAILED:
                raise RecogniserFailed(body.decode())
            yield body

    async def close(self) -> None:
        """Forget the stream, wherever it stands."""
        await self._process.forget(self._number)

    def answer(self, kind: Kind, body: bytes) -> None:
        """Take what the worker says of this stream."""
        if kind is Kind.TAKEN:
            self._waiting -= int(body)
            if self._waiting < MOST_WAITING_BYTES:
                self._room.set()
            return
        self._answers.put_nowait((kind, body))
        if kind is Kind.FAILED:
            self._room.set()


class RecogniserProcess:
    """At most one worker at a time, and the streams in it."""

    def __init__(
        self,
        command: Sequence[str] = WORKER,
        unused_seconds: float = UNUSED_SECONDS,
        hung_seconds: float = HUNG_SECONDS,
    ) -> None:
        """Nothing is started before `open`."""
        self._command = command
        self._unused_seconds = unused_seconds
        self._hung_seconds = hung_seconds
        self._worker: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._ending: asyncio.TimerHandle | None = None
        self._starting = asyncio.Lock()
        self._hearings: dict[int, Hearing] = {}
        self._last_number = 0

    @property
    def pid(self) -> int | None:
        """Of the worker; None: there is none."""
        return self._worker.pid if self._worker else None

    async def open(self) -> Hearing:
        """Begin a stream; starts the worker if there is none.

        Raises:
            RecogniserFailed: it cannot be started, or dies at once.
        """
        if self._ending:
            self._ending.cancel()
        async with self._starting:
            if self._worker is None:
                await self._start()
        self._last_number += 1
        hearing = self._hearings[self._last_number] = Hearing(self._last_number, self)
        await self.write(Kind.OPEN, self._last_number)
        return hearing

    async def write(self, kind: Kind, number: int, body: bytes = b"") -> None:
        """Send a message to the worker.

        Raises:
            RecogniserFailed: the worker has died.
        """
        if self._worker is None or self._worker.stdin is None or number not in self._hearings:
            raise RecogniserFailed("the recogniser has ended")
        try:
            self._worker.stdin.write(encoded(kind, number, body))
            async with asyncio.timeout(self._hung_seconds):
                await self._worker.stdin.drain()
        except ConnectionError as error:
            raise RecogniserFailed("the recogniser has ended") from error
        except TimeoutError as error:
            await self._end_hung()
            raise RecogniserFailed("the recogniser takes no sound any more") from error

    async def forget(self, number: int) -> None:
        """A stream's client is gone, or served."""
        if number in self._hearings:
            with contextlib.suppress(RecogniserFailed):
                await self.write(Kind.DROP, number)
            self._hearings.pop(number, None)
        if not self._hearings and self._worker:
            loop = asyncio.get_running_loop()
            self._ending = loop.call_later(self._unused_seconds, self._end_unused)

    async def close(self) -> None:
        """End the worker."""
        if self._ending:
            self._ending.cancel()
        reading = self._reading
        if self._worker:
            _end(self._worker)
        if reading:
            await reading

    def _end_unused(self) -> None:
        if self._worker and not self._hearings:
            _end(self._worker)

    async def _end_hung(self) -> None:
        """End a worker that hangs: its streams fail, and the next one starts another.

        It is waited for: a client that is told and comes back at once would get the dying worker.
        """
        if self._worker and self._reading:
            LOGGER.warning("the recogniser takes no sound any more and is ended")
            _end(self._worker)
            await asyncio.wait([self._reading])

    async def _start(self) -> None:
        try:
            worker = await asyncio.create_subprocess_exec(
                *self._command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
            )
        except OSError as error:
            raise RecogniserFailed(str(error)) from error
        self._worker = worker
        self._reading = asyncio.create_task(self._read(worker))

    async def _read(self, worker: asyncio.subprocess.Process) -> None:
        """Hand on what the worker says, until it ends; then its streams fail."""
        output = worker.stdout
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while output:
                kind, number, length = HEADER.unpack(await output.readexactly(HEADER.size))
                body = await output.readexactly(length)
                if hearing := self._hearings.get(number):
                    hearing.answer(Kind(kind), body)
        exit_code = await worker.wait()
        if self._hearings:
            LOGGER.warning("the recogniser ended with exit code %s", exit_code)
        if self._worker is worker:
            self._worker = None
        failed, self._hearings = self._hearings, {}
        for hearing in failed.values():
            hearing.answer(Kind.FAILED, b"the recogniser has ended")


def _end(worker: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        worker.kill()  # it holds nothing
