"""Returning listeners get what they missed, in order and in their language."""

from dataclasses import replace

from chalice_app.domain.sentence import REPLAYED_SENTENCES
from chalice_app.domain.session import Connection, Session
from tests.fakes.domain import listener, sentence
from tests.fakes.world import MemoryTables, World


def talk(world: World, sentences: int) -> Session:
    """A session in which so many sentences were spoken."""
    of = world.open()
    for sequence in range(1, sentences + 1):
        world.app.speech.speak(of, "speaker", sentence(sequence, f"Sentence {sequence}"))
    world.gateway.log.clear()
    world.translator.calls.clear()
    return world.now(of)


def back(of: Session, connection_id: str, last_sequence: int | None) -> Connection:
    return listener(of, connection_id, "es", last_sequence=last_sequence)


def heard(world: World, connection_id: str) -> list[int]:
    return [caption["sequence"] for caption in world.gateway.to(connection_id, "caption")]


def test_what_was_missed_comes_in_order(world: World) -> None:
    of = talk(world, 5)
    world.app.replay.send_missed(of, "es", [back(of, "c1", 2)])
    assert heard(world, "c1") == [3, 4, 5]
    assert world.gateway.to("c1")[0]["text"] == "[es] Sentence 3"


def test_each_gets_what_it_missed_itself(world: World) -> None:
    of = talk(world, 5)
    world.app.replay.send_missed(
        of, "es", [back(of, "c1", 1), back(of, "c2", 4), back(of, "c3", 5)]
    )
    assert heard(world, "c1") == [2, 3, 4, 5]
    assert heard(world, "c2") == [5]
    assert heard(world, "c3") == []


def test_a_hall_that_comes_back_together_shares_one_translation_a_sentence(world: World) -> None:
    of = talk(world, 3)
    world.app.replay.send_missed(of, "es", [back(of, f"c{n}", 0) for n in range(10)])
    assert len(world.translator.calls) == 3
    assert world.gateway.calls[-1] == tuple(f"c{n}" for n in range(10))


def test_a_sentence_that_is_replayed_again_comes_from_the_cache(world: World) -> None:
    of = talk(world, 3)
    world.app.replay.send_missed(of, "es", [back(of, "c1", 0)])
    world.app.replay.send_missed(of, "es", [back(of, "c2", 0)])
    assert heard(world, "c2") == [1, 2, 3]
    assert len(world.translator.calls) == 3


def test_the_most_recent_are_replayed_if_too_many_were_missed(world: World) -> None:
    of = talk(world, REPLAYED_SENTENCES + 7)
    world.app.replay.send_missed(of, "es", [back(of, "c1", 2)])
    assert heard(world, "c1") == list(range(8, REPLAYED_SENTENCES + 8))


def test_those_who_come_for_the_first_time_get_nothing_old(world: World) -> None:
    of = talk(world, 3)
    world.app.replay.send_missed(of, "es", [back(of, "c1", None)])
    assert world.gateway.calls[-1:] == [("speaker",)]
    assert world.tables.calls["get_sentences"] == 0


def test_a_listener_who_claims_to_have_seen_the_future_gets_nothing(world: World) -> None:
    of = talk(world, 3)
    world.app.replay.send_missed(of, "es", [back(of, "c1", 2**53 - 1)])
    assert heard(world, "c1") == []


def test_sentences_that_were_not_kept_are_not_replayed() -> None:
    world = World(tables=MemoryTables(keep_sentences=False))
    of = talk(world, 3)
    world.app.replay.send_missed(of, "es", [back(of, "c1", 0)])
    assert heard(world, "c1") == []


def test_a_sequence_that_was_never_spoken_is_left_out(world: World) -> None:
    of = world.open()
    for sequence in (1, 4):
        world.app.speech.speak(of, "speaker", sentence(sequence))
    world.app.replay.send_missed(world.now(of), "es", [back(of, "c1", 0)])
    assert heard(world, "c1") == [1, 4]


def test_a_language_that_fails_is_replayed_as_it_was_said(world: World) -> None:
    of = talk(world, 1)
    world.translator.failing.add("es")
    world.app.replay.send_missed(of, "es", [back(of, "c1", 0)])
    (caption,) = world.gateway.to("c1")
    assert (caption["text"], caption["untranslated"]) == ("Sentence 1", True)


def correct(world: World, of: Session, sequence: int, text: str) -> Session:
    world.app.corrections.correct(of, "speaker", sequence, text, world.clock.now_ms())
    world.gateway.log.clear()
    return world.now(of)


def seen(world: World, connection_id: str) -> list[tuple[str, int, int]]:
    return [
        (each["type"], each["sequence"], each.get("revision", 0))
        for each in world.gateway.to(connection_id)
    ]


def test_the_newest_revision_alone_is_replayed_and_nothing_that_was_retracted(
    world: World,
) -> None:
    of = talk(world, 3)
    for text in ("one", "two"):
        of = correct(world, of, 1, text)
    of = correct(world, of, 2, "")
    world.app.replay.send_missed(of, "es", [back(of, "c1", 0)])
    assert seen(world, "c1") == [("caption", 1, 2), ("caption", 3, 0)]
    assert world.gateway.to("c1")[0]["text"] == "[es] two"


def test_who_was_away_learns_what_was_corrected_and_retracted(world: World) -> None:
    of = talk(world, 4)
    of = correct(world, correct(world, of, 1, "one"), 2, "")
    world.app.replay.send_missed(of, "es", [back(of, "c1", 3), back(of, "c2", 4)])
    assert seen(world, "c1") == [("caption", 1, 1), ("retracted", 2, 0), ("caption", 4, 0)]
    assert seen(world, "c2") == [("caption", 1, 1), ("retracted", 2, 0)]


def test_a_late_joiner_is_sent_no_correction_of_what_it_was_never_shown(world: World) -> None:
    of = correct(world, talk(world, 5), 1, "one")
    late = replace(back(of, "c1", 2), first_sequence=3)
    world.app.replay.send_missed(of, "es", [late])
    assert heard(world, "c1") == [3, 4, 5]


def test_corrections_are_replayed_within_the_last_captions_alone(world: World) -> None:
    of = talk(world, REPLAYED_SENTENCES + 1)
    of = correct(world, correct(world, of, 1, "one"), 2, "two")
    world.app.replay.send_missed(of, "es", [back(of, "c1", REPLAYED_SENTENCES + 1)])
    assert seen(world, "c1") == [("caption", 2, 1)]
