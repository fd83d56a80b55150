"""The event report: who was reached, by language and sentence, made of the delivery reports.

Its totals are the sums of the `spoken` messages that the speaker received, because both come from
the same `Reports`. Nobody's words are in it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from chalice_app.domain.kept import KeptSentence
from chalice_app.domain.reports import LanguageReport, Reports
from chalice_app.domain.session import Session

DOLLARS_PER_MILLION_CHARACTERS = 15.0
"""Amazon Translate, standard text translation: https://aws.amazon.com/translate/pricing/"""

SHARES = (50, 95, 99)
"""Percent of the deliveries whose latency the report tells."""


@dataclass(frozen=True, slots=True)
class ReportRow:
    """What became of one sentence in one language; every listener is in exactly one count.

    `latency_ms` is from `spoken_at` to the last post in that language. `untranslated`: the
    listeners received the source text.
    """

    sequence: int
    spoken_at: int
    language: str
    listeners: int
    delivered: int
    gone: int
    dropped: int
    failed: int
    latency_ms: int
    cached: bool
    untranslated: bool

    @classmethod
    def of(cls, kept: KeptSentence, language: str, report: LanguageReport) -> "ReportRow":
        """The row of a language's delivery report, counted as the `spoken` message counts it."""
        posted, gone = report.posted, len(report.posted.gone)
        return cls(
            sequence=kept.sentence.sequence,
            spoken_at=kept.sentence.spoken_at,
            language=language,
            listeners=report.listeners,
            delivered=posted.delivered,
            gone=gone,
            dropped=posted.dropped,
            failed=report.listeners - posted.delivered - gone - posted.dropped,
            latency_ms=report.latency_ms,
            cached=report.cached,
            untranslated=report.failed,
        )


@dataclass(frozen=True, slots=True)
class Audience:
    """Who listened from `at` (epoch ms) on, by language; `voices` are those who also heard it."""

    at: int
    languages: Mapping[str, int]
    voices: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums of all rows: one listener of ten sentences counts ten times."""

    listeners: int = 0
    delivered: int = 0
    gone: int = 0
    dropped: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Figures:
    """What the report says of the whole event.

    `unreported` counts sentences whose delivery report was never kept; `corrected` ones still have
    words, `retracted` ones have none. `latencies` are milliseconds by percent
    (`latency_percentiles`). `untranslated` and `over_budget` count rows. `characters` are those
    that the engine translated, `saved` those that the cache had already.
    """

    sentences: int
    unreported: int
    corrected: int
    retracted: int
    most_listeners: int
    most_voices: int
    latencies: Mapping[int, int]
    untranslated: int
    over_budget: int
    characters: int
    saved: int

    @property
    def dollars(self) -> float:
        """What the translated characters cost at the published price."""
        return self.characters * DOLLARS_PER_MILLION_CHARACTERS / 1_000_000


@dataclass(frozen=True, slots=True)
class EventReport:
    """The report of one session.

    `refused` counts those who were not let in, by the reason; None where that is not known.
    """

    session: Session
    rows: Sequence[ReportRow]
    audiences: Sequence[Audience]
    totals: Totals
    figures: Figures
    refused: Mapping[str, int] | None


def event_report(
    session: Session, sentences: Iterable[KeptSentence], refused: Mapping[str, int] | None
) -> EventReport:
    """The report of a session's kept sentences, which come in the order of their numbers."""
    kept = list(sentences)
    rows = [row for each in kept for row in rows_of(each)]
    seen = audiences(kept)
    return EventReport(session, rows, seen, totals(rows), _figures(kept, rows), refused)


def rows_of(kept: KeptSentence) -> Iterator[ReportRow]:
    """A row for each language of a sentence, by the language's tag; none without a report."""
    for language, report in sorted((kept.reports or {}).items()):
        yield ReportRow.of(kept, language, report)


def totals(rows: Iterable[ReportRow]) -> Totals:
    """The sums of the rows; `totals(rows_of(...))` is what the `spoken` messages add up to."""
    listeners = delivered = gone = dropped = failed = 0
    for row in rows:
        listeners += row.listeners
        delivered += row.delivered
        gone += row.gone
        dropped += row.dropped
        failed += row.failed
    return Totals(listeners, delivered, gone, dropped, failed)


def audiences(sentences: Iterable[KeptSentence]) -> list[Audience]:
    """Who listened over time, as the delivery reports saw it: an entry wherever it changed.

    A sentence that nobody listened to is an entry without languages.
    """
    reported = [
        (each.sentence.spoken_at, each.reports) for each in sentences if each.reports is not None
    ]
    changes: list[Audience] = []
    for at, reports in sorted(reported, key=lambda pair: pair[0]):
        seen = Audience(at, _counts(reports), _voices(reports))
        if not changes or (changes[-1].languages, changes[-1].voices) != (
            seen.languages,
            seen.voices,
        ):
            changes.append(seen)
    return changes


def latency_percentiles(
    rows: Iterable[ReportRow], shares: Iterable[int] = SHARES
) -> Mapping[int, int]:
    """Latencies in milliseconds by percent; empty where nothing was delivered.

    Each row weighs as many as were delivered in it, so that a language of 1,000 listeners counts
    for 1,000. The value for 95 is the smallest latency of which at least 95 % of all deliveries had
    that or less (nearest rank). A row has the latency of its last post: most were faster.
    """
    weights: Counter[int] = Counter()
    for row in rows:
        weights[row.latency_ms] += row.delivered
    ranks = {share: ceil(weights.total() * share / 100) for share in shares}
    found: dict[int, int] = {}
    passed = 0
    for latency in sorted(weights):
        passed += weights[latency]
        for share, rank in ranks.items():
            if share not in found and 0 < rank <= passed:
                found[share] = latency
    return found


def _figures(kept: Sequence[KeptSentence], rows: Sequence[ReportRow]) -> Figures:
    reports = [(each, report) for each in kept for report in (each.reports or {}).values()]
    seen = [each.reports or {} for each in kept]
    return Figures(
        sentences=len(kept),
        unreported=sum(each.reports is None for each in kept),
        corrected=sum(_is_corrected(each) for each in kept),
        retracted=sum(each.sentence.is_retracted for each in kept),
        most_listeners=max((sum(_counts(each).values()) for each in seen), default=0),
        most_voices=max((sum(_voices(each).values()) for each in seen), default=0),
        latencies=latency_percentiles(rows),
        untranslated=sum(report.failed for _, report in reports),
        over_budget=sum(report.over_budget for _, report in reports),
        characters=sum(report.characters for _, report in reports),
        saved=sum(len(each.sentence.text) for each, report in reports if report.cached),
    )


def _is_corrected(kept: KeptSentence) -> bool:
    return kept.sentence.revision > 0 and not kept.sentence.is_retracted


def _counts(reports: Reports) -> dict[str, int]:
    return {code: each.listeners for code, each in sorted(reports.items()) if each.listeners}


def _voices(reports: Reports) -> dict[str, int]:
    return {code: each.voices for code, each in sorted(reports.items()) if each.voices}
