"""How long a session is kept, who may read it meanwhile, and its purge: over fakes."""

from dataclasses import replace
from typing import Any

import pytest

from chalice_app.admission.limits import AdmissionLimits
from chalice_app.admission.refusals import WrongCode, WrongToken
from chalice_app.domain.errors import (
    BadMessage,
    NotSpeaker,
    RateLimited,
    SequenceNotKept,
    SessionNotFound,
    Unavailable,
)
from chalice_app.domain.session import DEFAULT_RETENTION_HOURS, HOUR_MS, Session
from chalice_app.sessions.entrance import Caller
from chalice_app.sessions.resume_tokens import ResumeTokens
from chalice_app.wire.incoming import OpenSession
from tests.fakes.domain import NOW_MS, sentence, session
from tests.fakes.world import SETTINGS, World

LIFE_MS = SETTINGS.session_ttl_seconds * 1000


def opened(world: World, **wishes: Any) -> tuple[Session, str]:
    return world.app.sessions.open(replace(OpenSession("en"), **wishes))


def kept(world: World, of: Session, token: str) -> Session:
    return world.app.entrance.of_kept(of.session_id, token, "192.0.2.1")


def read(world: World, of: Session, **shown: Any) -> tuple[Session, bool]:
    return world.app.entrance.reader_of(of.session_id, replace(Caller("192.0.2.1"), **shown))


# --- How long ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("asked", "hours"), [(None, DEFAULT_RETENTION_HOURS), (0, 0), (720, 720)])
def test_a_session_is_kept_as_long_as_it_asks(world: World, asked: int | None, hours: int) -> None:
    of, _ = opened(world, retention_hours=asked)
    assert of.retention_hours == hours
    assert of.kept_until_ms == NOW_MS + LIFE_MS + hours * HOUR_MS


def test_what_is_kept_is_kept_from_the_end_on() -> None:
    of = session()
    assert of.is_kept(of.kept_until_ms - 1)
    assert not of.is_kept(of.kept_until_ms)
    ended = replace(of, ended_at=NOW_MS + 5)
    assert ended.is_kept(NOW_MS + 5 + 2 * HOUR_MS - 1)
    assert not ended.is_kept(NOW_MS + 5 + 2 * HOUR_MS)
    assert not replace(of, purged_at=NOW_MS).is_kept(NOW_MS)
    assert not replace(of, retention_hours=0).is_kept(NOW_MS)


def test_a_stage_that_keeps_no_sentences_takes_no_wish_to_keep_them() -> None:
    world = World(settings=replace(SETTINGS, keep_sentences=False))
    for hours in (None, 0):
        of, token = opened(world, retention_hours=hours)
        assert of.retention_hours == 0
        with pytest.raises(SequenceNotKept):
            kept(world, of, token)
    with pytest.raises(BadMessage, match="this stage keeps no sentences") as refused:
        opened(world, retention_hours=1)
    assert refused.value.details == {"most": 0}


# --- For whom ------------------------------------------------------------------------------------


def test_the_speaker_comes_back_as_long_as_the_session_is_kept(world: World) -> None:
    of, token = opened(world)
    assert kept(world, of, token) == of
    world.clock.advance(LIFE_MS + 2 * HOUR_MS - 1)
    assert kept(world, of, token) == of
    world.clock.advance(1)
    with pytest.raises(SequenceNotKept):
        kept(world, of, token)


@pytest.mark.parametrize("hours", [1, 0])
def test_an_ended_session_is_kept_for_its_hours(world: World, hours: int) -> None:
    of, token = opened(world, retention_hours=hours)
    world.app.sessions.end(of)
    world.clock.advance(hours * HOUR_MS - 1)
    if hours:
        assert kept(world, of, token).ended_at == NOW_MS
        world.clock.advance(1)
    with pytest.raises(SequenceNotKept):
        kept(world, of, token)


def test_a_foreign_token_is_refused_as_ever(world: World) -> None:
    of, token = opened(world)
    coded, _ = opened(world, join_code="secret")
    with pytest.raises(NotSpeaker):
        kept(world, of, "another")
    with pytest.raises(WrongToken):
        kept(world, coded, token)
    with pytest.raises(SessionNotFound):
        kept(world, session("silver-fox-100"), token)
    with pytest.raises(SessionNotFound):
        world.app.entrance.of_kept("no name", token, "192.0.2.1")


def test_foreign_tokens_are_counted_as_ever() -> None:
    limits = AdmissionLimits(sentences_per_second=0, guesses_per_minute=2)
    world = World(settings=replace(SETTINGS, limits=limits))
    of, token = opened(world)
    for _ in range(2):
        with pytest.raises(NotSpeaker):
            kept(world, of, "another")
    with pytest.raises(RateLimited):
        kept(world, of, "another")
    assert kept(world, of, token) == of


def test_a_transcript_is_for_the_speaker_alone_unless_it_is_open(world: World) -> None:
    of, token = opened(world)
    assert read(world, of, speaker_token=token) == (of, True)
    with pytest.raises(NotSpeaker):
        read(world, of)
    public, _ = opened(world, has_open_transcript=True)
    assert read(world, public) == (public, False)


