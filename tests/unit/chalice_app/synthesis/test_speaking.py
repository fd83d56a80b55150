"""From a caption to its voice: who hears it, when, how often, and what becomes of failures."""

import json
import random
import threading
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

import pytest

from chalice_app.admission.limits import AdmissionLimits
from chalice_app.bootstrap.process import composed
from chalice_app.domain.sentence import CAPTION_LIFE_MS
from chalice_app.domain.session import Session
from chalice_app.observability import metrics
from chalice_app.synthesis.asks import VoiceAsk
from chalice_app.synthesis.parts import parts_of
from chalice_app.synthesis.speaking import LONGEST_SECONDS, URL_SECONDS
from chalice_app.synthesis.voices import NEURAL, STANDARD
from streams import broadcast as broadcast_function
from streams import voice as voice_function
from tests.fakes.domain import listener, sentence
from tests.fakes.synthesis import EVERYWHERE, FRAME_MS, FRAMES_A_CHARACTER
from tests.fakes.world import SETTINGS, World

BOTH = frozenset({NEURAL, STANDARD})


def small_functions() -> World:
    """A world whose functions take four listeners each, and wait for each other in no time."""
    world = World(settings=replace(SETTINGS, slice_listeners=4))
    speaking = world.app.speaking
    hurried = replace(speaking.hall_sounds, wait=lambda _: None)
    vars(world.app)["speaking"] = replace(speaking, hall_sounds=hurried)
    return world


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    with composed(made.app):
        yield made


def hall(world: World, *hearing: str, reading: tuple[str, ...] = ()) -> Session:
    """An open session with a speaker; a listener's language is its name's beginning (`es-1`)."""
    opened = world.speaker(world.open())
    for name in (*hearing, *reading):
        language = name.partition("-")[0]
        connection = listener(opened, name, language, world.clock.now_ms())
        world.tables.put_connection(replace(connection, wants_voice=name in hearing))
        world.count([name])
    return world.now(opened)


def speak(world: World, of: Session, text: str = "Hello", sequence: int = 1) -> None:
    said = sentence(sequence, text, spoken_at=world.clock.now_ms())
    world.app.speech.speak(of, "speaker", said)


def asks(world: World) -> list[Mapping[str, Any]]:
    return [json.loads(payload) for payload in world.voice_invoker.payloads]


def deliver(world: World) -> None:
    """What Lambda does with its queue."""
    payloads, world.voice_invoker.payloads = world.voice_invoker.payloads, []
    for payload in payloads:
        voice_function.handler(json.loads(payload), None)


def told(world: World) -> list[tuple[int, str, str]]:
    """What the speaker learns of voices."""
    messages = world.gateway.to("speaker", "speechFailed")
    return [(each["sequence"], each["language"], each["reason"]) for each in messages]


def measured(world: World, name: str) -> list[float]:
    return [each[name] for each in world.metrics.emitted if name in each]


LONG = " ".join(f"It is {number} miles to the end of the way, they say." for number in range(70))


def test_a_caption_is_spoken_to_those_alone_who_want_its_voice(world: World) -> None:
    of = hall(world, "es-1", "es-2", reading=("es-3", "fr-1"))
    speak(world, of)
    deliver(world)
    text = "[es] Hello"
    message = world.gateway.to("es-1", "speech")[0]
    (key,) = world.sounds.kept
    assert message == {
        "type": "speech",
        "sequence": 1,
        "language": "es",
        "url": f"https://sounds.example/{key}?X-Amz-Expires={URL_SECONDS}",
        "durationMs": len(text) * FRAMES_A_CHARACTER * FRAME_MS,
        "contentType": "audio/mpeg",
    }
    assert world.gateway.to("es-2", "speech") == [message]
    for other in ("es-3", "fr-1", "speaker"):
        assert world.gateway.to(other, "speech") == []


def test_a_voice_comes_after_its_caption(world: World) -> None:
    speak(world, hall(world, "es-1"))
    assert [each["type"] for each in world.gateway.to("es-1")] == ["caption"]
    deliver(world)
    assert [each["type"] for each in world.gateway.to("es-1")] == ["caption", "speech"]


def test_thirty_listeners_cost_one_synthesis_a_language(world: World) -> None:
    names = [f"{language}-{n}" for language in ("es", "fr") for n in range(30)]
    of = hall(world, *names)
    speak(world, of)
    deliver(world)
    assert sorted(world.polly.texts) == ["[es] Hello", "[fr] Hello"]
    assert all(len(world.gateway.to(name, "speech")) == 1 for name in names)
    assert len({world.gateway.to(name, "speech")[0]["url"] for name in names}) == 2


