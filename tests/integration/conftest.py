"""One real stage for all integration tests; its log stands beside every test that fails."""

import asyncio
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.integration.client import Stage, running_stage, talk

_LAST_CHARACTERS = 8_000

_logs = pytest.StashKey[Path]()


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Stage]:
    """The stage, on free ports and with a data directory of its own."""
    directory = tmp_path_factory.mktemp("stage")
    pytestconfig.stash[_logs] = directory
    log = directory / "stderr.log"
    with running_stage(log, "--data-dir", str(directory)) as running:
        yield running


@pytest.fixture(scope="session")
def stderr(stage: Stage, pytestconfig: pytest.Config) -> Path:
    """What the stage has printed beside its ready line."""
    return pytestconfig.stash[_logs] / "stderr.log"


@pytest.fixture(scope="session")
def languages(stage: Stage) -> list[str]:
    """What the stage offers to listeners of English; Portuguese is always there.

    Each has been used, so that a test of something else never meets an engine that still loads.
    """
    offered = [code for code in stage.languages() if code != "en"]
    assert "pt" in offered
    asyncio.run(_use(stage, offered))
    return offered


async def _use(stage: Stage, languages: list[str]) -> None:
    async with talk(stage) as at:
        speaker = await at.join_speaker()
        await at.join_all(languages)
        await at.say_translated(speaker, "Good morning to all of you, in every language.")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Adds the end of each of the stage's logs to a failed test's report."""
    report = yield
    directory = item.config.stash.get(_logs, None)
    if report.failed and directory is not None:
        for log in sorted(directory.rglob("*.log")):
            if text := _text(log):
                report.sections.append((f"stage: {log.name}", text[-_LAST_CHARACTERS:]))
    return report


def _text(log: Path) -> str:
    """What a log says, without the functions' metrics."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith('{"_aws"'))
