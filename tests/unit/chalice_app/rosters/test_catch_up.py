"""Listeners who come back: everything missed, in order, once, and before anything new."""

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial

import pytest

from chalice_app.delivery.broadcast import LONGEST_HANDSHAKE_MS
from chalice_app.domain.reports import Posted
from chalice_app.domain.session import Connection, Session
from chalice_app.rosters.catch_up import (
    HANDSHAKE_WAITS,
    OVERTAKEN_MS,
    SECONDS,
    TRIES,
    CatchUp,
    Returned,
)
from chalice_app.rosters.ledger import State
from chalice_app.rosters.update import RosterUpdate
from chalice_app.wire.incoming import JoinAsListener, OpenSession
from streams.records import Change, StreamRecord
from streams.rosters import handle_records
from tests.fakes.delivery import RecordingGateway
from tests.fakes.domain import MANY, NOW_MS, FakeClock, ledger_key, listener, sentence, speaker
from tests.fakes.world import MemoryTables, World


def say(world: World, of: Session, *sequences: int) -> None:
    """Speaks, as far as the tables see it."""
    for sequence in sequences:
        world.tables.claim_sequence(of, sentence(sequence))
        world.tables.raise_last_sequence(of, sequence)


def come_back(world: World, of: Session, key: str, last: int, language: str = "es") -> Connection:
    """Puts the row of a listener that has heard everything up to `last`."""
    back = replace(listener(of, key, language), last_sequence=last)
    world.tables.put_connection(back)
    return back


def come_back_behind(world: World, of: Session, *keys: str) -> None:
    """Puts the rows of listeners whose handshakes go on."""
    for key in keys:
        come_back(world, of, key, last=0)
        world.gateway.gone.add(key)


def catch_up(world: World, wait: Callable[[float], None] = lambda _: None) -> CatchUp:
    sync = replace(world.app.roster_sync, wait=lambda _: None)
    return replace(world.app.catch_up, sync=sync, wait=wait)


def deliver(
    world: World,
    *keys: str,
    back: bool = True,
    change: Change = Change.INSERT,
    wait: Callable[[float], None] = lambda _: None,
) -> list[str]:
    """Handles a batch of one kind of changes through the whole handler."""
    heard = {"lastSequence": 0} if back else {}
    records = [
        StreamRecord(
            str(n),
            change,
            {"connectionId": key.connection_id},
            new_image={
                "sessionId": key.session_id,
                "sessionEpoch": key.session_epoch,
                "targetLanguage": "es",
                **heard,
            },
        )
        for n, key in enumerate(world.tables.keys_of(keys))
    ]
    returning = catch_up(world, wait)
    notifier = replace(world.app.notifier, wait=lambda _: None)
    failed = handle_records(records, RosterUpdate(returning.sync, notifier, returning))
    return [record.sequence_number for record in failed]


def heard(world: World, key: str) -> list[object]:
    """What a connection got: its greeting as a word, captions by their numbers."""
    return [message.get("sequence", message["type"]) for message in world.gateway.to(key)]


def captions(world: World, key: str) -> list[int]:
    """The numbers of the captions that a connection got."""
    return [each["sequence"] for each in world.gateway.to(key) if each["type"] == "caption"]


def test_what_was_missed_follows_the_greeting_in_order(world: World) -> None:
    of = world.open()
    say(world, of, 1, 2, 3, 4)
    come_back(world, of, "a", last=1)
    deliver(world, "a")
    assert heard(world, "a") == ["joined", 2, 3, 4]
    assert world.now(of).languages == {"es": 1}


def test_fifty_captions_at_most_are_sent_again(world: World) -> None:
    of = world.open()
    say(world, of, *range(1, 81))
    come_back(world, of, "a", last=1)
    deliver(world, "a")
    assert heard(world, "a") == ["joined", *range(31, 81)]


def test_each_gets_what_it_missed_itself_and_in_its_language(world: World) -> None:
    of = world.open()
    say(world, of, 1, 2, 3)
    come_back(world, of, "a", last=2)
    come_back(world, of, "b", last=0)
    come_back(world, of, "c", last=1, language="fr")
    deliver(world, "a", "b", "c")
    assert heard(world, "a") == ["joined", 3]
    assert heard(world, "b") == ["joined", 1, 2, 3]
    assert {message["language"] for message in world.gateway.to("c", "caption")} == {"fr"}


