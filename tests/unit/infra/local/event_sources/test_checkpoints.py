"""What a restart of the functions' host finds again."""

from pathlib import Path

import pytest

from infra.local.event_sources.checkpoints import Checkpoints


def test_positions_outlive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "checkpoints.json"
    Checkpoints(path).advance("stream", "shard", "17")
    again = Checkpoints(path)
    assert again.position("stream", "shard") == "17"
    assert again.position("stream", "another") is None


def test_streams_that_nobody_reads_are_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "checkpoints.json"
    checkpoints = Checkpoints(path)
    checkpoints.advance("old", "shard", "1")
    checkpoints.advance("new", "shard", "2")
    checkpoints.keep_only({"new"})
    again = Checkpoints(path)
    assert again.position("old", "shard") is None
    assert again.position("new", "shard") == "2"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"stream": 1}'])
def test_an_unreadable_file_starts_every_stream_at_its_beginning(tmp_path: Path, text: str) -> None:
    path = tmp_path / "checkpoints.json"
    path.write_text(text)
    assert Checkpoints(path).position("stream", "shard") is None


def test_a_disk_that_takes_no_more_costs_no_position_and_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "state"
    checkpoints = Checkpoints(folder / "checkpoints.json")
    for position in ("1", "2"):
        checkpoints.advance("stream", "shard", position)
    assert checkpoints.position("stream", "shard") == "2"
    assert len(caplog.records) == 1
    folder.mkdir()
    checkpoints.advance("stream", "shard", "3")
    assert Checkpoints(folder / "checkpoints.json").position("stream", "shard") == "3"
