"""Keeps what the emulator answers: a journal before each answer, a snapshot when that grows large.

A full disk stops no request. It is said once, and from then on a snapshot is tried again and again:
the first one that succeeds has everything, whatever was not written meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from infra.local.dynamodb import emulator_state, journal
from infra.local.dynamodb.journal import Change, Journal, UnreadableStateError

LOGGER = logging.getLogger(__name__)

LARGEST_JOURNAL_BYTES: Final = 32_000_000
"""Half an hour of a busy hall, and read again in half a second. A larger snapshot takes as much."""
TICK_SECONDS: Final = 1.0
"""How often the journal is synced to a disk that is kept, and how often a full one is looked at.

A killed process needs no sync. A power cut takes the last second, and not a talk: a sync before
each answer would make a write many times as slow on a laptop's disk."""
_ROWS: Final = {"PutItem", "DeleteItem", "UpdateItem", "BatchWriteItem", "TransactWriteItems"}
_READS: Final = ("Get", "BatchGet", "TransactGet", "Query", "Scan", "Describe", "List")

SPARE_BYTES: Final = 262_144
"""What must be free beyond the snapshot, before another one is tried."""

Answer = tuple[int, dict[str, str], Any]
Handler = Callable[..., Awaitable[Answer]]
"""ministack's: method, path, headers, body, query -> status, headers, body."""


