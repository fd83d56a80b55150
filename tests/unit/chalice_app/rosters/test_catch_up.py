"""Listeners who come back: everything missed, in order, once, and before anything new."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from chalice_app.domain.session import Connection, Session
from chalice_app.rosters.catch_up import TRIES, CatchUp, Returned
from chalice_app.rosters.ledger import State
from chalice_app.rosters.update import RosterUpdate
from chalice_app.wire.incoming import JoinAsListener, OpenSession
from streams.records import Change, StreamRecord
from streams.rosters import handle_records
from tests.fakes.domain import ledger_key, listener, sentence, speaker
from tests.fakes.world import World


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


def catch_up(world: World, wait: Callable[[float], None] = lambda _: None) -> CatchUp:
    sync = replace(world.app.roster_sync, wait=lambda _: None)
    return replace(world.app.catch_up, sync=sync, wait=wait)


def deliver(world: World, *keys: str, back: bool = True) -> list[str]:
    """Handles a batch of INSERTs through the whole handler."""
    heard = {"lastSequence": 0} if back else {}
    records = [
        StreamRecord(
            str(n),
            Change.INSERT,
            {"connectionId": key.connection_id},
            new_image={"sessionId": key.session_id, "sessionEpoch": key.session_epoch, **heard},
        )
        for n, key in enumerate(world.tables.keys_of(keys))
    ]
    returning = catch_up(world)
    notifier = replace(world.app.notifier, wait=lambda _: None)
    failed = handle_records(records, RosterUpdate(returning.sync, notifier, returning))
    return [record.sequence_number for record in failed]


def heard(world: World, key: str) -> list[object]:
    """What a connection got: its greeting as a word, captions by their numbers."""
    return [message.get("sequence", message["type"]) for message in world.gateway.to(key)]


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
    assert world.tables.read_roster(of, 3).get("es", []) == ["stayed"]
    assert world.tables.read_roster(of, 4).get("es", []) == ["a", "stayed"]


def test_a_sentence_spoken_during_the_replay_is_replayed_too_before_it_is_counted(
    world: World,
) -> None:
    of = world.open()
    say(world, of, 1, 2)
    come_back(world, of, "a", last=1)
    world.tables.before_commit.append(lambda: say(world, of, 3))
    deliver(world, "a")
    assert heard(world, "a") == ["joined", 2, 3]
    assert world.tables.read_roster(world.now(of), 3).get("es", []) == []
    assert world.tables.read_roster(world.now(of), 4).get("es", []) == ["a"]


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


def test_who_has_gone_again_is_waited_for_no_longer_and_leaves_a_tombstone(world: World) -> None:
    of = world.open()
    come_back(world, of, "a", last=0)
    world.gateway.gone.add("a")

    waits: list[float] = []

    def leave(seconds: float) -> None:
        waits.append(seconds)
        world.tables.delete_connection("a")

    key = ledger_key(of, "a")
    assert catch_up(world, wait=leave).bring_back({key}) == Returned(counted=[])
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
    world.tables.end_session(of)
    deliver(world, "a")
    assert heard(world, "a") == ["sessionEnded"]


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
        {"type": "roster", "listenerCount": 2, "languages": {"es": 1, "fr": 1}}
    ]


def test_a_malformed_row_is_left_to_the_ordinary_synchronisation(world: World) -> None:
    of = world.open()
    come_back(world, of, "a", last=0)
    come_back(world, of, "b", last=0)
    world.tables.malformed.add("b")
    assert deliver(world, "a", "b") == ["1"]
    assert world.now(of).languages == {"es": 1}


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