def test_a_sentence_said_again_costs_no_synthesis(world: World) -> None:
    of = hall(world, "es-1")
    for sequence in (1, 2):
        speak(world, of, sequence=sequence)
        deliver(world)
    assert len(world.polly.calls) == 1
    assert [each["sequence"] for each in world.gateway.to("es-1", "speech")] == [1, 2]
    assert measured(world, metrics.CHARACTERS_SPOKEN) == [len("[es] Hello"), 0]


def test_where_nobody_wants_a_voice_nothing_is_asked(world: World) -> None:
    speak(world, hall(world, reading=("es-1", "fr-1")))
    assert asks(world) == []
    assert world.tables.calls["claim_part"] == 0


@pytest.mark.parametrize("text", ["👍", "...", "—"])
def test_what_has_neither_letter_nor_digit_is_not_spoken(world: World, text: str) -> None:
    speak(world, hall(world, "es-1"), text)
    assert len(world.gateway.to("es-1", "caption")) == 1
    assert asks(world) == []


def test_what_is_not_translated_is_not_spoken(world: World) -> None:
    world.translator.failing = {"es"}
    speak(world, hall(world, "es-1"))
    assert world.gateway.to("es-1", "caption")[0]["untranslated"]
    assert asks(world) == []


def test_a_language_without_a_voice_is_not_asked_for(world: World) -> None:
    speak(world, hall(world, "de-1"))
    assert asks(world) == []
    assert told(world) == []


def test_corrections_are_not_spoken(world: World) -> None:
    of = hall(world, "es-1")
    speak(world, of)
    deliver(world)
    world.app.corrections.correct(of, "speaker", 1, "Good day", world.clock.now_ms())
    world.app.corrections.correct(of, "speaker", 1, "", world.clock.now_ms())
    assert len(world.gateway.to("es-1")) == 4
    assert asks(world) == []


def test_nobody_hears_what_did_not_reach_them(world: World) -> None:
    world.gateway.gone = {"es-1"}
    speak(world, hall(world, "es-1", "es-2"))
    assert [each["connection_ids"] for each in asks(world)] == [["es-2"]]


@pytest.mark.parametrize("late", ["es-1", "es-3"], ids=["who hears", "who reads"])
def test_what_comes_too_late_for_a_caption_comes_too_late_for_a_voice(
    world: World, late: str
) -> None:
    world.gateway.late = {late}
    speak(world, hall(world, "es-1", "es-2", reading=("es-3",)))
    assert len(world.gateway.to("es-2", "caption")) == 1
    assert asks(world) == []


def test_who_could_not_be_reached_by_any_caption_hears_nothing(world: World) -> None:
    world.gateway.failing = {"es-1"}
    speak(world, hall(world, "es-1"))
    assert asks(world) == []


def test_no_report_waits_for_a_voice_and_no_end_overtakes_the_ask(world: World) -> None:
    of = hall(world, "es-1")
    release = threading.Event()
    invoke = world.voice_invoker.invoke

    def slow(payload: Mapping[str, Any]) -> None:
        assert release.wait(20), "nobody let the ask go"
        invoke(payload)

    world.voice_invoker.invoke = slow  # type: ignore[method-assign]
    speaking = threading.Thread(target=speak, args=(world, of))
    speaking.start()
    world.gateway.wait_for("speaker", "spoken")
    assert asks(world) == []
    assert speaking.is_alive()
    release.set()
    speaking.join(20)
    assert len(asks(world)) == 1


def test_an_ask_that_lambda_delivers_twice_is_spoken_once(world: World) -> None:
    speak(world, hall(world, "es-1"))
    world.voice_invoker.payloads *= 2
    deliver(world)
    assert len(world.gateway.to("es-1", "speech")) == 1


def test_where_the_claim_cannot_be_written_it_is_spoken_all_the_same(world: World) -> None:
    speak(world, hall(world, "es-1"))
    world.tables.refusing.add("claim_part")
    deliver(world)
    assert len(world.gateway.to("es-1", "speech")) == 1


def test_a_long_caption_is_spoken_in_parts_in_order(world: World) -> None:
    speak(world, hall(world, "es-1"), LONG)
    deliver(world)
    heard = world.gateway.to("es-1", "speech")
    text = world.gateway.to("es-1", "caption")[0]["text"]
    assert len(text) > 3_000
    count = len(parts_of(text))
    assert [(each["part"], each["parts"]) for each in heard] == [
        (number, count) for number in range(1, count + 1)
    ]
    assert world.polly.texts == list(parts_of(text))