class Keeper:
    """The emulator's state in a folder, from one life to the next."""

    def __init__(self, folder: Path, notify: Callable[[str], None], *, outlives: bool) -> None:
        """Nothing is read or written before `load`.

        `outlives`: the folder is there after the stage's end, and after a power cut. `notify` is
        told what the user must know.
        """
        self._folder = folder
        self._notify = notify
        self._outlives = outlives
        self._changes = emulator_state.Changes()
        self._journal: Journal | None = None
        """None: what changes now is on no disk."""
        self._is_told = False
        """That nothing is kept."""
        self._is_synced = True
        self._next_number = 0
        self._bytes = 0
        """Of the journals since the snapshot."""
        self._save_at = LARGEST_JOURNAL_BYTES
        self._snapshot_bytes = 0
        self._saving = asyncio.Lock()
        self._ended = asyncio.Event()

    def load(self) -> None:
        """Go on from what is there, and keep what changes from now on.

        Raises:
            UnreadableStateError: the snapshot is damaged, or missing; nothing is touched.
            OSError: the folder cannot be used.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        numbers, first = self._changes.numbers, 0
        if (snapshot := journal.read_snapshot(self._folder)) is not None:
            state, first = emulator_state.read(snapshot)
            emulator_state.restore(state, numbers)
        else:
            journal.require_snapshot(self._folder)
        there = journal.journals(self._folder)
        used = journal.following(self._folder, first)
        unused = [path for path in there.values() if path not in used]
        for path in used:
            _replay(path, numbers, self._notify)
            self._bytes += path.stat().st_size
        for number, path in there.items():
            if path in unused and number >= first:  # those before are in the snapshot
                journal.tell_dropped(path, "follows what was not kept", self._notify)
        _delete(unused)
        # Number 0 again if nothing is left: a later one alone goes on from a missing snapshot.
        self._next_number = max([first - 1, *journal.journals(self._folder)]) + 1
        self._changes.watch()
        emulator_state.refuse_former_iterators(uuid.uuid4().hex)
        try:
            self._begin(follows=True)
        except OSError as error:
            self._lose(error)

    def keeping(self, handle: Handler) -> Handler:
        """Have ministack's handler of requests answer when what it did is kept."""

        async def handle_and_keep(
            method: str, path: str, headers: Mapping[str, str], *rest: Any
        ) -> Answer:
            """As `handle`; what is kept is on disk before this returns."""
            action = headers.get("x-amz-target", "").rpartition(".")[2]
            try:
                # It never waits, so what was noted is of this request alone.
                answer = await handle(method, path, headers, *rest)
            finally:
                changes = self._changes.taken()
                if changes and action in _ROWS:
                    self._append(changes)
            if (
                action not in _ROWS
                and not action.startswith(_READS)
                and (changes or answer[0] == HTTPStatus.OK)
            ):
                # A table, a tag: seldom, and no change of a row.
                await self._save_all()
            return answer

        return handle_and_keep

    async def run(self) -> None:
        """Sync and save as it becomes due, until `end`."""
        while not await self._ends_within(TICK_SECONDS):
            if self._journal is None:
                if self._has_room():
                    await self._save()
            elif self._bytes >= self._save_at:
                await self._save()
            elif self._outlives and not self._is_synced:
                self._is_synced = True
                await asyncio.to_thread(_sync, self._journal.descriptor())

    async def end(self) -> None:
        """Save once more, if anybody will read it."""
        self._ended.set()
        if self._outlives:
            await self._save()

    async def _ends_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ended.wait()
        return self._ended.is_set()

    def _append(self, changes: Sequence[Change]) -> None:
        if self._journal is None:
            return
        try:
            self._bytes += self._journal.append(changes)
        except OSError as error:
            self._lose(error)
        else:
            self._is_synced = False

    def _begin(self, *, follows: bool) -> Journal:
        begun = Journal(self._folder, self._next_number, follows=follows)
        self._next_number += 1
        if self._journal is not None:
            self._journal.close()
        self._journal = begun
        return begun

    def _lose(self, reason: OSError) -> None:
        """From now on nothing is kept, until a snapshot succeeds."""
        if self._journal is not None:
            self._journal.close()
            self._journal = None
        if not self._is_told:
            self._is_told = True
            self._notify(
                f"the disk takes no more ({reason.strerror}): what is said from now on is not "
                "kept, nor are sounds and logs; captions go on"
            )

    def _has_room(self) -> bool:
        return shutil.disk_usage(self._folder).free > self._snapshot_bytes + SPARE_BYTES

    async def _save_all(self) -> None:
        """Keep what is in no journal."""
        if (error := await self._save()) is not None:
            self._lose(error)

    async def _save(self) -> OSError | None:
        """Write a snapshot, and forget the journals before it; returns why not."""
        async with self._saving:
            was_kept = self._journal is not None
            try:
                begun = self._begin(follows=was_kept)
            except OSError as error:
                return error
            former, self._bytes = self._bytes, 0
            pieces = emulator_state.pieces(
                emulator_state.copied(self._changes.numbers), begun.number
            )
            try:
                self._snapshot_bytes = await asyncio.to_thread(
                    journal.write_snapshot, self._folder, pieces, synced=self._outlives
                )
            except OSError as error:
                self._bytes += former
                self._save_at = self._bytes + LARGEST_JOURNAL_BYTES
                if not was_kept and self._journal is begun:
                    begun.discard()
                    self._journal = None
                return error
            self._save_at = max(LARGEST_JOURNAL_BYTES, self._snapshot_bytes)
            there = journal.journals(self._folder)
            _delete(path for number, path in there.items() if number < begun.number)
            if self._is_told and self._journal is begun:
                self._is_told = False
                self._notify("the disk has room again: all is kept, also what was said meanwhile")
        return None


def _replay(path: Path, numbers: emulator_state.SequenceNumbers, tell: journal.Tell) -> None:
    try:
        emulator_state.replay(journal.requests(path, tell), numbers)
    except (AttributeError, TypeError, LookupError, ValueError) as error:
        message = f"the kept state is not one of this emulator's: {path}: {error!r}"
        raise UnreadableStateError(message) from error


def _delete(files: Iterable[Path]) -> None:
    for path in files:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _sync(descriptor: int) -> None:
    """In a thread: the journal may be another one when the disk is done."""
    try:
        os.fdatasync(descriptor)
    except OSError as error:
        LOGGER.warning("not synced: %s", error)
    finally:
        os.close(descriptor)
