"""A CachedTranslations table in memory, with its hit rows, its index and its stream."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from chalice_app.aws.dynamodb.cached_translations import recency_bucket
from chalice_app.cache.entries import (
    CachedTranslation,
    EntryCount,
    EntryUse,
    HitRow,
    Removal,
    UseUpdate,
)
from chalice_app.domain.errors import Conflict, Unavailable
from tests.fakes.domain import NOW_MS


def entry(text: str, created_at: int = NOW_MS, ttl: int = NOW_MS // 1000 + 3600) -> EntryUse:
    """An entry's use, as it is when the entry is new; its key ends with the text."""
    return EntryUse(f"en:es:{text}", created_at, 0, ttl, len(text))


@dataclass
class MemoryCache:
    """`TranslationCacheStore`, `HitStore` and `RecencyIndex`; each method is atomic.

    `refusing` methods raise Unavailable before they do anything, `losing` ones after they did it:
    the answer is lost. `before` steps are run once each, before the next write. `index_lag` holds
    entries back that the index has not seen going.
    """

    calls: list[str] = field(default_factory=list)
    refusing: set[str] = field(default_factory=set)
    losing: set[str] = field(default_factory=set)
    before: list[Callable[[], None]] = field(default_factory=list)
    translations: dict[str, CachedTranslation] = field(default_factory=dict)
    uses: dict[str, EntryUse] = field(default_factory=dict)
    rows: dict[str, HitRow] = field(default_factory=dict)
    index_lag: dict[str, EntryUse] = field(default_factory=dict)
    removals: Counter[str] = field(default_factory=Counter)
    _stored: dict[str, HitRow] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def _called(self, method: str) -> None:
        with self._lock:
            self.calls.append(method)
            if method in self.refusing:
                raise Unavailable("the test refuses it")

    def _answered(self, method: str) -> None:
        if method in self.losing:
            raise Unavailable("told to lose the answer")

    # --- TranslationCacheStore ---

    def get_entries(self, cache_keys: Iterable[str]) -> Mapping[str, CachedTranslation]:
        self._called("get_entries")
        with self._lock:
            return {key: self.translations[key] for key in cache_keys if key in self.translations}

    def put_entries(self, entries: Sequence[CachedTranslation]) -> None:
        self._called("put_entries")
        with self._lock:
            for each in entries:
                self.translations[each.cache_key] = each
                self.uses[each.cache_key] = EntryUse(
                    each.cache_key, each.created_at, 0, each.ttl, len(each.source_text)
                )

    def hold(self, *uses: EntryUse) -> None:
        """Entries of which only the use matters."""
        self.uses |= {use.cache_key: use for use in uses}

    # --- AccessStore ---

    def put_hit_row(self, row: HitRow) -> None:
        self._called("put_hit_row")
        with self._lock:
            # As a transaction's token: a request that has been carried out is not again, and the
            # token is refused for another one.
            if row.name not in self._stored:
                self.rows[row.name] = self._stored[row.name] = row
            if self._stored[row.name] != row:
                raise Unavailable("another row was stored under this token")
        self._answered("put_hit_row")

    def get_hit_rows(self, names: Iterable[str]) -> Mapping[str, HitRow]:
        self._called("get_hit_rows")
        with self._lock:
            return {name: self.rows[name] for name in names if name in self.rows}

    def get_uses(self, cache_keys: Iterable[str]) -> Mapping[str, EntryUse]:
        self._called("get_uses")
        with self._lock:
            return {key: self.uses[key] for key in cache_keys if key in self.uses}

    def apply_hits(self, names: Sequence[str], updates: Sequence[UseUpdate]) -> None:
        self._called("apply_hits")
        if self.before:
            self.before.pop(0)()
        assert len(names) + len(updates) <= 100, "DynamoDB takes 100 actions at most"
        with self._lock:
            if not all(name in self.rows for name in names) or not all(map(self._is_seen, updates)):
                raise Conflict("something is not as it was read")
            for name in names:
                del self.rows[name]
            for update in updates:
                self._update(update)
        self._answered("apply_hits")

    def _is_seen(self, update: UseUpdate) -> bool:
        use = self.uses.get(update.cache_key)
        return use is not None and use.last_accessed_at == update.seen

    def _update(self, update: UseUpdate) -> None:
        use = self.uses[update.cache_key]
        last = update.last_accessed_at
        self.uses[update.cache_key] = replace(
            use,
            access_count=use.access_count + update.count,
            last_accessed_at=use.last_accessed_at if last is None else last,
        )

    # --- RecencyIndex ---

    def count_entries(self, now_seconds: int) -> EntryCount:
        self._called("count_entries")
        with self._lock:
            indexed = self._indexed()
        live = sum(use.ttl > now_seconds for use in indexed)
        return EntryCount(live, len(indexed) - live)

    def query_oldest(self, page: int) -> Sequence[Iterator[EntryUse]]:
        self._called("query_oldest")
        assert 0 < page <= 1_000
        with self._lock:
            # By last access alone: the index knows no order among equals.
            ordered = sorted(self._indexed(), key=lambda use: use.last_accessed_at)
        buckets: dict[str, list[EntryUse]] = {f"{bucket:02d}": [] for bucket in range(16)}
        for use in ordered:
            buckets[recency_bucket(use.cache_key)].append(use)
        return [iter(bucket) for bucket in buckets.values()]

    def _indexed(self) -> list[EntryUse]:
        return list({**self.uses, **self.index_lag}.values())

    def remove_if_unused(self, use: EntryUse) -> Removal:
        self._called("remove_if_unused")
        with self._lock:
            if self.before:
                self.before.pop(0)()
            found = self.uses.get(use.cache_key)
            if found is None:
                return Removal.GONE
            seen = (use.last_accessed_at, use.access_count)
            if (found.last_accessed_at, found.access_count) != seen:
                return Removal.TOUCHED
            self._remove(use.cache_key)
            return Removal.REMOVED

    def remove_entries(self, cache_keys: Iterable[str]) -> None:
        self._called("remove_entries")
        with self._lock:
            for key in cache_keys:
                self._remove(key)

    def _remove(self, key: str) -> None:
        self.removals[key] += self.uses.pop(key, None) is not None
        self.translations.pop(key, None)
