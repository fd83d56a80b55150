"""What becomes of each connection, with time given: no clock runs here."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalice_app.aws.posting.fan_out import BACK_OFF_SECONDS, MAX_RETRIES, FanOut
from chalice_app.aws.posting.token_bucket import BURST_SECONDS, TokenBucket
from chalice_app.domain.reports import Posted

REQUESTS: Any = None  # nothing is sent here


def test_a_throttled_connection_holds_back_no_other() -> None:
    fan_out = FanOut(REQUESTS, ["slow", "b", "c"], deadline=10.0)
    slow = fan_out.next_attempt(0.0)
    fan_out.answered(slow, 429, 0.0)
    due = fan_out.next_due(0.0)
    assert 0.0 < due <= BACK_OFF_SECONDS
    for name in ("b", "c"):
        attempt = fan_out.next_attempt(0.0)
        assert attempt.connection_id == name
        fan_out.answered(attempt, 200, 0.0)
    assert not fan_out.has_work(0.0)
    assert fan_out.has_work(due)
    assert fan_out.next_due(due) == fan_out.deadline
    fan_out.answered(fan_out.next_attempt(due), 200, due)
    assert fan_out.done
    assert fan_out.posted() == Posted(delivered=3)
    assert fan_out.outcomes == {200: 3, 429: 1}


@pytest.mark.parametrize("status", [429, 500, 503, 599])
def test_retries_are_few_and_back_off(status: int) -> None:
    fan_out = FanOut(REQUESTS, ["a"], deadline=10.0)
    now = 0.0
    for retry in range(MAX_RETRIES + 1):
        fan_out.answered(fan_out.next_attempt(now), status, now)
        if retry < MAX_RETRIES:
            assert now < fan_out.next_due(now) <= now + BACK_OFF_SECONDS * 2**retry
            now = fan_out.next_due(now)
    assert fan_out.done
    assert fan_out.posted() == Posted(failed=1)


@pytest.mark.parametrize("status", [429, 503])
def test_what_may_be_lost_is_tried_once(status: int) -> None:
    fan_out = FanOut(REQUESTS, ["a", "b"], deadline=10.0, retries=0)
    fan_out.answered(fan_out.next_attempt(0.0), status, 0.0)
    fan_out.broke(fan_out.next_attempt(0.0), "reset", 0.0)
    assert fan_out.posted() == Posted(failed=2)


def test_a_retry_that_could_not_start_in_time_fails_at_once() -> None:
    fan_out = FanOut(REQUESTS, ["a"], deadline=1e-9)
    fan_out.answered(fan_out.next_attempt(0.0), 429, 0.0)
    assert fan_out.posted() == Posted(failed=1)


@pytest.mark.parametrize("status", [300, 400, 403, 404, 413, 418])
def test_what_will_not_get_better_is_not_retried(status: int) -> None:
    fan_out = FanOut(REQUESTS, ["a"], deadline=10.0)
    fan_out.answered(fan_out.next_attempt(0.0), status, 0.0)
    assert fan_out.posted() == Posted(failed=1)


def test_the_deadline_drops_what_never_started_and_fails_what_waits() -> None:
    fan_out = FanOut(REQUESTS, ["waits", "b", "c"], deadline=10.0)
    fan_out.answered(fan_out.next_attempt(0.0), 500, 0.0)
    fan_out.expire()
    assert fan_out.posted() == Posted(dropped=2, failed=1)


@given(
    ids=st.lists(st.text(max_size=3), max_size=20),
    outcomes=st.lists(st.sampled_from([200, 204, 410, 413, 429, 500, "reset", "timeout"])),
    expires=st.booleans(),
    repeatable=st.booleans(),
)
def test_every_connection_is_in_one_count(
    ids: list[str], outcomes: list[int | str], expires: bool, repeatable: bool
) -> None:
    fan_out = FanOut(REQUESTS, ids, deadline=1e6, repeatable=repeatable)
    now = 0.0
    for outcome in outcomes:
        if not fan_out.has_work(now):
            now = fan_out.next_due(now)
        if fan_out.done:
            break
        attempt = fan_out.next_attempt(now)
        if isinstance(outcome, int):
            fan_out.answered(attempt, outcome, now)
        else:
            fan_out.broke(attempt, outcome, now, final=outcome == "timeout")
    if expires:
        fan_out.expire()
    else:
        while not fan_out.done:
            now = now if fan_out.has_work(now) else fan_out.next_due(now)
            fan_out.answered(fan_out.next_attempt(now), 200, now)
    posted = fan_out.posted()
    assert posted.delivered + len(posted.gone) + posted.dropped + posted.failed == len(ids)


@given(
    rate=st.floats(0.5, 20_000),
    steps=st.lists(st.floats(0.0, 0.5), min_size=1, max_size=300),
)
def test_the_bucket_admits_its_rate_and_one_burst(rate: float, steps: list[float]) -> None:
    bucket = TokenBucket(rate)
    now = 1000.0
    admitted = 0
    for step in steps:
        now += step
        wait = bucket.wait(now)
        assert wait <= 1.0 / rate + 1e-9
        admitted += not wait
    assert admitted <= max(1.0, rate * BURST_SECONDS) + rate * (now - 1000.0) + 1e-6


def test_a_token_is_there_when_the_bucket_said() -> None:
    bucket = TokenBucket(10.0)
    assert bucket.wait(5.0) == 0.0
    wait = bucket.wait(5.0)
    assert wait == pytest.approx(0.1)
    assert bucket.wait(5.0 + wait) == 0.0


def test_a_rate_is_above_zero() -> None:
    with pytest.raises(ValueError, match="above 0"):
        TokenBucket(0.0)


def test_after_the_deadline_there_is_nothing_left_to_start() -> None:
    fan_out = FanOut(REQUESTS, ["waits", "b"], deadline=10.0)
    fan_out.answered(fan_out.next_attempt(0.0), 500, 0.0)
    fan_out.expire()
    assert fan_out.done
    assert not fan_out.has_work(10.0)


def test_what_has_not_started_fails_for_one_reason() -> None:
    fan_out = FanOut(REQUESTS, ["sent", "b", "c"], deadline=10.0)
    fan_out.answered(fan_out.next_attempt(0.0), 200, 0.0)
    fan_out.fail("resolve")
    assert fan_out.done
    assert fan_out.posted() == Posted(delivered=1, failed=2)
    assert fan_out.outcomes == {200: 1, "resolve": 2}
    assert not fan_out.has_work(10.0)


@pytest.mark.parametrize(
    ("status", "posted"),
    [
        (199, Posted(failed=1)),
        (200, Posted(delivered=1)),
        (299, Posted(delivered=1)),
        (300, Posted(failed=1)),
        (428, Posted(failed=1)),
        (499, Posted(failed=1)),
        (410, Posted(gone=("a",))),
    ],
)
def test_a_status_counts_as_its_class(status: int, posted: Posted) -> None:
    fan_out = FanOut(REQUESTS, ["a"], deadline=10.0)
    fan_out.answered(fan_out.next_attempt(0.0), status, 0.0)
    assert fan_out.posted() == posted


@pytest.mark.parametrize(("repeatable", "retries"), [(False, 2), (True, 5)])
def test_what_may_come_twice_is_tried_more_often(
    monkeypatch: pytest.MonkeyPatch, repeatable: bool, retries: int
) -> None:
    jitters: list[tuple[float, float]] = []

    def longest(low: float, high: float) -> float:
        jitters.append((low, high))
        return high

    monkeypatch.setattr(random, "uniform", longest)
    fan_out = FanOut(REQUESTS, ["a"], deadline=100.0, repeatable=repeatable)
    now = 0.0
    for _ in range(retries):
        fan_out.broke(fan_out.next_attempt(now), "refused", now)
        assert not fan_out.done
        now = fan_out.next_due(now)
    fan_out.broke(fan_out.next_attempt(now), "refused", now)
    assert fan_out.posted() == Posted(failed=1)
    assert jitters[:retries] == [(0.0, 0.1 * 2**retry) for retry in range(retries)]


def test_a_retry_starts_when_it_is_due_and_before_what_never_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(random, "uniform", lambda _, high: high)
    fan_out = FanOut(REQUESTS, ["a", "b"], deadline=10.0)
    fan_out.answered(fan_out.next_attempt(0.0), 429, 0.0)
    assert fan_out.next_due(0.05) == BACK_OFF_SECONDS
    assert fan_out.next_due(BACK_OFF_SECONDS) == 10.0
    assert fan_out.next_attempt(BACK_OFF_SECONDS).connection_id == "a"
    assert fan_out.next_attempt(BACK_OFF_SECONDS).connection_id == "b"
    assert not fan_out.has_work(BACK_OFF_SECONDS)


@pytest.mark.parametrize(("deadline", "waits"), [(0.1, False), (0.11, True)])
def test_a_retry_that_is_due_at_the_deadline_comes_too_late(
    monkeypatch: pytest.MonkeyPatch, deadline: float, waits: bool
) -> None:
    monkeypatch.setattr(random, "uniform", lambda _, high: high)
    fan_out = FanOut(REQUESTS, ["a"], deadline=deadline)
    fan_out.answered(fan_out.next_attempt(0.0), 429, 0.0)
    assert fan_out.done is not waits


def test_a_bucket_fills_from_its_first_moment_on() -> None:
    bucket = TokenBucket(10.0)
    assert bucket.wait(0.25) == 0.0
    assert bucket.wait(0.25) == pytest.approx(0.1)
    assert bucket.wait(0.35) == 0.0


def test_a_bucket_holds_a_tenth_of_a_second_and_one_token_at_the_least() -> None:
    fast, slow = TokenBucket(50.0), TokenBucket(2.0)
    assert [fast.wait(9.0) > 0 for _ in range(6)] == [False] * 5 + [True]
    assert [slow.wait(9.0) > 0 for _ in range(2)] == [False, True]


def test_a_token_that_is_given_back_is_there_again() -> None:
    bucket = TokenBucket(10.0)
    assert bucket.wait(9.0) == 0.0
    bucket.put_back()
    assert bucket.wait(9.0) == 0.0
    assert bucket.wait(9.0) == pytest.approx(0.1)
