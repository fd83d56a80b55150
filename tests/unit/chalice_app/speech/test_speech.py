"""A sentence's way: checked, claimed, translated, sent as soon as ready, reported, remembered."""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalice_app.cache.entries import CachedTranslation
from chalice_app.domain.errors import BadMessage, Unavailable
from chalice_app.domain.reports import Posted
from chalice_app.domain.sentence import CAPTION_LIFE_MS, Sentence
from chalice_app.domain.session import Session
from chalice_app.observability import metrics
from chalice_app.sessions.ports import SessionRoster
from tests.fakes.cache import MemoryCache
from tests.fakes.delivery import RecordingGateway
from tests.fakes.domain import MANY, NOW_MS, PATIENCE, FakeClock, sentence
from tests.fakes.translation import StubTranslator
from tests.fakes.world import MemoryTables, World


def hall(world: World, **listeners: str) -> Session:
    """An open session with a speaker and, by connection id, listeners of these languages."""
    opened = world.speaker(world.open())
    for connection_id, language in listeners.items():
        world.listener(opened, connection_id, language)
    return world.now(opened)


def speak(world: World, of: Session, sent: Sentence | None = None) -> Mapping[str, Any]:
    """Has the sentence spoken; returns the speaker's report of it."""
    world.app.speech.speak(of, "speaker", sent or sentence())
    report = world.gateway.to("speaker", "spoken")[-1]
    assert report["sequence"] == (sent or sentence()).sequence
    return report


def line(listeners: int = 1, **other: object) -> dict[str, object]:
    """One language of a report in which everything went well, or else."""
    well = {"delivered": listeners, "gone": 0, "dropped": 0, "cached": False}
    return {"listeners": listeners, **well, **other}


# --- Captions ------------------------------------------------------------------------------------


def test_everyone_gets_the_sentence_in_their_own_language(world: World) -> None:
    of = hall(world, a="es", b="es", c="fr", d="en")
    speak(world, of, sentence(7))
    caption = {
        "type": "caption",
        "sessionId": of.session_id,
        "sequence": 7,
        "sourceLanguage": "en",
        "spokenAt": NOW_MS,
    }
    assert world.gateway.to("a") == [{**caption, "language": "es", "text": "[es] Hello"}]
    assert world.gateway.to("b") == world.gateway.to("a")
    assert world.gateway.to("c") == [{**caption, "language": "fr", "text": "[fr] Hello"}]
    assert world.gateway.to("d") == [{**caption, "language": "en", "text": "Hello"}]


def test_each_language_is_translated_once_however_many_listen(world: World) -> None:
    of = hall(world, **{f"c{n}": "es" for n in range(20)})
    speak(world, of)
    assert world.translator.calls == [("Hello", "en", "es")]


def test_nobody_of_another_session_hears_it(world: World) -> None:
    of = hall(world, a="es")
    world.listener(world.open(), "elsewhere", "es")
    speak(world, of)
    assert world.gateway.to("elsewhere") == []


def test_a_session_without_listeners_costs_no_call_at_all(world: World) -> None:
    report = speak(world, hall(world))
    assert report["languages"] == {}
    assert world.translator.calls == []
    assert world.cache.calls == []
    assert world.tables.calls["read_roster"] == 0
    assert world.metrics.values() == {}


def test_a_language_whose_last_listener_left_is_translated_no_more(world: World) -> None:
    of = hall(world, a="es", b="fr")
    world.tables.delete_connection("b")
    world.count(["b"])
    speak(world, world.now(of))
    assert [target for _, _, target in world.translator.calls] == ["es"]


def void(_: object) -> None:
    """Drops a result that nobody wants."""


class Interrupted(MemoryTables):
    """Something happens just before the roster is read."""

    step: Callable[[], None] | None = None

    def read_roster(self, session: Session, sequence: int | None = None) -> SessionRoster:
        with self._lock:
            step, self.step = self.step, None
            if step is not None:
                step()
            return super().read_roster(session, sequence)


