"""A hall too large for one function: cut, handed out, sent once, and reported exactly once."""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalice_app.bootstrap.process import composed
from chalice_app.domain.errors import Unavailable
from chalice_app.domain.reports import Posted
from chalice_app.domain.sentence import CAPTION_LIFE_MS, SentenceRef
from chalice_app.domain.session import Session
from chalice_app.observability import metrics
from chalice_app.observability.logs import FunctionFailed
from streams import broadcast as broadcast_function
from tests.fakes.delivery import RecordingGateway
from tests.fakes.domain import NOW_MS, sentence
from tests.fakes.speech import QueuedInvocations
from tests.fakes.world import SETTINGS, World

MOST = 4


@pytest.fixture
def world() -> Iterator[World]:
    """Functions that take four listeners each."""
    made = World(settings=replace(SETTINGS, slice_listeners=MOST))
    with composed(made.app):
        yield made


def hall(world: World, **listeners: int) -> Session:
    """An open session with a speaker and so many listeners of each language: es0, es1, ..."""
    opened = world.speaker(world.open())
    for language, count in listeners.items():
        for number in range(count):
            world.listener(opened, f"{language}{number}", language)
    return world.now(opened)


def speak(world: World, of: Session, sequence: int = 1) -> None:
    world.app.speech.speak(of, "speaker", sentence(sequence, spoken_at=world.clock.now_ms()))


def ref(of: Session, sequence: int = 1) -> SentenceRef:
    return SentenceRef(of.session_id, of.created_at, sequence, "speaker", NOW_MS, NOW_MS)


def deliver(payload: str) -> None:
    """What Lambda does with a payload from its queue."""
    broadcast_function.handler(json.loads(payload), None)


def reports(world: World) -> list[Mapping[str, Any]]:
    return [report["languages"] for report in world.gateway.to("speaker", "spoken")]


def line(listeners: int, **other: object) -> dict[str, object]:
    well = {"delivered": listeners, "gone": 0, "dropped": 0, "cached": False}
    return {"listeners": listeners, **well, **other}


def heard(world: World) -> Sequence[str]:
    """Everyone who got a caption, once for each."""
    return sorted(receiver for receiver, message in world.gateway.log if receiver != "speaker")


def test_a_hall_that_one_function_reaches_is_not_cut(world: World) -> None:
    speak(world, hall(world, es=2, fr=2))
    assert world.invoker.payloads == []
    assert reports(world) == [{"es": line(2), "fr": line(2)}]
    assert world.tables.calls["add_part"] == 0


@pytest.mark.parametrize(
    ("languages", "is_cut"),
    [({"es": 3, "fr": 1}, False), ({"es": 4, "fr": 1}, True), ({"es": 2, "fr": 2, "de": 1}, True)],
    ids=["as many as one function takes", "one more", "a language that is most of a batch"],
)
def test_a_hall_is_large_from_one_more_on_than_a_function_takes(
    world: World, languages: dict[str, int], is_cut: bool
) -> None:
    of = hall(world, **languages)
    assert world.app.large_halls.is_for(of, languages["es"]) is is_cut


def test_a_language_whose_share_is_a_batch_is_not_cut(world: World) -> None:
    of = hall(world, es=2, fr=3)
    assert not world.app.large_halls.is_for(of, 2)
    assert world.app.large_halls.is_for(of, 3)


def test_a_large_hall_is_cut_into_batches_that_differ_by_one(world: World) -> None:
    of = hall(world, es=9)
    speak(world, of)
    cut = [json.loads(payload)["connection_ids"] for payload in world.invoker.payloads]
    assert sorted(map(len, cut)) == [3, 3, 3]
    assert sorted(key for ids in cut for key in ids) == [f"es{n}" for n in range(9)]
    assert heard(world) == []


def test_the_last_function_to_be_done_reports_the_whole(world: World) -> None:
    of = hall(world, es=9)
    world.gateway.gone.add("es0")
    world.gateway.late.add("es4")
    world.gateway.failing.add("es8")
    speak(world, of)
    for payload in world.invoker.payloads:
        assert reports(world) == []
        deliver(payload)
    assert reports(world) == [{"es": line(9, delivered=6, gone=1, dropped=1)}]
    assert heard(world) == sorted({f"es{n}" for n in range(9)} - {"es0", "es4", "es8"})


def test_small_languages_of_a_large_hall_are_sent_by_the_first_function(world: World) -> None:
    of = hall(world, es=9, fr=1, de=1)
    speak(world, of)
    assert heard(world) == ["de0", "fr0"]
    assert {json.loads(each)["caption"]["language"] for each in world.invoker.payloads} == {"es"}
    for payload in world.invoker.payloads:
        deliver(payload)
    assert reports(world) == [{"de": line(1), "fr": line(1), "es": line(9)}]


