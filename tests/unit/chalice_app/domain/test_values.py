"""The rules that the values keep by themselves."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalice_app.domain.reports import LanguageReport, Posted
from chalice_app.domain.sentence import Origin
from tests.fakes.domain import listener, session, speaker

POSTED = st.builds(
    Posted,
    delivered=st.integers(0, 99),
    gone=st.lists(st.text(max_size=3), max_size=3).map(tuple),
    dropped=st.integers(0, 99),
    failed=st.integers(0, 99),
)


def test_a_session_is_open_until_the_very_millisecond_it_expires() -> None:
    made = session(expires_at_seconds=100)
    assert made.is_open(99_999)
    assert not made.is_open(100_000)


def test_an_ended_session_is_not_open() -> None:
    assert not session(expires_at_seconds=100, is_active=False).is_open(0)


def test_only_listeners_are_counted() -> None:
    assert listener(session(), "c1").is_listener
    assert not speaker(session(), "c2").is_listener


def test_values_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        session().listener_count = 5  # type: ignore[misc]


@given(POSTED, POSTED, POSTED)
def test_outcomes_add_up_in_any_grouping(a: Posted, b: Posted, c: Posted) -> None:
    assert (a + b) + c == a + (b + c)
    assert a + Posted() == Posted() + a == a


@given(POSTED, POSTED)
def test_an_added_outcome_loses_nobody(a: Posted, b: Posted) -> None:
    def everyone(of: Posted) -> int:
        return of.delivered + len(of.gone) + of.dropped + of.failed

    assert everyone(a + b) == everyone(a) + everyone(b)


def test_functions_of_two_versions_know_a_caption_s_origin_alike() -> None:
    assert {each.name: each.value for each in Origin} == {
        "SOURCE": "source",
        "CACHE": "cache",
        "ENGINE": "engine",
        "FAILED": "failed",
        "OVER_BUDGET": "over budget",
    }


def test_a_language_is_cached_where_all_its_parts_are_and_fails_where_one_does() -> None:
    cached = LanguageReport(1, Posted(1), cached=True)
    failed = LanguageReport(2, Posted(2), failed=True)
    spent = LanguageReport(3, Posted(3), failed=True, over_budget=True)
    assert cached + cached == LanguageReport(2, Posted(2), cached=True)
    assert cached + failed == failed + cached == LanguageReport(3, Posted(3), failed=True)
    assert cached + spent == spent + cached == LanguageReport(4, Posted(4), False, True, True)


def test_a_report_of_a_language_begins_as_a_success() -> None:
    assert LanguageReport(1, Posted()) == LanguageReport(
        1, Posted(0, (), 0, 0), False, False, False
    )
