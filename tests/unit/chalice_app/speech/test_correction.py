"""A correction's way: written, noted, translated, sent to everybody, reported; or a retraction."""

import json
from dataclasses import replace

import pytest

from chalice_app.bootstrap.process import composed
from chalice_app.domain.errors import BadMessage, RateLimited, SequenceNotKept, Unavailable
from chalice_app.domain.sentence import CAPTION_LIFE_MS
from chalice_app.domain.session import Session
from chalice_app.observability import metrics
from streams import broadcast as broadcast_function
from tests.fakes.domain import NOW_MS, listener, sentence
from tests.fakes.world import SETTINGS, MemoryTables, World


def talk(world: World, sentences: int = 1, **listeners: str) -> Session:
    """A session with these listeners, in which so much was said."""
    opened = world.speaker(world.open())
    for connection_id, language in listeners.items():
        world.listener(opened, connection_id, language)
    for sequence in range(1, sentences + 1):
        world.app.speech.speak(world.now(opened), "speaker", sentence(sequence))
    world.gateway.log.clear()
    return world.now(opened)


def correct(world: World, of: Session, text: str, sequence: int = 1) -> None:
    world.app.corrections.correct(of, "speaker", sequence, text, world.clock.now_ms())


def test_everybody_reads_the_new_text_and_the_speaker_the_report(world: World) -> None:
    of = talk(world, a="es", b="fr", c="en")
    world.clock.advance(60_000)
    correct(world, of, "Hello, world")
    assert world.gateway.to("a") == [
        {
            "type": "caption",
            "sessionId": of.session_id,
            "sequence": 1,
            "language": "es",
            "text": "[es] Hello, world",
            "sourceLanguage": "en",
            "spokenAt": NOW_MS,
            "revision": 1,
        }
    ]
    assert [world.gateway.to(each)[0]["text"] for each in ("b", "c")] == [
        "[fr] Hello, world",
        "Hello, world",
    ]
    line = {"listeners": 1, "delivered": 1, "gone": 0, "dropped": 0, "cached": False}
    assert world.gateway.to("speaker") == [
        {
            "type": "corrected",
            "sequence": 1,
            "revision": 1,
            "languages": {"es": line, "fr": line, "en": line},
            "durationMs": 0,
        }
    ]


def test_each_correction_has_a_higher_revision(world: World) -> None:
    of = talk(world, a="en")
    for text in ("one", "two", "three"):
        correct(world, of, text)
    assert [(each["revision"], each["text"]) for each in world.gateway.to("a")] == [
        (1, "one"),
        (2, "two"),
        (3, "three"),
    ]


def test_an_empty_text_retracts_without_a_translation(world: World) -> None:
    of = talk(world, a="es", b="en")
    world.translator.calls.clear()
    correct(world, of, "")
    for each in ("a", "b"):
        assert world.gateway.to(each) == [{"type": "retracted", "sequence": 1}]
    assert world.gateway.to("speaker", "corrected")[0]["languages"].keys() == {"es", "en"}
    assert world.translator.calls == []


def test_a_retraction_is_final_and_may_be_repeated(world: World) -> None:
    of = talk(world, a="en")
    correct(world, of, "")
    correct(world, of, "")
    assert [each["type"] for each in world.gateway.to("a")] == ["retracted", "retracted"]
    with pytest.raises(SequenceNotKept):
        correct(world, of, "Hello again")


@pytest.mark.parametrize("text", ["Hello again", ""])
def test_what_was_never_spoken_is_not_kept(world: World, text: str) -> None:
    of = talk(world, a="en")
    with pytest.raises(SequenceNotKept):
        correct(world, of, text, sequence=2)
    assert world.gateway.log == []


def test_where_sentences_are_not_kept_none_is_corrected() -> None:
    world = World(tables=MemoryTables(keep_sentences=False))
    of = talk(world, a="en")
    with pytest.raises(SequenceNotKept):
        correct(world, of, "Hello again")


