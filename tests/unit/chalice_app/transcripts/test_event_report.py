"""The event report: its rows, its audience over time, and totals that agree with `spoken`."""

import csv
import io
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalice_app.domain.kept import KeptSentence
from chalice_app.domain.reports import LanguageReport, Posted, Reports, merged
from chalice_app.transcripts.event_report import (
    DOLLARS_PER_MILLION_CHARACTERS,
    Audience,
    ReportRow,
    Totals,
    audiences,
    event_report,
    latency_percentiles,
    rows_of,
)
from chalice_app.transcripts.report_formats import COLUMNS, as_csv, as_json, written
from chalice_app.wire import outgoing
from tests.fakes.domain import NOW_MS, sentence, session

ROOM = session(title="Opening night")


def report(listeners: int, delivered: int | None = None, **changes: object) -> LanguageReport:
    made = LanguageReport(listeners, Posted(listeners if delivered is None else delivered))
    return replace(made, **changes)  # type: ignore[arg-type]


def kept(sequence: int, reports: Reports | None, text: str = "Hello") -> KeptSentence:
    said = sentence(sequence, text, NOW_MS + sequence * 5_000)
    return KeptSentence(said, {}, reports, None)


def row(latency_ms: int, delivered: int, listeners: int = 0) -> ReportRow:
    given = report(listeners or delivered, delivered, latency_ms=latency_ms)
    return next(rows_of(kept(1, {"es": given})))


def test_a_row_a_language_says_what_became_of_every_listener() -> None:
    posted = Posted(delivered=5, gone=("a", "b"), dropped=1, failed=2)
    spanish = LanguageReport(10, posted, cached=True, latency_ms=420)
    catalan = report(1, failed=True, latency_ms=17)
    rows = list(rows_of(kept(7, {"es": spanish, "ca": catalan})))
    at = NOW_MS + 35_000
    assert rows == [
        ReportRow(7, at, "ca", 1, 1, 0, 0, 0, 17, cached=False, untranslated=True),
        ReportRow(7, at, "es", 10, 5, 2, 1, 2, 420, cached=True, untranslated=False),
    ]


def test_a_sentence_without_a_report_has_no_rows_and_is_counted() -> None:
    made = event_report(ROOM, [kept(1, None), kept(2, {"es": report(3)})], {})
    assert [each.sequence for each in made.rows] == [2]
    assert (made.figures.sentences, made.figures.unreported) == (2, 1)
    assert made.audiences == [Audience(NOW_MS + 10_000, {"es": 3}, {})]


def test_the_audience_is_told_where_it_changed_and_an_empty_hall_is_a_change() -> None:
    hall = [
        kept(1, {}),
        kept(2, {"es": report(2)}),
        kept(3, {"es": report(2)}),
        kept(4, {"es": report(2, voices=1)}),
        kept(5, {"es": report(1), "ca": report(1)}),
        kept(6, {"es": report(0)}),
    ]
    assert audiences(hall) == [
        Audience(NOW_MS + 5_000, {}, {}),
        Audience(NOW_MS + 10_000, {"es": 2}, {}),
        Audience(NOW_MS + 20_000, {"es": 2}, {"es": 1}),
        Audience(NOW_MS + 25_000, {"ca": 1, "es": 1}, {}),
        Audience(NOW_MS + 30_000, {}, {}),
    ]


def test_the_audience_is_told_in_the_order_of_time() -> None:
    late = KeptSentence(sentence(2, spoken_at=NOW_MS), {}, {"es": report(1)}, None)
    assert [seen.at for seen in audiences([kept(1, {"es": report(2)}), late])] == [
        NOW_MS,
        NOW_MS + 5_000,
    ]


def test_a_retracted_sentence_was_sent_so_its_deliveries_stay() -> None:
    gone = kept(1, {"es": report(4)}, text="")
    retracted = replace(gone, sentence=replace(gone.sentence, revision=2))
    corrected = kept(2, {"es": report(4)})
    corrected = replace(corrected, sentence=replace(corrected.sentence, revision=1))
    made = event_report(ROOM, [retracted, corrected], {})
    assert made.totals == Totals(listeners=8, delivered=8)
    assert (made.figures.corrected, made.figures.retracted) == (1, 1)


def test_latencies_weigh_as_many_as_were_delivered() -> None:
    rows = [row(100, 94), row(900, 4), row(2_000, 1), row(9_000, 1), row(60_000, 0, 50)]
    assert latency_percentiles(rows) == {50: 100, 95: 900, 99: 2_000}
    assert latency_percentiles(rows, [100]) == {100: 9_000}


def test_where_nothing_was_delivered_there_is_no_latency() -> None:
    assert latency_percentiles([]) == {}
    assert latency_percentiles([row(100, 0, 3)]) == {}


def test_the_figures_of_the_event() -> None:
    hall = [
        kept(1, {"es": report(2, characters=5, voices=2), "ca": report(1, cached=True)}),
        kept(2, {"es": report(9, failed=True, over_budget=True), "ca": report(3, failed=True)}),
    ]
    figures = event_report(ROOM, hall, {"SESSION_FULL": 3}).figures
    assert (figures.most_listeners, figures.most_voices) == (12, 2)
    assert (figures.untranslated, figures.over_budget) == (2, 1)
    assert (figures.characters, figures.saved) == (5, len("Hello"))
    assert figures.dollars == pytest.approx(0.000075)


