"""Listeners and speakers join; a new speaker takes over. Over fakes."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from chalice_app.domain.errors import (
    NotSpeaker,
    SessionNotFound,
    Unavailable,
    UnsupportedLanguage,
)
from chalice_app.domain.reports import Posted
from chalice_app.domain.session import Role, Session
from chalice_app.sessions.joining import CONNECTION_TTL_SECONDS
from chalice_app.wire.incoming import JoinAsListener, JoinAsSpeaker
from tests.fakes.delivery import RecordingGateway
from tests.fakes.domain import NOW_MS
from tests.fakes.world import SETTINGS, MemoryTables, World


def join(of: Session, language: str = "es", last_sequence: int | None = None) -> JoinAsListener:
    return JoinAsListener(of.session_id, language, last_sequence)


def test_a_listener_is_stored_with_the_session_it_joined(world: World) -> None:
    opened = world.open()
    world.app.joining.join_as_listener(join(opened, "fr", last_sequence=7), "c1")
    stored = world.tables.get_connection("c1")
    assert stored is not None
    assert stored.role is Role.LISTENER
    assert (stored.session_id, stored.session_epoch) == (opened.session_id, opened.created_at)
    assert (stored.target_language, stored.last_sequence, stored.version) == ("fr", 7, 1)
    assert stored.connected_at == NOW_MS
    assert stored.ttl == NOW_MS // 1000 + CONNECTION_TTL_SECONDS


@pytest.mark.parametrize("said", [0, 100])
@pytest.mark.parametrize("wish", [True, False])
def test_a_listener_s_wish_for_the_voice_is_stored_whenever_it_comes(
    world: World, said: int, wish: bool
) -> None:
    asked = replace(join(talk(world, said)), wants_voice=wish)
    world.app.joining.join_as_listener(asked, "c1")
    stored = world.tables.get_connection("c1")
    assert stored is not None
    assert stored.wants_voice is wish


def talk(world: World, last_sequence: int) -> Session:
    """A session in which so much has been said."""
    opened = world.open()
    world.tables.raise_last_sequence(opened, last_sequence)
    return opened


@pytest.mark.parametrize(("said", "heard"), [(1, 0), (3, 0), (4, 1), (100, 97)])
def test_who_comes_late_is_stored_as_having_missed_the_last_three(
    world: World, said: int, heard: int
) -> None:
    world.app.joining.join_as_listener(join(talk(world, said)), "c1")
    stored = world.tables.get_connection("c1")
    assert stored is not None
    assert stored.last_sequence == heard


def test_who_comes_back_is_late_for_what_it_says_itself(world: World) -> None:
    world.app.joining.join_as_listener(join(talk(world, 100), last_sequence=5), "c1")
    stored = world.tables.get_connection("c1")
    assert stored is not None
    assert stored.last_sequence == 5


@pytest.mark.parametrize(("keep_sentences", "said"), [(True, 0), (False, 100)])
def test_nobody_is_late_before_anything_was_said_or_where_nothing_is_kept(
    keep_sentences: bool, said: int
) -> None:
    world = World(settings=replace(SETTINGS, keep_sentences=keep_sentences))
    opened = talk(world, said) if said else world.open()
    world.app.joining.join_as_listener(join(opened), "c1")
    stored = world.tables.get_connection("c1")
    assert stored is not None
    assert stored.last_sequence is None


def test_joining_counts_nobody(world: World) -> None:
    opened = world.open()
    world.app.joining.join_as_listener(join(opened), "c1")
    assert world.now(opened).listener_count == 0
    assert world.gateway.log == []


def test_a_listener_may_join_before_the_speaker_does(world: World) -> None:
    opened = world.open()
    assert opened.speaker_connection_id is None
    world.app.joining.join_as_listener(join(opened), "c1")
    assert world.tables.get_connection("c1") is not None


def test_nobody_joins_a_session_that_has_ended(world: World) -> None:
    opened, token = world.app.sessions.open("en")
    world.app.sessions.end(opened)
    with pytest.raises(SessionNotFound):
        world.app.joining.join_as_listener(join(opened), "c1")
    with pytest.raises(SessionNotFound):
        world.app.joining.join_as_speaker(JoinAsSpeaker(opened.session_id, token), "c2")
    assert world.tables.calls["put_connection"] == 0


def test_nobody_joins_in_a_language_that_the_engine_lacks(world: World) -> None:
    opened = world.open()
    with pytest.raises(UnsupportedLanguage):
        world.app.joining.join_as_listener(join(opened, "tlh"), "c1")
    assert world.tables.get_connection("c1") is None


def test_the_connection_with_the_token_is_the_speaker(world: World) -> None:
    opened, token = world.app.sessions.open("en")
    world.app.joining.join_as_speaker(JoinAsSpeaker(opened.session_id, token), "c1")
    assert world.now(opened).speaker_connection_id == "c1"
    stored = world.tables.get_connection("c1")
    assert stored is not None
    assert stored.role is Role.SPEAKER
    assert stored.target_language is None


def test_the_last_to_join_with_the_token_is_the_speaker(world: World) -> None:
    opened, token = world.app.sessions.open("en")
    for connection_id in ("c1", "c2"):
        world.app.joining.join_as_speaker(JoinAsSpeaker(opened.session_id, token), connection_id)
    assert world.app.participants.spoken_by("c2") == world.now(opened)
    with pytest.raises(NotSpeaker):
        world.app.participants.spoken_by("c1")


def take_over(world: World, of: Session, token: str, *connection_ids: str) -> None:
    for connection_id in connection_ids:
        world.app.joining.join_as_speaker(JoinAsSpeaker(of.session_id, token), connection_id)


def test_a_speaker_whose_talk_is_taken_over_gets_that_and_is_closed(world: World) -> None:
    opened, token = world.app.sessions.open("en")
    take_over(world, opened, token, "c1", "c2")
    (notice,) = world.gateway.to("c1")
    assert (notice["type"], notice["code"]) == ("error", "NOT_SPEAKER")
    assert notice["message"] == "another connection speaks in this session now"
    assert world.gateway.closed == ["c1"]
    assert world.gateway.to("c2") == []


def test_of_many_who_take_over_each_is_closed_by_the_next() -> None:
    class ReadsAreOld(MemoryTables):
        """Every take-over has read the session before the first one wrote."""

        def get_session(self, session_id: str) -> Session | None:
            found = super().get_session(session_id)
            return found and replace(found, speaker_connection_id=None)

    world = World(tables=ReadsAreOld())
    opened, token = world.app.sessions.open("en")
    take_over(world, opened, token, "c1", "c2", "c3")
    assert world.gateway.closed == ["c1", "c2"]


def test_a_take_over_whose_answer_was_lost_still_tells_the_former_speaker() -> None:
    class AnswersAreLost(MemoryTables):
        """The SDK repeats the write, and finds what the first has written."""

        def set_speaker(self, session: Session, connection_id: str) -> str | None:
            super().set_speaker(session, connection_id)
            return super().set_speaker(session, connection_id)

    world = World(tables=AnswersAreLost())
    opened, token = world.app.sessions.open("en")
    take_over(world, opened, token, "c1", "c2")
    assert world.gateway.closed == ["c1"]


@pytest.mark.parametrize("trouble", ["gone", "failing", "late"])
def test_a_take_over_succeeds_though_the_former_speaker_cannot_be_notified(
    world: World, trouble: str
) -> None:
    opened, token = world.app.sessions.open("en")
    take_over(world, opened, token, "c1")
    getattr(world.gateway, trouble).add("c1")
    take_over(world, opened, token, "c2")
    assert world.app.participants.spoken_by("c2") == world.now(opened)
    assert world.gateway.closed == ["c1"]


def test_a_take_over_succeeds_though_telling_breaks() -> None:
    class Broken(RecordingGateway):
        def post(
            self, connection_ids: Sequence[str], data: bytes, deadline: float, share: float = 1.0
        ) -> Posted:
            raise RuntimeError("a bug")

    world = World(gateway=Broken())
    opened, token = world.app.sessions.open("en")
    take_over(world, opened, token, "c1", "c2")
    assert world.app.participants.spoken_by("c2") == world.now(opened)


def test_a_former_speaker_holds_up_the_next_for_three_seconds_at_most(world: World) -> None:
    opened, token = world.app.sessions.open("en")
    take_over(world, opened, token, "c1", "c2")
    begun = world.clock.monotonic()
    assert len(world.gateway.deadlines) == 2
    assert sum(each - begun for each in world.gateway.deadlines) <= 3


def test_a_take_over_that_breaks_off_after_its_first_write_leaves_nobody_a_second_speaker(
    world: World,
) -> None:
    opened, token = world.app.sessions.open("en")
    take_over(world, opened, token, "c1")
    world.tables.refusing.add("put_connection")
    with pytest.raises(Unavailable):
        take_over(world, opened, token, "c2")
    with pytest.raises(NotSpeaker):
        world.app.participants.spoken_by("c1")
    world.tables.refusing.clear()
    take_over(world, opened, token, "c3")
    assert world.app.participants.spoken_by("c3") == world.now(opened)


def test_another_token_is_refused(world: World) -> None:
    opened, token = world.app.sessions.open("en")
    with pytest.raises(NotSpeaker):
        world.app.joining.join_as_speaker(JoinAsSpeaker(opened.session_id, token + "x"), "c1")
    assert world.tables.get_connection("c1") is None
    assert world.now(opened).speaker_connection_id is None


def test_a_session_that_ends_while_its_speaker_joins_is_not_found() -> None:
    class EndsMeanwhile(MemoryTables):
        def set_speaker(self, session: Session, connection_id: str) -> str | None:
            self.end_session(session, NOW_MS)
            return super().set_speaker(session, connection_id)

    world = World(tables=EndsMeanwhile())
    opened, token = world.app.sessions.open("en")
    with pytest.raises(SessionNotFound):
        world.app.joining.join_as_speaker(JoinAsSpeaker(opened.session_id, token), "c1")
    assert world.tables.get_connection("c1") is None


def test_a_former_speaker_who_cannot_be_notified_is_logged(
    world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(world.gateway, "post", fail)
    world.app.closer.notify_and_close_former_speaker("former", "request-1")
    (record,) = caplog.records
    assert (record.levelname, record.getMessage()) == (
        "ERROR",
        "the former speaker could not be notified",
    )


def test_a_former_speaker_has_a_second_and_a_half_to_be_notified(world: World) -> None:
    world.clock.advance(5_000)
    world.app.closer.notify_and_close_former_speaker("former", "request-1")
    assert world.gateway.deadlines == [6.5, 6.5]
    assert world.gateway.closed == ["former"]
