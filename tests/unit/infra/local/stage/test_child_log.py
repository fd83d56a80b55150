"""What a child prints reaches the stage, whatever becomes of the file."""

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.local.stage.child_log import LAST_LINES, ChildLog

PATIENCE = 10.0


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def begun(path: Path) -> tuple[ChildLog, int]:
    """A log, and where its child prints to."""
    source, printing = os.pipe()
    log = ChildLog("child", source, path)
    log.start()
    return log, printing


def ended(log: ChildLog, printing: int) -> None:
    os.close(printing)
    log.join(PATIENCE)
    assert not log.is_alive()


def test_a_file_has_all_and_memory_the_end(tmp_path: Path) -> None:
    log, printing = begun(tmp_path / "log")
    lines = [f"line {number}" for number in range(2 * LAST_LINES)]
    text = "\n".join(lines).encode() + b"\nready http://x\nhalf \xff"
    os.write(printing, text)
    ended(log, printing)
    assert (tmp_path / "log").read_bytes() == text
    assert log.ready == "http://x"
    assert log.last_lines() == [*lines[2 - LAST_LINES :], "ready http://x", "half \ufffd"]


def test_a_file_that_cannot_be_written_fails_no_child_and_says_later_what_is_missing(
    tmp_path: Path,
) -> None:
    path = tmp_path / "disk" / "log"
    log, printing = begun(path)
    os.write(printing, b"ready\n")
    until(lambda: log.ready is not None)
    path.parent.mkdir()
    os.write(printing, b"there is room\n")
    ended(log, printing)
    assert path.read_text() == "\n(6 bytes are missing here)\nthere is room\n"
    assert log.last_lines() == ["ready", "there is room"]


def test_a_notice_is_for_the_user(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    log, printing = begun(tmp_path / "log")
    with caplog.at_level(logging.WARNING):
        os.write(printing, b"notice the disk is full\nnoticed by nobody\n")
        ended(log, printing)
    assert [record.getMessage() for record in caplog.records] == ["the disk is full"]