def test_the_price_is_the_one_that_costs_are_reckoned_with() -> None:
    prices = json.loads((Path(__file__).parents[4] / "infra/cost/prices.json").read_text())[
        "prices"
    ]
    [price] = [each for each in prices if each["item"] == "characters"]
    assert price["dollars"] * 1_000_000 / price["per"] == DOLLARS_PER_MILLION_CHARACTERS


counts = st.integers(0, 50)
posted = st.builds(
    lambda delivered, gone, dropped, failed: Posted(
        delivered, tuple(f"c{number}" for number in range(gone)), dropped, failed
    ),
    *[counts] * 4,
)
language_reports = st.builds(
    lambda outcome, **rest: LanguageReport(
        outcome.delivered + len(outcome.gone) + outcome.dropped + outcome.failed, outcome, **rest
    ),
    posted,
    cached=st.booleans(),
    failed=st.booleans(),
    latency_ms=st.integers(0, 20_000),
)
slices = st.lists(
    st.dictionaries(st.sampled_from(["ca", "es", "fr", "pt-BR"]), language_reports),
    min_size=1,
    max_size=3,
)


@given(st.lists(st.one_of(st.none(), slices.map(merged)), max_size=12))
def test_the_totals_are_the_sums_of_the_rows_and_of_the_spoken_messages(
    talk: list[Reports | None],
) -> None:
    sentences = [kept(number, reports) for number, reports in enumerate(talk, 1)]
    body = as_json(event_report(ROOM, sentences, {}), NOW_MS)
    names = ("listeners", "delivered", "gone", "dropped", "failed")
    assert body["totals"] == {name: sum(each[name] for each in body["sentences"]) for name in names}
    told: Counter[str] = Counter(dict.fromkeys(names, 0))
    for number, reports in enumerate(talk, 1):
        for each in outgoing.spoken(number, reports or {}, 0)["languages"].values():
            told.update({name: each[name] for name in names[:-1]})
            told["failed"] += each["listeners"] - each["delivered"] - each["gone"] - each["dropped"]
    assert body["totals"] == told


def test_the_report_as_json() -> None:
    made = event_report(ROOM, [kept(1, {"es": report(2, latency_ms=80)})], {"WRONG_CODE": 1})
    text = written(made, "json", NOW_MS + 1).body
    assert json.loads(text) == as_json(made, NOW_MS + 1)
    assert json.loads(text) == {
        "sessionId": "golden-eagle-427",
        "title": "Opening night",
        "sourceLanguage": "en",
        "startedAt": NOW_MS,
        "endedAt": None,
        "asOf": NOW_MS + 1,
        "sentences": [
            {
                "sequence": 1,
                "spokenAt": NOW_MS + 5_000,
                "language": "es",
                "listeners": 2,
                "delivered": 2,
                "gone": 0,
                "dropped": 0,
                "failed": 0,
                "latencyMs": 80,
                "cached": False,
                "untranslated": False,
            }
        ],
        "listeners": [{"at": NOW_MS + 5_000, "languages": {"es": 2}, "voices": {}}],
        "totals": {"listeners": 2, "delivered": 2, "gone": 0, "dropped": 0, "failed": 0},
        "figures": {
            "sentences": 1,
            "unreported": 0,
            "corrected": 0,
            "retracted": 0,
            "mostListeners": 2,
            "mostVoices": 0,
            "latencyMs": {"p50": 80, "p95": 80, "p99": 80},
            "untranslated": 0,
            "overBudget": 0,
            "charactersTranslated": 0,
            "charactersSaved": 0,
            "dollars": 0.0,
        },
        "refused": {"WRONG_CODE": 1},
    }


def test_no_title_can_be_taken_for_the_rows() -> None:
    title = '"sentences":[],"totals":{'
    made = event_report(replace(ROOM, title=title), [kept(1, {"es": report(1)})], {})
    read = json.loads(written(made, "json", NOW_MS).body)
    assert (read["title"], len(read["sentences"])) == (title, 1)


def test_a_session_has_ended_when_it_was_ended_or_when_its_life_is_over() -> None:
    ended = replace(ROOM, is_active=False, ended_at=NOW_MS + 9)
    assert as_json(event_report(ended, [], {}), NOW_MS + 10)["endedAt"] == NOW_MS + 9
    over = ROOM.expires_at_seconds * 1000
    assert as_json(event_report(ROOM, [], {}), over)["endedAt"] == over


def test_the_report_as_csv() -> None:
    sentences = [kept(1, {"es": report(2, cached=True), "pt-BR": report(1, 0, failed=True)})]
    text = as_csv(event_report(ROOM, sentences, {}))
    assert text.split("\r\n") == [
        "sequence,spokenAt,language,listeners,delivered,gone,dropped,failed,latencyMs,cached,untranslated",
        f"1,{NOW_MS + 5_000},es,2,2,0,0,0,0,true,false",
        f"1,{NOW_MS + 5_000},pt-BR,1,0,0,0,1,0,false,true",
        "",
    ]
    assert [tuple(each) for each in csv.DictReader(io.StringIO(text))] == [COLUMNS, COLUMNS]
