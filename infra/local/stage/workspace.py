"""The directory that a stage works in: the user's, kept and locked, or a temporary one."""

from __future__ import annotations

import errno
import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Final

LEAST_BYTES: Final = 1_000_000
"""What must be free at the start: the logs' first lines, and the tables of a short talk."""


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
        with _temporary() as directory:
            yield _usable(directory)
    else:
        with _locked(data_dir):
            yield _usable(data_dir, is_kept=True)


def _usable(directory: Path, *, is_kept: bool = False) -> Workspace:
    probe = directory / "probe"
    try:
        try:
            probe.write_bytes(bytes(LEAST_BYTES))
        finally:
            probe.unlink(missing_ok=True)
        return Workspace(directory, is_kept=is_kept)
    except OSError as error:
        raise _unusable(directory, error) from error


@contextmanager
def _temporary() -> Iterator[Path]:
    try:
        made = TemporaryDirectory(prefix="local-stage-", ignore_cleanup_errors=True)
    except OSError as error:
        raise _unusable(Path(gettempdir()), error) from error
    with made as directory:
        yield Path(directory)


def _unusable(directory: Path, error: OSError) -> WorkspaceError:
    if error.errno == errno.ENOSPC:
        return WorkspaceError(f"{directory} cannot be used: the disk is full")
    return WorkspaceError(f"the data directory cannot be used: {error}")


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = (directory / "lock").open("w")
    except OSError as error:
        raise _unusable(directory, error) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            message = f"another stage is using {directory}"
            raise WorkspaceError(message) from error
        yield
