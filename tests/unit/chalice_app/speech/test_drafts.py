"""A draft's way: to readers of the speaker's own language, at no cost to anything else."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalice_app.domain.errors import BadMessage, Unavailable
from chalice_app.domain.reports import Posted
from chalice_app.domain.session import Session
from chalice_app.glossary.terms import Glossary
from chalice_app.speech.drafts import BURST_SECONDS, LIFE_MS, POST_SECONDS, SHARE
from chalice_app.speech.readers import KEPT_SECONDS, LARGE
from chalice_app.wire.incoming import Draft
from tests.fakes.delivery import RecordingGateway
from tests.fakes.domain import MANY, sentence
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


def test_sentences_and_corrections_are_under_way_until_they_are_reported() -> None:
    seen: list[tuple[str, bool]] = []

    class Watching(RecordingGateway):
        def post(self, connection_ids: Sequence[str], data: bytes, *more: float) -> Posted:
            is_sending = world.app.sentences_under_way.is_sending(of)
            seen.append((json.loads(data)["type"], is_sending))
            return super().post(connection_ids, data, *more)

    world = World(gateway=Watching())
    of = hall(world, a="en")
    world.app.speech.speak(of, "speaker", sentence(1))
    assert not world.app.sentences_under_way.is_sending(of)
    now = world.clock.now_ms()
    world.app.corrections.correct(world.now(of), "speaker", 1, "Hallo", now)
    assert not world.app.sentences_under_way.is_sending(of)
    kinds = ("caption", "spoken", "caption", "corrected")
    assert seen == [(kind, True) for kind in kinds]


def test_a_sentence_that_is_refused_is_not_under_way(world: World) -> None:
    of = hall(world, a="en")
    world.app.speech.speak(of, "speaker", sentence(1))
    with pytest.raises(BadMessage):
        world.app.speech.speak(world.now(of), "speaker", sentence(1))
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


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("draft"), st.integers(0, 2)),
        st.tuples(st.just("speak"), st.just(1)),
        st.tuples(st.just("correct"), st.integers(1, 3)),
        st.tuples(st.just("move"), st.sampled_from(["a", "b", "c"])),
        st.tuples(st.just("pass"), st.sampled_from([100, 1_000, 3_000])),
    ),
    max_size=30,
)
"""A talk whose messages are handled one after the other, as the local gateway does."""


class OrderedTalk:
    """What happens step by step, and what must be true of every draft that comes of it."""

    def __init__(self) -> None:
        self.world = World()
        self.languages = {"a": "en", "b": "es", "c": "en"}
        self.of = hall(self.world, **self.languages)
        self.spoken = 0

    def take(self, step: str, choice: int | str) -> None:
        before = len(self.world.gateway.log)
        session = self.world.now(self.of)
        match step, choice:
            case "draft", int(ahead):
                draft(self.world, session, f"words {ahead}", max(1, self.spoken + ahead))
            case "speak", _:
                self.spoken += 1
                said = sentence(self.spoken, spoken_at=self.world.clock.now_ms())
                self.world.app.speech.speak(session, "speaker", said)
            case "correct", int(sequence) if sequence <= self.spoken:
                now = self.world.clock.now_ms()
                self.world.app.corrections.correct(session, "speaker", sequence, "again", now)
            case "move", str(listener):
                self.languages[listener] = "es" if self.languages[listener] == "en" else "en"
                self.world.tables.change_language(listener, self.languages[listener], MANY)
                self.world.count([listener])
            case "pass", int(milliseconds):
                self.world.clock.advance(milliseconds)
        self._check(self.world.gateway.log[before:])

    def _check(self, sent: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        drafts = [(reader, each) for reader, each in sent if each["type"] == "draft"]
        assert all(each["sequence"] > self.spoken for _, each in drafts)
        readers = {name for name, language in self.languages.items() if language == "en"}
        assert {reader for reader, _ in drafts} in (set(), readers)
        for _, report in sent:
            if report["type"] in ("spoken", "corrected"):
                delivered = sum(each["delivered"] for each in report["languages"].values())
                assert delivered == 3, "drafts count as no delivery, and cost none"


@given(STEPS)
def test_in_an_ordered_talk_no_draft_follows_its_caption_or_reaches_anybody_else(
    steps: list[tuple[str, int | str]],
) -> None:
    talk = OrderedTalk()
    for step, choice in steps:
        talk.take(step, choice)
