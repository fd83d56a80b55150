"""The files that keep what the emulator answers."""

import errno
import os
from pathlib import Path

import pytest

from infra.local.dynamodb import journal
from infra.local.dynamodb.journal import (
    SNAPSHOT,
    Change,
    Journal,
    UnreadableStateError,
    following,
    journals,
    read_snapshot,
    write_snapshot,
)


def begun(folder: Path, number: int, *changes: Change, follows: bool = True) -> Path:
    """A journal of so many requests."""
    made = Journal(folder, number, follows=follows)
    for change in changes:
        made.append([change])
    made.close()
    return folder / f"journal.{number}"


def read(folder: Path, first: int) -> list[Change]:
    told: list[str] = []
    return [
        change
        for path in following(folder, first)
        for request in journal.requests(path, told.append)
        for change in request
    ]


def test_what_was_appended_is_read_again_in_order(tmp_path: Path) -> None:
    for number in (9, 10, 11):
        begun(tmp_path, number, ["put", number], ["delete", number])
    assert read(tmp_path, 10) == [["put", 10], ["delete", 10], ["put", 11], ["delete", 11]]
    assert list(journals(tmp_path)) == [9, 10, 11]


def test_a_line_that_a_power_cut_has_torn_ends_its_journal_and_the_next_goes_on(
    tmp_path: Path,
) -> None:
    torn = begun(tmp_path, 1, ["put", 1], ["put", 2])
    os.truncate(torn, torn.stat().st_size - 3)
    begun(tmp_path, 2, ["put", 3])
    assert read(tmp_path, 1) == [["put", 1], ["put", 3]]


@pytest.mark.parametrize("content", [b"", b'{"foll'])
def test_a_journal_that_was_hardly_begun_has_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "journal.1").write_bytes(content)
    begun(tmp_path, 2, ["put", 3])
    assert read(tmp_path, 1) == [["put", 3]]


def test_what_comes_after_a_gap_is_read_with_its_own_snapshot_alone(tmp_path: Path) -> None:
    begun(tmp_path, 1, ["put", 1])
    begun(tmp_path, 2, ["put", 2], follows=False)
    begun(tmp_path, 3, ["put", 3])
    assert read(tmp_path, 1) == [["put", 1]]
    assert read(tmp_path, 2) == [["put", 2], ["put", 3]]


def test_a_journal_that_is_discarded_leaves_nothing(tmp_path: Path) -> None:
    Journal(tmp_path, 1, follows=True).discard()
    assert list(tmp_path.iterdir()) == []


def test_a_snapshot_is_replaced_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_snapshot(tmp_path) is None
    size = write_snapshot(tmp_path, iter(["[1", ",2]"]), synced=True)
    assert size == (tmp_path / SNAPSHOT).stat().st_size
    assert read_snapshot(tmp_path) == [1, 2]

    def full(_number: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="full"):
        write_snapshot(tmp_path, iter(["[3]"]), synced=True)
    assert read_snapshot(tmp_path) == [1, 2]
    assert [path.name for path in tmp_path.iterdir()] == [SNAPSHOT]


@pytest.mark.parametrize("text", ["", "{", "\0\0", "null"])
def test_a_damaged_snapshot_is_no_empty_one(tmp_path: Path, text: str) -> None:
    (tmp_path / SNAPSHOT).write_text(text)
    with pytest.raises(UnreadableStateError, match="cannot be read"):
        read_snapshot(tmp_path)