def test_broadcasts_begin_where_the_replay_ended(world: World) -> None:
    # Sentence 3's broadcast reads the roster after its listener came back and had 3 replayed.
    of = world.open()
    say(world, of, 1, 2, 3)
    come_back(world, of, "a", last=2)
    world.listener(of, "stayed", "es")
    deliver(world, "a")
    assert world.tables.read_roster(of, 3).languages.get("es", []) == ["stayed"]
    assert world.tables.read_roster(of, 4).languages.get("es", []) == ["a", "stayed"]


def test_a_sentence_spoken_during_the_replay_is_replayed_too_before_it_is_counted(
    world: World,
) -> None:
    of = world.open()
    say(world, of, 1, 2)
    come_back(world, of, "a", last=1)
    world.tables.before_commit.append(lambda: say(world, of, 3))
    deliver(world, "a")
    assert heard(world, "a") == ["joined", 2, 3]
    assert world.tables.read_roster(world.now(of), 3).languages.get("es", []) == []
    assert world.tables.read_roster(world.now(of), 4).languages.get("es", []) == ["a"]


def test_who_is_talked_over_all_the_time_is_counted_nevertheless(world: World) -> None:
    of = world.open()
    say(world, of, 1)
    come_back(world, of, "a", last=1)
    world.tables.before_commit += [partial(say, world, of, n) for n in range(2, TRIES + 2)]
    deliver(world, "a")
    assert world.now(of).languages == {"es": 1}
    # Nothing is missed, although what was spoken last is sent after it is counted.
    assert heard(world, "a") == ["joined", *range(2, TRIES + 2)]


def test_a_handshake_under_way_is_waited_for(world: World) -> None:
    of = world.open()
    say(world, of, 1)
    come_back(world, of, "a", last=0)
    world.gateway.young["a"] = 2
    deliver(world, "a")
    assert heard(world, "a") == ["joined", 1]


def speaks_meanwhile(world: World, of: Session, *sequences: int) -> Callable[[float], None]:
    """A wait in which the speaker says these, one a wait, to whom the roster shows."""
    left = list(sequences)

    def wait(_: float) -> None:
        if left:
            world.app.speech.speak(of, "speaker", sentence(left.pop(0)))

    return wait


def test_a_newcomer_whose_handshake_is_not_over_hears_the_first_sentence(world: World) -> None:
    of = world.open()
    world.tables.put_connection(listener(of, "a"))
    world.gateway.young["a"] = 4  # the question, and three greetings
    deliver(world, "a", back=False, wait=speaks_meanwhile(world, of, 1, 2))
    assert heard(world, "a") == ["joined", 1, 2]
    world.app.speech.speak(world.now(of), "speaker", sentence(3))
    assert heard(world, "a") == ["joined", 1, 2, 3]
    assert world.now(of).languages == {"es": 1}


def test_nobody_is_counted_before_the_handshake_is_over(world: World) -> None:
    of = world.open()
    world.tables.put_connection(listener(of, "a"))
    come_back(world, of, "b", last=0)
    world.gateway.young.update({"a": 3, "b": 3})
    counted: list[int] = []
    deliver(world, "a", back=False, wait=lambda _: counted.append(world.now(of).listener_count))
    deliver(world, "b", wait=lambda _: counted.append(world.now(of).listener_count))
    assert counted == [0, 0, 1, 1, 1]
    assert world.now(of).listener_count == 2


@pytest.mark.parametrize("back", [True, False])
def test_a_handshake_that_goes_on_is_put_off_and_replayed_when_it_is_over(
    world: World, back: bool
) -> None:
    of = world.open()
    world.tables.put_connection(listener(of, "a", last_sequence=0 if back else None))
    world.gateway.gone.add("a")
    assert deliver(world, "a", back=back, wait=speaks_meanwhile(world, of, 1, 2)) == []
    assert (heard(world, "a"), world.now(of).languages) == ([], {})
    row = world.tables.get_connection("a")
    assert row is not None
    assert row.version == 2, "the stream reports a row that was written"
    assert deliver(world, "a", change=Change.MODIFY, wait=speaks_meanwhile(world, of, 3)) == []
    assert world.now(of).languages == {}
    world.gateway.gone.discard("a")
    assert deliver(world, "a", change=Change.MODIFY) == []
    assert heard(world, "a") == ["joined", 1, 2, 3]
    assert world.now(of).languages == {"es": 1}