def test_the_batches_of_all_languages_share_the_requests_a_second(world: World) -> None:
    speak(world, hall(world, es=9, fr=5))
    shares = [json.loads(payload)["share"] for payload in world.invoker.payloads]
    assert len(shares) == 3 + 2
    assert sum(shares) == pytest.approx(1.0)
    for payload in world.invoker.payloads:
        deliver(payload)
    assert sorted(world.gateway.shares[:-1]) == pytest.approx(sorted(shares))


@pytest.mark.parametrize("seed", range(20))
def test_functions_that_are_done_before_the_first_one_leave_the_report_to_it(
    world: World, seed: int
) -> None:
    dice = random.Random(seed)

    class SomeAtOnce(QueuedInvocations):
        """Some are invoked while the others are still being handed out."""

        def invoke(self, payload: Mapping[str, Any]) -> None:
            if dice.random() < 0.7:
                deliver(json.dumps(payload))
            else:
                super().invoke(payload)

    world = World(settings=world.settings, invoker=SomeAtOnce())
    with composed(world.app):
        speak(world, hall(world, es=17, fr=6, de=1))
        for payload in world.invoker.payloads:
            deliver(payload)
    assert reports(world) == [{"es": line(17), "fr": line(6), "de": line(1)}]
    assert len(heard(world)) == len(set(heard(world))) == 24


def test_an_invocation_that_comes_twice_sends_once(world: World) -> None:
    speak(world, hall(world, es=9))
    for payload in world.invoker.payloads:
        deliver(payload)
    for payload in world.invoker.payloads:
        with pytest.raises(FunctionFailed, match="BatchInProgress"):
            deliver(payload)
    world.clock.advance(60_000)
    for payload in world.invoker.payloads:
        deliver(payload)
    assert heard(world) == sorted(f"es{n}" for n in range(9))
    assert len(reports(world)) == 1


def test_a_batch_whose_function_died_counts_as_failed_when_lambda_tries_again(
    world: World,
) -> None:
    of = hall(world, es=8)
    speak(world, of)
    dead, alive = world.invoker.payloads
    assert world.tables.claim_part(ref(of), json.loads(dead)["part"])
    deliver(alive)
    with pytest.raises(FunctionFailed, match="BatchInProgress"):
        deliver(dead)
    assert reports(world) == []
    world.clock.advance(60_000)
    deliver(dead)
    assert reports(world) == [{"es": line(8, delivered=4)}]
    assert world.metrics.values()[metrics.BROADCAST_SUCCESS_RATE] == 50.0


def test_a_batch_that_breaks_is_told_as_failed(world: World) -> None:
    class Breaks(RecordingGateway):
        def post(
            self, connection_ids: Sequence[str], data: bytes, deadline: float, share: float = 1.0
        ) -> Posted:
            if "es0" in connection_ids:
                raise RuntimeError("a bug")
            return super().post(connection_ids, data, deadline, share)

    broken = World(settings=world.settings, gateway=Breaks())
    with composed(broken.app):
        speak(broken, hall(broken, es=8))
        for payload in broken.invoker.payloads:
            deliver(payload)
    assert reports(broken) == [{"es": line(8, delivered=4)}]


def test_a_batch_that_gets_no_function_is_sent_by_the_first(world: World) -> None:
    world.invoker.refusing = True
    speak(world, hall(world, es=9))
    assert heard(world) == sorted(f"es{n}" for n in range(9))
    assert reports(world) == [{"es": line(9)}]


def test_a_refused_batch_that_was_taken_after_all_is_sent_once(world: World) -> None:
    class Mute(QueuedInvocations):
        """Its answers are lost."""

        def invoke(self, payload: Mapping[str, Any]) -> None:
            deliver(json.dumps(payload))
            raise Unavailable("no answer")

    world = World(settings=world.settings, invoker=Mute())
    with composed(world.app):
        speak(world, hall(world, es=9))
    assert heard(world) == sorted(f"es{n}" for n in range(9))
    assert reports(world) == [{"es": line(9)}]


def test_a_batch_that_comes_late_is_sent_until_the_sentences_time_is_over(world: World) -> None:
    speak(world, hall(world, es=8))
    world.clock.advance(3_000)
    deliver(world.invoker.payloads[0])
    assert world.gateway.deadlines[-1] == pytest.approx(CAPTION_LIFE_MS / 1000)