def test_later_parts_of_a_long_caption_may_be_late_and_the_first_may_not(world: World) -> None:
    of = hall(world, "es-1")
    speak(world, of, LONG[:600])
    world.polly.during = lambda: world.clock.advance(CAPTION_LIFE_MS // 2 + 1)
    deliver(world)
    assert len(world.gateway.to("es-1", "speech")) > 2
    assert told(world) == []
    speak(world, of, sequence=2)
    world.clock.advance(CAPTION_LIFE_MS // 2)
    deliver(world)
    assert [each["sequence"] for each in world.gateway.to("es-1", "speech")][-1] == 1
    assert told(world) == [(2, "es", "failed")]


def test_a_caption_that_takes_too_long_ends_before_its_function_does(world: World) -> None:
    speak(world, hall(world, "es-1"), LONG)
    world.polly.during = lambda: world.clock.advance(int(LONGEST_SECONDS * 1000 / 3) + 1)
    deliver(world)
    assert [each["part"] for each in world.gateway.to("es-1", "speech")] == [1, 2, 3]
    assert told(world) == [(1, "es", "failed")]


def test_an_ask_that_comes_too_late_costs_no_synthesis(world: World) -> None:
    speak(world, hall(world, "es-1"))
    world.clock.advance(CAPTION_LIFE_MS)
    deliver(world)
    assert world.polly.calls == []
    assert told(world) == [(1, "es", "failed")]


def test_the_first_part_that_fails_is_the_last(world: World) -> None:
    speak(world, hall(world, "es-1"), LONG[:1000])
    world.polly.during = lambda: (
        world.polly.failing.update(BOTH) if len(world.polly.calls) > 1 else None
    )
    deliver(world)
    assert [each["part"] for each in world.gateway.to("es-1", "speech")] == [1]
    assert len(world.polly.calls) == 3
    assert told(world) == [(1, "es", "failed")]


def test_a_failure_costs_no_caption_is_counted_and_told_once(world: World) -> None:
    world.polly.failing = set(BOTH)
    speak(world, hall(world, "es-1", "es-2", "fr-1"))
    deliver(world)
    assert len(world.gateway.to("es-1", "caption")) == 1
    assert world.gateway.to("es-1", "speech") == []
    assert sorted(told(world)) == [(1, "es", "failed"), (1, "fr", "failed")]
    assert measured(world, metrics.FAILED_VOICES_COUNT) == [1, 1]


def test_a_voice_that_is_heard_counts_as_no_failure_and_its_time_is_measured(world: World) -> None:
    speak(world, hall(world, "es-1"))
    world.clock.advance(100)
    world.polly.during = lambda: world.clock.advance(250)
    deliver(world)
    assert measured(world, metrics.FAILED_VOICES_COUNT) == [0]
    assert measured(world, metrics.SPEECH_LATENCY) == [350]
    assert told(world) == []


def test_a_spent_budget_is_told_as_such() -> None:
    limits = AdmissionLimits(sentences_per_second=0, voice_budget=len("[es] Hello"))
    world = World(settings=replace(SETTINGS, limits=limits))
    with composed(world.app):
        of = hall(world, "es-1")
        for sequence, text in enumerate(("Hello", "Other", "Hello"), 1):
            speak(world, of, text, sequence)
            deliver(world)
    assert told(world) == [(2, "es", "overBudget")]
    assert [each["sequence"] for each in world.gateway.to("es-1", "speech")] == [1, 3]
    assert len(world.gateway.to("es-1", "caption")) == 3
    assert measured(world, metrics.FAILED_VOICES_COUNT) == [0, 1, 0]


def test_a_refused_ask_is_counted_and_told(world: World) -> None:
    world.voice_invoker.refusing = True
    speak(world, hall(world, "es-1"))
    assert len(world.gateway.to("es-1", "caption")) == 1
    assert len(world.gateway.to("speaker", "spoken")) == 1
    assert told(world) == [(1, "es", "failed")]
    assert measured(world, metrics.FAILED_VOICES_COUNT) == [1]


def test_a_failure_is_told_although_it_cannot_be_claimed(world: World) -> None:
    speak(world, hall(world, "es-1"))
    world.polly.failing = set(BOTH)
    world.tables.refusing.add("claim_part")
    deliver(world)
    assert told(world) == [(1, "es", "failed")]


def test_an_ask_that_breaks_costs_no_report(world: World, caplog: pytest.LogCaptureFixture) -> None:
    def broken(payload: Mapping[str, Any]) -> None:
        raise ZeroDivisionError

    world.voice_invoker.invoke = broken  # type: ignore[method-assign]
    speak(world, hall(world, "es-1"))
    assert len(world.gateway.to("speaker", "spoken")) == 1
    assert "a voice could not be asked for" in caplog.text


@pytest.mark.parametrize("refused", ["find", "put"])
def test_a_store_out_of_reach_is_a_voice_that_failed(world: World, refused: str) -> None:
    world.sounds.refusing = {refused}
    speak(world, hall(world, "es-1"))
    deliver(world)
    assert world.gateway.to("es-1", "speech") == []
    assert told(world) == [(1, "es", "failed")]


def test_what_nobody_expected_is_told_and_not_tried_again(world: World) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    world.polly.during = broken
    speak(world, hall(world, "es-1"))
    deliver(world)
    assert told(world) == [(1, "es", "failed")]
    assert measured(world, metrics.FAILED_VOICES_COUNT) == [1]


def test_who_is_gone_hears_no_further_part_and_is_removed(world: World) -> None:
    of = hall(world, "es-1", "es-2")
    speak(world, of, LONG[:600])
    world.clock.advance(60_000 - CAPTION_LIFE_MS)
    world.gateway.gone = {"es-1"}
    ask = replace(VoiceAsk.of(asks(world)[0]))
    late = replace(ask, ref=replace(ask.ref, spoken_at=world.clock.now_ms()))
    world.app.speaking.speak(late)
    calls = [each for each in world.gateway.calls if "es-2" in each][1:]
    assert calls[0] == ("es-1", "es-2")
    assert set(calls[1:]) == {("es-2",)}
    assert told(world) == []
    assert not world.tables.get_connections(["es-1"])


def test_a_hall_that_has_left_costs_no_further_part(world: World) -> None:
    speak(world, hall(world, "es-1"), LONG[:1000])
    world.gateway.gone = {"es-1"}
    deliver(world)
    assert len(world.polly.calls) == 1
    assert told(world) == []


def test_a_voice_that_reaches_nobody_is_told(world: World) -> None:
    speak(world, hall(world, "es-1"))
    world.gateway.failing = {"es-1"}
    deliver(world)
    assert told(world) == [(1, "es", "failed")]


def test_a_region_without_neural_voices_is_heard(world: World) -> None:
    world.polly.offered = EVERYWHERE
    speak(world, hall(world, "es-1"))
    deliver(world)
    assert len(world.gateway.to("es-1", "speech")) == 1


def test_what_a_later_version_adds_to_an_ask_is_passed_over(world: World) -> None:
    speak(world, hall(world, "es-1"))
    payload = asks(world)[0]
    later = {**payload, "more": 1, "ref": {**payload["ref"], "more": 1}}
    assert VoiceAsk.of(later) == VoiceAsk.of(payload)
    assert asdict(VoiceAsk.of(payload)) == payload


def test_each_batch_of_a_large_hall_asks_after_its_own_captions() -> None:
    world = small_functions()
    names = [f"es-{n}" for n in range(12)]
    hearing = sorted(random.Random(1).sample(names, 5))
    with composed(world.app):
        of = hall(world, *hearing, reading=tuple(each for each in names if each not in hearing))
        speak(world, of)
        assert asks(world) == []
        for payload in world.invoker.payloads:
            broadcast_function.handler(json.loads(payload), None)
        asked = [name for each in asks(world) for name in each["connection_ids"]]
        deliver(world)
    assert sorted(asked) == hearing
    for name in names:
        kinds = [each["type"] for each in world.gateway.to(name)]
        assert kinds == (["caption", "speech"] if name in hearing else ["caption"])
    assert len(world.gateway.to("speaker", "spoken")) == 1
    assert len(world.polly.calls) == 1


def test_a_large_hall_is_told_once_of_a_voice_that_failed() -> None:
    world = small_functions()
    world.polly.failing = set(BOTH)
    with composed(world.app):
        speak(world, hall(world, *(f"es-{n}" for n in range(12))))
        for payload in world.invoker.payloads:
            broadcast_function.handler(json.loads(payload), None)
        deliver(world)
    assert told(world) == [(1, "es", "failed")]


def test_a_batch_of_an_older_version_is_sent_without_voices() -> None:
    world = World(settings=replace(SETTINGS, slice_listeners=4))
    with composed(world.app):
        speak(world, hall(world, *(f"es-{n}" for n in range(12))))
        payloads = [json.loads(each) for each in world.invoker.payloads]
        assert all(each.pop("voices") == 4 for each in payloads)
        for payload in payloads:
            broadcast_function.handler(payload, None)
    assert asks(world) == []
    assert len(world.gateway.to("speaker", "spoken")) == 1


def test_a_batch_without_voices_is_what_an_older_version_knows() -> None:
    world = World(settings=replace(SETTINGS, slice_listeners=4))
    with composed(world.app):
        speak(world, hall(world, reading=tuple(f"es-{n}" for n in range(12))))
    for payload in world.invoker.payloads:
        batch = json.loads(payload)
        known = {"ref", "part", "caption", "connection_ids", "share"}
        # It takes these, passes over others, and makes a SentenceRef of all that `ref` has.
        assert batch.keys() == known | {"characters", "is_kept"}
        assert batch["ref"].keys() == {
            "session_id",
            "session_epoch",
            "sequence",
            "speaker_connection_id",
            "spoken_at",
            "started_at",
        }
