"""What is counted follows what is there: over fakes, with other writers in between."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalice_app.domain.errors import Conflict, Unavailable
from chalice_app.domain.retrying import TRIES
from chalice_app.domain.session import Connection, Session
from chalice_app.rosters.ledger import LedgerRow, LedgerTransaction, State
from chalice_app.rosters.synchronisation import RosterSync
from chalice_app.wire.attribute_values import Item
from streams.records import Change, StreamRecord
from streams.rosters import changes_of, handle_records, ledger_keys
from tests.fakes.domain import MANY, NOW_MS, ledger_key, listener, session, speaker
from tests.fakes.world import MemoryTables, World

HERE = session()
C1 = ledger_key(HERE, "c1")


@dataclass
class Stream:
    """The Connections stream of a world: what it delivers is handled at once."""

    world: World = field(default_factory=World)
    waits: list[float] = field(default_factory=list)

    @property
    def sync(self) -> RosterSync:
        return RosterSync(self.world.tables, wait=self.waits.append)

    def deliver(self, *records: StreamRecord) -> list[str]:
        """Handles a batch; returns the numbers of the records that failed."""
        app = self.world.app
        notifier = replace(app.notifier, wait=self.waits.append)
        update = replace(app.roster_update, sync=self.sync, notifier=notifier)
        failed = handle_records(records, update)
        return [record.sequence_number for record in failed]


@pytest.fixture
def stream() -> Stream:
    return Stream()


def record(
    connection_id: str,
    change: Change = Change.MODIFY,
    number: str | int = 1,
    of: Session | None = None,
) -> StreamRecord:
    """A change of a connection of that session, HERE unless given."""
    of = of or HERE
    image: Item = {"sessionId": of.session_id, "sessionEpoch": of.created_at}
    return StreamRecord(
        str(number),
        change,
        {"connectionId": connection_id},
        new_image=None if change is Change.REMOVE else image,
        old_image=None if change is Change.INSERT else image,
    )


def here(tables: MemoryTables, name: str = "golden-eagle-427", epoch: int = NOW_MS) -> Session:
    """A session that is open in the tables."""
    made = session(name, epoch)
    tables.put_session(made)
    return made


def counts(tables: MemoryTables, of: Session) -> dict[str, int]:
    """The session's counts, checked to be those of its rosters."""
    found = tables.get_session(of.session_id)
    assert found is not None
    assert found.created_at == of.created_at
    assert found.listener_count == sum(found.languages.values())
    for language, count in found.languages.items():
        assert len(tables.read_roster(of).languages.get(language, [])) == count
    return dict(found.languages)


# --- Coming, changing, going ---------------------------------------------------------------------


def test_who_came_is_counted_and_in_the_roster(stream: Stream) -> None:
    tables = stream.world.tables
    of = here(tables)
    tables.put_connection(listener(of, "c1", "es"))
    tables.put_connection(listener(of, "c2", "fr"))
    assert stream.deliver(record("c1", Change.INSERT), record("c2", Change.INSERT)) == []
    assert counts(tables, of) == {"es": 1, "fr": 1}
    assert tables.read_roster(of).languages.get("es", []) == ["c1"]


def test_who_changes_the_language_moves_to_another_roster(stream: Stream) -> None:
    tables = stream.world.tables
    of = here(tables)
    tables.put_connection(listener(of, "c1", "es"))
    stream.deliver(record("c1", Change.INSERT))
    tables.change_language("c1", "fr", MANY)
    stream.deliver(record("c1"))
    assert counts(tables, of) == {"fr": 1}
    assert tables.read_roster(of).languages.get("es", []) == []


def test_a_wish_for_the_voice_is_counted_and_told_to_the_speaker(stream: Stream) -> None:
    tables = stream.world.tables
    of = here(tables)
    stream.world.speaker(of)
    tables.put_connection(listener(of, "c1", "es"))
    tables.put_connection(listener(of, "c2", "es", wants_voice=True))
    stream.deliver(record("c1", Change.INSERT), record("c2", Change.INSERT))
    tables.change_language("c1", "es", MANY, wants_voice=True)
    stream.deliver(record("c1"))
    tables.change_language("c1", "fr", MANY)
    stream.deliver(record("c1"))
    tables.change_language("c1", "fr", MANY, wants_voice=False)
    stream.deliver(record("c1"))
    told = [each["voices"] for each in stream.world.gateway.to("speaker", "roster")]
    assert told == [{"es": 1}, {"es": 2}, {"es": 1, "fr": 1}, {"es": 1}]
    assert tables.read_roster(of).voices == {"es": ["c2"]}
    assert counts(tables, of) == {"es": 1, "fr": 1}


