"""The speaker's page's own recogniser and segmenter under deno: sound goes in, sentences come out.

What decides about sentences must be the modules that browsers run, so nothing of them is written
again in Python: `page_modules.js` loads them. They may connect to the recogniser's host, and to
nothing else. The two processes exchange a JSON object a line.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
from asyncio import StreamReader, StreamWriter
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from deno import find_deno_bin

from infra.local.stage_client import Api, Message, StageClientError, StageRefusal

PAGE_MODULES: Final = Path(__file__).with_name("page_modules.js")
END_SECONDS: Final = 5.0

T = TypeVar("T")

Event = Mapping[str, Any]
"""`{"sentence": {text, startMs, endMs}}`, `{"draft": {text}}` or `{"state": {...}}`."""

Permission = Callable[[], Awaitable[Message]]
"""Asks the stage for a recogniser's address: the answer of `POST /sessions/{id}/transcription`."""


@dataclass(slots=True)
class PageRecogniser:
    """The running modules."""

    _sound: StreamWriter
    _answers: StreamReader
    _errors: StreamReader
    _permission: Permission
    _asking: set[asyncio.Task[None]] = field(default_factory=set)

    async def hear(self, pcm: bytes) -> None:
        """Sound that was captured just now: 16-bit samples, 16,000 a second."""
        await self._write(pcm=base64.b64encode(pcm).decode())

    async def finish(self) -> None:
        """The talk is over: `events` ends when all that was heard has become sentences."""
        await self._write(finish=True)

    async def events(self) -> AsyncIterator[Event]:
        """What the modules say, until they have finished.

        Raises:
            StageClientError: deno has ended before.
        """
        async for line in self._answers:
            event = json.loads(line)
            if "finished" in event:
                return
            if "ask" in event:
                task = asyncio.create_task(self._answer())
                self._asking.add(task)
                task.add_done_callback(self._asking.discard)
            else:
                yield event
        raise StageClientError(f"deno has ended: {await self._last_words()}")

    async def _answer(self) -> None:
        try:
            await self._write(grant=dict(await self._permission()))
        except StageClientError as error:
            refused: dict[str, Any] = {"message": str(error)}
            if isinstance(error, StageRefusal):
                refused["status"] = error.status
                refused["retryAfterMs"] = error.retry_after_ms
                refused["details"] = error.details
            await self._write(refused=refused)

    async def _last_words(self) -> str:
        lines = (await self._errors.read()).decode(errors="replace").strip().splitlines()
        return next((line for line in lines if "rror" in line), lines[-1] if lines else "no reason")

    async def _write(self, **message: object) -> None:
        self._sound.write(json.dumps(message).encode() + b"\n")
        with suppress(ConnectionError):  # `events` says why deno has ended
            await self._sound.drain()


def command(url: str, language: str) -> list[str]:
    """The page's modules under deno, allowed to connect to the recogniser's host alone."""
    address = urlsplit(url)
    port = address.port or (443 if address.scheme == "wss" else 80)
    return [
        *(
            find_deno_bin(),
            "run",
            "--quiet",
            "--no-prompt",
            "--no-remote",
            "--no-config",
            "--no-lock",
        ),
        *(f"--allow-net={address.hostname}:{port}", str(PAGE_MODULES), language),
    ]


@asynccontextmanager
async def permitted_recogniser(api: Api, session: Message) -> AsyncIterator[PageRecogniser]:
    """The modules with a session's permission, which is given back at the end.

    Raises:
        StageClientError: the stage gives none: it has no recogniser for the session's language.
    """
    first = await api.permit_transcription(session)
    unused = [first]

    async def permission() -> Message:
        return unused.pop() if unused else await api.permit_transcription(session)

    try:
        async with page_recogniser(first["url"], first["languageCode"], permission) as recogniser:
            yield recogniser
    finally:
        await api.end_transcription(session)


@asynccontextmanager
async def page_recogniser(
    url: str, language: str, permission: Permission
) -> AsyncIterator[PageRecogniser]:
    """The modules, ready to hear speech in that language (a BCP-47 tag); they end with the block.

    `url` is where a permission leads: the recogniser's host.
    """
    environment = {**os.environ, "DENO_DIR": str(Path(sys.prefix) / ".deno"), "NO_COLOR": "1"}
    environment["DENO_NO_UPDATE_CHECK"] = "1"
    process = await asyncio.create_subprocess_exec(
        *command(url, language),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        env=environment,
        limit=2**20,
        start_new_session=True,  # Ctrl-C is answered here, and not by both
    )
    sound = _piped(process.stdin)
    try:
        yield PageRecogniser(sound, _piped(process.stdout), _piped(process.stderr), permission)
    finally:
        sound.close()  # upon which the modules leave
        await _ended(process)


def _piped(stream: T | None) -> T:
    if stream is None:
        raise RuntimeError("the process was started without its pipes")
    return stream


async def _ended(process: Process) -> None:
    try:
        async with asyncio.timeout(END_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
