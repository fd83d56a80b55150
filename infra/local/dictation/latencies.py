"""Latencies of a dictated talk, in a table: the median and the slowest twentieth, by language."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from math import ceil
from typing import Final

from infra.local.dictation.talk_record import TalkRecord

TO_SENTENCE: Final = "sound's end to sentence"
TO_CAPTION: Final = "sentence to caption"
ALL: Final = "sound's end to caption"

Latencies = Mapping[tuple[str, str], list[float]]
"""Seconds, by what they are of and the language."""


def percentile(values: Collection[float], percent: float) -> float:
    """The smallest value that is not below `percent` of all (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)]


def latencies(record: TalkRecord, source: str) -> Latencies:
    """Of every sentence and every caption, from where its sound ended as it was heard."""
    said = {sentence.sequence: sentence for sentence in record.said}
    found: dict[tuple[str, str], list[float]] = {}
    for sentence in said.values():
        _add(found, TO_SENTENCE, source, sentence.at - record.sounded_at(sentence.end_ms))
    for caption in record.captions:
        sentence = said[caption.sequence]
        _add(found, TO_CAPTION, caption.language, caption.at - sentence.at)
        whole = caption.at - record.sounded_at(sentence.end_ms)
        _add(found, ALL, caption.language, whole)
    return found


def _add(found: dict[tuple[str, str], list[float]], what: str, language: str, value: float) -> None:
    found.setdefault((what, language), []).append(value)


def table(found: Latencies) -> Iterator[str]:
    """Its lines, the first with the columns' names."""
    yield f"{'seconds':<24}{'language':<10}{'p50':>6}{'p95':>8}{'of':>7}"
    for (what, language), values in sorted(found.items(), key=lambda each: _ORDER[each[0][0]]):
        p50, p95 = percentile(values, 50), percentile(values, 95)
        yield f"{what:<24}{language:<10}{p50:>6.2f}{p95:>8.2f}{len(values):>7}"


_ORDER: Final = {name: place for place, name in enumerate((TO_SENTENCE, TO_CAPTION, ALL))}
