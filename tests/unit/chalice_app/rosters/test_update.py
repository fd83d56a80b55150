"""Everything that a batch of changes causes, and its order."""

from collections.abc import Callable, Collection
from dataclasses import replace

import pytest

from chalice_app.domain.session import Session
from chalice_app.rosters.update import ConnectionChanges, RosterUpdate
from chalice_app.wire.incoming import OpenSession
from tests.fakes.domain import NOW_MS, listener, sentence, speaker
from tests.fakes.world import World


def update(world: World, wait: Callable[[float], None] = lambda _: None) -> RosterUpdate:
    app = world.app
    sync = replace(app.roster_sync, wait=lambda _: None)
    return RosterUpdate(
        sync,
        replace(app.notifier, wait=wait),
        replace(app.catch_up, sync=sync, wait=wait),
    )


def inserted(world: World, *keys: str, returning: Collection[str] = ()) -> ConnectionChanges:
    keys_of = world.tables.keys_of
    back = set(keys_of(returning))
    return ConnectionChanges(keys_of(keys), keys, back, newcomers=set(keys_of(keys)) - back)


def received(world: World) -> list[tuple[str, str]]:
    """Who got what, in order; an error by its code."""
    return [
        (receiver, str(message.get("code", message["type"])))
        for receiver, message in world.gateway.log
    ]


def come(world: World, of: Session, key: str, language: str = "es", back: bool = False) -> None:
    """Puts a row that no stream record has reported."""
    made = listener(of, key, language, world.clock.now_ms(), 0 if back else None)
    world.tables.put_connection(made)


def test_the_greeting_comes_before_the_roster(world: World) -> None:
    of = world.speaker(world.open())
    come(world, of, "c1")
    update(world).apply(inserted(world, "c1"))
    assert received(world) == [("c1", "joined"), ("speaker", "roster")]


def test_a_speaker_who_comes_after_the_first_listeners_gets_the_roster_at_once(
    world: World,
) -> None:
    of = world.open()
    world.listener(of, "c1")
    world.speaker(of)
    update(world).apply(inserted(world, "speaker"))
    assert received(world) == [("speaker", "joined"), ("speaker", "roster")]


def test_a_speaker_is_sent_no_roster_before_the_greeting(world: World) -> None:
    # A listener's record may be handled while the speaker's is still in the stream.
    of = world.open()
    world.tables.set_speaker(of, "speaker")
    world.tables.put_connection(speaker(of, "speaker", world.clock.now_ms()))
    come(world, of, "c1")
    update(world).apply(inserted(world, "c1"))
    assert received(world) == [("c1", "joined")]
    update(world).apply(inserted(world, "speaker"))
    assert received(world)[1:] == [("speaker", "joined"), ("speaker", "roster")]
    come(world, of, "c2")
    update(world).apply(inserted(world, "c2"))
    assert received(world)[3:] == [("c2", "joined"), ("speaker", "roster")]


def test_a_speaker_whose_handshake_is_under_way_gets_the_roster_after_the_greeting(
    world: World,
) -> None:
    of = world.open()
    world.listener(of, "c1")
    world.tables.set_speaker(of, "speaker")
    world.tables.put_connection(speaker(of, "speaker", world.clock.now_ms()))
    world.gateway.young["speaker"] = 2
    changes = ConnectionChanges(world.tables.keys_of(["speaker"]), ["speaker"], ())
    update(world).apply(changes)
    assert received(world) == [("speaker", "joined"), ("speaker", "roster")]


def test_a_handshake_under_way_holds_up_nobody_else(world: World) -> None:
    # One batch holds the joins of many halls: nobody waits for a stranger's handshake.
    of = world.speaker(world.open())
    elsewhere = world.open()
    world.gateway.young["c1"] = 2
    come(world, of, "c1")
    come(world, of, "c2", "fr")
    come(world, elsewhere, "c3")
    before: list[list[tuple[str, str]]] = []
    update(world, lambda _: before.append(received(world))).apply(inserted(world, "c1", "c2", "c3"))
    assert before == [[("c2", "joined"), ("c3", "joined"), ("speaker", "roster")]]
    assert received(world)[3:] == [("c1", "joined"), ("speaker", "roster")]


def test_everything_that_a_batch_causes_comes_in_this_order(world: World) -> None:
    of, _ = world.app.sessions.open(OpenSession("en", max_listeners=2))
    world.speaker(of)
    world.tables.claim_sequence(of, sentence(1))
    world.tables.raise_last_sequence(of, 1)
    for key, back in (("young", False), ("new", False), ("back", True), ("surplus", True)):
        come(world, of, key, back=back)
        world.clock.advance(1)
    ended = world.open()
    come(world, ended, "late")
    world.tables.end_session(ended, NOW_MS)
    world.gateway.young["young"] = 2
    keys = ("young", "new", "back", "surplus", "late")
    failed = update(world).apply(inserted(world, *keys, returning=frozenset({"back", "surplus"})))
    assert failed == set()
    assert received(world) == [
        ("new", "joined"),
        ("back", "joined"),
        ("surplus", "joined"),
        ("back", "caption"),
        ("surplus", "caption"),
        ("surplus", "SESSION_FULL"),
        ("speaker", "roster"),
        ("late", "sessionEnded"),
        ("young", "joined"),
        ("young", "caption"),
        ("young", "SESSION_FULL"),
        ("speaker", "roster"),
    ]
    assert world.gateway.closed == ["surplus", "late", "young"]
    assert world.now(of).listener_count == 4, "until the surplus listeners have left"


@pytest.mark.parametrize("returning", [True, False])
def test_the_connections_that_could_not_be_counted_are_returned(
    world: World, returning: bool
) -> None:
    of = world.open()
    come(world, of, "c1", back=returning)
    come(world, of, "c2", back=returning)
    world.tables.malformed.add("c2")
    keys = frozenset({"c1", "c2"})
    changes = inserted(world, "c1", "c2", returning=keys if returning else frozenset())
    assert update(world).apply(changes) == {"c2"}
    assert world.now(of).languages == {"es": 1}


def test_a_connection_without_a_session_that_cannot_be_read_is_returned(world: World) -> None:
    of = world.open()
    come(world, of, "c1")
    world.tables.malformed.add("c1")
    changes = ConnectionChanges((), (), (), unnamed=("c1",))
    assert update(world).apply(changes) == {"c1"}


def test_only_a_speaker_who_joins_has_the_roster_sent(world: World) -> None:
    of = world.speaker(world.open())
    world.listener(of, "c1")
    world.gateway.log.clear()
    # Its record comes again: nothing is counted, and nobody but the joiner is notified.
    update(world).apply(inserted(world, "c1"))
    assert received(world) == [("c1", "joined")]
    update(world).apply(inserted(world, "speaker"))
    assert received(world)[1:] == [("speaker", "joined"), ("speaker", "roster")]