def test_whoever_changes_language_before_the_roster_is_read_hears_it_once() -> None:
    tables = Interrupted()
    world = World(tables=tables)
    of = hall(world, a="es", b="es", c="fr")

    def step() -> None:
        tables.change_language("a", "fr", MANY)
        tables.change_language("b", "pt", MANY)
        world.count(["a", "b"])
        world.listener(world.now(of), "new", "de")

    tables.step = step
    report = speak(world, of)
    heard = {each: [one["text"] for one in world.gateway.to(each, "caption")] for each in "abc"}
    assert heard == {"a": ["[fr] Hello"], "b": ["[pt] Hello"], "c": ["[fr] Hello"]}
    # Nobody was counted for pt or de when the number was claimed: they are translated as well.
    assert [each["text"] for each in world.gateway.to("new")] == ["[de] Hello"]
    assert report["languages"] == {
        "de": line(),
        "es": line(0, delivered=0),
        "fr": line(2),
        "pt": line(),
    }
    assert world.tables.calls["read_roster"] == 1


def test_the_roster_is_read_after_the_number_is_claimed_and_noted() -> None:
    tables = Interrupted()
    world = World(tables=tables)
    of = hall(world, a="es")
    noted: list[int] = []
    tables.step = lambda: noted.append(world.now(of).last_sequence)
    speak(world, of, sentence(7))
    assert noted == [7]


def test_a_language_that_the_roster_adds_and_that_fails_is_in_the_report() -> None:
    tables = Interrupted()
    world = World(tables=tables)
    of = hall(world, a="es", b="es")

    def step() -> None:
        tables.change_language("b", "fr", MANY)
        world.count(["b"])

    tables.step = step
    world.translator.failing.add("fr")
    world.gateway.failing.add("b")
    report = speak(world, of)
    assert report["languages"] == {"es": line(), "fr": line(delivered=0, failed=True)}
    assert world.metrics.values()["FailedLanguagesCount"] == 1


def test_who_is_counted_while_the_last_sequence_cannot_be_stored_is_sent_the_sentence() -> None:
    tables = Interrupted()
    world = World(tables=tables)
    of = hall(world)
    tables.step = lambda: void(world.listener(of, "a", "es"))
    tables.refusing.add("raise_last_sequence")
    report = speak(world, of)
    assert report["languages"] == {"es": line()}
    assert world.gateway.to("a", "caption")


def test_a_sentence_in_any_number_of_languages_costs_one_read_of_the_roster(
    world: World,
) -> None:
    of = hall(world, a="es", b="fr", c="de")
    world.tables.calls.clear()
    speak(world, of)
    assert world.tables.calls["get_session"] == 0
    assert world.tables.calls["read_roster"] == 1


def test_a_slow_translation_delays_no_other_language(world: World) -> None:
    of = hall(world, a="es", b="fr")
    release = world.translator.held["fr"] = threading.Event()
    with ThreadPoolExecutor(1) as speaker:
        spoken = speaker.submit(speak, world, of)
        world.gateway.wait_for("a", "caption")
        assert world.gateway.to("b") == []
        assert not spoken.done()
        release.set()
        spoken.result(PATIENCE)
    assert [receiver for receiver, _ in world.gateway.log] == ["a", "b", "speaker"]


def test_a_slow_delivery_delays_no_other_language(world: World) -> None:
    of = hall(world, a="es", b="fr")
    release = world.gateway.hanging["a"] = threading.Event()
    with ThreadPoolExecutor(1) as speaker:
        spoken = speaker.submit(speak, world, of)
        world.gateway.wait_for("b", "caption")
        release.set()
        spoken.result(PATIENCE)
    assert [receiver for receiver, _ in world.gateway.log] == ["b", "a", "speaker"]


def test_a_language_that_fails_is_sent_as_it_was_said_and_flagged(world: World) -> None:
    of = hall(world, a="es", b="fr")
    world.translator.failing.add("fr")
    report = speak(world, of)
    (caption,) = world.gateway.to("b")
    assert caption["text"] == "Hello"
    assert caption["language"] == "fr"
    assert caption["untranslated"] is True
    assert "untranslated" not in world.gateway.to("a")[0]
    assert report["languages"] == {"es": line(), "fr": line(failed=True)}


