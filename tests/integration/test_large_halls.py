"""A hall that is cut into batches, on a stage whose functions take a few listeners each."""

import asyncio
from pathlib import Path

import pytest

from tests.integration.client import running_stage, talk

LISTENERS = 40
SENTENCES = ("Good morning.", "Thank you for coming.", "Good morning.")


def test_everyone_in_batches_hears_each_sentence_once_and_the_report_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLICE_LISTENERS", "7")

    async def scenario() -> None:
        async with talk(stage) as at:
            speaker = await at.join_speaker()
            listeners = await at.join_all(["pt"] * (LISTENERS - 2) + ["en"] * 2)
            numbers = set()
            for text in SENTENCES:
                report = await at.say_translated(speaker, text)
                numbers.add(at.sequence)
                lines = report["languages"]
                assert {code: line["listeners"] for code, line in lines.items()} == {
                    "pt": LISTENERS - 2,
                    "en": 2,
                }
                assert all(line["delivered"] == line["listeners"] for line in lines.values())
            for listener in listeners:
                await listener.settle()
                heard = listener.sequences()
                assert len(heard) == len(set(heard))
                assert set(heard) >= numbers

    with running_stage(tmp_path / "stage.log", "--data-dir", str(tmp_path / "data")) as stage:
        asyncio.run(scenario())