def test_the_metrics_of_a_cut_sentence_add_up(world: World) -> None:
    speak(world, hall(world, es=8, fr=1))
    world.clock.advance(400)
    for payload in world.invoker.payloads:
        deliver(payload)
    values = world.metrics.values()
    assert values[metrics.LANGUAGES_PROCESSED] == 2
    assert values[metrics.BROADCAST_SUCCESS_RATE] == 100.0
    assert values[metrics.DELIVERY_LATENCY] == values[metrics.PROCESSING_DURATION] == 400
    assert values[metrics.CHARACTERS_TRANSLATED] == 10
    names = [name for emitted in world.metrics.emitted for name in emitted]
    assert len(names) == len(set(names))


def test_a_cut_sentence_is_under_way_until_the_last_batch_is_sent(world: World) -> None:
    of = hall(world, es=8)
    speak(world, of)
    assert not world.tables.sent_among(ref(of, 1), [1])
    for payload in world.invoker.payloads:
        deliver(payload)
    assert world.tables.sent_among(ref(of, 1), [1])


@pytest.mark.parametrize("method", ["mark_reported", "leave"])
def test_a_report_is_told_though_its_row_cannot_be_written(world: World, method: str) -> None:
    world.tables.refusing.add(method)
    speak(world, hall(world, es=8))
    for payload in world.invoker.payloads:
        deliver(payload)
    assert reports(world) == [{"es": line(8)}]


def test_a_tally_that_is_lost_leaves_the_speaker_with_a_report_all_the_same(world: World) -> None:
    of = hall(world, es=8, fr=1)
    world.tables.refusing.add("add_part")
    speak(world, of)
    assert reports(world) == [{"es": line(8, delivered=0), "fr": line(1)}]
    with pytest.raises(Unavailable):
        deliver(world.invoker.payloads[0])


@given(
    counts=st.lists(st.integers(1, 30), min_size=1, max_size=4),
    most=st.integers(1, 12),
    seed=st.integers(0, 2**16),
)
def test_however_it_is_cut_and_whatever_comes_twice_everyone_is_in_one_count(
    counts: list[int], most: int, seed: int
) -> None:
    dice = random.Random(seed)
    world = World(settings=replace(SETTINGS, slice_listeners=most))
    languages = dict(zip(("es", "fr", "de", "pt-BR"), counts, strict=False))
    with composed(world.app):
        of = hall(world, **languages)
        everyone = [f"{language}{n}" for language, count in languages.items() for n in range(count)]
        world.gateway.gone = set(dice.sample(everyone, len(everyone) // 3))
        speak(world, of)
        queue = [each for each in world.invoker.payloads for _ in range(dice.randint(1, 2))]
        dice.shuffle(queue)
        for payload in queue:
            with suppress(FunctionFailed):
                deliver(payload)
    (report,) = reports(world)
    assert {language: each["listeners"] for language, each in report.items()} == languages
    assert sum(each["gone"] for each in report.values()) == len(world.gateway.gone)
    assert sum(each["delivered"] for each in report.values()) == len(heard(world))
    assert heard(world) == sorted(set(everyone) - world.gateway.gone)


def test_what_cannot_be_noted_of_a_report_is_logged(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.tables.refusing.add("mark_reported")
    speak(world, hall(world, es=5))
    for payload in world.invoker.payloads:
        deliver(payload)
    assert [(each.levelname, each.getMessage()) for each in caplog.records] == [
        ("WARNING", "the speaker may get the report of a sentence twice")
    ]


def test_a_language_is_as_large_as_the_hall_were_if_all_were_like_it(world: World) -> None:
    of = hall(world, es=1, fr=1, de=1, **{"pt-BR": 2})
    assert not world.app.large_halls.is_for(of, 1)
    assert world.app.large_halls.is_for(of, 2)


def test_a_batch_without_a_function_is_logged_and_sent_here(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.invoker.refusing = True
    speak(world, hall(world, es=5))
    assert heard(world) == [f"es{number}" for number in range(5)]
    assert {(each.levelname, each.getMessage()) for each in caplog.records} == {
        ("WARNING", "no function for a batch of 2 listeners"),
        ("WARNING", "no function for a batch of 3 listeners"),
    }


def test_a_batch_s_payload_is_what_functions_of_two_versions_know(world: World) -> None:
    of = hall(world, es=5)
    speak(world, of)
    first = json.loads(sorted(world.invoker.payloads)[0])
    assert first == {
        "ref": {
            "session_id": of.session_id,
            "session_epoch": NOW_MS,
            "sequence": 1,
            "speaker_connection_id": "speaker",
            "spoken_at": NOW_MS,
            "started_at": NOW_MS,
        },
        "is_kept": True,
        "part": "es.0",
        "caption": first["caption"],
        "connection_ids": ["es0", "es1"],
        "share": 0.4,
        "characters": 5,
    }
    assert first["caption"]["origin"] == "engine"
