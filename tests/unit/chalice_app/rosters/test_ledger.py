"""The pure rule of the roster ledger: what has been counted -> what is true."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalice_app.domain.session import Connection, Role, Session
from chalice_app.rosters.ledger import (
    MAX_WRITES,
    LedgerKey,
    LedgerRow,
    LedgerTransaction,
    LedgerWrite,
    SessionKey,
    State,
    key_of,
    named_sessions,
    plan_return,
    plan_transactions,
    plan_write,
)
from tests.fakes.domain import NOW_MS, ledger_keys, listener, session, speaker

HERE = session("golden-eagle-427")
KEY = (HERE.session_id, HERE.created_at)
OPEN = {KEY}
GONE: set[SessionKey] = set()
C1, C2, C3, C4 = ledger_keys(HERE, "c1", "c2", "c3", "c4")


def counted(language: str = "es", version: int = 1) -> LedgerRow:
    return LedgerRow(State.IN, version, language)


def moved(connection: Connection, language: str) -> Connection:
    """The same connection after a change of language."""
    return Connection(
        **{
            **{name: getattr(connection, name) for name in Connection.__dataclass_fields__},
            "target_language": language,
            "version": connection.version + 1,
        }
    )


# --- One connection ------------------------------------------------------------------------------


def test_a_listener_that_came_is_counted() -> None:
    assert plan_write(C1, None, listener(HERE, "c1"), OPEN) == LedgerWrite(C1, None, counted())


def test_a_listener_that_is_counted_already_needs_no_write() -> None:
    assert plan_write(C1, counted(), listener(HERE, "c1"), OPEN) is None


def test_a_listener_that_left_leaves_a_tombstone_that_tells_where_it_was() -> None:
    tombstone = LedgerRow(State.OUT, 1, "es")
    assert plan_write(C1, counted(), None, OPEN) == LedgerWrite(C1, counted(), tombstone)


def test_a_tombstone_is_written_even_where_nothing_was_counted() -> None:
    write = plan_write(C1, None, None, OPEN)
    assert write == LedgerWrite(C1, None, LedgerRow(State.OUT, 0))


def test_a_tombstone_is_for_ever() -> None:
    tombstone = LedgerRow(State.OUT, 1)
    assert plan_write(C1, tombstone, None, OPEN) is None
    assert plan_write(C1, tombstone, listener(HERE, "c1"), OPEN) is None


def test_a_new_language_is_counted_by_its_higher_version() -> None:
    connection = moved(listener(HERE, "c1", "es"), "fr")
    write = plan_write(C1, counted("es"), connection, OPEN)
    assert write == LedgerWrite(C1, counted("es"), counted("fr", version=2))


def test_an_older_reading_than_the_one_counted_changes_nothing() -> None:
    assert plan_write(C1, counted("fr", version=2), listener(HERE, "c1", "es"), OPEN) is None


def test_a_speaker_is_not_counted() -> None:
    assert plan_write(C1, None, speaker(HERE, "c1"), OPEN) is None


def test_a_connection_counts_in_its_own_session_alone() -> None:
    (elsewhere,) = ledger_keys(session("silver-fox-100"), "c1")
    everywhere = {KEY, elsewhere.session_key}
    for connection in (listener(HERE, "c1"), speaker(HERE, "c1")):
        write = plan_write(elsewhere, None, connection, everywhere)
        assert write == LedgerWrite(elsewhere, None, LedgerRow(State.OUT, 0))
    write = plan_write(elsewhere, counted(), listener(HERE, "c1"), everywhere)
    assert write == LedgerWrite(elsewhere, counted(), LedgerRow(State.OUT, 1, "es"))


def test_a_speaker_that_left_leaves_a_tombstone_that_counts_nowhere() -> None:
    assert plan_write(C1, None, None, OPEN) == LedgerWrite(C1, None, LedgerRow(State.OUT, 0))


def test_a_listener_of_a_session_that_is_no_more_is_never_counted() -> None:
    write = plan_write(C1, None, listener(HERE, "c1"), GONE)
    assert write == LedgerWrite(C1, None, LedgerRow(State.OUT, 0))


def test_a_listener_of_a_former_session_of_that_name_is_never_counted() -> None:
    again = {(HERE.session_id, HERE.created_at + 1)}
    write = plan_write(C1, None, listener(HERE, "c1"), again)
    assert write is not None
    assert write.after.state is State.OUT


def test_a_listener_without_a_language_is_not_counted() -> None:
    odd = Connection("c1", *KEY, role=Role.LISTENER, connected_at=NOW_MS, ttl=1)
    write = plan_write(C1, None, odd, OPEN)
    assert write is not None
    assert write.after.state is State.OUT


# --- Transactions --------------------------------------------------------------------------------


def plan(
    connections: Mapping[str, Connection],
    ledger: Mapping[LedgerKey, LedgerRow] | None = None,
    sessions: Mapping[str, Session] | None = None,
    keys: list[LedgerKey] | None = None,
) -> list[LedgerTransaction]:
    if sessions is None:
        sessions = {HERE.session_id: HERE}
    keys = keys or [key_of(each) for each in connections.values()]
    return list(plan_transactions(keys, ledger or {}, connections, sessions))


def test_nothing_to_write_is_no_transaction() -> None:
    assert plan({"c1": listener(HERE, "c1")}, ledger={C1: counted()}) == []


def test_the_changes_of_a_session_go_together_with_its_counts() -> None:
    joined = {"c1": listener(HERE, "c1", "es"), "c2": listener(HERE, "c2", "fr")}
    ledger = {C3: counted("fr"), C4: counted("de")}
    (transaction,) = plan(joined, ledger, keys=[C1, C2, C3, C4])
    assert transaction.session == KEY
    assert [write.key for write in transaction.writes] == [C1, C2, C3, C4]
    assert transaction.deltas == {"de": -1, "es": 1}


def test_a_change_of_language_moves_one_listener() -> None:
    moving = moved(listener(HERE, "c1", "es"), "fr")
    (transaction,) = plan({"c1": moving}, {C1: counted("es")})
    assert transaction.deltas == {"es": -1, "fr": 1}


def test_two_who_swap_languages_move_although_no_count_does() -> None:
    swapping = {
        "c1": moved(listener(HERE, "c1", "es"), "fr"),
        "c2": moved(listener(HERE, "c2", "fr"), "es"),
    }
    (transaction,) = plan(swapping, {C1: counted("es"), C2: counted("fr")})
    assert transaction.deltas == {}
    assert transaction.moves


def wishing(connection: Connection, wish: bool) -> Connection:
    """The same connection after its wish for the voice changed."""
    return replace(connection, wants_voice=wish, version=connection.version + 1)


def test_who_comes_with_a_wish_is_counted_in_both_and_leaves_both() -> None:
    joined = listener(HERE, "c1", "es", wants_voice=True)
    (transaction,) = plan({"c1": joined})
    assert (transaction.deltas, transaction.voice_deltas) == ({"es": 1}, {"es": 1})
    (left,) = plan({}, {C1: transaction.writes[0].after}, keys=[C1])
    assert (left.deltas, left.voice_deltas) == ({"es": -1}, {"es": -1})
    assert left.writes[0].after == LedgerRow(State.OUT, 1, "es")


def test_a_wish_moves_with_the_language() -> None:
    moving = moved(listener(HERE, "c1", "es", wants_voice=True), "fr")
    (transaction,) = plan({"c1": moving}, {C1: replace(counted("es"), wants_voice=True)})
    assert transaction.deltas == {"es": -1, "fr": 1}
    assert transaction.voice_deltas == {"es": -1, "fr": 1}


@pytest.mark.parametrize(("wish", "delta"), [(True, 1), (False, -1)])
def test_a_wish_alone_changes_no_language_s_count(wish: bool, delta: int) -> None:
    before = replace(counted("es"), wants_voice=not wish)
    (transaction,) = plan({"c1": wishing(listener(HERE, "c1", "es"), wish)}, {C1: before})
    assert (transaction.deltas, transaction.voice_deltas) == ({}, {"es": delta})
    assert transaction.changes_counts
    assert transaction.moves


def test_two_who_swap_wishes_move_although_no_count_does() -> None:
    swapping = {
        "c1": wishing(listener(HERE, "c1", "es"), True),
        "c2": wishing(listener(HERE, "c2", "es"), False),
    }
    before = {C1: counted("es"), C2: replace(counted("es"), wants_voice=True)}
    (transaction,) = plan(swapping, before)
    assert (transaction.deltas, transaction.voice_deltas) == ({}, {})
    assert not transaction.changes_counts
    assert transaction.moves


def test_who_returns_is_counted_with_its_wish() -> None:
    returning = {"c1": listener(HERE, "c1", wants_voice=True), "c2": listener(HERE, "c2")}
    (transaction,) = plan_return(returning, replace(HERE, last_sequence=7))
    assert (transaction.deltas, transaction.voice_deltas) == ({"es": 2}, {"es": 1})
    assert [each.after.wants_voice for each in transaction.writes] == [True, False]


def test_the_same_language_again_moves_nobody() -> None:
    (transaction,) = plan({"c1": moved(listener(HERE, "c1", "es"), "es")}, {C1: counted("es")})
    assert not transaction.moves


def test_each_session_has_transactions_of_its_own() -> None:
    there = session("silver-fox-100")
    joined = {"c1": listener(HERE, "c1"), "c2": listener(there, "c2")}
    sessions = {each.session_id: each for each in (HERE, there)}
    transactions = plan(joined, sessions=sessions)
    assert {transaction.session for transaction in transactions} == {
        KEY,
        (there.session_id, there.created_at),
    }
    assert all(transaction.deltas == {"es": 1} for transaction in transactions)


def test_rows_of_a_session_that_is_no_more_are_written_without_counts() -> None:
    (transaction,) = plan({}, {C1: counted()}, sessions={}, keys=[C1])
    assert transaction.session is None
    assert transaction.deltas == {}
    assert transaction.writes[0].after.state is State.OUT


def test_a_transaction_has_room_for_the_counts_beside_the_most_rows() -> None:
    joined = {f"c{n}": listener(HERE, f"c{n}") for n in range(2 * MAX_WRITES + 1)}
    transactions = plan(joined)
    assert [len(transaction.writes) for transaction in transactions] == [MAX_WRITES, MAX_WRITES, 1]
    assert [transaction.deltas for transaction in transactions] == [
        {"es": 99},
        {"es": 99},
        {"es": 1},
    ]
    assert MAX_WRITES + 1 == 100


def test_the_sessions_to_read_are_those_that_any_key_names() -> None:
    keys = [C1, C2, *ledger_keys(session("silver-fox-100"), "c3")]
    assert named_sessions(keys) == ["golden-eagle-427", "silver-fox-100"]


# --- Properties ----------------------------------------------------------------------------------

NAMES = ("golden-eagle-427", "silver-fox-100")
EPOCHS = (NOW_MS, NOW_MS + 1)
LANGUAGES = ("es", "fr", "de")
KEYS = [LedgerKey(name, epoch, f"c{n}") for name in NAMES for epoch in EPOCHS for n in range(3)]
IDS = ["c0", "c1", "c2"]

ROWS = st.one_of(
    st.builds(
        LedgerRow,
        st.just(State.IN),
        st.integers(1, 3),
        st.sampled_from(LANGUAGES),
    ),
    st.builds(LedgerRow, st.just(State.OUT), st.integers(0, 3)),
)

Situation = tuple[dict[LedgerKey, LedgerRow], dict[str, Connection], dict[str, Session]]


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """Any ledger, with connections and sessions that may belong to it.

    Rows may name one connection in several sessions, as after an edit by hand.
    """
    ledger = draw(st.dictionaries(st.sampled_from(KEYS), ROWS))
    connections: dict[str, Connection] = {}
    for connection_id in draw(st.sets(st.sampled_from(IDS))):
        connections[connection_id] = Connection(
            connection_id,
            draw(st.sampled_from(NAMES)),
            draw(st.sampled_from(EPOCHS)),
            Role.LISTENER,
            NOW_MS,
            1,
            draw(st.sampled_from(LANGUAGES)),
            draw(st.integers(1, 3)),
        )
    sessions = {
        name: session(name, draw(st.sampled_from(EPOCHS)))
        for name in draw(st.sets(st.sampled_from(NAMES)))
    }
    return ledger, connections, sessions


def applied(
    ledger: Mapping[LedgerKey, LedgerRow], transactions: list[LedgerTransaction]
) -> dict[LedgerKey, LedgerRow]:
    after = dict(ledger)
    for transaction in transactions:
        after |= {write.key: write.after for write in transaction.writes}
    return after


def counts(ledger: Mapping[LedgerKey, LedgerRow], of: SessionKey) -> Counter[str]:
    return Counter(
        row.target_language
        for key, row in ledger.items()
        if row.state is State.IN and key.session_key == of
    )


@given(situations())
def test_the_counts_change_exactly_as_the_rows_do(
    situation: Situation,
) -> None:
    ledger, connections, sessions = situation
    transactions = list(plan_transactions(KEYS, ledger, connections, sessions))
    after = applied(ledger, transactions)
    for each in sessions.values():
        key = (each.session_id, each.created_at)
        expected = counts(ledger, key)
        for transaction in transactions:
            if transaction.session == key:
                expected.update(transaction.deltas)
        assert +expected == counts(after, key)
        assert all(count >= 0 for count in expected.values())


@given(situations())
def test_planning_again_after_the_writes_plans_nothing(
    situation: Situation,
) -> None:
    ledger, connections, sessions = situation
    after = applied(ledger, list(plan_transactions(KEYS, ledger, connections, sessions)))
    assert list(plan_transactions(KEYS, after, connections, sessions)) == []


@given(situations())
def test_afterwards_whoever_is_counted_is_there(
    situation: Situation,
) -> None:
    ledger, connections, sessions = situation
    after = applied(ledger, list(plan_transactions(KEYS, ledger, connections, sessions)))
    open_keys = {(each.session_id, each.created_at) for each in sessions.values()}
    for key, row in after.items():
        if row.state is State.IN:
            assert key == key_of(connections[key.connection_id])
            assert key.session_key in open_keys
        else:
            assert row.state is State.OUT


@given(situations())
def test_every_write_holds_the_row_as_it_was_read_and_no_row_is_written_twice(
    situation: Situation,
) -> None:
    ledger, connections, sessions = situation
    writes = [
        write
        for transaction in plan_transactions(KEYS, ledger, connections, sessions)
        for write in transaction.writes
    ]
    assert len({write.key for write in writes}) == len(writes)
    assert all(write.before == ledger.get(write.key) for write in writes)
