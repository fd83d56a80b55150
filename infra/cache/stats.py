"""What is in the cache and what it is worth, read from the table itself.

The recency index is walked once, a bucket and a page at a time (half a read unit for each 4 KB:
about 125 for 10,000 entries); the texts, whose lengths are the money, come by BatchGetItem.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from chalice_app.cache.entries import CachedTranslation, EntryUse
    from chalice_app.cache.ports import RecencyIndex, TranslationCacheStore

DOLLARS_A_CHARACTER: Final = 15 / 1_000_000
"""Amazon Translate's price. Source: https://aws.amazon.com/translate/pricing/"""

PAGE: Final = 1_000
_TEXTS_A_CALL: Final = 100
_TEXT_COLUMNS: Final = 40


@dataclass(frozen=True)
class EntryLine:
    """An entry as it is listed; `last_accessed_at` in epoch milliseconds."""

    cache_key: str
    access_count: int
    last_accessed_at: int
    source_text: str
    translated_text: str


@dataclass(frozen=True)
class Stats:
    """The cache at one moment, of the entries that are alive.

    A hit is counted one or two minutes after it happened. `hit_rate` is in percent, None where
    nothing was ever asked for: each entry was one miss, each access one hit.
    """

    entries: int
    expired: int
    limit: int
    hits: int
    hit_rate: float | None
    characters_translated: int
    characters_saved: int
    dollars_spent: float
    dollars_saved: float
    hottest: Sequence[EntryLine]
    coldest: Sequence[EntryLine]


def gather(
    recency: RecencyIndex,
    store: TranslationCacheStore,
    now_ms: int,
    limit: int,
    top: int,
) -> Stats:
    """Reads the statistics, with the `top` hottest and coldest entries.

    Raises:
        Unavailable: the database refused.
    """
    found = [use for bucket in recency.query_oldest(PAGE) for use in bucket]
    alive = [use for use in found if use.ttl > now_ms // 1000]
    entries = _read(store, [use.cache_key for use in alive])
    lengths = {key: len(entry.source_text) for key, entry in entries.items()}
    hits = sum(use.access_count for use in alive)
    translated = sum(lengths.values())
    saved = sum(use.access_count * lengths.get(use.cache_key, 0) for use in alive)
    return Stats(
        entries=len(alive),
        expired=len(found) - len(alive),
        limit=limit,
        hits=hits,
        hit_rate=100 * hits / (hits + len(alive)) if alive else None,
        characters_translated=translated,
        characters_saved=saved,
        dollars_spent=round(translated * DOLLARS_A_CHARACTER, 6),
        dollars_saved=round(saved * DOLLARS_A_CHARACTER, 6),
        hottest=_lines(heapq.nlargest(top, alive, key=_heat), entries),
        coldest=_lines(heapq.nsmallest(top, alive, key=_age), entries),
    )


def as_json(stats: Stats) -> dict[str, Any]:
    """The statistics for a machine."""
    return asdict(stats)


def as_table(stats: Stats) -> str:
    """The statistics for a person."""
    rate = "-" if stats.hit_rate is None else f"{stats.hit_rate:.1f} %"
    rows = [
        ("entries", f"{stats.entries:,} of {stats.limit:,} ({stats.expired:,} expired)"),
        ("hits", f"{stats.hits:,} ({rate} of the lookups of these entries)"),
        ("translated", f"{stats.characters_translated:,} characters, ${stats.dollars_spent:.4f}"),
        ("saved", f"{stats.characters_saved:,} characters, ${stats.dollars_saved:.4f}"),
    ]
    lines = [f"{name:<12}{value}" for name, value in rows]
    for title, entries in (("hottest", stats.hottest), ("coldest", stats.coldest)):
        lines += ["", f"{title:<12}{'hits':>8}  {'last access (UTC)':<19}  text"]
        lines += map(_row, entries)
    return "\n".join(lines)


def _row(entry: EntryLine) -> str:
    last = datetime.fromtimestamp(entry.last_accessed_at / 1000, UTC)
    pair = entry.cache_key.rpartition(":")[0]
    texts = f"{_cut(entry.source_text)} -> {_cut(entry.translated_text)}"
    return f"{pair:<12}{entry.access_count:>8}  {last:%Y-%m-%d %H:%M:%S}  {texts}"


def _cut(text: str) -> str:
    # A terminal would obey the control characters of a text that somebody spoke into the system.
    printable = "".join(
        each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text
    )
    if len(printable) <= _TEXT_COLUMNS:
        return printable
    return printable[: _TEXT_COLUMNS - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _read(store: TranslationCacheStore, keys: Sequence[str]) -> dict[str, CachedTranslation]:
    entries: dict[str, CachedTranslation] = {}
    for start in range(0, len(keys), _TEXTS_A_CALL):
        entries |= store.get_entries(keys[start : start + _TEXTS_A_CALL])
    return entries


def _lines(uses: Sequence[EntryUse], entries: dict[str, CachedTranslation]) -> Sequence[EntryLine]:
    return [
        EntryLine(
            use.cache_key,
            use.access_count,
            use.last_accessed_at,
            entries[use.cache_key].source_text,
            entries[use.cache_key].translated_text,
        )
        for use in uses
        # The index may still show an entry that has just gone.
        if use.cache_key in entries
    ]


def _heat(use: EntryUse) -> tuple[int, int]:
    return use.access_count, use.last_accessed_at


def _age(use: EntryUse) -> tuple[int, int]:
    return use.last_accessed_at, use.access_count
