"""At most four drafts in any second of the gateway's time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalice_app.admission import draft_pace
from chalice_app.admission.draft_pace import DraftPace


def admitted(*times: int) -> list[int]:
    pace = DraftPace()
    return [at for at in times if pace.admits("speaker", at)]


def test_four_may_come_at_once_and_the_next_a_second_after_the_first() -> None:
    assert admitted(0, 0, 1, 2, 3, 999, 1_000, 1_000, 1_001) == [0, 0, 1, 2, 1_000, 1_000, 1_001]


def test_one_every_quarter_of_a_second_is_never_skipped() -> None:
    times = range(0, 60_000, 250)
    assert admitted(*times) == list(times)


def test_one_that_was_overtaken_is_skipped() -> None:
    assert admitted(500, 400, 500) == [500, 500]


@given(st.lists(st.integers(0, 5_000)))
def test_no_second_ever_has_more_than_four(times: list[int]) -> None:
    passed = admitted(*sorted(times))
    for first in passed:
        assert sum(first <= at < first + 1_000 for at in passed) <= 4


def test_each_speaker_has_its_own_and_many_are_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(draft_pace, "_REMEMBERED", 2)
    pace = DraftPace()
    for speaker in ("a", "b", "a"):
        assert [pace.admits(speaker, 0) for _ in range(2)] == [True, True]
    assert not pace.admits("a", 0)
    assert pace.admits("c", 0), "the one that was heard longest ago is forgotten"
    assert not pace.admits("a", 0)
    assert len(pace._admitted) == 2