def test_an_open_transcript_is_behind_the_session_s_join_code(world: World) -> None:
    of, token = opened(world, has_open_transcript=True, join_code="Grace Hall")
    assert read(world, of, join_code="grace hall") == (of, False)
    resume = ResumeTokens(of).issue("c1")
    assert read(world, of, resume_token=resume) == (of, False)
    assert read(world, of, speaker_token=token) == (of, True)
    for wrong in ({}, {"join_code": "another"}, {"resume_token": "x" * 32}):
        with pytest.raises(WrongCode):
            read(world, of, **wrong)


def test_an_open_transcript_outlives_its_session(world: World) -> None:
    of, _ = opened(world, has_open_transcript=True)
    world.clock.advance(LIFE_MS + 2 * HOUR_MS - 1)
    assert read(world, of) == (of, False)
    world.clock.advance(1)
    with pytest.raises(SessionNotFound):
        read(world, of)


def test_who_was_there_makes_no_guess_when_it_asks_for_what_is_over() -> None:
    limits = AdmissionLimits(guesses_per_minute=1)
    world = World(settings=replace(SETTINGS, limits=limits))
    of, _ = opened(world, retention_hours=0)
    resume = ResumeTokens(of).issue("c1")
    world.clock.advance(LIFE_MS)
    for _ in range(5):
        with pytest.raises(SessionNotFound):
            read(world, of, resume_token=resume)
    with pytest.raises(SessionNotFound):
        read(world, of, resume_token="x" * 32)
    with pytest.raises(RateLimited):
        read(world, of, resume_token="x" * 32)


def test_a_closed_transcript_of_an_expired_session_is_not_there_for_others(world: World) -> None:
    of, token = opened(world)
    world.clock.advance(LIFE_MS)
    with pytest.raises(SessionNotFound):
        read(world, of)
    assert read(world, of, speaker_token=token) == (of, True)


@pytest.mark.parametrize("hours", [0, 2])
def test_nothing_that_is_not_kept_is_read(world: World, hours: int) -> None:
    of, token = opened(world, retention_hours=hours, has_open_transcript=True)
    if hours:
        world.app.sessions.purge(of)
    for shown in ({}, {"speaker_token": token}):
        with pytest.raises(SequenceNotKept):
            read(world, of, **shown)


# --- The purge -----------------------------------------------------------------------------------


def said(world: World, of: Session) -> list[str]:
    return [each.sentence.text for each in world.tables.read_all(of)]


def speak(world: World, of: Session, sequence: int = 1) -> None:
    spoken = sentence(sequence, "Hello", spoken_at=world.clock.now_ms())
    world.app.speech.speak(of, "speaker", spoken)


def test_a_purge_ends_an_open_session_and_deletes_what_it_said(world: World) -> None:
    of, _ = opened(world)
    other = world.speaker(world.open(), "elsewhere")
    world.speaker(of)
    world.listener(of, "c1")
    for each in (world.now(of), other):
        speak(world, each)
    purged = world.app.sessions.purge(of)
    assert (purged.purged_at, purged.ended_at, purged.is_active) == (NOW_MS, NOW_MS, False)
    assert said(world, of) == []
    assert said(world, other) == ["Hello"]
    assert sorted(world.gateway.closed) == ["c1", "speaker"]


@pytest.mark.parametrize("later_ms", [1_000, LIFE_MS, LIFE_MS + 2 * HOUR_MS])
def test_a_purge_of_what_is_over_closes_nobody(world: World, later_ms: int) -> None:
    of, token = opened(world)
    world.speaker(of)
    speak(world, world.now(of))
    if later_ms < LIFE_MS:
        world.app.sessions.end(of)
    world.gateway.closed.clear()
    world.clock.advance(later_ms)
    owned = world.app.entrance.of_owner(of.session_id, token, "192.0.2.1")
    for _ in range(2):
        world.app.sessions.purge(owned)
    assert said(world, of) == []
    assert world.gateway.closed == []


def test_what_cannot_be_deleted_is_not_read_and_the_session_ends(world: World) -> None:
    of, token = opened(world)
    world.speaker(of)
    speak(world, world.now(of))
    world.tables.refusing.add("delete_all")
    with pytest.raises(Unavailable):
        world.app.sessions.purge(of)
    assert world.gateway.closed == ["speaker"]
    with pytest.raises(SequenceNotKept):
        kept(world, of, token)
    world.tables.refusing.clear()
    world.app.sessions.purge(world.app.entrance.of_owner(of.session_id, token, ""))
    assert said(world, of) == []


def test_a_sentence_under_way_leaves_nothing_behind_a_purge(world: World) -> None:
    of, _ = opened(world)
    before = world.speaker(of)
    world.listener(of, "c1")
    before = world.now(before)
    world.app.sessions.purge(of)
    with pytest.raises(SessionNotFound):
        speak(world, before)
    assert said(world, of) == []
    assert "caption" not in [each["type"] for each in world.gateway.to("c1")]


def test_words_that_only_the_talk_needed_go_with_its_end(world: World) -> None:
    of, _ = opened(world, retention_hours=0)
    world.speaker(of)
    before = world.now(of)
    speak(world, before)
    assert said(world, of) == ["Hello"]
    world.app.sessions.end(before)
    assert said(world, of) == []
    speak(world, before, 2)
    assert said(world, of) == []


def test_words_that_cannot_be_deleted_at_the_end_cost_nobody_the_end(world: World) -> None:
    of, _ = opened(world, retention_hours=0)
    world.speaker(of)
    world.tables.refusing.add("delete_all")
    world.app.sessions.end(world.now(of))
    assert world.gateway.closed == ["speaker"]
