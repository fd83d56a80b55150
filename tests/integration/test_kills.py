"""`kill -9` of each of the stage's processes during a talk: it is named, it is back, all go on."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from infra.local.stage.stage import PROGRAMS, RESTARTED
from tests.integration.client import running_stage
from tests.integration.disturbed_hall import hall, until
from tests.integration.test_stage import children_named


@pytest.mark.parametrize("name", RESTARTED)
def test_a_talk_outlives_the_death_of(name: str, tmp_path: Path) -> None:
    log = tmp_path / "log"

    async def scenario() -> None:
        async with hall(stage, ["pt", "en"], staying=4, passing=4, seed=1) as at:
            await at.settled()
            async with at.going_on():
                (child,) = children_named(stage.pid or 0, PROGRAMS[name])
                os.kill(child, signal.SIGKILL)
                back = f"infra.local: {name} was restarted"
                await until(lambda: back in log.read_text(), f"{name} is not back")
            await at.settled()
            assert (at.lost(), at.unreported()) == ([], [])

    with running_stage(log, "--data-dir", str(tmp_path / "data")) as stage:
        asyncio.run(scenario())
    assert f"infra.local: {name} ended with exit code -9" in log.read_text()
