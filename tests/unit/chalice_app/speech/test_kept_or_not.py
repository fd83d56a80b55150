"""What is kept of a sentence, and that nobody lacks a caption or a report where it cannot be."""

from dataclasses import replace

import pytest

from chalice_app.domain.errors import SessionNotFound
from chalice_app.domain.kept import KeptSentence
from chalice_app.domain.session import Session
from chalice_app.wire import outgoing
from tests.fakes.domain import sentence
from tests.fakes.world import World


def hall(world: World) -> Session:
    """An open session with a speaker and two listeners."""
    opened = world.speaker(world.open())
    world.listener(opened, "a", "es")
    world.listener(opened, "b", "fr")
    return world.now(opened)


def kept(world: World, of: Session) -> list[KeptSentence]:
    """What the session has kept."""
    return list(world.app.adapters.sentences.read_all(of))


def test_what_the_speaker_is_told_is_kept_with_the_words_that_were_sent(world: World) -> None:
    of = hall(world)
    world.app.speech.speak(of, "speaker", sentence(1))
    (told,) = world.gateway.to("speaker", "spoken")
    (found,) = kept(world, of)
    assert found.captions == {"es": "[es] Hello", "fr": "[fr] Hello"}
    assert found.reports is not None
    assert outgoing.spoken(1, found.reports, 0)["languages"] == told["languages"]


@pytest.mark.parametrize("refused", ["mark_sent", "raise_last_sequence"])
def test_captions_and_the_report_come_though_a_write_fails(world: World, refused: str) -> None:
    of = hall(world)
    world.tables.refusing.add(refused)
    world.app.speech.speak(of, "speaker", sentence(1))
    assert [each["text"] for each in world.gateway.to("a")] == ["[es] Hello"]
    assert len(world.gateway.to("speaker", "spoken")) == 1
    assert [each.sentence.text for each in kept(world, of)] == ["Hello"]


def test_a_correction_comes_though_its_captions_cannot_be_kept(world: World) -> None:
    of = hall(world)
    world.app.speech.speak(of, "speaker", sentence(1))
    world.tables.refusing.add("keep_captions")
    world.app.corrections.correct(of, "speaker", 1, "Goodbye", world.clock.now_ms())
    assert world.gateway.to("a")[-1]["text"] == "[es] Goodbye"
    assert len(world.gateway.to("speaker", "corrected")) == 1
    (found,) = kept(world, of)
    assert (found.sentence.text, found.captions) == ("Goodbye", {})


def test_nothing_is_sent_or_kept_of_a_sentence_once_its_session_is_purged(world: World) -> None:
    """The purge deleted the numbers, too: nobody knows whether it was sent before."""
    of = hall(world)
    world.app.speech.speak(of, "speaker", sentence(1))
    world.app.sessions.purge(of)
    sent = len(world.gateway.to("a", "caption"))
    with pytest.raises(SessionNotFound):
        world.app.speech.speak(of, "speaker", sentence(1))
    assert len(world.gateway.to("a", "caption")) == sent
    assert kept(world, of) == []


def test_a_talk_that_keeps_nothing_has_nothing_of_a_sentence_that_came_after_its_end(
    world: World,
) -> None:
    of = replace(hall(world), retention_hours=0)
    world.app.adapters.sessions.put_session(replace(of, session_id="calm-owl-101"))
    of = world.speaker(replace(of, session_id="calm-owl-101"))
    world.app.sessions.end(of)
    world.app.speech.speak(of, "speaker", sentence(1))
    assert kept(world, of) == []
    assert len(world.gateway.to("speaker", "spoken")) == 1


def test_nothing_is_kept_of_a_retraction_but_that_it_was_one(world: World) -> None:
    of = hall(world)
    world.app.speech.speak(of, "speaker", sentence(1))
    world.app.corrections.correct(of, "speaker", 1, "", world.clock.now_ms())
    (found,) = kept(world, of)
    assert found.sentence.is_retracted
    assert found.captions == {}