@pytest.mark.parametrize("back", [True, False])
def test_one_whose_handshake_cannot_go_on_any_more_is_counted_as_it_is(
    world: World, back: bool
) -> None:
    of = world.open()
    world.clock.advance(LONGEST_HANDSHAKE_MS)
    young = listener(of, "young", connected_at=NOW_MS, last_sequence=0 if back else None)
    world.tables.put_connection(young)
    world.tables.put_connection(replace(young, connection_id="old", connected_at=NOW_MS - 1))
    world.gateway.gone.update({"young", "old"})
    assert deliver(world, "young", "old", back=back) == []
    assert world.tables.read_roster(of).languages == {"es": ["old"]}
    assert world.tables.calls["put_off"] == 1
    assert world.gateway.log == []


class SlowGateway(RecordingGateway):
    """Each notice takes longer than any handshake."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock

    def notify_each(self, messages: Mapping[str, bytes], deadline: float) -> Posted:
        posted = super().notify_each(messages, deadline)
        self._clock.advance(LONGEST_HANDSHAKE_MS + 1)
        return posted


def test_a_handshake_that_was_under_way_at_the_last_try_may_have_ended_well() -> None:
    clock = FakeClock()
    world = World(clock=clock, gateway=SlowGateway(clock))
    of = world.open()
    world.tables.put_connection(listener(of, "a", last_sequence=0))
    world.gateway.gone.add("a")
    assert not catch_up(world).bring_back_late({ledger_key(of, "a"): None}).counted
    assert world.tables.calls["put_off"] == 1


def test_who_is_overtaken_in_every_try_is_put_off_with_what_it_has_been_sent(world: World) -> None:
    of = world.open()
    say(world, of, 1)
    come_back(world, of, "a", last=0)
    tries = TRIES * (1 + len(HANDSHAKE_WAITS))
    world.tables.before_commit += [partial(say, world, of, n) for n in range(2, tries + 2)]
    deliver(world, "a")
    assert heard(world, "a") == ["joined", *range(1, tries + 1)]
    assert world.now(of).languages == {}
    deliver(world, "a", change=Change.MODIFY)
    assert heard(world, "a")[-2:] == ["joined", tries + 1]
    assert world.now(of).languages == {"es": 1}


def overtake(world: World, of: Session, first: int) -> int:
    """The speaker will be faster than every try of a batch; returns the last sentence."""
    last = first + TRIES * (1 + len(HANDSHAKE_WAITS)) - 1
    world.tables.before_commit += [partial(say, world, of, n) for n in range(first, last + 1)]
    return last


@pytest.mark.parametrize(("age", "is_counted"), [(OVERTAKEN_MS, True), (OVERTAKEN_MS - 1, False)])
def test_who_is_overtaken_for_too_long_is_counted_and_sent_the_rest(
    world: World, age: int, is_counted: bool
) -> None:
    of = world.open()
    say(world, of, 1)
    come_back(world, of, "a", last=0)
    world.clock.advance(age)
    last = overtake(world, of, 2)
    deliver(world, "a")
    assert world.now(of).languages == {}
    overtake(world, of, last + 1)
    deliver(world, "a", change=Change.MODIFY)
    assert (world.now(of).languages == {"es": 1}) is is_counted
    got = captions(world, "a")
    assert got == list(range(1, len(got) + 1))
    if is_counted:
        assert len(got) == world.now(of).last_sequence
        row = world.tables.get_connection("a")
        assert row is not None
        assert not row.is_replay_due


def test_what_is_due_is_replayed_once(world: World) -> None:
    of = world.open()
    say(world, of, 1, 2)
    come_back(world, of, "a", last=1)
    world.tables.put_off("a", 1, True)
    deliver(world, "a", change=Change.MODIFY)
    deliver(world, "a", change=Change.MODIFY)
    assert heard(world, "a") == [2]


def test_those_who_are_overtaken_in_too_many_are_turned_away(world: World) -> None:
    of, _ = world.app.sessions.open(OpenSession("en", max_listeners=1))
    say(world, of, 1)
    for key in ("a", "b"):
        come_back(world, of, key, last=1)
        world.tables.put_off(key, 1, True)
    say(world, of, 2)
    deliver(world, "a", "b", change=Change.MODIFY)
    assert (heard(world, "a"), heard(world, "b")) == ([2, "error"], [2])
    assert world.gateway.closed == ["a"]


def test_what_is_due_to_a_listener_who_is_not_counted_stays_due(world: World) -> None:
    bad, good = world.open(), world.open()
    for of, key in ((bad, "a"), (good, "b")):
        say(world, of, 1)
        come_back(world, of, key, last=0)
        world.tables.put_off(key, 0, True)
    world.tables.malformed.add(bad.session_id)
    assert len(deliver(world, "a", "b", change=Change.MODIFY)) == 1
    assert (heard(world, "a"), heard(world, "b")) == ([], [1])
    world.tables.malformed.clear()
    assert deliver(world, "a", change=Change.MODIFY) == []
    assert heard(world, "a") == [1]


def test_who_leaves_during_what_is_due_is_not_brought_back(world: World) -> None:
    of = world.open()
    say(world, of, 1, 2)
    come_back(world, of, "a", last=1)
    world.tables.put_off("a", 1, True)
    found = world.tables.get_connections(["a"])
    world.tables.delete_connection("a")
    catch_up(world).send_due(found)
    assert world.tables.get_connection("a") is None


def test_a_newcomer_s_record_that_comes_again_after_it_was_put_off_counts_it_heard(
    world: World,
) -> None:
    # Another record of the batch failed, so Lambda delivers the whole of it again.
    of = world.open()
    world.tables.put_connection(listener(of, "a"))
    world.gateway.gone.add("a")
    deliver(world, "a", back=False, wait=speaks_meanwhile(world, of, 1, 2))
    world.gateway.gone.discard("a")
    deliver(world, "a", back=False)
    assert heard(world, "a") == ["joined", 1, 2]
    assert world.now(of).languages == {"es": 1}
    deliver(world, "a", change=Change.MODIFY)
    assert heard(world, "a") == ["joined", 1, 2]


def test_a_malformed_row_keeps_no_newcomer_who_was_put_off_from_its_replay(world: World) -> None:
    of = world.open()
    for key in ("a", "b"):
        world.tables.put_connection(listener(of, key))
        world.gateway.gone.add(key)
    deliver(world, "a", "b", back=False, wait=speaks_meanwhile(world, of, 1))
    world.gateway.gone.clear()
    world.tables.malformed.add("b")
    assert deliver(world, "a", "b", back=False) == ["1"]
    assert heard(world, "a") == ["joined", 1]


def test_a_change_of_language_by_one_who_is_not_counted_yet_does_not_count_it_unheard(
    world: World,
) -> None:
    of = world.open()
    say(world, of, 1)
    come_back(world, of, "a", last=0)
    world.gateway.gone.add("a")
    deliver(world, "a")
    world.gateway.gone.discard("a")
    world.tables.change_language("a", "fr", MANY)
    deliver(world, "a", change=Change.MODIFY, back=False)
    assert heard(world, "a") == ["joined", 1]
    assert world.now(of).languages == {"fr": 1}


def test_a_row_that_cannot_be_written_is_reported_and_one_that_is_gone_is_not(
    world: World,
) -> None:
    of = world.open()
    come_back(world, of, "a", last=0)
    world.gateway.gone.add("a")
    world.tables.refusing.add("put_off")
    assert deliver(world, "a") == ["0"]
    behind = catch_up(world).bring_back(world.tables.keys_of(["a"])).behind
    world.tables.refusing.clear()
    last_wait: list[float] = []

    def leave_at_last(seconds: float) -> None:
        last_wait.append(seconds)

    assert catch_up(world, leave_at_last).bring_back_late(behind).failed == frozenset()
    assert last_wait == list(HANDSHAKE_WAITS)
    assert sum(last_wait) < 1


def test_a_shard_waits_for_a_second_at_most_and_then_everybody_behind_is_put_off(
    world: World,
) -> None:
    of = world.open()
    come_back_behind(world, of, "a", "b")
    waits: list[float] = []

    def slow(seconds: float) -> None:
        waits.append(seconds)
        world.clock.advance(int(SECONDS * 1000) // 2)

    assert deliver(world, "a", "b", wait=slow) == []
    assert waits == list(HANDSHAKE_WAITS[:2])
    assert world.tables.calls["put_off"] == 2


class Killed(BaseException):
    """The invocation ends here."""


class MortalTables(MemoryTables):
    """Tables of which an invocation makes `life` calls more."""

    life: int | None = None

    def _called(self, method: str) -> None:
        if self.life is not None:
            if self.life == 0:
                raise Killed
            self.life -= 1
        super()._called(method)


def speak_meanwhile(world: World, tables: MortalTables, of: Session, sequence: int) -> None:
    """Speaks: that is another invocation, which lives."""
    life, tables.life = tables.life, None
    say(world, of, sequence)
    tables.life = life


def test_an_invocation_that_dies_between_any_two_calls_loses_nothing_that_was_said() -> None:
    # The speaker is faster than every try; then the invocation dies, and its record comes again.
    for life in range(1_000):
        world = World(tables := MortalTables())
        of = world.open()
        say(world, of, 1)
        come_back(world, of, "a", last=0)
        tables.before_commit += [
            partial(speak_meanwhile, world, tables, of, n) for n in range(2, TRIES + 2)
        ]
        tables.life = life
        with suppress(Killed):
            deliver(world, "a")
        died, tables.life = tables.life == 0, None
        tables.before_commit.clear()
        deliver(world, "a")
        assert set(captions(world, "a")) == set(range(1, world.now(of).last_sequence + 1)), (
            f"after {life} calls"
        )
        assert world.now(of).languages == {"es": 1}
        if not died:
            return
    raise AssertionError("it never ends")


def test_an_invocation_that_dies_while_it_counts_the_overtaken_loses_nothing() -> None:
    for life in range(1_000):
        world = World(tables := MortalTables())
        of = world.open()
        say(world, of, 1)
        come_back(world, of, "a", last=0)
        tables.put_off("a", 0, True)
        tables.before_commit.append(partial(speak_meanwhile, world, tables, of, 2))
        tables.life = life
        with suppress(Killed):
            deliver(world, "a", change=Change.MODIFY)
        died, tables.life = tables.life == 0, None
        deliver(world, "a", change=Change.MODIFY)
        assert set(captions(world, "a")) == {1, 2}, f"after {life} calls"
        assert world.now(of).languages == {"es": 1}
        if not died:
            return
    raise AssertionError("it never ends")


def test_who_has_gone_again_is_waited_for_no_longer_and_leaves_a_tombstone(world: World) -> None:
    of = world.open()
    come_back(world, of, "a", last=0)
    world.gateway.gone.add("a")

    waits: list[float] = []

    def leave(seconds: float) -> None:
        waits.append(seconds)
        world.tables.delete_connection("a")

    key = ledger_key(of, "a")
    returning = catch_up(world, wait=leave)
    returned = returning.bring_back({key})
    assert returned == Returned(counted=[], behind={key: None})
    assert returning.bring_back_late(returned.behind) == Returned(counted=[])
    assert len(waits) == 1
    assert world.tables.get_ledger([key])[key].state is State.OUT
    assert deliver(world, "a") == []
    assert world.now(of).listener_count == 0


def test_a_record_that_comes_twice_replays_nothing_twice(world: World) -> None:
    of = world.open()
    say(world, of, 1)
    come_back(world, of, "a", last=0)
    deliver(world, "a")
    deliver(world, "a")
    assert heard(world, "a") == ["joined", 1]
    assert world.now(of).listener_count == 1


def test_a_listener_who_returns_to_an_ended_session_gets_that(world: World) -> None:
    of = world.open()
    come_back(world, of, "a", last=0)
    world.tables.end_session(of, NOW_MS)
    deliver(world, "a")
    assert heard(world, "a") == ["sessionEnded"]


def test_who_is_counted_just_after_the_end_gets_that_and_is_closed(world: World) -> None:
    # The end has read the roster before: nothing else closes this listener.
    of = world.open()
    say(world, of, 1)
    come_back(world, of, "a", last=0)
    world.tables.before_commit.append(lambda: world.app.sessions.end(of))
    world.tables.unindexed.add("a")
    deliver(world, "a")
    assert heard(world, "a") == ["joined", 1, "sessionEnded"]
    assert world.gateway.closed == ["a"]


def test_more_than_a_transaction_holds_come_back_at_once(world: World) -> None:
    of = world.open()
    say(world, of, 1)
    keys = [f"c{n:03}" for n in range(250)]
    for key in keys:
        come_back(world, of, key, last=0)
    deliver(world, *keys)
    assert world.now(of).listener_count == 250
    assert {tuple(heard(world, key)) for key in keys} == {("joined", 1)}


def test_a_hall_that_comes_late_shares_one_translation_a_language(world: World) -> None:
    of = world.open()
    say(world, of, 1, 2, 3, 4, 5)
    hall = [(f"c{n:03}", ("es", "fr")[n % 2]) for n in range(500)]
    for key, language in hall:
        world.app.joining.join_as_listener(JoinAsListener(of.session_id, language, None), key)
    reads = Counter(world.tables.calls)
    deliver(world, *(key for key, _ in hall))
    assert {tuple(heard(world, key)) for key, _ in hall} == {("joined", 3, 4, 5)}
    assert world.now(of).languages == {"es": 250, "fr": 250}
    # The same words three times: one translation a language, however many listeners.
    assert len(world.translator.calls) <= 6
    assert (Counter(world.tables.calls) - reads)["get_sentences"] == 2


def test_the_speaker_hears_of_it_once(world: World) -> None:
    of = world.speaker(world.open())
    come_back(world, of, "a", last=0)
    come_back(world, of, "b", last=0, language="fr")
    deliver(world, "a", "b")
    assert world.gateway.to("speaker") == [
        {"type": "roster", "listenerCount": 2, "languages": {"es": 1, "fr": 1}, "voices": {}}
    ]


def test_a_malformed_row_is_left_to_the_ordinary_synchronisation(world: World) -> None:
    of = world.open()
    come_back(world, of, "a", last=0)
    come_back(world, of, "b", last=0)
    world.tables.malformed.add("b")
    assert deliver(world, "a", "b") == ["1"]
    assert world.now(of).languages == {"es": 1}


def test_a_malformed_row_keeps_nobody_else_from_a_replay(world: World) -> None:
    of = world.open()
    say(world, of, 1)
    come_back(world, of, "a", last=0)
    come_back(world, of, "b", last=0)
    world.tables.malformed.add("b")
    assert deliver(world, "a", "b") == ["1"]
    assert heard(world, "a") == ["joined", 1]
    assert world.now(of).languages == {"es": 1}


def test_a_malformed_row_counts_nobody_who_was_put_off_unheard(world: World) -> None:
    of = world.open()
    say(world, of, 1)
    come_back(world, of, "a", last=0)
    world.gateway.gone.add("a")
    deliver(world, "a")
    world.gateway.gone.discard("a")
    come_back(world, of, "b", last=0)
    world.tables.malformed.add("b")
    assert deliver(world, "a", "b", change=Change.MODIFY) == ["1"]
    assert heard(world, "a") == ["joined", 1]


def test_a_row_that_is_edited_during_the_waits_keeps_nobody_else_from_being_put_off(
    world: World,
) -> None:
    of = world.open()
    come_back_behind(world, of, "a", "b")

    def edit(_: float) -> None:
        world.tables.malformed.add("b")

    keys = world.tables.keys_of(["a", "b"])
    late = catch_up(world, edit).bring_back_late(dict.fromkeys(keys))
    assert late.failed == {"b"}
    assert world.tables.calls["put_off"] == 1
    assert world.now(of).languages == {}


def test_a_malformed_session_keeps_no_other_session_s_listeners_from_their_replay(
    world: World,
) -> None:
    bad, good = world.open(), world.open()
    say(world, good, 1)
    come_back(world, bad, "a", last=0)
    come_back(world, good, "b", last=0)
    world.tables.malformed.add(bad.session_id)
    assert len(deliver(world, "a", "b")) == 1
    assert (heard(world, "a"), heard(world, "b")) == ([], ["joined", 1])


@pytest.mark.parametrize("back", [True, False])
def test_a_speaker_is_replayed_nothing(world: World, back: bool) -> None:
    of = world.open()
    say(world, of, 1)
    world.tables.put_connection(speaker(of, "s"))
    deliver(world, "s", back=back)
    assert world.gateway.to("s", "caption") == []


def test_those_who_come_back_in_too_many_are_turned_away(world: World) -> None:
    of, _ = world.app.sessions.open(OpenSession("en", max_listeners=2))
    say(world, of, 1)
    keys = []
    for number in range(5):
        keys.append(come_back(world, of, f"c{number}", last=0).connection_id)
        world.clock.advance(1)
    deliver(world, *keys)
    refused = [key for key in keys if world.gateway.to(key)[-1].get("code") == "SESSION_FULL"]
    assert len(refused) == 3
    assert sorted(world.gateway.closed) == refused
