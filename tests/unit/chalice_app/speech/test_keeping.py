"""What is kept of a sentence on its way: its captions and its report, before the speaker has it."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from chalice_app.bootstrap.process import composed
from chalice_app.domain.kept import KeptSentence
from chalice_app.domain.reports import LanguageReport, Posted
from chalice_app.domain.sentence import CAPTION_LIFE_MS, SentenceRef
from chalice_app.domain.session import Session
from chalice_app.wire.incoming import OpenSession
from streams import broadcast as broadcast_function
from tests.fakes.domain import sentence
from tests.fakes.world import SETTINGS, World


def talk(world: World, retention_hours: int | None = None, /, **listeners: str) -> Session:
    wanted = OpenSession("en", retention_hours=retention_hours)
    of, _ = world.app.sessions.open(wanted)
    world.speaker(of)
    for connection_id, language in listeners.items():
        world.listener(of, connection_id, language, wants_voice=language == "fr")
    return world.now(of)


def speak(world: World, of: Session, sequence: int = 1, text: str = "Hello") -> None:
    spoken = sentence(sequence, text, spoken_at=world.clock.now_ms())
    world.app.speech.speak(world.now(of), "speaker", spoken)


def kept(world: World, of: Session) -> list[KeptSentence]:
    return list(world.tables.read_all(of))


def told(world: World) -> list[Mapping[str, Any]]:
    return [each for each in world.gateway.to("speaker") if each["type"] == "spoken"]


def counts(reports: Any) -> dict[str, tuple[int, int, int, int]]:
    return {
        language: (
            each.listeners,
            each.posted.delivered,
            len(each.posted.gone),
            each.posted.dropped,
        )
        for language, each in reports.items()
    }


def told_counts(message: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    names = ("listeners", "delivered", "gone", "dropped")
    return {
        language: tuple(each[name] for name in names)
        for language, each in message["languages"].items()
    }


def test_translations_are_kept_and_what_was_said_is_not_kept_twice(world: World) -> None:
    of = talk(world, a="es", b="fr", c="en")
    speak(world, of)
    ((found),) = kept(world, of)
    assert found.captions == {"es": "[es] Hello", "fr": "[fr] Hello"}
    assert found.reports is not None
    assert {code: each.characters for code, each in found.reports.items()} == {
        "es": 5,
        "fr": 5,
        "en": 0,
    }
    assert {code: each.voices for code, each in found.reports.items()} == {
        "es": 0,
        "fr": 1,
        "en": 0,
    }
    speak(world, of, 2)  # cached
    assert kept(world, of)[1].captions == found.captions
    cached = kept(world, of)[1].reports
    assert cached is not None
    assert (cached["es"].cached, cached["es"].characters) == (True, 0)


def test_what_could_not_be_translated_is_not_kept_as_a_translation(world: World) -> None:
    world.translator.failing.add("es")
    of = talk(world, a="es")
    speak(world, of)
    speak(world, of, 2, "12:30")
    first, second = kept(world, of)
    assert (first.captions, second.captions) == ({}, {})
    assert first.reports is not None
    assert first.reports["es"].failed


def test_what_the_speaker_is_told_is_kept_before(world: World) -> None:
    of = talk(world, a="es", b="es")
    seen: list[list[KeptSentence]] = []
    notify = world.gateway.notify

    def watched(connection_ids: Any, data: bytes, deadline: float) -> Any:
        if b'"spoken"' in data:
            seen.append(kept(world, of))
        return notify(connection_ids, data, deadline)

    world.gateway.notify = watched  # type: ignore[method-assign]
    speak(world, of)
    ((before,),) = seen
    assert before == kept(world, of)[0]
    assert told_counts(told(world)[0]) == counts(before.reports)


def test_a_sentence_that_nobody_listens_to_is_kept(world: World) -> None:
    of = talk(world)
    speak(world, of)
    assert [(each.captions, each.reports) for each in kept(world, of)] == [({}, {})]


@pytest.mark.parametrize("method", ["mark_sent", "keep_captions"])
def test_what_cannot_be_kept_costs_neither_a_caption_nor_the_report(
    world: World, method: str
) -> None:
    of = talk(world, a="es")
    world.tables.refusing.add(method)
    speak(world, of)
    assert [each["text"] for each in world.gateway.to("a")] == ["[es] Hello"]
    assert [told_counts(each) for each in told(world)] == [{"es": (1, 1, 0, 0)}]


def test_a_correction_s_captions_are_kept_and_its_report_is_not(world: World) -> None:
    of = talk(world, a="es")
    speak(world, of)
    (before,) = kept(world, of)
    world.clock.advance(5_000)
    world.app.corrections.correct(world.now(of), "speaker", 1, "Goodbye", world.clock.now_ms())
    (after,) = kept(world, of)
    assert after.captions == {"es": "[es] Goodbye"}
    assert after.reports == before.reports
    assert after.corrected_at == world.clock.now_ms()
    world.app.corrections.correct(world.now(of), "speaker", 1, "", world.clock.now_ms())
    assert kept(world, of)[0].captions == {}


def test_a_talk_that_keeps_nothing_has_its_last_words_alone(world: World) -> None:
    of = talk(world, 0, a="es")
    for sequence in range(1, 53):
        speak(world, of, sequence)
    found = kept(world, of)
    assert [each.sentence.sequence for each in found] == list(range(3, 53))
    assert all(not each.captions and each.reports is None for each in found)


# --- Large halls ---------------------------------------------------------------------------------


def hall() -> World:
    return World(settings=replace(SETTINGS, slice_listeners=2))


def deliver(world: World) -> None:
    with composed(world.app):
        while world.invoker.payloads:
            broadcast_function.handler(json.loads(world.invoker.payloads.pop()), None)


@pytest.mark.parametrize("hours", [2, 0])
def test_a_large_hall_s_report_is_that_of_all_its_functions(hours: int) -> None:
    world = hall()
    of = talk(world, hours, **{f"c{n}": "es" for n in range(5)}, d="fr")
    speak(world, of)
    assert not told(world)
    deliver(world)
    (found,) = kept(world, of)
    (report,) = told(world)
    assert told_counts(report) == {"es": (5, 5, 0, 0), "fr": (1, 1, 0, 0)}
    if not hours:
        assert (found.captions, found.reports) == ({}, None)
        return
    assert found.captions == {"es": "[es] Hello", "fr": "[fr] Hello"}
    assert found.reports is not None
    assert counts(found.reports) == told_counts(report)
    assert found.reports["es"].characters == 5
    assert found.reports["fr"].voices == 1


def test_a_batch_that_is_delivered_twice_is_kept_and_told_once() -> None:
    world = hall()
    of = talk(world, None, **{f"c{n}": "es" for n in range(5)})
    speak(world, of)
    world.invoker.payloads *= 2
    world.clock.advance(CAPTION_LIFE_MS)
    deliver(world)
    (found,) = kept(world, of)
    assert {json.dumps(told_counts(each)) for each in told(world)} == {
        json.dumps(told_counts(told(world)[0]))
    }
    assert counts(found.reports) == told_counts(told(world)[-1])


def test_of_a_sentence_that_another_function_reported_the_speaker_is_told_the_same(
    world: World,
) -> None:
    of = talk(world, a="es")
    speak(world, of)
    spoken_at = world.clock.now_ms()
    ref = SentenceRef(of.session_id, of.created_at, 1, "speaker", spoken_at, spoken_at)
    world.app.delivery_reporter.report(ref, {"es": LanguageReport(1, Posted(failed=1))})
    assert [told_counts(each) for each in told(world)] == [{"es": (1, 1, 0, 0)}] * 2