def test_a_sentence_that_is_being_sent_is_corrected_later(world: World) -> None:
    of = talk(world, sentences=0, a="en")
    world.tables.claim_sequence(of, sentence(1))
    with pytest.raises(BadMessage) as refused:
        correct(world, of, "Hello again")
    assert refused.value.details["retryAfterMs"] == 2_000
    assert world.gateway.log == []
    world.clock.advance(CAPTION_LIFE_MS)
    correct(world, of, "Hello again")
    assert world.gateway.to("a")[0]["text"] == "Hello again"


def test_who_came_back_after_the_sentence_gets_its_correction(world: World) -> None:
    of = talk(world)
    back = listener(of, "a", "es", last_sequence=0)
    world.tables.put_connection(back)
    assert world.app.roster_sync.count_if_unspoken(of, {"a": back}) == {"a"}
    correct(world, world.now(of), "Hello again")
    assert world.gateway.to("a")[0]["revision"] == 1


def test_who_comes_back_is_not_counted_over_a_correction(world: World) -> None:
    of = talk(world)
    back = listener(of, "a", "es", last_sequence=0)
    world.tables.put_connection(back)
    correct(world, of, "Hello again")
    assert world.app.roster_sync.count_if_unspoken(of, {"a": back}) == set()
    assert world.app.roster_sync.count_if_unspoken(world.now(of), {"a": back}) == {"a"}


def test_corrections_have_a_rate_of_their_own() -> None:
    limits = replace(SETTINGS.limits, sentences_per_second=2)
    world = World(settings=replace(SETTINGS, limits=limits))
    of = talk(world, sentences=2, a="en")
    for text in ("one", "two"):
        correct(world, of, text)
        world.clock.advance(1)
    with pytest.raises(RateLimited) as refused:
        correct(world, of, "three")
    assert refused.value.details["retryAfterMs"] == 498
    assert world.tables.get_sentences(of, [1])[0].text == "two"
    world.clock.advance(498)
    correct(world, of, "three")


def test_where_the_note_fails_the_speaker_may_correct_again(world: World) -> None:
    of = talk(world, a="en")
    world.tables.refusing.add("note_correction")
    with pytest.raises(Unavailable):
        correct(world, of, "Hello again")
    world.tables.refusing.clear()
    correct(world, of, "Hello again")
    assert [each["revision"] for each in world.gateway.to("a")] == [2]


def test_its_life_and_latency_count_from_the_correction(world: World) -> None:
    of = talk(world, a="en")
    world.clock.advance(60_000)
    received = world.clock.now_ms()
    world.clock.advance(700)
    world.app.corrections.correct(of, "speaker", 1, "Hello again", received)
    assert world.metrics.emitted[-2][metrics.DELIVERY_LATENCY] == 700
    world.clock.advance(CAPTION_LIFE_MS)
    world.app.corrections.correct(of, "speaker", 1, "Too late", received)
    assert world.gateway.to("speaker")[-1]["languages"]["en"]["dropped"] == 1


def test_a_large_hall_is_corrected_in_batches_and_reported_once() -> None:
    world = World(settings=replace(SETTINGS, slice_listeners=4))
    opened = world.speaker(world.open())
    for number in range(6):
        world.listener(opened, f"es{number}", "es")
    with composed(world.app):
        for text in ("Hello again", ""):
            world.app.speech.speak(world.now(opened), "speaker", sentence(1 if text else 2))
            _deliver(world)
            correct(world, world.now(opened), text, 1 if text else 2)
            _deliver(world)
    for number in range(6):
        assert [
            (each["type"], each["sequence"], each.get("revision"))
            for each in world.gateway.to(f"es{number}")
        ] == [("caption", 1, None), ("caption", 1, 1), ("caption", 2, None), ("retracted", 2, None)]
    told = world.gateway.to("speaker", "corrected")
    assert [each["languages"]["es"]["delivered"] for each in told] == [6, 6]


def _deliver(world: World) -> None:
    payloads, world.invoker.payloads[:] = list(world.invoker.payloads), []
    assert payloads
    for payload in payloads:
        broadcast_function.handler(json.loads(payload), None)
