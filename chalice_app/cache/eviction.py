"""Keeps the cache at its limit: the entries that were not used for the longest time go first."""

import heapq
import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby, islice
from operator import attrgetter
from threading import Lock

from chalice_app.cache.entries import EntryUse, Removal
from chalice_app.cache.ports import RecencyIndex
from chalice_app.domain.clock import Clock
from chalice_app.domain.errors import Unavailable
from chalice_app.observability import metrics
from chalice_app.observability.logs import ContextThreads
from chalice_app.observability.ports import MetricsSink

_log = logging.getLogger(__name__)

EVICTIONS_A_RUN = 2_000
"""Bounds a run to seconds; what is still too much goes with the next one."""

CHECKS_A_LIMIT = 200
"""A container counts after every 1/200 of the limit that it saw come in. The table begins with four
shards, each with its own container: together they overlook 2 % of the limit at most."""

_NEAR = 4
"""Far below the limit a count is good for a quarter of the way to it, one for each shard."""

_DELETES_AT_ONCE = 16
_LARGEST_PAGE = 250


@dataclass(frozen=True, slots=True)
class Swept:
    """A run: live entries found, live ones evicted, expired ones that were met and removed."""

    live: int
    evicted: int = 0
    expired: int = 0


@dataclass(slots=True)
class Eviction:
    """Counts the entries and removes what is over `limit`.

    Runs of several containers may overlap: an entry that another run removed counts as removed, so
    together they remove no more than is over the limit.
    """

    recency: RecencyIndex
    metrics: MetricsSink
    clock: Clock
    limit: int
    _added: int = 0
    _patience: int = 0
    _counting: Lock = field(default_factory=Lock)
    _running: Lock = field(default_factory=Lock)

    def entries_added(self, count: int) -> None:
        """Counts new entries, and evicts when there may be too many by now.

        Errors of the database are logged: a later batch or the schedule evicts.
        """
        with self._counting:
            self._added += count
            enough = count > 0 and self._added >= self._patience
        if enough and self._running.acquire(blocking=False):
            try:
                self.run()
            except Unavailable:
                _log.warning("the cache could not be counted or cut back", exc_info=True)
            finally:
                self._running.release()

    def run(self) -> Swept:
        """Counts, evicts what is too much, and says so in CacheSize and CacheEvictions.

        Raises:
            Unavailable: the database refused; what was removed stays removed.
        """
        with self._counting:
            self._added = 0
        now_seconds = self.clock.now_ms() // 1000
        live = self.recency.count_entries(now_seconds).live
        swept = self._evict(live, now_seconds)
        left = live - swept.evicted
        with self._counting:
            room = (self.limit - left) // _NEAR
            self._patience = max(1, self.limit // CHECKS_A_LIMIT, room) if left <= self.limit else 0
        self.metrics.emit(
            {
                metrics.CACHE_SIZE: left,
                metrics.CACHE_EVICTIONS: swept.evicted,
                metrics.CACHE_EXPIRATIONS: swept.expired,
            }
        )
        return swept

    def _evict(self, live: int, now_seconds: int) -> Swept:
        excess = min(live - self.limit, EVICTIONS_A_RUN)
        if excess <= 0:
            return Swept(live)
        # A bucket holds its share of the oldest, give or take; twice that is mostly one page.
        page = min(_LARGEST_PAGE, 8 + excess // 8)
        # Bounded, also where many entries are expired or in use again.
        oldest = islice(by_age(self.recency.query_oldest(page)), 2 * excess + EVICTIONS_A_RUN)
        evicted = expired = settled = 0
        with ContextThreads(_DELETES_AT_ONCE) as threads:
            while settled < excess and (uses := list(islice(oldest, excess - settled))):
                removals = list(threads.map(self.recency.remove_if_unused, uses))
                done = Counter(
                    (use.ttl > now_seconds, removal)
                    for use, removal in zip(uses, removals, strict=True)
                )
                evicted += done[True, Removal.REMOVED]
                expired += done[False, Removal.REMOVED]
                settled += done[True, Removal.REMOVED] + done[True, Removal.GONE]
        return Swept(live, evicted, expired)


def by_age(buckets: Iterable[Iterator[EntryUse]]) -> Iterator[EntryUse]:
    """All buckets' entries, longest unused first and among equals the least used first."""
    return heapq.merge(*map(_least_used_first, buckets), key=_age)


def _least_used_first(bucket: Iterator[EntryUse]) -> Iterator[EntryUse]:
    """The index orders a bucket by last access alone."""
    for _, equals in groupby(bucket, key=attrgetter("last_accessed_at")):
        yield from sorted(equals, key=_age)


def _age(use: EntryUse) -> tuple[int, int, str]:
    return use.last_accessed_at, use.access_count, use.cache_key
