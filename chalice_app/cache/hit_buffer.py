"""One container's cache hits, gathered in memory and written at most once a minute.

Hits are statistics: they are written after the listeners were served, and when they cannot be
written they wait or are lost; nothing here ever raises.

Times named `..._at` are epoch milliseconds.
"""

import logging
import secrets
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Lock

from chalice_app.cache.entries import HitRow, Hits
from chalice_app.cache.hits import cut_rows
from chalice_app.cache.ports import HitStore
from chalice_app.domain.clock import Clock
from chalice_app.domain.errors import Unavailable

_log = logging.getLogger(__name__)

FLUSH_MS = 60_000
"""Hits are flushed at minutes of the clock, so that containers flush together: the stream then
brings their rows in one batch, which writes each entry once for all of them."""

MIN_HITS_PER_ENTRY = 20
"""Hits an entry, on average, from which a flush is worth its writes: an entry costs about four
write units (two in the transaction, two in the recency index), so a hit costs at most 0.2."""

MAX_DELAY_MS = 2 * FLUSH_MS
"""A flush that does not pay waits at most this long. The time is short against the age at which
a full cache of 10,000 entries evicts: at 100 lookups a second, a fifth of them new, eight minutes.
Both figures: tests/benchmarks/cache_replay.py."""

MAX_KEYS = 5_000
"""Entries whose hits are kept in memory; hits of further ones are lost until the next flush."""

RETRY_MS = 8 * 60_000
"""How long a row that could not be stored is tried again: under the ten minutes for which DynamoDB
knows a request that it has carried out, so that a lost answer never counts hits twice.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""


@dataclass(slots=True)
class HitBuffer:
    """The hits of this container that are not yet in the table.

    `container` sets its rows apart from those of every other. Lambda freezes a container between
    two calls, so there is no timer: the next message after it `is_due` flushes it.
    """

    store: HitStore
    clock: Clock
    container: str = field(default_factory=lambda: secrets.token_hex(8))
    _hits: dict[str, Hits] = field(default_factory=dict)
    _waiting: deque[tuple[int, HitRow]] = field(default_factory=deque)
    _due_at: int | None = None
    _counted: int = 0
    _flushed_at: int = 0
    _rows: int = 0
    _gathering: Lock = field(default_factory=Lock)
    _flushing: Lock = field(default_factory=Lock)

    def count(self, cache_keys: Iterable[str]) -> None:
        """Counts a hit of each entry, now."""
        now = self.clock.now_ms()
        with self._gathering:
            for key in cache_keys:
                self._counted += 1
                known = self._hits.get(key)
                if known is not None:
                    self._hits[key] = known + Hits(1, now)
                elif len(self._hits) < MAX_KEYS:
                    self._hits[key] = Hits(1, now)
            if self._hits and self._due_at is None:
                self._due_at = _minute_from(max(now + 1, self._flushed_at + FLUSH_MS))

    @property
    def is_due(self) -> bool:
        """Whether a minute is over whose hits it pays to write, or that cannot wait any more."""
        due_at = self._due_at
        if due_at is None:
            return False
        late = self.clock.now_ms() - due_at
        pays = self._waiting or self._counted >= MIN_HITS_PER_ENTRY * len(self._hits)
        return late >= (0 if pays else MAX_DELAY_MS - FLUSH_MS)

    def flush(self) -> None:
        """Writes every hit; rows that cannot be written wait for the next flush."""
        if not self._flushing.acquire(blocking=False):
            return  # another sentence of this container is flushing it
        try:
            self._pack()
            self._write_all()
        finally:
            self._flushing.release()

    def _pack(self) -> None:
        """Turns the hits into rows, which never change again: a row may have been stored."""
        with self._gathering:
            hits, self._hits, self._due_at, self._counted = self._hits, {}, None, 0
        now = self._flushed_at = self.clock.now_ms()
        rows = cut_rows(self.container, self._rows, hits)
        self._rows += len(rows)
        self._waiting.extend((now, row) for row in rows)

    def _write_all(self) -> None:
        oldest = self.clock.now_ms() - RETRY_MS
        while self._waiting:
            packed_at, row = self._waiting[0]
            if packed_at <= oldest:
                _log.warning("hits of %d cache entries are lost", len(row.hits))
            elif not self._write(row):
                self._due_at = _minute_from(self.clock.now_ms() + FLUSH_MS)
                return
            self._waiting.popleft()

    def _write(self, row: HitRow) -> bool:
        try:
            self.store.put_hit_row(row)
        except Unavailable:
            _log.warning("hits of %d cache entries wait for the database", len(row.hits))
            return False
        return True


def _minute_from(at_ms: int) -> int:
    return -(-at_ms // FLUSH_MS) * FLUSH_MS
