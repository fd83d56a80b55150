"""From the sound to the caption, and the table of it."""

import pytest

from infra.local.dictation.latencies import (
    ALL,
    TO_CAPTION,
    TO_SENTENCE,
    latencies,
    percentile,
    table,
)
from infra.local.dictation.talk_record import ReadCaption, SaidSentence, TalkRecord


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([5.0], 99, 5.0),
        ([3.0, 1.0, 2.0], 50, 2.0),
        ([float(n) for n in range(1, 101)], 99, 99.0),
        ([float(n) for n in range(1, 11)], 99, 10.0),
        ([1.0, 2.0], 0, 1.0),
    ],
)
def test_a_percentile_is_a_value_that_was_measured(
    values: list[float], percent: float, expected: float
) -> None:
    assert percentile(values, percent) == expected


@pytest.fixture
def record() -> TalkRecord:
    happened = TalkRecord(begun=10.0)
    happened.seen.append(SaidSentence(1, "Good morning.", 500, 2_000, at=13.0))
    happened.seen.append(SaidSentence(2, "Welcome.", 2_500, 4_000, at=14.5))
    happened.captions.append(ReadCaption(1, "pt", "Bom dia.", at=13.25))
    happened.captions.append(ReadCaption(2, "pt", "Bem-vindos.", at=15.0))
    happened.captions.append(ReadCaption(1, "es", "Buenos días.", at=14.0))
    return happened


def test_latencies_run_from_the_end_of_the_sound(record: TalkRecord) -> None:
    assert latencies(record, "en") == {
        (TO_SENTENCE, "en"): [1.0, 0.5],
        (TO_CAPTION, "pt"): [0.25, 0.5],
        (TO_CAPTION, "es"): [1.0],
        (ALL, "pt"): [1.25, 1.0],
        (ALL, "es"): [2.0],
    }


def test_the_table_has_a_row_for_each_step_and_language(record: TalkRecord) -> None:
    assert [line.split() for line in table(latencies(record, "en"))] == [
        "seconds language p50 p95 of".split(),
        "sound's end to sentence en 0.50 1.00 2".split(),
        "sentence to caption pt 0.25 0.50 2".split(),
        "sentence to caption es 1.00 1.00 1".split(),
        "sound's end to caption pt 1.00 1.25 2".split(),
        "sound's end to caption es 2.00 2.00 1".split(),
    ]


def test_where_nothing_was_heard_the_table_is_empty() -> None:
    assert len(list(table(latencies(TalkRecord(), "en")))) == 1
