"""Every change that was answered, in files beside the snapshot: a `kill -9` takes none of them.

`dynamodb.json` is the snapshot, `journal.N` the changes since, a JSON line a request. A snapshot
names the first journal that it does not hold. While one is written, the changes go to the next
journal; the former ones are deleted when it is complete. So whenever the process dies, the snapshot
and the journals from that one on are everything.

A journal begins with a line that says whether it follows the one before without a gap. After a gap
(the disk was full) it is of use only together with the snapshot that was to go with it.

A line is written by one `write` and not synced: the system has it, whatever becomes of the process.
`keeper` syncs it behind the requests' back, once a second.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, Final

LOGGER = logging.getLogger(__name__)

SNAPSHOT: Final = "dynamodb.json"
PIECE_BYTES: Final = 65_536
"""A snapshot's writes; each lets go of the interpreter's lock, so that requests go on."""
_JOURNAL: Final = re.compile(r"journal\.(\d+)")

Change = Sequence[Any]
"""What one request did to one row or stream; `changes` knows its forms."""


Tell = Callable[[str], None]
"""What the user must know goes there, a line each time."""


class UnreadableStateError(Exception):
    """What was kept cannot be read, or not without what is missing."""


class Journal:
    """The file that takes the changes now."""

    def __init__(self, folder: Path, number: int, *, follows: bool) -> None:
        """Begin it; `follows`: it has whatever is not in the journal or snapshot before.

        Raises:
            OSError: the disk is full, or fails.
        """
        self.number = number
        self._path = folder / f"journal.{number}"
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            self._write({"follows": follows})
        except OSError:
            self.discard()
            raise

    def append(self, changes: Sequence[Change]) -> int:
        """Have the changes of one request on disk; returns in how many bytes.

        Raises:
            OSError: they are not; this journal must take no more.
        """
        return self._write(changes)

    def descriptor(self) -> int:
        """One of its own for another thread, which has to close it."""
        return os.dup(self._file)

    def close(self) -> None:
        """Take no more."""
        os.close(self._file)

    def discard(self) -> None:
        """Take no more, and forget all."""
        self.close()
        self._path.unlink(missing_ok=True)

    def _write(self, value: object) -> int:
        line = json.dumps(value, separators=(",", ":")).encode() + b"\n"
        written = os.write(self._file, line)
        while written < len(line):  # so much room was left, the rest will say why
            written += os.write(self._file, line[written:])
        return written


def journals(folder: Path) -> dict[int, Path]:
    """The journals that are there by their numbers, in order."""
    found = ((_JOURNAL.fullmatch(path.name), path) for path in folder.iterdir())
    return dict(sorted((int(match[1]), path) for match, path in found if match))


def following(folder: Path, first: int) -> list[Path]:
    """The journals from that one on, as far as none comes after a gap."""
    found = []
    for number, path in journals(folder).items():
        if number < first:
            continue
        if number > first and not _follows(path):
            break
        found.append(path)
    return found


def require_snapshot(folder: Path) -> None:
    """Refuse journals without their snapshot.

    Lives that made no table have none: their journals have no rows, and begin with number 0. Once
    there is one, it has the table of every row, and the journals before it are deleted.

    Raises:
        UnreadableStateError: a snapshot is missing.
    """
    there = journals(folder)
    for path in there.values():
        if _sizes(path) or (0 not in there and _follows(path)):
            message = (
                f"the kept state cannot be read: {folder / SNAPSHOT} is missing, and {path.name} "
                "goes on from it"
            )
            raise UnreadableStateError(message)


def requests(journal: Path, tell: Tell) -> Iterator[Sequence[Change]]:
    """What each request has changed, up to a line that cannot be read.

    The last line, torn, is what a power cut leaves: nobody was promised it. `tell` gets any other
    damage, with how much is dropped.
    """
    return islice(_parsed_lines(journal, tell), 1, None)


def tell_dropped(journal: Path, reason: str, tell: Tell) -> None:
    """Tell of a journal that is of no use, unless it has no changes."""
    sizes = _sizes(journal)
    if sizes:
        tell(f"{journal} {reason}: {_amount(sizes)} dropped")


def read_snapshot(folder: Path) -> Any:
    """The snapshot as JSON; None: there is none.

    Raises:
        UnreadableStateError: it is damaged.
    """
    path = folder / SNAPSHOT
    try:
        snapshot = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        message = f"the kept state cannot be read: {path}: {error}"
        raise UnreadableStateError(message) from error
    if snapshot is None:
        message = f"the kept state cannot be read: {path}: it says null"
        raise UnreadableStateError(message)
    return snapshot


def write_snapshot(folder: Path, pieces: Iterable[str], *, synced: bool) -> int:
    """Replace the snapshot as a whole; returns its size in bytes.

    Raises:
        OSError: the disk is full, or fails; the former one is untouched.
    """
    draft = folder / f"{SNAPSHOT}.new"
    try:
        with draft.open("wb", buffering=0) as file:
            for piece in _joined(pieces):
                # A raw file may take a part when little room is left.
                rest = memoryview(piece)
                while rest:
                    rest = rest[file.write(rest) :]
            size = file.tell()
            if synced:
                os.fsync(file.fileno())
        draft.replace(folder / SNAPSHOT)
        if synced:
            _sync_names(folder)
    except OSError:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise
    return size


def _sync_names(folder: Path) -> None:
    """The snapshot's new file, and the journal that was begun for it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _joined(pieces: Iterable[str]) -> Iterator[bytes]:
    waiting, size = [], 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= PIECE_BYTES:
            yield "".join(waiting).encode()
            waiting, size = [], 0
    yield "".join(waiting).encode()


def _follows(journal: Path) -> bool:
    head = next(_parsed_lines(journal, _ignore), {"follows": True})
    return bool(head["follows"])


def _ignore(_text: str) -> None:
    """What is told when the journal's requests are read."""


def _parsed_lines(journal: Path, tell: Tell) -> Iterator[Any]:
    with journal.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                yield json.loads(line)
            except ValueError:
                LOGGER.warning("%s is read up to its line %d, which is torn", journal, number)
                is_torn = not line.endswith(b"\n")
                sizes = [len(line), *(len(further) for further in lines)]
                if number == 1:
                    del sizes[0]  # no change
                if sizes and not is_torn:
                    tell(f"{journal} is damaged in line {number}: {_amount(sizes)} dropped")
                return


def _sizes(journal: Path) -> list[int]:
    """How many bytes each change takes."""
    with journal.open("rb") as lines:
        return [len(line) for line in lines][1:]


def _amount(sizes: Sequence[int]) -> str:
    if len(sizes) == 1:
        return f"1 change ({sizes[0]:,} bytes) is"
    return f"{len(sizes):,} changes ({sum(sizes):,} bytes) are"