def test_who_left_is_counted_no_more(stream: Stream) -> None:
    tables = stream.world.tables
    of = here(tables)
    tables.put_connection(listener(of, "c1", "es"))
    stream.deliver(record("c1", Change.INSERT))
    tables.delete_connection("c1")
    stream.deliver(record("c1", Change.REMOVE))
    assert counts(tables, of) == {}


def test_a_speaker_is_not_counted(stream: Stream) -> None:
    tables = stream.world.tables
    of = here(tables)
    tables.put_connection(speaker(of, "c1"))
    assert stream.deliver(record("c1", Change.INSERT)) == []
    assert counts(tables, of) == {}
    assert tables.get_ledger([C1]) == {}


def test_records_of_another_table_are_passed_over(stream: Stream) -> None:
    odd = StreamRecord("1", Change.INSERT, {"cacheKey": "en:es:0"})
    assert stream.deliver(odd) == []
    assert stream.world.tables.calls["commit"] == 0


def test_a_record_without_images_is_counted_by_the_row_that_is_there(stream: Stream) -> None:
    tables = stream.world.tables
    of = here(tables)
    tables.put_connection(listener(of, "c1", "es"))
    keys_alone = StreamRecord("1", Change.INSERT, {"connectionId": "c1"})
    assert stream.deliver(keys_alone) == []
    assert counts(tables, of) == {"es": 1}
    tables.delete_connection("c1")
    assert stream.deliver(replace(keys_alone, change=Change.REMOVE)) == []
    assert counts(tables, of) == {"es": 1}  # nothing names its session: the reconciler's to find


def test_a_row_that_somebody_moved_to_another_session_is_counted_there_alone(
    stream: Stream,
) -> None:
    tables = stream.world.tables
    first, second = here(tables), here(tables, "silver-fox-100")
    tables.put_connection(listener(first, "c1"))
    stream.deliver(record("c1", Change.INSERT))
    tables.delete_connection("c1")
    tables.put_connection(listener(second, "c1"))
    moved = record("c1", Change.MODIFY)
    there: Item = {"sessionId": second.session_id, "sessionEpoch": second.created_at}
    assert stream.deliver(replace(moved, new_image=there)) == []
    assert (counts(tables, first), counts(tables, second)) == ({}, {"es": 1})


# --- Duplicates and disorder ---------------------------------------------------------------------


def test_a_record_that_comes_twice_counts_once(stream: Stream) -> None:
    tables = stream.world.tables
    of = here(tables)
    tables.put_connection(listener(of, "c1"))
    batch = [record("c1", Change.INSERT, 1), record("c1", Change.INSERT, 1)]
    for _ in range(3):
        assert stream.deliver(*batch) == []
    assert counts(tables, of) == {"es": 1}
    assert tables.calls["commit"] == 1


def test_many_changes_of_one_connection_are_one_write(stream: Stream) -> None:
    tables = stream.world.tables
    of = here(tables)
    tables.put_connection(listener(of, "c1", "es"))
    tables.change_language("c1", "fr", MANY)
    tables.change_language("c1", "de", MANY)
    stream.deliver(record("c1", Change.INSERT), record("c1"), record("c1"))
    assert counts(tables, of) == {"de": 1}
    assert tables.calls["commit"] == 1


def test_a_record_that_comes_after_the_end_brings_nobody_back(stream: Stream) -> None:
    tables = stream.world.tables
    of = here(tables)
    tables.put_connection(listener(of, "c1"))
    tables.delete_connection("c1")
    stream.deliver(record("c1", Change.REMOVE))
    stream.deliver(record("c1", Change.INSERT))
    assert counts(tables, of) == {}


def test_who_came_and_went_unseen_leaves_a_tombstone(stream: Stream) -> None:
    stream.deliver(record("c1", Change.INSERT), record("c1", Change.REMOVE))
    assert stream.world.tables.get_ledger([C1]) == {C1: LedgerRow(State.OUT, 0)}


class Sleeper(MemoryTables):
    """Tables whose next reader of connections sleeps after reading, while others go on."""

    def __init__(self) -> None:
        super().__init__()
        self.asleep: list[Callable[[], None]] = []

    def get_connections(self, connection_ids: Iterable[str]) -> Mapping[str, Connection]:
        found = super().get_connections(connection_ids)
        if self.asleep:
            self.asleep.pop(0)()
        return found


def test_an_invocation_that_slept_through_the_leaving_counts_nobody() -> None:
    tables = Sleeper()
    stream = Stream(World(tables=tables))
    of = here(tables)
    tables.put_connection(listener(of, "c1"))

    def leaves_meanwhile() -> None:
        tables.delete_connection("c1")
        stream.deliver(record("c1", Change.REMOVE))

    tables.asleep.append(leaves_meanwhile)
    stream.deliver(record("c1", Change.INSERT))
    assert counts(tables, of) == {}
    assert tables.get_ledger([C1])[C1].state is State.OUT


