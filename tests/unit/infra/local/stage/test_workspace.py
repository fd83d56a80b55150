"""The directory of a stage."""

import errno
from pathlib import Path

import pytest

from infra.local.stage.workspace import WorkspaceError, workspace


def test_a_temporary_directory_is_removed() -> None:
    with workspace(None) as place:
        place.log("gateway").write_text("x")
        directory = place.directory
        assert directory.is_dir()
    assert not directory.exists()


def test_the_users_directory_is_made_and_kept(tmp_path: Path) -> None:
    wanted = tmp_path / "new" / "data"
    with workspace(wanted) as place:
        assert not place.has_state
        (wanted / "state").mkdir()
        (wanted / "state" / "dynamodb.json").write_text("{}")
    with workspace(wanted) as place:
        assert place.has_state


def test_two_stages_never_share_a_directory(tmp_path: Path) -> None:
    with (
        workspace(tmp_path),
        pytest.raises(WorkspaceError, match="another stage"),
        workspace(tmp_path),
    ):
        pass
    with workspace(tmp_path):
        pass


def test_a_directory_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError, match="cannot be used"), workspace(tmp_path / "file" / "d"):
        pass


def test_the_log_of_the_run_before_stays(tmp_path: Path) -> None:
    with workspace(tmp_path) as place:
        place.log("gateway").write_text("before")
        log = place.log("gateway")
        assert not log.exists()
        assert log.with_name("gateway.log.1").read_text() == "before"


def test_a_full_disk_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(_path: Path, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", no_room)
    with pytest.raises(WorkspaceError, match="the disk is full"), workspace(tmp_path):
        pass
    with pytest.raises(WorkspaceError, match="the disk is full"), workspace(None):
        pass
