"""What a session may dictate: counted by the clock, and never less than it was."""

import threading
from collections.abc import Callable

import pytest

from chalice_app.domain.dictation import Dictated
from chalice_app.domain.errors import RateLimited, SessionNotFound, Unavailable
from chalice_app.domain.session import Session
from chalice_app.transcription.minutes import STREAM_MS, Minutes
from tests.fakes.domain import PATIENCE
from tests.fakes.world import World

MINUTE = 60_000


class Desk:
    """Minutes over fakes, and the session that dictates."""

    def __init__(self, most: int = 10) -> None:
        self.world = World()
        self.minutes = Minutes(self.world.tables, self.world.metrics, self.world.clock, most)
        self.first = self.world.open()

    @property
    def session(self) -> Session:
        return self.world.now(self.first)

    def start(self) -> int | None:
        return self.minutes.start(self.session)

    def pass_time(self, milliseconds: int) -> None:
        self.world.clock.advance(milliseconds)

    @property
    def seconds(self) -> list[float]:
        """What was charged, in the order in which it was."""
        name = "DictationSeconds"
        return [each[name] for each in self.world.metrics.emitted if name in each]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_minutes_count_from_a_grant_to_its_end(desk: Desk) -> None:
    assert desk.start() == 10 * MINUTE
    desk.pass_time(90_500)
    desk.minutes.stop(desk.session)
    desk.pass_time(MINUTE)
    assert desk.session.dictated == Dictated(90_500)
    assert desk.seconds == [90.5]
    assert desk.start() == 10 * MINUTE - 90_500


def test_the_next_grant_ends_the_former(desk: Desk) -> None:
    desk.start()
    desk.pass_time(MINUTE)
    assert desk.start() == 9 * MINUTE
    desk.pass_time(MINUTE)
    assert desk.start() == 8 * MINUTE
    assert desk.seconds == [60, 60]


def test_a_stream_costs_no_more_than_its_four_hours() -> None:
    desk = Desk(most=600)
    desk.start()
    desk.pass_time(STREAM_MS + MINUTE)
    desk.minutes.stop(desk.session)
    assert desk.session.dictated == Dictated(STREAM_MS)


def test_a_clock_that_is_behind_takes_nothing_back(desk: Desk) -> None:
    desk.start()
    desk.pass_time(-MINUTE)
    desk.minutes.stop(desk.session)
    assert desk.session.dictated == Dictated(0)
    assert desk.seconds == []


@pytest.mark.parametrize("streams", [1, 5])
def test_when_the_minutes_are_spent_nothing_more_is_granted(desk: Desk, streams: int) -> None:
    for _ in range(streams):
        desk.start()
        desk.pass_time(10 * MINUTE // streams)
    for _ in range(2):
        with pytest.raises(RateLimited, match="10 minutes of dictation are spent") as refused:
            desk.start()
        left = desk.session.expires_at_seconds * 1000 - desk.world.clock.now_ms()
        assert refused.value.details == {"retryAfterMs": left, "remainingSeconds": 0}
    assert desk.session.dictated == Dictated(10 * MINUTE)
    assert sum(desk.seconds) == 600


def test_the_last_millisecond_is_granted(desk: Desk) -> None:
    desk.start()
    desk.pass_time(10 * MINUTE - 1)
    assert desk.start() == 1


def test_without_a_limit_the_seconds_are_measured() -> None:
    desk = Desk(most=0)
    assert desk.start() is None
    desk.pass_time(STREAM_MS)
    assert desk.start() is None
    assert desk.seconds == [STREAM_MS / 1000]


def test_what_is_not_open_is_not_ended(desk: Desk) -> None:
    desk.minutes.stop(desk.session)
    desk.start()
    desk.minutes.stop(desk.session)
    desk.minutes.stop(desk.session)
    assert desk.world.tables.calls["put_dictated"] == 2


def test_a_stale_session_loses_no_minutes(desk: Desk) -> None:
    never = desk.session
    desk.start()
    first = desk.session
    desk.pass_time(2 * MINUTE)
    assert desk.minutes.start(never) == 8 * MINUTE
    desk.pass_time(3 * MINUTE)
    desk.minutes.stop(first)
    assert desk.session.dictated == Dictated(5 * MINUTE)
    assert desk.seconds == [120, 180]


def at_once(*calls: Callable[[], object]) -> list[object]:
    """What each call returned, or the error that it raised; they run side by side."""
    results: list[object] = []
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> None:
        barrier.wait(PATIENCE)
        try:
            results.append(call())
        except Exception as error:  # noqa: BLE001 - the test looks at it
            results.append(error)

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for each in threads:
        each.start()
    for each in threads:
        each.join(PATIENCE)
    return results


def test_grants_at_once_lose_no_minutes(desk: Desk) -> None:
    desk.start()
    desk.pass_time(4 * MINUTE)
    stale = desk.session
    results = at_once(*[lambda: desk.minutes.start(stale)] * 6)
    assert results == [6 * MINUTE] * 6
    assert desk.session.dictated == Dictated(4 * MINUTE, desk.world.clock.now_ms())
    assert desk.seconds == [240]


def test_minutes_that_are_always_contended_are_not_granted(desk: Desk) -> None:
    changing = desk.world.tables.put_dictated

    def overtaken(session: Session, before: Dictated, after: Dictated, *, only_open: bool) -> None:
        now = desk.session
        changing(now, now.dictated, Dictated(0, 0, f"of {len(calls)}"), only_open=False)
        calls.append(after)
        changing(session, before, after, only_open=only_open)

    calls: list[Dictated] = []
    store = type("Overtaken", (), {
        "put_dictated": staticmethod(overtaken), "get_session": desk.world.tables.get_session,
    })()  # fmt: skip
    minutes = Minutes(store, desk.world.metrics, desk.world.clock, 10)
    with pytest.raises(Unavailable, match="contended"):
        minutes.start(desk.session)
    assert len(calls) == 8


def test_a_session_that_ended_meanwhile_dictates_nothing(desk: Desk) -> None:
    stale = desk.session
    desk.world.app.sessions.end(stale)
    with pytest.raises(SessionNotFound):
        desk.minutes.start(stale)
    assert desk.session.dictated.since is None


def test_a_later_session_of_the_name_pays_nothing(desk: Desk) -> None:
    desk.start()
    former = desk.session
    desk.world.clock.advance(15 * 3600 * 1000)
    later = Session(
        former.session_id, "en", "0" * 64, desk.world.clock.now_ms(),
        desk.world.clock.now_ms() // 1000 + 3600,
    )  # fmt: skip
    desk.world.tables.put_session(later)
    for act in (desk.minutes.start, desk.minutes.stop):
        with pytest.raises(SessionNotFound):
            act(former)
    assert desk.session.dictated == Dictated()


def test_a_session_that_has_gone_ends_nothing(desk: Desk) -> None:
    desk.start()
    of = desk.session
    desk.world.tables.delete_session(of.session_id)
    with pytest.raises(SessionNotFound):
        desk.minutes.stop(of)


@pytest.mark.parametrize("method", ["put_dictated", "get_session"])
def test_a_table_that_is_down_grants_nothing(desk: Desk, method: str) -> None:
    stale = desk.session
    desk.start()
    desk.world.tables.refusing.add(method)
    with pytest.raises(Unavailable):
        desk.minutes.start(stale)
    assert desk.seconds == []