def test_more_languages_than_threads_are_all_served() -> None:
    codes = [f"a{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(100)]
    world = World(translator=StubTranslator("en", *codes))
    report = speak(world, hall(world, **{f"c-{code}": code for code in codes}))
    assert report["languages"] == {code: line() for code in codes}


# --- Sequences -----------------------------------------------------------------------------------


def test_the_same_sequence_twice_is_sent_once(world: World) -> None:
    of = hall(world, a="es")
    speak(world, of, sentence(1, "Hello"))
    with pytest.raises(BadMessage):
        speak(world, world.now(of), sentence(1, "Something else"))
    assert [caption["text"] for caption in world.gateway.to("a")] == ["[es] Hello"]
    assert len(world.gateway.to("speaker", "spoken")) == 1


def test_whoever_repeats_a_sequence_is_told_the_last_one(world: World) -> None:
    of = hall(world)
    speak(world, of, sentence(1))
    speak(world, of, sentence(5))
    with pytest.raises(BadMessage) as raised:
        speak(world, world.now(of), sentence(1))
    assert raised.value.details == {"sequence": 1, "lastSequence": 5}


def test_sentences_that_overtake_each_other_are_both_sent(world: World) -> None:
    of = hall(world, a="es")
    speak(world, of, sentence(2))
    speak(world, world.now(of), sentence(1))
    assert [caption["sequence"] for caption in world.gateway.to("a")] == [2, 1]
    assert world.now(of).last_sequence == 2


def test_a_sentence_whose_sequence_cannot_be_claimed_is_not_sent(world: World) -> None:
    of = hall(world, a="es")
    world.tables.refusing.add("claim_sequence")
    with pytest.raises(Unavailable):
        speak(world, of)
    assert world.gateway.log == []
    assert world.translator.calls == []
    world.tables.refusing.clear()
    assert speak(world, of)["languages"] == {"es": line()}


def test_a_last_sequence_that_cannot_be_stored_costs_no_caption(world: World) -> None:
    of = hall(world, a="es")
    world.tables.refusing.add("raise_last_sequence")
    assert speak(world, of)["languages"] == {"es": line()}


def test_where_neither_number_nor_roster_is_known_nothing_is_sent(world: World) -> None:
    of = hall(world, a="es")
    world.tables.refusing |= {"raise_last_sequence", "read_roster"}
    with pytest.raises(Unavailable):
        speak(world, of)
    assert world.gateway.log == []


# --- Lateness ------------------------------------------------------------------------------------


def test_a_sentence_that_comes_too_late_is_dropped_and_reported(world: World) -> None:
    of = hall(world, a="es", b="es", c="fr")
    report = speak(world, of, sentence(spoken_at=NOW_MS - CAPTION_LIFE_MS))
    assert world.gateway.calls == [("speaker",)]
    assert world.translator.calls == []
    assert report["languages"] == {
        "es": line(2, delivered=0, dropped=2),
        "fr": line(1, delivered=0, dropped=1),
    }


def test_a_sentence_is_sent_for_as_long_as_its_life_lasts(world: World) -> None:
    of = hall(world, a="es")
    speak(world, of, sentence(spoken_at=NOW_MS - CAPTION_LIFE_MS + 1))
    assert len(world.gateway.to("a", "caption")) == 1
    assert world.gateway.deadlines[0] == pytest.approx(0.001)


def test_a_sentence_from_the_future_is_new(world: World) -> None:
    of = hall(world, a="es")
    speak(world, of, sentence(spoken_at=NOW_MS + 60_000))
    assert world.gateway.deadlines[0] == pytest.approx(CAPTION_LIFE_MS / 1000)
    assert world.metrics.values()[metrics.DELIVERY_LATENCY] == 0


# --- The report ----------------------------------------------------------------------------------


def test_the_report_counts_every_listener_exactly_once(world: World) -> None:
    of = hall(world, a="es", b="es", c="es", d="es", e="es", f="fr")
    world.gateway.gone.add("b")
    world.gateway.late.add("c")
    world.gateway.failing.add("d")
    report = speak(world, of)
    assert report["languages"] == {
        "es": line(5, delivered=2, gone=1, dropped=1),
        "fr": line(),
    }


def test_the_report_tells_what_came_from_the_cache(world: World) -> None:
    of = hall(world, a="es", b="fr")
    world.app.cache.put("Hello", "en", {"es": "Hola"})
    report = speak(world, of)
    assert report["languages"] == {"es": line(cached=True), "fr": line()}
    assert world.gateway.to("a")[0]["text"] == "Hola"


def test_a_roster_that_cannot_be_read_fails_everyone_who_is_counted(world: World) -> None:
    of = hall(world, a="es", b="fr", c="fr")
    world.tables.refusing.add("read_roster")
    report = speak(world, of)
    assert report["languages"] == {"es": line(delivered=0), "fr": line(2, delivered=0)}
    assert world.gateway.to("a", "caption") == []
    assert world.metrics.values()["BroadcastSuccessRate"] == 0


def test_where_nobody_knows_who_listens_the_speaker_may_send_it_again(world: World) -> None:
    before = hall(world)
    world.listener(before, "a", "es")
    world.tables.refusing |= {"read_roster", "raise_last_sequence"}
    with pytest.raises(Unavailable):
        speak(world, before)
    assert world.gateway.log == [], "an empty report would say that nobody listened"
    world.tables.refusing.clear()
    assert speak(world, before)["languages"] == {"es": line()}


def test_the_report_says_how_long_it_took() -> None:
    clock = FakeClock()
    world = World(clock=clock, gateway=SlowGateway(clock, milliseconds=250))
    report = speak(world, hall(world, a="es"), sentence(spoken_at=NOW_MS - 1_000))
    assert report["durationMs"] == 250
    assert world.metrics.values()[metrics.PROCESSING_DURATION] == 250
    assert world.metrics.values()[metrics.DELIVERY_LATENCY] == 1_250


class SlowGateway(RecordingGateway):
    """Takes its time for every post."""

    def __init__(self, clock: FakeClock, milliseconds: int) -> None:
        super().__init__()
        self.clock = clock
        self.milliseconds = milliseconds

    def post(
        self, connection_ids: Sequence[str], data: bytes, deadline: float, share: float = 1.0
    ) -> Posted:
        self.clock.advance(self.milliseconds)
        return super().post(connection_ids, data, deadline, share)


# --- Afterwards ----------------------------------------------------------------------------------


def test_the_cache_is_written_when_nobody_waits_any_more() -> None:
    class Witness(MemoryCache):
        seen: Sequence[str] = ()

        def put_entries(self, entries: Sequence[CachedTranslation]) -> None:
            self.seen = [message["type"] for _, message in world.gateway.log]
            super().put_entries(entries)

    cache = Witness()
    world = World(cache=cache)
    speak(world, hall(world, a="es", b="fr"))
    assert cache.seen == ["caption", "caption", "spoken"]
    assert cache.calls.count("put_entries") == 1


def test_a_sentence_said_again_comes_from_the_cache(world: World) -> None:
    of = hall(world, a="es", b="fr")
    speak(world, of, sentence(1, "Thank you"))
    report = speak(world, of, sentence(2, " Thank  you"))
    assert report["languages"] == {"es": line(cached=True), "fr": line(cached=True)}
    assert len(world.translator.calls) == 2


def test_a_cache_that_is_down_costs_no_caption(world: World) -> None:
    of = hall(world, a="es")
    world.cache.refusing |= {"get_entries", "put_entries"}
    assert speak(world, of)["languages"] == {"es": line()}


def test_a_speaker_who_has_left_stops_nobody(world: World) -> None:
    of = hall(world, a="es")
    world.gateway.gone.add("speaker")
    world.app.speech.speak(of, "speaker", sentence())
    assert len(world.gateway.to("a", "caption")) == 1
    assert world.cache.calls.count("put_entries") == 1


# --- Metrics -------------------------------------------------------------------------------------


def test_a_sentence_emits_its_metrics_once(world: World) -> None:
    of = hall(world, a="es", b="es", c="fr", d="de", e="en")
    world.app.cache.put("Hello", "en", {"es": "Hola"})
    world.translator.failing.add("de")
    world.gateway.late.add("c")
    speak(world, of)
    assert world.metrics.emitted == [
        {
            metrics.LANGUAGES_PROCESSED: 4,
            metrics.PROCESSING_DURATION: 0,
            metrics.DELIVERY_LATENCY: 0,
            metrics.BROADCAST_SUCCESS_RATE: 80.0,
            metrics.BUFFER_OVERFLOW_RATE: 20.0,
        },
        {
            metrics.FAILED_LANGUAGES_COUNT: 1,
            metrics.CHARACTERS_TRANSLATED: 5,
            metrics.CHARACTERS_SAVED: 5,
            metrics.CACHE_HIT_RATE: pytest.approx(100 / 3),
        },
    ]


def test_a_text_without_letters_is_no_lookup_and_no_failure(world: World) -> None:
    of = hall(world, a="es", b="en")
    report = speak(world, of, sentence(text="12:30"))
    assert report["languages"] == {"es": line(), "en": line()}
    assert "untranslated" not in world.gateway.to("a", "caption")[0]
    assert world.metrics.emitted[-1] == {
        metrics.FAILED_LANGUAGES_COUNT: 0,
        metrics.CHARACTERS_TRANSLATED: 0,
        metrics.CHARACTERS_SAVED: 0,
    }


def test_a_listener_who_has_left_is_no_failed_broadcast(world: World) -> None:
    of = hall(world, a="es", b="es")
    world.gateway.gone.add("b")
    speak(world, of)
    assert world.metrics.values()[metrics.BROADCAST_SUCCESS_RATE] == 100.0


def test_rates_without_a_denominator_are_absent(world: World) -> None:
    of = hall(world, a="en")
    world.gateway.gone.add("a")
    speak(world, of)
    emitted = world.metrics.values()
    assert metrics.CACHE_HIT_RATE not in emitted
    assert metrics.BROADCAST_SUCCESS_RATE not in emitted
    assert emitted[metrics.BUFFER_OVERFLOW_RATE] == 0.0


def test_a_dropped_sentence_is_a_buffer_overflow(world: World) -> None:
    of = hall(world, a="es", b="fr")
    speak(world, of, sentence(spoken_at=NOW_MS - CAPTION_LIFE_MS))
    emitted = world.metrics.values()
    assert emitted[metrics.BUFFER_OVERFLOW_RATE] == 100.0
    assert emitted[metrics.BROADCAST_SUCCESS_RATE] == 0.0
    assert metrics.CACHE_HIT_RATE not in emitted


def test_the_metrics_of_a_sentence_that_came_too_late_say_so(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    of = hall(world, a="es", b="es", c="fr")
    world.metrics.emitted.clear()
    speak(world, of, sentence(sequence=4, spoken_at=NOW_MS - CAPTION_LIFE_MS))
    assert world.metrics.values()["FailedLanguagesCount"] == 0
    (record,) = caplog.records
    assert record.getMessage() == "the sentence came too late for 3 of 3 listeners"
    assert vars(record)["session"] == of.session_id
    assert vars(record)["sequence"] == 4


def test_a_last_sequence_that_cannot_be_stored_is_logged(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    of = hall(world, a="es")
    world.tables.refusing.add("raise_last_sequence")
    speak(world, of)
    assert [(each.levelname, each.getMessage()) for each in caplog.records] == [
        ("WARNING", "the last sequence was not stored")
    ]


def test_who_has_left_counts_neither_as_reached_nor_as_missed(world: World) -> None:
    of = hall(world, a="es", b="es", c="es", d="es")
    world.gateway.gone |= {"a", "b"}
    world.gateway.failing.add("c")
    speak(world, of)
    assert world.metrics.values()["BroadcastSuccessRate"] == 50.0


@pytest.mark.parametrize("is_noted", [True, False])
def test_a_sentence_that_is_too_late_is_reported_where_the_counts_are_known_to_be_its_own(
    world: World, is_noted: bool
) -> None:
    of = world.speaker(world.open())
    world.listener(of, "a")  # after the session was read
    if not is_noted:
        world.tables.refusing.add("raise_last_sequence")
    world.clock.advance(CAPTION_LIFE_MS)
    spoken = sentence(1, spoken_at=NOW_MS)
    if is_noted:
        world.app.speech.speak(of, "speaker", spoken)
        (report,) = world.gateway.to("speaker", "spoken")
        assert report["languages"]["es"]["dropped"] == 1
    else:
        with pytest.raises(Unavailable):
            world.app.speech.speak(of, "speaker", spoken)
        assert world.gateway.to("speaker", "spoken") == []
