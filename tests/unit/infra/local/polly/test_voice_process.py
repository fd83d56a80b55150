"""A voice's process: one text after the other, and another worker where one is ill."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from infra.local.polly.voice_process import (
    MOST_WAITING,
    VoiceBusy,
    VoiceFailed,
    VoiceProcess,
)
from infra.local.polly.worker_messages import Question

WORKER = (sys.executable, "-m", "tests.fakes.polly_worker")
SECONDS = 20.0
"""Longer than any of this takes on a busy machine."""


@asynccontextmanager
async def voice(hung: float = SECONDS) -> AsyncIterator[VoiceProcess]:
    process = VoiceProcess(
        WORKER, load_seconds=0.0 if hung < SECONDS else SECONDS, hung_seconds=hung
    )
    try:
        async with asyncio.timeout(3 * SECONDS):
            yield process
    finally:
        await process.close()


async def said(process: VoiceProcess, text: str) -> bytes:
    return await process.speak(Question(text, 24_000, "mp3"))


def test_texts_are_said_by_one_worker() -> None:
    async def scenario() -> None:
        async with voice() as process:
            assert process.pid is None
            assert await said(process, "a") == b"\xffa"
            first = process.pid
            assert await asyncio.gather(*(said(process, str(each)) for each in range(5))) == [
                b"\xff%d" % each for each in range(5)
            ]
            assert process.pid == first

    asyncio.run(scenario())


def test_a_voice_that_is_prepared_runs_before_it_is_asked() -> None:
    async def scenario() -> None:
        async with voice() as process:
            await process.prepare()
            prepared = process.pid
            assert prepared is not None
            await process.prepare()
            assert await said(process, "a") == b"\xffa"
            assert process.pid == prepared

    asyncio.run(scenario())


def test_a_killed_worker_is_replaced_by_the_next_text() -> None:
    async def scenario() -> None:
        async with voice() as process:
            await said(process, "a")
            first = process.pid or 0
            os.kill(first, signal.SIGKILL)
            assert await said(process, "b") == b"\xffb"
            assert process.pid not in (None, first)

    asyncio.run(scenario())


def test_a_worker_that_dies_over_a_text_has_it_said_by_another(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with voice() as process:
            text = f"die once {tmp_path / 'died'}"
            assert await said(process, text) == b"\xff" + text.encode()

    asyncio.run(scenario())


@pytest.mark.parametrize("text", ["die!", "huge", "junk", "cannot"])
def test_a_text_that_cannot_be_said_fails_alone(text: str) -> None:
    async def scenario() -> None:
        async with voice() as process:
            with pytest.raises(VoiceFailed):
                await said(process, text)
            assert await said(process, "after") == b"\xffafter"

    asyncio.run(scenario())


def test_a_worker_that_hangs_is_ended_and_the_next_text_is_said() -> None:
    async def scenario() -> None:
        async with voice() as process:
            await said(process, "a")
            hung = process.pid
            process._hung_seconds = 0.2
            with pytest.raises(VoiceFailed, match="hangs"):
                await said(process, "hang")
            process._hung_seconds = SECONDS
            assert await said(process, "b") == b"\xffb"
            assert process.pid != hung

    asyncio.run(scenario())


def test_a_text_that_nobody_waits_for_any_more_leaves_no_answer_for_the_next(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        async with voice() as process:
            await said(process, "a")
            left = asyncio.create_task(said(process, f"slow {tmp_path / 'go'}"))
            while not process._turn.locked():
                await asyncio.sleep(0)
            left.cancel()
            with pytest.raises(asyncio.CancelledError):
                await left
            (tmp_path / "go").touch()
            assert await said(process, "b") == b"\xffb"

    asyncio.run(scenario())


def test_more_texts_than_may_wait_are_refused_and_the_others_are_said(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with voice() as process:
            texts = [f"slow {tmp_path / 'go'}"] * MOST_WAITING
            waiting = [asyncio.create_task(said(process, text)) for text in texts]
            while process._waiting < MOST_WAITING:
                await asyncio.sleep(0)
            with pytest.raises(VoiceBusy):
                await said(process, "one more")
            (tmp_path / "go").touch()
            assert await asyncio.gather(*waiting) == [b"\xff" + each.encode() for each in texts]
            assert await said(process, "later") == b"\xfflater"

    asyncio.run(scenario())


def test_only_a_voice_that_is_not_used_is_ended() -> None:
    async def scenario() -> None:
        async with voice() as process:
            await said(process, "a")
            pids = []
            for unused in (SECONDS, 0.0):
                process.close_unused(unused)
                pids.append(process.pid)
            assert pids[0]
            assert pids[1] is None
            assert await said(process, "b") == b"\xffb"

    asyncio.run(scenario())


def test_a_program_that_is_not_there_is_a_failed_voice() -> None:
    async def scenario() -> None:
        process = VoiceProcess(("/nonexistent",))
        with pytest.raises(VoiceFailed):
            await said(process, "a")
        with pytest.raises(VoiceFailed):
            await process.prepare()
        await process.close()

    asyncio.run(scenario())
