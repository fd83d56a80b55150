"""What the cache needs from the outside: `aws/` provides it, tests provide fakes.

Every method raises `errors.Unavailable` when its service is down or throttled.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from chalice_app.cache.entries import (
    CachedTranslation,
    EntryCount,
    EntryUse,
    HitRow,
    Removal,
    UseUpdate,
)


class TranslationCacheStore(Protocol):
    """The CachedTranslations table."""

    def get_entries(self, cache_keys: Iterable[str]) -> Mapping[str, CachedTranslation]:
        """The entries that exist, in one BatchGetItem for up to 100 keys."""

    def put_entries(self, entries: Sequence[CachedTranslation]) -> None:
        """Stores new entries, replacing what stands under their keys."""


class HitStore(Protocol):
    """The hit rows, and the use of the entries that its hits are of.

    Every read is consistent: what is written depends on it.
    """

    def put_hit_row(self, row: HitRow) -> None:
        """Stores a hit row; storing it again within ten minutes changes nothing."""

    def get_hit_rows(self, names: Iterable[str]) -> Mapping[str, HitRow]:
        """The hit rows that exist: those that have not been applied."""

    def get_uses(self, cache_keys: Iterable[str]) -> Mapping[str, EntryUse]:
        """The use of the entries that exist and are whole."""

    def apply_hits(self, names: Sequence[str], updates: Sequence[UseUpdate]) -> None:
        """Deletes the hit rows and updates the entries, all or nothing.

        Raises:
            Conflict: a row is gone, an entry is not as it was seen, or another writer was there.
        """


class RecencyIndex(Protocol):
    """The cache's entries by their last access, in some buckets (eventually consistent)."""

    def count_entries(self, now_seconds: int) -> EntryCount:
        """How many entries there are at that time (epoch seconds)."""

    def query_oldest(self, page: int) -> Sequence[Iterator[EntryUse]]:
        """Each bucket's entries, longest unused first, read so many at a time and when needed."""

    def remove_if_unused(self, use: EntryUse) -> Removal:
        """Deletes the entry unless it was used or replaced since."""

    def remove_entries(self, cache_keys: Iterable[str]) -> None:
        """Deletes entries, used or not; missing ones are ignored."""
