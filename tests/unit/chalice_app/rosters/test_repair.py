"""The reconciler: finds what the stream did not, and corrects it by the same means."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from chalice_app.delivery.broadcast import HANDSHAKE_GRACE_MS
from chalice_app.domain.errors import ConditionFailed, Unavailable
from chalice_app.domain.session import Session
from chalice_app.rosters.ledger import (
    Deltas,
    LedgerKey,
    LedgerRow,
    SessionCounts,
    SessionKey,
    State,
)
from chalice_app.rosters.repair import TOMBSTONE_NEEDED_SECONDS, Reconciled, Reconciler
from chalice_app.rosters.synchronisation import RosterSync
from tests.fakes.domain import MANY, NOW_MS, ledger_keys, listener
from tests.fakes.memory import INDEX_LAG_MS
from tests.fakes.world import SETTINGS, MemoryTables, World


def void(_: object) -> None:
    """Drops a result that nobody wants."""


def reconciling(
    world: World,
    between_looks: Callable[[], object] = lambda: None,
    after_ms: int = INDEX_LAG_MS,
) -> Reconciler:
    """A reconciler that waits for nothing; `between_looks` happens between its two looks.

    It comes `after_ms`, when its scans show what is there by now.
    """
    world.clock.advance(after_ms)

    def wait(seconds: float) -> None:
        between_looks()
        world.clock.advance(round(seconds * 1000))

    sync = RosterSync(world.tables, wait=lambda _: None)
    return replace(world.app.reconciler, sync=sync, wait=wait)


def talk(world: World) -> Session:
    """A session of a speaker, two listeners of Spanish and one of French."""
    session = world.speaker(world.open())
    world.listener(session, "a", "es")
    world.listener(session, "b", "es")
    world.listener(session, "c", "fr")
    return world.now(session)


def test_what_is_right_stays_as_it_is_and_drift_is_published_as_zero() -> None:
    world = World()
    session = talk(world)
    found = reconciling(world).reconcile()
    assert found == Reconciled(connections=0, sessions=0, expired=0, drift=0)
    assert world.now(session) == session
    assert world.metrics.values()["RosterDrift"] == 0
    assert world.tables.calls["commit"] == 3  # the joins'


def test_everyone_in_a_session_past_its_life_gets_that_and_is_closed() -> None:
    world = World(settings=replace(SETTINGS, session_ttl_seconds=600))
    session = talk(world)
    world.clock.advance(session.expires_at_seconds * 1000 - world.clock.now_ms() - 1)
    later = world.speaker(world.open(), "later")
    reconciling(world, after_ms=0).reconcile()
    assert world.gateway.closed == []
    reconciling(world, after_ms=HANDSHAKE_GRACE_MS).reconcile()
    assert sorted(world.gateway.closed) == ["a", "b", "c", "speaker"]
    ended = {"type": "sessionEnded", "reason": "its time is over"}
    assert [world.gateway.to(name)[-1] for name in "abc"] == [ended] * 3
    assert world.gateway.to("speaker")[-1] == ended
    assert world.now(later).speaker_connection_id == "later"


def test_a_listener_whom_no_stream_record_reported_is_counted() -> None:
    world = World()
    session = talk(world)
    world.tables.put_connection(listener(session, "d", "es"))
    found = reconciling(world).reconcile()
    assert (found.connections, found.drift) == (1, 1)
    assert world.now(session).languages == {"es": 3, "fr": 1}
    assert world.gateway.to("speaker", "roster")[-1]["listenerCount"] == 4


@pytest.mark.parametrize("last_sequence", [None, 0])
def test_a_listener_who_was_put_off_is_left_to_the_stream_while_its_handshake_may_go_on(
    last_sequence: int | None,
) -> None:
    world = World()
    session = talk(world)
    world.tables.put_connection(listener(session, "d", "es", last_sequence=last_sequence))
    world.tables.put_off("d", last_sequence)
    found = reconciling(world).reconcile()
    assert (found.connections, found.drift) == (0, 0)
    assert world.now(session).languages == {"es": 2, "fr": 1}
    found = reconciling(world, after_ms=HANDSHAKE_GRACE_MS).reconcile()
    assert (found.connections, found.drift) == (1, 1)
    assert world.now(session).languages == {"es": 3, "fr": 1}


def test_a_change_of_language_of_a_counted_listener_that_got_lost_is_made_up_for_at_once() -> None:
    world = World()
    session = talk(world)
    world.tables.change_language("a", "fr", MANY)
    assert reconciling(world).reconcile().connections == 1
    assert world.now(session).languages == {"es": 1, "fr": 2}


def test_a_listener_who_left_unnoticed_is_counted_no_more() -> None:
    world = World()
    session = talk(world)
    world.tables.delete_connection("a")
    reconciling(world).reconcile()
    assert world.now(session).languages == {"es": 1, "fr": 1}


def test_a_change_of_language_that_got_lost_is_made_up_for() -> None:
    world = World()
    session = talk(world)
    world.tables.change_language("a", "fr", MANY)
    reconciling(world).reconcile()
    assert world.now(session).languages == {"es": 1, "fr": 2}


def test_a_wish_for_a_voice_that_got_lost_is_made_up_for() -> None:
    world = World()
    session = talk(world)
    world.tables.change_language("a", "es", MANY, wants_voice=True)
    found = reconciling(world).reconcile()
    assert (found.connections, found.sessions, found.drift) == (1, 0, 1)
    assert world.now(session).voices == {"es": 1}
    assert world.gateway.to("speaker", "roster")[-1]["voices"] == {"es": 1}
    assert reconciling(world).reconcile().drift == 0


def test_voices_that_were_tampered_with_are_healed() -> None:
    world = World()
    session = talk(world)
    world.listener(session, "d", "es", wants_voice=True)
    world.tables.tamper_voices(session.session_id, es=3, fr=1)
    found = reconciling(world).reconcile()
    assert (found.connections, found.sessions, found.drift) == (0, 1, 3)
    assert world.now(session).voices == {"es": 1}
    assert world.now(session).languages == {"es": 3, "fr": 1}
    assert reconciling(world).reconcile().drift == 0


def test_counts_that_were_tampered_with_are_healed() -> None:
    world = World()
    session = talk(world)
    world.tables.tamper(session.session_id, 99, es=7, de=4)
    found = reconciling(world).reconcile()
    assert found.sessions == 1
    healed = world.now(session)
    assert (healed.listener_count, healed.languages) == (3, {"es": 2, "fr": 1})
    assert world.metrics.values()["RosterDrift"] == 5 + 4 + 1 + 88


def test_a_sum_that_is_not_that_of_its_languages_is_healed() -> None:
    world = World()
    session = talk(world)
    world.tables.tamper(session.session_id, 12, es=2, fr=1)
    assert reconciling(world).reconcile().drift == 9
    assert world.now(session).listener_count == 3


def test_who_is_counted_by_the_stream_between_the_looks_is_no_drift() -> None:
    world = World()
    session = talk(world)
    world.tables.put_connection(listener(session, "d", "es"))
    found = reconciling(world, between_looks=lambda: world.count(["d"])).reconcile()
    assert found.drift == 0
    assert world.now(session).languages == {"es": 3, "fr": 1}


def test_counts_are_corrected_although_people_come_and_go() -> None:
    world = World()
    session = talk(world)
    world.tables.tamper(session.session_id, 9, es=8, fr=1)
    world.tables.put_connection(listener(session, "d", "fr"))
    found = reconciling(world, between_looks=lambda: world.count(["d"])).reconcile()
    assert found.sessions == 1
    assert world.now(session).languages == {"es": 2, "fr": 2}


class Lagging(MemoryTables):
    """A scan that does not show the connections in `unseen`."""

    unseen: frozenset[str] = frozenset()

    def scan_ledger(self) -> Iterable[tuple[LedgerKey, LedgerRow]]:
        rows = super().scan_ledger()
        return [(key, row) for key, row in rows if key.connection_id not in self.unseen]


def test_a_scan_that_lags_for_both_looks_makes_no_right_count_wrong() -> None:
    tables = Lagging()
    world = World(tables=tables)
    session = talk(world)
    tables.unseen = frozenset({"c"})
    reconciling(world).reconcile()
    assert world.now(session).languages == {"es": 2, "fr": 1}


class Busy(MemoryTables):
    """Somebody comes while the rows of a session are read."""

    arrivals: int = 0

    def scan_session(self, session: SessionKey) -> Iterable[LedgerRow]:
        rows = list(super().scan_session(session))
        if self.arrivals:
            self.arrivals -= 1
            self.join(f"late{self.arrivals}")
        return rows

    join: Callable[[str], None]


def test_a_listener_who_comes_while_the_rows_are_read_is_not_corrected_away() -> None:
    tables = Busy()
    world = World(tables=tables)
    session = talk(world)
    tables.tamper(session.session_id, 9, es=8, fr=1)
    tables.arrivals, tables.join = 2, lambda key: void(world.listener(session, key, "fr"))
    reconciling(world).reconcile()
    assert world.now(session).languages == {"es": 2, "fr": 3}


def test_counts_that_are_the_same_again_have_moved_nevertheless() -> None:
    # Between the reading of the counts and that of the rows somebody came; before the correction
    # somebody of the same language left: the counts are those that were seen, the rows are not.
    tables = Busy()
    world = World(tables=tables)
    session = talk(world)
    tables.tamper(session.session_id, 4, es=3, fr=1)

    def come_and_go(key: str) -> None:
        world.listener(session, key, "es")
        world.tables.delete_connection("a")
        world.count(["a"])

    tables.arrivals, tables.join = 1, come_and_go
    reconciling(world).reconcile()
    assert world.now(session).languages == {"es": 2, "fr": 1}


class Refusing(MemoryTables):
    """DynamoDB refuses to correct the counts of one session, or of none."""

    refused: str | None = None

    def correct_counts(self, seen: SessionCounts, deltas: Deltas) -> None:
        if seen.session_id == self.refused:
            raise Unavailable("a number of forty digits")
        super().correct_counts(seen, deltas)


def test_counts_that_cannot_be_corrected_keep_nobody_else_s_from_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tables = Refusing()
    world = World(tables=tables)
    sessions = [world.open() for _ in range(3)]
    for each in sessions:
        tables.tamper(each.session_id, 5, es=5)
    tables.refused = sessions[1].session_id
    found = reconciling(world).reconcile()
    assert (found.sessions, found.drift) == (2, 15)
    assert [world.now(each).listener_count for each in sessions] == [0, 5, 0]
    assert "the counts cannot be corrected" in caplog.text
    tables.refused = None
    assert reconciling(world).reconcile().sessions == 1
    assert world.now(sessions[1]).listener_count == 0


def test_rows_past_their_life_are_deleted_and_nothing_else() -> None:
    world = World()
    session = talk(world)
    world.clock.advance(2 * 3600_000 + 601_000)
    world.tables.put_connection(listener(session, "d", "es", world.clock.now_ms()))
    world.count(["d"])
    assert reconciling(world).reconcile().expired == 4
    assert world.tables.get_connection("a") is None
    assert world.tables.get_connection("d") is not None


def test_tombstones_go_when_no_invocation_can_need_them_any_more() -> None:
    world = World()
    session = talk(world)
    world.tables.delete_connection("a")
    world.count(["a"])
    (left,) = ledger_keys(session, "a")
    world.clock.advance(TOMBSTONE_NEEDED_SECONDS * 1000 - 1000)
    assert reconciling(world, after_ms=0).reconcile().swept == 0
    assert world.tables.get_ledger([left])[left].state is State.OUT
    found = reconciling(world, after_ms=1000).reconcile()
    assert (found.swept, found.drift) == (1, 0)
    assert world.tables.get_ledger([left]) == {}
    assert world.now(session).languages == {"es": 1, "fr": 1}
    assert reconciling(world).reconcile().swept == 0


def test_one_session_by_hand_leaves_the_others_alone() -> None:
    world = World()
    first, second = talk(world), world.open()
    world.tables.tamper(first.session_id, 9, es=9)
    world.tables.tamper(second.session_id, 9, es=9)
    reconciling(world).reconcile(second.session_id)
    assert world.now(first).listener_count == 9
    assert world.now(second).listener_count == 0


def test_connections_of_a_session_that_is_no_more_are_not_counted_and_no_drift() -> None:
    world = World()
    session = talk(world)
    world.tables.delete_session(session.session_id)
    assert reconciling(world).reconcile().drift == 0


def test_who_left_unnoticed_a_session_that_is_no_more_leaves_no_row_for_ever() -> None:
    world = World()
    session = talk(world)
    world.tables.delete_session(session.session_id)
    world.tables.delete_connection("a")
    assert reconciling(world).reconcile().connections == 1
    a, b = ledger_keys(session, "a", "b")
    rows = world.tables.get_ledger([a, b])
    assert (rows[a].state, rows[b].state) == (State.OUT, State.IN)


def test_connections_that_the_end_of_their_session_did_not_close_are_notified_and_closed() -> None:
    world = World()
    session, elsewhere = talk(world), world.open()
    world.listener(elsewhere, "stays")
    world.tables.end_session(session, NOW_MS)  # and the function that was to close them has died
    world.clock.advance(HANDSHAKE_GRACE_MS + 1000)
    joining = listener(session, "young", "es", connected_at=world.clock.now_ms())
    world.tables.put_connection(joining)
    world.count(["young"])
    reconciling(world).reconcile()
    everyone = ["a", "b", "c", "speaker"]
    assert sorted(world.gateway.closed) == everyone
    assert all(world.gateway.to(key)[-1]["type"] == "sessionEnded" for key in everyone)


def test_a_connection_of_a_session_that_is_no_more_is_closed() -> None:
    world = World()
    session = talk(world)
    world.tables.delete_session(session.session_id)
    world.clock.advance(HANDSHAKE_GRACE_MS + 1000)
    reconciling(world).reconcile()
    assert sorted(world.gateway.closed) == ["a", "b", "c", "speaker"]


def test_the_handler_composes_it_over_the_application() -> None:
    world = World()
    assert world.app.reconciler.survey is world.tables


@pytest.mark.parametrize(("seconds", "expired"), [(7_799, 0), (7_800, 1)])
def test_a_row_is_past_its_life_with_its_last_second(seconds: int, expired: int) -> None:
    world = World(settings=replace(SETTINGS, renew_after_seconds=99_999))
    of = world.open()
    world.listener(of, "a")
    world.clock.advance(seconds * 1000)
    assert reconciling(world, after_ms=0).reconcile().expired == expired


@pytest.mark.parametrize(
    ("malformed", "words"), [((), "none"), (("listeners.fr", "x"), "listeners.fr, x")]
)
def test_a_correction_is_logged(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    malformed: tuple[str, ...],
    words: str,
) -> None:
    world = World()
    session = talk(world)
    key = (session.session_id, session.created_at)
    seen = SessionCounts(*key, 9, {"es": 5, "fr": 1}, 1, malformed, {"es": 2})
    monkeypatch.setattr(world.tables, "read_counts", lambda _: seen)
    monkeypatch.setattr(world.tables, "correct_counts", lambda *_: None)
    assert reconciling(world)._correct(key)
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert record.getMessage() == (
        f"the counts were off by {{'es': -3}}, their sum by -3, voices by {{'es': -2}}; "
        f"not numbers: {words}"
    )
    assert vars(record)["session"] == session.session_id


def test_counts_that_change_during_every_try_are_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world = World()
    session = talk(world)
    key = (session.session_id, session.created_at)
    seen = SessionCounts(*key, 9, {"es": 5}, 1)
    tries: list[int] = []

    def refuse(*_: object) -> None:
        tries.append(1)
        raise ConditionFailed("somebody has come")

    monkeypatch.setattr(world.tables, "read_counts", lambda _: seen)
    monkeypatch.setattr(world.tables, "correct_counts", refuse)
    assert not reconciling(world)._correct(key)
    assert len(tries) == 5
    (record,) = caplog.records
    assert record.getMessage() == "the counts changed during every try to correct them"
    assert vars(record)["session"] == session.session_id


def test_an_expired_row_is_deleted_by_the_clock_s_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    world.listener(world.open(), "a")
    world.clock.advance(7_800 * 1000)
    asked: list[tuple[str, int]] = []
    monkeypatch.setattr(world.tables, "delete_expired", lambda *what: asked.append(what))
    reconciling(world).reconcile()
    assert asked == [("a", world.clock.now_ms() // 1000)]
