"""The directory that a stage works in: the user's, kept and locked, or a temporary one."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


class WorkspaceError(Exception):
    """The directory cannot be used."""


class Workspace:
    """Where things are: `state` of the emulator, `logs`, checkpoints and failures beside them."""

    def __init__(self, directory: Path, *, is_kept: bool = False) -> None:
        """Make what is missing; `is_kept` says that the directory outlives the stage."""
        self.directory = directory
        self.is_kept = is_kept
        self._logs = directory / "logs"
        self._logs.mkdir(exist_ok=True)

    @property
    def has_state(self) -> bool:
        """Whether a former run has left rows."""
        return (self.directory / "state" / "dynamodb.json").exists()

    def log(self, name: str) -> Path:
        """A fresh log file; the one of the run before stays as `.1`."""
        log = self._logs / f"{name}.log"
        if log.exists():
            log.replace(log.with_name(log.name + ".1"))
        return log


@contextmanager
def workspace(data_dir: Path | None) -> Iterator[Workspace]:
    """The user's directory, or one that is removed at the end.

    Raises:
        WorkspaceError: it cannot be written, or another stage is using it.
    """
    if data_dir is None:
        with TemporaryDirectory(prefix="local-stage-", ignore_cleanup_errors=True) as directory:
            yield Workspace(Path(directory))
    else:
        with _locked(data_dir):
            yield Workspace(data_dir, is_kept=True)


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = (directory / "lock").open("w")
    except OSError as error:
        message = f"the data directory cannot be used: {error}"
        raise WorkspaceError(message) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            message = f"another stage is using {directory}"
            raise WorkspaceError(message) from error
        yield