def test_an_invocation_that_slept_through_a_change_of_language_does_not_undo_it() -> None:
    tables = Sleeper()
    stream = Stream(World(tables=tables))
    of = here(tables)
    tables.put_connection(listener(of, "c1", "es"))

    def changes_meanwhile() -> None:
        tables.change_language("c1", "fr", MANY)
        stream.deliver(record("c1"))

    tables.asleep.append(changes_meanwhile)
    stream.deliver(record("c1", Change.INSERT))
    assert counts(tables, of) == {"fr": 1}


def test_an_invocation_that_saw_nobody_does_not_undo_who_came_meanwhile() -> None:
    # It holds only because the ledger is read before the truth.
    tables = Sleeper()
    stream = Stream(World(tables=tables))
    of = here(tables)

    def joins_meanwhile() -> None:
        tables.put_connection(listener(of, "c1"))
        stream.deliver(record("c1", Change.INSERT))

    tables.asleep.append(joins_meanwhile)
    assert stream.sync.synchronise([C1]).failed == set()
    assert counts(tables, of) == {"es": 1}


# --- Sessions ------------------------------------------------------------------------------------


def test_listeners_of_a_session_that_is_gone_are_forgotten_without_it(stream: Stream) -> None:
    tables = stream.world.tables
    of = here(tables)
    tables.put_connection(listener(of, "c1"))
    stream.deliver(record("c1", Change.INSERT))
    tables.delete_session(of.session_id)
    tables.delete_connection("c1")
    assert stream.deliver(record("c1", Change.REMOVE)) == []
    assert tables.get_session(of.session_id) is None
    assert tables.get_ledger([C1])[C1].state is State.OUT


def test_a_session_that_goes_while_it_is_counted_fails_nothing(stream: Stream) -> None:
    tables = stream.world.tables
    of = here(tables)
    tables.put_connection(listener(of, "c1"))
    tables.before_commit.append(lambda: tables.delete_session(of.session_id))
    assert stream.deliver(record("c1", Change.INSERT)) == []
    assert tables.get_ledger([C1]) == {C1: LedgerRow(State.OUT, 0)}


def test_a_name_used_again_is_not_charged_with_the_listeners_of_before(stream: Stream) -> None:
    tables = stream.world.tables
    former = here(tables)
    tables.put_connection(listener(former, "old"))
    stream.deliver(record("old", Change.INSERT))
    tables.delete_session(former.session_id)
    again = here(tables, former.session_id, NOW_MS + 1)
    tables.put_connection(listener(again, "new"))
    tables.delete_connection("old")
    stream.deliver(record("old", Change.REMOVE), record("new", Change.INSERT, of=again))
    assert counts(tables, again) == {"es": 1}
    assert tables.read_roster(again).languages.get("es", []) == ["new"]


def test_a_thousand_joins_of_75_languages_in_one_batch_are_one_roster(stream: Stream) -> None:
    world = stream.world
    of = world.speaker(world.open())
    languages = [f"l{n:02}" for n in range(75)]
    joining = [listener(of, f"c{n}", languages[n % 75]) for n in range(1_000)]
    for each in joining:
        world.tables.put_connection(each)
    batch = [record(each.connection_id, Change.INSERT, n, of) for n, each in enumerate(joining)]
    assert stream.deliver(*batch) == []
    assert counts(world.tables, of) == Counter(each.target_language for each in joining)
    assert world.tables.calls["commit"] == 11
    assert len(world.gateway.to("speaker", "roster")) == 1


# --- Contention ----------------------------------------------------------------------------------


def test_a_conflict_is_read_again_and_tried_again(stream: Stream) -> None:
    tables = stream.world.tables
    of = here(tables)
    tables.put_connection(listener(of, "c1"))

    def another_invocation_counts_it() -> None:
        stream.world.count(["c1"])
        tables.change_language("c1", "fr", MANY)

    tables.before_commit.append(another_invocation_counts_it)
    assert stream.deliver(record("c1", Change.INSERT)) == []
    assert counts(tables, of) == {"fr": 1}
    assert len(stream.waits) == 1


class Contended(MemoryTables):
    """Tables in which some connections are always written by another first."""

    def __init__(self, *contended: str, error: type[Conflict | Unavailable] = Conflict) -> None:
        super().__init__()
        self.contended = set(contended)
        self.error = error

    def commit(self, transaction: LedgerTransaction) -> None:
        if self.contended & {write.key.connection_id for write in transaction.writes}:
            self._called("commit")
            raise self.error("another writer was there first")
        super().commit(transaction)


