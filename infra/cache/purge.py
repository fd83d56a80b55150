"""Withdraws translations: the next time somebody says it, the engine is asked again.

No scan: one text's key follows from the text, and a language pair's keys begin with the pair and
stand in the recency index, whose sixteen buckets are read a page at a time. A container may serve a
translation that it has just made for ten seconds more (`translation.LANDED_SECONDS`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from chalice_app.cache.ports import RecencyIndex, TranslationCacheStore

PAGE: Final = 1_000


def purge_entry(recency: RecencyIndex, store: TranslationCacheStore, key: str) -> int:
    """Withdraws one text's translation by its key; 1 if there was one."""
    found = len(store.get_entries([key]))
    # Deleted even if it cannot be read: a row that is not a valid entry is of no use either.
    recency.remove_entries([key])
    return found


def purge_pair(recency: RecencyIndex, source: str, target: str) -> int:
    """Withdraws every translation of a language pair; returns how many.

    Raises:
        Unavailable: the database refused; what was withdrawn before stays so.
    """
    prefix = f"{source}:{target}:"
    purged = 0
    for bucket in recency.query_oldest(PAGE):
        keys = [use.cache_key for use in bucket if use.cache_key.startswith(prefix)]
        recency.remove_entries(keys)
        purged += len(keys)
    return purged
