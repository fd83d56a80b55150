"""How refusals are gathered, written and told."""

import pytest

from chalice_app.admission.refusals import (
    MOST_SESSIONS,
    ROWS_AT_ONCE,
    Refusals,
    WrongCode,
    WrongToken,
)
from chalice_app.domain.errors import (
    BadMessage,
    BroadcasterError,
    NotSpeaker,
    RateLimited,
    SessionFull,
    SessionNotFound,
    Unavailable,
)
from tests.fakes.domain import NOW_MS, FakeClock, session
from tests.fakes.observability import RecordingMetrics
from tests.fakes.world import MemoryTables

NAME = "golden-eagle-427"
HALL = session(NAME)
FULL = SessionFull("full")


class Process:
    """One process's refusals, over fakes."""

    def __init__(self, tables: MemoryTables | None = None) -> None:
        self.tables = tables or MemoryTables()
        self.clock = FakeClock(NOW_MS - NOW_MS % 60_000)
        self.metrics = RecordingMetrics()
        self.refusals = Refusals(self.tables, self.metrics, self.clock)
        self.refusals.note_session(HALL)

    def refuse(self, *failures: BroadcasterError, name: str = NAME) -> None:
        for failure in failures:
            self.refusals.count(failure, name)
            self.refusals.flush_if_due()

    def recent(self, name: str = NAME) -> dict[str, int]:
        return dict(self.refusals.recent([name])[name])


def test_each_refusal_is_counted_by_its_reason() -> None:
    process = Process()
    process.refuse(RateLimited("a"), RateLimited("b"), FULL, WrongCode("c"), NotSpeaker("d"))
    process.refuse(WrongToken("e"), SessionNotFound("f"), BadMessage("g"), Unavailable("h"))
    assert process.recent() == {
        "RATE_LIMITED": 2,
        "SESSION_FULL": 1,
        "WRONG_CODE": 1,
        "WRONG_TOKEN": 2,
        "NOT_FOUND": 1,
    }
    assert process.metrics.emitted == [
        {"RefusedRateLimited": 1},
        {
            "RefusedRateLimited": 1,
            "RefusedSessionFull": 1,
            "RefusedWrongCode": 1,
            "RefusedWrongToken": 2,
            "RefusedNotFound": 1,
        },
    ]


def test_a_flood_is_written_once_a_second() -> None:
    process = Process()
    for _ in range(50):
        process.refuse(*[RateLimited("")] * 100)
        process.clock.advance(100)
    assert len(process.metrics.emitted) == 5
    assert process.tables.calls["add"] == 5 + 1, "and once in ten seconds the session's sum"
    assert process.recent() == {"RATE_LIMITED": 5_000}


def test_processes_are_counted_together_and_minutes_forgotten() -> None:
    first = Process()
    second = Process(first.tables)
    for minute in range(8):
        for process in (first, second):
            process.refuse(FULL)
            told = 2 * min(minute, 4) + (2 if process is second else 1)
            assert process.recent() == {"SESSION_FULL": told}
            process.clock.advance(60_000)
    first.clock.advance(5 * 60_000)
    assert first.recent() == {}
    minutes = {
        int(key.split("#")[2]) * 60: at
        for key, at in first.tables.expiries.items()
        if key.startswith("refused#")
    }
    assert {at - begin for begin, at in minutes.items()} == {600}


def test_a_name_that_no_session_has_gets_no_row() -> None:
    process = Process()
    process.refuse(SessionNotFound(""), RateLimited(""), name="golden-eagle-999")
    process.refusals.flush()
    assert process.tables.calls["add"] == 0
    assert process.recent("golden-eagle-999") == {}
    assert {"RefusedNotFound": 1} in process.metrics.emitted


def test_many_sessions_are_written_some_a_second() -> None:
    process = Process()
    names = [f"golden-eagle-{number}" for number in range(100, 100 + 3 * ROWS_AT_ONCE)]
    for name in names:
        process.refusals.note_session(session(name))
        process.refusals.count(FULL, name)
    for second in range(1, 4):
        process.refusals.flush()
        sums = ROWS_AT_ONCE  # in the first of ten seconds
        assert process.tables.calls["add"] == second * ROWS_AT_ONCE + sums


def test_the_memory_is_bounded() -> None:
    process = Process()
    for number in range(3 * MOST_SESSIONS):
        process.refusals.note_session(session(f"name {number}"))
        process.refusals.count(FULL, f"name {number}")
    assert len(process.refusals._rows) == len(process.refusals._sessions) == MOST_SESSIONS


def test_what_cannot_be_written_is_lost_and_what_cannot_be_read_is_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    process = Process()
    process.tables.refusing |= {"add", "get_many"}
    process.refuse(FULL)
    assert "1 refusals are not" in caplog.text
    with pytest.raises(Unavailable):
        process.recent()
    process.tables.refusing.clear()
    assert process.recent() == {}


def test_dropped_messages_are_a_metric() -> None:
    process = Process()
    for _ in range(7):
        process.refusals.count_message()
    process.refusals.flush_if_due()
    process.refusals.flush_if_due()
    assert process.metrics.emitted == [{"MessagesRefused": 7}]
    assert process.tables.calls["add"] == 0


def test_a_session_s_refusals_are_also_counted_in_all_as_long_as_it_is_kept() -> None:
    first = Process()
    second = Process(first.tables)
    for _ in range(30):
        for process in (first, second):
            process.refuse(FULL, RateLimited(""))
            process.clock.advance(60_000)
    second.refusals.flush_if_due()
    assert first.refusals.in_all(HALL) == {"SESSION_FULL": 60, "RATE_LIMITED": 60}
    [expires_at] = [
        at for key, at in first.tables.expiries.items() if key.startswith("refusedInAll#")
    ]
    assert expires_at * 1000 == HALL.kept_until_ms


def test_a_later_session_of_the_name_has_none_of_the_earlier_one_s() -> None:
    process = Process()
    process.refuse(FULL)
    later = session(NAME, created_at=HALL.created_at + 1)
    process.refusals.note_session(later)
    process.refuse(WrongCode(""))
    assert process.refusals.in_all(HALL) == {"SESSION_FULL": 1}
    assert process.refusals.in_all(later) == {"WRONG_CODE": 1}


def test_the_sum_is_written_once_in_ten_seconds_or_when_it_is_asked_for() -> None:
    process = Process()
    for _ in range(300):
        process.refuse(FULL)
        process.clock.advance(100)
    assert process.tables.calls["add"] == 30 + 3
    assert process.refusals.in_all(HALL) == {"SESSION_FULL": 300}
    assert process.tables.calls["add"] == 30 + 4
