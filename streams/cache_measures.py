"""What the CachedTranslations stream tells about money: characters translated and saved.

Both by language pair, the dimension that CloudWatch charges for (see `EmbeddedMetrics.emit_pair`).
They are derived here, a batch at a time, and not while a sentence waits. A record that is delivered
again is counted again: metrics are no ledger.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chalice_app.cache.hits import ROW_PREFIX, language_pair
from chalice_app.observability import metrics
from chalice_app.observability.ports import MetricsSink
from chalice_app.wire.attribute_values import Item
from streams.records import Change, StreamRecord

NAMED_PAIRS = 20
"""Pairs of a batch that have metrics of their own; what is left is told as `other`. Of 75 languages
5,550 pairs can be made, at 60 cents a month each; an event in 20 is a large one."""


@dataclass(frozen=True, slots=True)
class CacheMeasures:
    """The metrics of a batch."""

    metrics: MetricsSink

    def tell(self, records: Sequence[StreamRecord], saved: Mapping[str, int]) -> None:
        """Emits what a batch's records and the hits applied with it amount to."""
        expired = sum(record.is_ttl_expiry and not is_hit_row(record) for record in records)
        if expired:
            self.metrics.emit({metrics.CACHE_EXPIRATIONS: expired})
        translated = _translated(records)
        for pair, names in _named(Counter(translated) + Counter(saved)).items():
            values = {
                metrics.CHARACTERS_TRANSLATED: sum(translated[name] for name in names),
                metrics.CHARACTERS_SAVED: sum(saved.get(name, 0) for name in names),
            }
            self.metrics.emit_pair(pair, values)


def cache_key(record: StreamRecord) -> str:
    """The key of the row that changed."""
    return str(record.keys.get("cacheKey", ""))


def is_hit_row(record: StreamRecord) -> bool:
    """Whether the row holds a container's hits."""
    return cache_key(record).startswith(ROW_PREFIX)


def _translated(records: Iterable[StreamRecord]) -> Counter[str]:
    """Characters by pair of the entries that are new, or stand anew where one had expired."""
    characters: Counter[str] = Counter()
    for record in records:
        image = record.new_image
        if image is not None and not is_hit_row(record) and _is_fresh(record, image):
            characters[language_pair(cache_key(record))] += len(str(image.get("sourceText", "")))
    return characters


def _is_fresh(record: StreamRecord, image: Item) -> bool:
    """An entry is written whole with no hits; every later change adds some."""
    return record.change in (Change.INSERT, Change.MODIFY) and image.get("accessCount") == 0


def _named(characters: Counter[str]) -> Mapping[str, Sequence[str]]:
    """The pairs to tell of, and whose characters each stands for."""
    largest = [pair for pair, _ in characters.most_common()]
    named: dict[str, Sequence[str]] = {pair: [pair] for pair in largest[:NAMED_PAIRS]}
    if rest := largest[NAMED_PAIRS:]:
        named["other"] = rest
    return named
