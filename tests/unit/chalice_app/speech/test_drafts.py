"""A draft's way: to readers of the speaker's own language, at no cost to anything else."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from chalice_app.domain.errors import Unavailable
from chalice_app.domain.session import Session
from chalice_app.glossary.terms import Glossary
from chalice_app.speech.drafts import BURST_SECONDS, LIFE_MS, POST_SECONDS, SHARE
from chalice_app.speech.readers import KEPT_SECONDS, LARGE
from chalice_app.wire.incoming import Draft
from tests.fakes.domain import MANY, PATIENCE, sentence
from tests.fakes.world import SETTINGS, World

WRITES = (
    "put_session", "set_speaker", "end_session", "claim_sequence", "mark_sent", "release_sequence",
    "raise_last_sequence", "correct_sentence", "add_sentence", "complete_sentence", "commit",
    "put_connection", "change_language", "put_off", "delete_connection", "delete_gone", "count",
)  # fmt: skip


def hall(world: World, **listeners: str) -> Session:
    """A session in English with these listeners."""
    opened = world.speaker(world.open())
    for connection_id, language in listeners.items():
        world.listener(opened, connection_id, language)
    of = world.now(opened)
    world.tables.calls.clear()
    return of


def draft(world: World, of: Session, text: str = "Good", sequence: int = 1) -> None:
    world.app.drafts.send(of, Draft(sequence, text), world.clock.now_ms())


def read(world: World, connection_id: str) -> list[str]:
    """The drafts that a connection has received."""
    return [each["text"] for each in world.gateway.to(connection_id, "draft")]


def test_readers_of_the_speaker_s_language_get_it_and_nobody_else(world: World) -> None:
    of = hall(world, a="en", b="es", c="en")
    draft(world, of, "Good morning", 7)
    message = {"type": "draft", "sequence": 7, "language": "en", "text": "Good morning"}
    assert world.gateway.log == [("a", message), ("c", message)]
    draft(world, of, "", 7)
    assert read(world, "a") == ["Good morning", ""]


def test_it_writes_nothing_translates_nothing_and_is_no_sentence_in_any_metric(
    world: World,
) -> None:
    of = hall(world, a="en", b="es")
    draft(world, of)
    assert not [each for each in WRITES if world.tables.calls[each]]
    assert world.translator.calls == []
    assert world.metrics.emitted == []
    assert world.gateway.to("speaker") == []
    assert world.now(of) == of


def test_every_form_of_the_speaker_s_language_is_its_own(world: World) -> None:
    of = hall(world, a="en-GB", b="en", c="fr")
    draft(world, of)
    assert world.gateway.to("a")[0]["language"] == "en-GB"
    assert world.gateway.to("b")[0]["language"] == "en"
    assert read(world, "c") == []


def test_without_such_a_reader_the_roster_is_not_read(world: World) -> None:
    draft(world, hall(world, a="es"))
    assert not world.tables.calls
    assert world.gateway.calls == []


def test_the_roster_is_read_once_until_somebody_comes_goes_or_moves(world: World) -> None:
    of = hall(world, a="en", b="en")
    for _ in range(3):
        draft(world, of)
        world.clock.advance(60_000)
    assert world.tables.calls["read_roster"] == 1
    world.tables.change_language("b", "es", MANY)
    world.count(["b"])
    world.gateway.log.clear()
    draft(world, world.now(of))
    assert [each for each, _ in world.gateway.log] == ["a"]
    assert world.tables.calls["read_roster"] == 2


def test_another_session_of_the_name_has_its_own_readers(world: World) -> None:
    of = hall(world, a="en")
    draft(world, of)
    later = replace(of, created_at=of.created_at + 1)
    draft(world, later)
    assert world.tables.calls["read_roster"] == 2
    assert read(world, "a") == ["Good"]


def test_the_roster_of_a_large_hall_is_read_every_two_seconds_at_most(world: World) -> None:
    of = replace(hall(world, a="en", b="es"), listener_count=LARGE)
    draft(world, of, "one")
    draft(world, replace(of, counts_revision=of.counts_revision + 1), "two")
    assert read(world, "a") == ["one"], "who has left meanwhile must not get it"
    world.clock.advance(int(KEPT_SECONDS * 1000))
    draft(world, replace(of, counts_revision=of.counts_revision + 1), "three")
    assert read(world, "a") == ["one", "three"]
    small = replace(of, listener_count=LARGE - 1, counts_revision=of.counts_revision + 2)
    draft(world, small, "four")
    assert read(world, "a")[-1] == "four"


def test_where_the_session_wants_none_none_is_sent(world: World) -> None:
    draft(world, replace(hall(world, a="en"), has_drafts=False))
    assert world.gateway.log == []


@pytest.mark.parametrize(("sequence", "is_sent"), [(3, False), (4, False), (5, True)])
def test_what_was_spoken_needs_no_draft(world: World, sequence: int, is_sent: bool) -> None:
    draft(world, replace(hall(world, a="en"), last_sequence=4), sequence=sequence)
    assert read(world, "a") == (["Good"] if is_sent else [])


def test_a_draft_that_has_waited_too_long_is_not_sent(world: World) -> None:
    of, received_at = hall(world, a="en"), world.clock.now_ms()
    world.clock.advance(LIFE_MS)
    world.app.drafts.send(of, Draft(1, "in time"), received_at)
    world.clock.advance(1)
    world.app.drafts.send(of, Draft(1, "late"), received_at)
    assert read(world, "a") == ["in time"]


def test_none_is_sent_while_a_sentence_of_the_session_is(world: World) -> None:
    of = hall(world, a="en")
    other = world.speaker(world.open(), "another speaker")
    with world.app.sentences_under_way.sending(of):
        with world.app.sentences_under_way.sending(of):
            draft(world, of)
        draft(world, of)
        with world.app.sentences_under_way.sending(other):
            draft(world, of)
    assert read(world, "a") == []
    draft(world, of)
    assert read(world, "a") == ["Good"]


@pytest.mark.parametrize("is_correction", [False, True])
def test_a_sentence_and_a_correction_are_under_way_until_they_are_reported(
    world: World, is_correction: bool
) -> None:
    of = hall(world, a="en")
    said = sentence(1)
    if is_correction:
        world.app.speech.speak(of, "speaker", said)
    held = world.gateway.hanging["a"] = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        if is_correction:
            correct, now = world.app.corrections.correct, world.clock.now_ms()
            sending = threads.submit(correct, world.now(of), "speaker", 1, "Hallo", now)
        else:
            sending = threads.submit(world.app.speech.speak, of, "speaker", said)
        while not (is_sending := world.app.sentences_under_way.is_sending(of)):
            assert not sending.done()
        held.set()
        sending.result(PATIENCE)
    assert is_sending
    assert not world.app.sentences_under_way.is_sending(of)


def test_the_more_readers_the_fewer_drafts() -> None:
    world = World(settings=replace(SETTINGS, posts_per_second=100))
    of = hall(world, **{f"c{number}": "en" for number in range(20)})
    pause_ms = int((20 / (100 * SHARE) - BURST_SECONDS) * 1000)
    draft(world, of, "one")
    draft(world, of, "at once")
    world.clock.advance(pause_ms)
    draft(world, of, "too early")
    world.clock.advance(1)
    draft(world, of, "two")
    assert read(world, "c0") == ["one", "two"]
    sent = sum(1 for _ in range(2_000) if _sends(world, of))
    assert sent * 20 == pytest.approx(2_000 * 0.05 * 100 * SHARE, abs=20)


def _sends(world: World, of: Session) -> bool:
    """Whether a draft is sent, 50 ms later."""
    world.clock.advance(50)
    world.gateway.log.clear()
    draft(world, of)
    return bool(world.gateway.log)


def test_more_readers_than_a_moment_s_posts_get_none() -> None:
    world = World(settings=replace(SETTINGS, posts_per_second=8))
    of = hall(world, a="en", b="en", c="en")
    draft(world, of)
    assert world.gateway.log == []
    world = World(settings=replace(SETTINGS, posts_per_second=8))
    of = hall(world, a="en", b="en")
    draft(world, of)
    assert read(world, "b") == ["Good"]


def test_a_few_readers_get_the_drafts_of_a_second_at_once() -> None:
    world = World(settings=replace(SETTINGS, posts_per_second=100))
    of = hall(world, a="en", b="en")
    for text in ("one", "two", "three", "four"):
        draft(world, of, text)
    assert read(world, "b") == ["one", "two", "three", "four"]


def test_a_hall_whose_sentences_are_cut_into_batches_gets_none() -> None:
    world = World(settings=replace(SETTINGS, slice_listeners=2))
    of = hall(world, a="en", b="es", c="es")
    draft(world, of)
    assert not world.tables.calls
    assert world.gateway.log == []
    draft(world, replace(of, listener_count=2))
    assert read(world, "a") == ["Good"]


def test_each_is_posted_once_for_half_a_second_and_gone_readers_are_left_alone(
    world: World,
) -> None:
    of = hall(world, a="en", b="en")
    world.gateway.gone.add("a")
    world.gateway.failing.add("b")
    draft(world, of)
    assert world.gateway.deadlines == [world.clock.monotonic() + POST_SECONDS]
    assert POST_SECONDS == 0.5
    assert world.tables.calls["delete_gone"] == 0
    assert world.gateway.calls == [("a", "b")]


def test_blocked_words_are_masked(world: World) -> None:
    of = hall(world, a="en")
    world.app.glossaries.replace(of, Glossary(blocked=("darn",)))
    draft(world, world.now(of), "well darn")
    draft(world, world.now(of), "well darn it")
    assert read(world, "a") == ["well ***", "well *** it"]
    assert world.tables.calls["get_glossary"] == 1


def test_what_cannot_be_masked_is_not_sent(world: World) -> None:
    of = hall(world, a="en")
    world.app.glossaries.replace(of, Glossary(blocked=("darn",)))
    world.tables.refusing.add("get_glossary")
    draft(world, world.now(of), "well darn")
    assert world.gateway.log == []
    world.tables.refusing.clear()
    draft(world, world.now(of), "well darn")
    assert read(world, "a") == ["well ***"]


def test_a_roster_that_cannot_be_read_is_asked_for_again(world: World) -> None:
    of = hall(world, a="en")
    world.tables.refusing.add("read_roster")
    with pytest.raises(Unavailable):
        draft(world, of)
    world.tables.refusing.clear()
    draft(world, of)
    assert read(world, "a") == ["Good"]