def two_sessions(tables: MemoryTables) -> tuple[Session, Session]:
    """Two sessions, with `c1` and `c2` on their way into the first and `c3` into the second."""
    first, second = here(tables), here(tables, "silver-fox-100")
    for connection in (listener(first, "c1"), listener(first, "c2"), listener(second, "c3")):
        tables.put_connection(connection)
    return first, second


BATCH = [
    record("c3", Change.INSERT, 10, session("silver-fox-100")),
    record("c1", Change.INSERT, 11),
    record("c2", Change.INSERT, 12),
    record("c1", Change.MODIFY, 13),
]


def test_it_gives_up_after_its_tries_and_reports_each_connections_first_record() -> None:
    tables = Contended("c2")
    stream = Stream(World(tables=tables))
    first, second = two_sessions(tables)
    failed = stream.deliver(*BATCH)
    assert sorted(failed) == ["11", "12"]
    assert counts(tables, first) == {}
    assert counts(tables, second) == {"es": 1}
    assert len(stream.waits) == TRIES - 1
    assert tables.calls["commit"] == TRIES + 1


def test_who_could_not_be_counted_is_greeted_by_nobody_yet() -> None:
    tables = Contended("c2")
    stream = Stream(World(tables=tables))
    two_sessions(tables)
    stream.deliver(*BATCH)
    assert {receiver for receiver, _ in stream.world.gateway.log} == {"c3"}


def test_the_batch_succeeds_when_it_is_delivered_again() -> None:
    tables = Contended("c2")
    stream = Stream(World(tables=tables))
    first, second = two_sessions(tables)
    stream.deliver(*BATCH)
    tables.contended.clear()
    assert stream.deliver(*BATCH) == []
    assert (counts(tables, first), counts(tables, second)) == ({"es": 2}, {"es": 1})


def test_a_commit_that_is_refused_is_reported_without_further_tries() -> None:
    tables = Contended("c2", error=Unavailable)
    stream = Stream(World(tables=tables))
    two_sessions(tables)
    assert sorted(stream.deliver(*BATCH)) == ["11", "12"]
    assert stream.waits == []


@pytest.mark.parametrize("method", ["get_ledger", "get_connections", "get_sessions"])
def test_a_truth_that_cannot_be_read_fails_the_whole_batch(stream: Stream, method: str) -> None:
    two_sessions(stream.world.tables)
    stream.world.tables.refusing.add(method)
    with pytest.raises(Unavailable):
        stream.deliver(*BATCH)


def test_the_waits_are_short_and_grow() -> None:
    tables = Contended("c1")
    stream = Stream(World(tables=tables))
    two_sessions(tables)
    stream.deliver(*BATCH)
    assert all(0 <= wait <= min(0.5, 0.01 * 2**n) for n, wait in enumerate(stream.waits, 1))


# --- Any history ---------------------------------------------------------------------------------

IDS = ["c1", "c2", "c3", "c4"]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["join", "change", "leave", "deliver"]),
        st.sampled_from(IDS),
        st.sampled_from(["es", "fr"]),
    ),
    max_size=40,
)


def act(tables: MemoryTables, of: Session, step: str, connection_id: str, language: str) -> bool:
    """One thing that people do; whether it changed the connection."""
    there = tables.get_connection(connection_id) is not None
    if step == "join" and not there:
        tables.put_connection(listener(of, connection_id, language))
    elif step == "change" and there:
        tables.change_language(connection_id, language, MANY)
    elif step == "leave" and there:
        tables.delete_connection(connection_id)
    else:
        return False
    return True


@given(STEPS, st.integers(1, 4))
def test_whatever_happens_the_counts_are_the_people_in_the_end(
    steps: Sequence[tuple[str, str, str]], copies: int
) -> None:
    stream = Stream()
    tables = stream.world.tables
    of = here(tables)
    records: list[StreamRecord] = []
    joined: set[str] = set()
    for number, (step, connection_id, language) in enumerate(steps):
        if step == "join" and connection_id in joined:
            continue  # ids are never used again
        if act(tables, of, step, connection_id, language):
            joined.add(connection_id)
            records.append(record(connection_id, number=number))
        elif step == "deliver":
            assert stream.deliver(*records[-copies:]) == []
            counts(tables, of)
    assert stream.deliver(*records * copies) == []
    expected: dict[str, int] = {}
    for connection in tables.get_connections(IDS).values():
        language = str(connection.target_language)
        expected[language] = expected.get(language, 0) + 1
    assert counts(tables, of) == expected


@pytest.mark.parametrize("image", [{"sessionId": "s"}, {"sessionEpoch": 5}, {"sessionEpoch": "5"}])
def test_an_image_that_names_no_session_is_of_none(image: Item) -> None:
    record = StreamRecord("1", Change.MODIFY, {"connectionId": "c1"}, image, None)
    assert ledger_keys("c1", record) == set()
    assert changes_of([record]).unnamed == {"c1"}
