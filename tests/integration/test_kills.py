"""`kill -9` of each of the stage's processes during a talk: it is named, it is back, all go on.

Twenty listeners read four languages. Each is shown every sentence, once and in order.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import websockets

from infra.local.stage.stage import PROGRAMS, RESTARTED
from infra.local.transcribe.event_stream import encode_message
from tests.integration.client import Session, Stage, running_stage
from tests.integration.disturbed_hall import until
from tests.integration.faithful_hall import Hall, hall
from tests.integration.test_stage import children_named

LANGUAGES = ("pt", "en", "es", "ca")
AUDIO = {":message-type": "event", ":event-type": "AudioEvent"}
SILENCE = bytes(3_200)  # 100 ms


def languages_of(stage: Stage) -> list[str]:
    """Those of the four that the stage offers; without Apertium there are two."""
    offered = stage.languages()
    return [code for code in LANGUAGES if code in offered]


def kill(stage: Stage, program: str) -> None:
    """Ends every process of the stage that runs this, by the hardest signal."""
    found = children_named(stage.pid or 0, program)
    assert found, f"{program} does not run"
    for pid in found:
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("name", RESTARTED)
def test_a_talk_outlives_the_death_of(name: str, tmp_path: Path) -> None:
    log = tmp_path / "log"

    async def scenario() -> None:
        async with hall(stage, languages_of(stage)) as at:
            async with at.going_on():
                kill(stage, f"{PROGRAMS[name]} ")
                back = f"infra.local: {name} was restarted"
                await until(lambda: back in log.read_text(), f"{name} is not back")
            await at.all_heard_all()

    with running_stage(log, "--data-dir", str(tmp_path / "data")) as stage:
        asyncio.run(scenario())
    assert f"infra.local: {name} ended with exit code -9" in log.read_text()


def test_a_talk_outlives_the_death_of_its_voices(tmp_path: Path) -> None:
    worker = "infra.local.polly.worker"

    async def scenario() -> None:
        async with hall(stage, ["en"], voice="true") as at:
            async with at.going_on():
                await until(lambda: is_spoken(at, 0), "nothing is spoken")
                kill(stage, worker)
                killed_at = at.speaker.said + 1
                await until(lambda: is_spoken(at, killed_at), "nothing is spoken any more")
            await at.all_heard_all()

    with running_stage(tmp_path / "log") as stage:
        require_english(stage, "voice")
        asyncio.run(scenario())
    assert "ended with exit code" not in (tmp_path / "log").read_text()


def require_english(stage: Stage, kind: str) -> None:
    """Skips the test where this machine has no English engine of that kind."""
    offered = stage.request("GET", "/languages").json["languages"]
    if not any(each["code"] == "en" and kind in each for each in offered):
        pytest.skip(f"no {kind} here")


def is_spoken(at: Hall, after: int) -> bool:
    """Whether everybody has heard a sentence aloud that came after that one."""
    return all(
        any(speech["sequence"] > after for speech in each.of("speech")) for each in at.listeners
    )


def test_a_talk_outlives_the_death_of_its_recogniser(tmp_path: Path) -> None:
    worker = "infra.local.transcribe.worker"

    async def scenario() -> None:
        async with hall(stage, ["en", "pt"]) as at:
            async with at.going_on():
                async with dictating(stage, at.session):
                    running = lambda: bool(children_named(stage.pid or 0, worker))  # noqa: E731
                    await until(running, "no recogniser")
                    kill(stage, worker)
                async with dictating(stage, at.session):
                    await until(running, "no recogniser any more")
            await at.all_heard_all()

    with running_stage(tmp_path / "log") as stage:
        require_english(stage, "dictation")
        asyncio.run(scenario())
    assert "ended with exit code" not in (tmp_path / "log").read_text()


@asynccontextmanager
async def dictating(stage: Stage, session: Session) -> AsyncIterator[None]:
    """A microphone that is open in a silent room."""
    answer = await asyncio.to_thread(
        stage.request,
        "POST",
        f"/sessions/{session.session_id}/transcription",
        {"sampleRate": 16_000},
        {"Content-Type": "application/json", "Authorization": f"Bearer {session.token}"},
    )
    async with websockets.connect(answer.json["url"], proxy=None) as socket:
        await socket.send(encode_message(AUDIO, SILENCE))
        yield
