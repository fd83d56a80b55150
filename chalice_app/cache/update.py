"""Everything that a batch of changes of the CachedTranslations table causes, in this order.

Hits are applied first, then metrics are emitted, then the limit is kept. Characters translated and
saved are counted here, a batch at a time, and not while a sentence waits. A record that is
delivered again is counted again: unlike the rosters, metrics may be off by a batch.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from chalice_app.cache.eviction import Eviction
from chalice_app.cache.hit_application import HitApplication
from chalice_app.observability import metrics
from chalice_app.observability.ports import MetricsSink

NAMED_PAIRS = 20
"""Language pairs of a batch that have metrics of their own; the others are summed as `other`. 75
languages make 5,550 pairs, at 60 cents a month each; an event with 20 of them is a large one."""


@dataclass(frozen=True, slots=True)
class CacheChanges:
    """What a batch of the table's stream says.

    `hit_rows` names the new hit rows. `new_entries` counts the new entries, `expired` those that
    their time to live removed. `translated` has the characters of new translations, by language
    pair such as `en:es`.
    """

    hit_rows: Collection[str]
    new_entries: int
    expired: int
    translated: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class CacheUpdate:
    """Applies hits, emits what the cache saves, and keeps it at its limit."""

    hits: HitApplication
    eviction: Eviction
    metrics: MetricsSink

    def apply(self, changes: CacheChanges) -> Collection[str]:
        """Handles a batch; returns the hit rows that could not be applied.

        Raises:
            Unavailable: the hit rows could not be read; nothing was applied.
        """
        applied = self.hits.apply(changes.hit_rows)
        if changes.expired:
            self.metrics.emit({metrics.CACHE_EXPIRATIONS: changes.expired})
        self._emit_characters(changes.translated, applied.saved)
        self.eviction.entries_added(changes.new_entries)
        return applied.failed

    def _emit_characters(self, translated: Mapping[str, int], saved: Mapping[str, int]) -> None:
        for name, pairs in _named(Counter(translated) + Counter(saved)).items():
            values = {
                metrics.CHARACTERS_TRANSLATED: sum(translated.get(pair, 0) for pair in pairs),
                metrics.CHARACTERS_SAVED: sum(saved.get(pair, 0) for pair in pairs),
            }
            self.metrics.emit_pair(name, values)


def _named(characters: Counter[str]) -> Mapping[str, Sequence[str]]:
    """The names that metrics are emitted under, and the pairs that each sums up."""
    largest = [pair for pair, _ in characters.most_common()]
    named: dict[str, Sequence[str]] = {pair: [pair] for pair in largest[:NAMED_PAIRS]}
    if rest := largest[NAMED_PAIRS:]:
        named["other"] = rest
    return named
