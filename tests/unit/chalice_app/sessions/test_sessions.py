"""Opening, joining, changing language, leaving and ending, over fakes."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from chalice_app.domain.errors import (
    BadMessage,
    NotSpeaker,
    SessionNotFound,
    Unavailable,
    UnsupportedLanguage,
)
from chalice_app.domain.reports import Posted
from chalice_app.domain.session import Role, Session
from chalice_app.domain.session_names import is_session_name
from chalice_app.sessions.sessions import CONNECTION_TTL_SECONDS, hash_token
from chalice_app.wire.messages import JoinAsListener, JoinAsSpeaker
from tests.fakes.delivery import RecordingGateway
from tests.fakes.domain import NOW_MS, listener, session, speaker
from tests.fakes.world import SETTINGS, MemoryTables, World


def join(of: Session, language: str = "es", last_sequence: int | None = None) -> JoinAsListener:
    return JoinAsListener(of.session_id, language, last_sequence)


class TakenNames(MemoryTables):
    """Tables where the first names are taken."""

    def __init__(self, taken: int) -> None:
        super().__init__()
        self.taken = taken
        self.tried: list[str] = []

    def put_session(self, session: Session) -> None:
        self.tried.append(session.session_id)
        if len(self.tried) <= self.taken:
            super().put_session(session)
        super().put_session(session)


# --- Opening -------------------------------------------------------------------------------------


def test_an_opened_session_lives_as_long_as_the_settings_say(world: World) -> None:
    opened, _ = world.app.sessions.open("en")
    assert is_session_name(opened.session_id)
    assert opened.source_language == "en"
    assert opened.created_at == NOW_MS
    assert opened.expires_at == NOW_MS // 1000 + world.settings.session_ttl_seconds
    assert world.app.sessions.get_open(opened.session_id) == opened


def test_the_token_is_stored_as_a_hash_alone(world: World) -> None:
    opened, token = world.app.sessions.open("en")
    assert opened.token_hash == hash_token(token)
    assert token not in repr(world.now(opened))


def test_two_sessions_have_two_tokens(world: World) -> None:
    assert world.app.sessions.open("en")[1] != world.app.sessions.open("en")[1]


def test_a_session_is_not_opened_in_a_language_that_the_engine_lacks(world: World) -> None:
    with pytest.raises(UnsupportedLanguage):
        world.app.sessions.open("tlh")
    assert world.tables.calls["put_session"] == 0


def test_a_taken_name_is_answered_with_another() -> None:
    tables = TakenNames(taken=2)
    opened, _ = World(tables=tables).app.sessions.open("en")
    assert opened.session_id == tables.tried[-1]
    assert len(tables.tried) == 3


def test_no_free_name_is_no_session() -> None:
    tables = TakenNames(taken=1000)
    with pytest.raises(Unavailable):
        World(tables=tables).app.sessions.open("en")
    assert len(tables.tried) < 100


# --- Looking up ----------------------------------------------------------------------------------


def test_a_name_that_was_never_opened_is_not_found(world: World) -> None:
    with pytest.raises(SessionNotFound):
        world.app.sessions.get("golden-eagle-427")


def test_an_ended_session_is_found_but_not_open(world: World) -> None:
    opened = world.open()
    world.app.sessions.end(opened)
    assert not world.app.sessions.get(opened.session_id).is_active
    with pytest.raises(SessionNotFound):
        world.app.sessions.get_open(opened.session_id)


def test_an_expired_session_is_not_found_though_its_row_is_still_there(world: World) -> None:
    opened = world.open()
    life = world.settings.session_ttl_seconds * 1000
    world.clock.advance(life - 1)
    assert world.app.sessions.get(opened.session_id) == opened
    world.clock.advance(1)
    with pytest.raises(SessionNotFound):
        world.app.sessions.get(opened.session_id)
    assert world.now(opened) == opened


# --- Joining -------------------------------------------------------------------------------------


def test_a_listener_is_stored_with_the_session_it_joined(world: World) -> None:
    opened = world.open()
    world.app.sessions.join_as_listener(join(opened, "fr", last_sequence=7), "c1")
    stored = world.tables.get_connection("c1")
    assert stored is not None
    assert stored.role is Role.LISTENER
    assert (stored.session_id, stored.session_epoch) == (opened.session_id, opened.created_at)
    assert (stored.target_language, stored.last_sequence, stored.version) == ("fr", 7, 1)
    assert stored.connected_at == NOW_MS
    assert stored.ttl == NOW_MS // 1000 + CONNECTION_TTL_SECONDS


def talk(world: World, last_sequence: int) -> Session:
    """A session in which so much has been said."""
    opened = world.open()
    world.tables.raise_last_sequence(opened, last_sequence)
    return opened


@pytest.mark.parametrize(("said", "heard"), [(1, 0), (3, 0), (4, 1), (100, 97)])
def test_who_comes_late_is_stored_as_having_missed_the_last_three(
    world: World, said: int, heard: int
) -> None:
    world.app.sessions.join_as_listener(join(talk(world, said)), "c1")
    stored = world.tables.get_connection("c1")
    assert stored is not None
    assert stored.last_sequence == heard


def test_who_comes_back_is_late_for_what_it_says_itself(world: World) -> None:
    world.app.sessions.join_as_listener(join(talk(world, 100), last_sequence=5), "c1")
    stored = world.tables.get_connection("c1")
    assert stored is not None
    assert stored.last_sequence == 5


@pytest.mark.parametrize(("keep_sentences", "said"), [(True, 0), (False, 100)])
def test_nobody_is_late_before_anything_was_said_or_where_nothing_is_kept(
    keep_sentences: bool, said: int
) -> None:
    world = World(settings=replace(SETTINGS, keep_sentences=keep_sentences))
    opened = talk(world, said) if said else world.open()
    world.app.sessions.join_as_listener(join(opened), "c1")
    stored = world.tables.get_connection("c1")
    assert stored is not None
    assert stored.last_sequence is None


def test_joining_counts_nobody(world: World) -> None:
    opened = world.open()
    world.app.sessions.join_as_listener(join(opened), "c1")
    assert world.now(opened).listener_count == 0
    assert world.gateway.log == []


def test_a_listener_may_join_before_the_speaker_does(world: World) -> None:
    opened = world.open()
    assert opened.speaker_connection_id is None
    world.app.sessions.join_as_listener(join(opened), "c1")
    assert world.tables.get_connection("c1") is not None


def test_nobody_joins_a_session_that_has_ended(world: World) -> None:
    opened, token = world.app.sessions.open("en")
    world.app.sessions.end(opened)
    with pytest.raises(SessionNotFound):
        world.app.sessions.join_as_listener(join(opened), "c1")
    with pytest.raises(SessionNotFound):
        world.app.sessions.join_as_speaker(JoinAsSpeaker(opened.session_id, token), "c2")
    assert world.tables.calls["put_connection"] == 0


def test_nobody_joins_in_a_language_that_the_engine_lacks(world: World) -> None:
    opened = world.open()
    with pytest.raises(UnsupportedLanguage):
        world.app.sessions.join_as_listener(join(opened, "tlh"), "c1")
    assert world.tables.get_connection("c1") is None


def test_whoever_holds_the_token_is_the_speaker(world: World) -> None:
    opened, token = world.app.sessions.open("en")
    world.app.sessions.join_as_speaker(JoinAsSpeaker(opened.session_id, token), "c1")
    assert world.now(opened).speaker_connection_id == "c1"
    stored = world.tables.get_connection("c1")
    assert stored is not None
    assert stored.role is Role.SPEAKER
    assert stored.target_language is None


def test_the_last_to_join_with_the_token_is_the_speaker(world: World) -> None:
    opened, token = world.app.sessions.open("en")
    for connection_id in ("c1", "c2"):
        world.app.sessions.join_as_speaker(JoinAsSpeaker(opened.session_id, token), connection_id)
    assert world.app.sessions.spoken_by("c2") == world.now(opened)
    with pytest.raises(NotSpeaker):
        world.app.sessions.spoken_by("c1")


def take_over(world: World, of: Session, token: str, *connection_ids: str) -> None:
    for connection_id in connection_ids:
        world.app.sessions.join_as_speaker(JoinAsSpeaker(of.session_id, token), connection_id)


def test_a_speaker_whose_talk_is_taken_over_is_told_and_closed(world: World) -> None:
    opened, token = world.app.sessions.open("en")
    take_over(world, opened, token, "c1", "c2")
    (told,) = world.gateway.to("c1")
    assert (told["type"], told["code"]) == ("error", "NOT_SPEAKER")
    assert told["message"] == "another connection speaks in this session now"
    assert world.gateway.closed == ["c1"]
    assert world.gateway.to("c2") == []


def test_of_many_who_take_over_each_is_told_by_the_next() -> None:
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
def test_a_take_over_succeeds_though_the_former_speaker_cannot_be_told(
    world: World, trouble: str
) -> None:
    opened, token = world.app.sessions.open("en")
    take_over(world, opened, token, "c1")
    getattr(world.gateway, trouble).add("c1")
    take_over(world, opened, token, "c2")
    assert world.app.sessions.spoken_by("c2") == world.now(opened)
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
    assert world.app.sessions.spoken_by("c2") == world.now(opened)


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
        world.app.sessions.spoken_by("c1")
    world.tables.refusing.clear()
    take_over(world, opened, token, "c3")
    assert world.app.sessions.spoken_by("c3") == world.now(opened)


def test_another_token_is_refused(world: World) -> None:
    opened, token = world.app.sessions.open("en")
    with pytest.raises(NotSpeaker):
        world.app.sessions.join_as_speaker(JoinAsSpeaker(opened.session_id, token + "x"), "c1")
    assert world.tables.get_connection("c1") is None
    assert world.now(opened).speaker_connection_id is None


def test_a_session_that_ends_while_its_speaker_joins_is_not_found() -> None:
    class EndsMeanwhile(MemoryTables):
        def set_speaker(self, session: Session, connection_id: str) -> str | None:
            self.end_session(session)
            return super().set_speaker(session, connection_id)

    world = World(tables=EndsMeanwhile())
    opened, token = world.app.sessions.open("en")
    with pytest.raises(SessionNotFound):
        world.app.sessions.join_as_speaker(JoinAsSpeaker(opened.session_id, token), "c1")
    assert world.tables.get_connection("c1") is None


# --- Changing language ---------------------------------------------------------------------------


def test_a_new_language_raises_the_version(world: World) -> None:
    world.listener(world.open(), "c1", "es")
    world.app.sessions.change_language("c1", "fr")
    changed = world.tables.get_connection("c1")
    assert changed is not None
    assert (changed.target_language, changed.version) == ("fr", 2)


def test_the_language_that_it_has_already_is_not_written(world: World) -> None:
    world.listener(world.open(), "c1", "es")
    world.app.sessions.change_language("c1", "es")
    assert world.tables.calls["change_language"] == 0


def test_a_language_that_the_engine_lacks_is_refused(world: World) -> None:
    world.listener(world.open(), "c1", "es")
    with pytest.raises(UnsupportedLanguage):
        world.app.sessions.change_language("c1", "tlh")
    unchanged = world.tables.get_connection("c1")
    assert unchanged is not None
    assert unchanged.target_language == "es"


def test_a_speaker_has_no_language_to_change(world: World) -> None:
    world.speaker(world.open(), "c1")
    with pytest.raises(BadMessage):
        world.app.sessions.change_language("c1", "fr")


def test_a_connection_in_no_session_has_no_language_to_change(world: World) -> None:
    with pytest.raises(SessionNotFound):
        world.app.sessions.change_language("c1", "fr")


def test_a_listener_that_leaves_meanwhile_is_not_brought_back() -> None:
    class LeavesMeanwhile(MemoryTables):
        def change_language(self, connection_id: str, target_language: str) -> None:
            self.delete_connection(connection_id)
            super().change_language(connection_id, target_language)

    world = World(tables=LeavesMeanwhile())
    world.listener(world.open(), "c1", "es")
    with pytest.raises(SessionNotFound):
        world.app.sessions.change_language("c1", "fr")
    assert world.tables.get_connection("c1") is None


# --- Leaving -------------------------------------------------------------------------------------


def test_a_listener_that_leaves_has_no_row(world: World) -> None:
    world.listener(world.open(), "c1")
    world.app.sessions.leave("c1")
    assert world.tables.get_connection("c1") is None


def test_leaving_twice_is_harmless(world: World) -> None:
    opened = world.speaker(world.open(), "c1")
    world.app.sessions.leave("c1")
    world.app.sessions.leave("c1")
    assert world.now(opened).speaker_connection_id is None


def test_a_speaker_that_leaves_leaves_the_session_open(world: World) -> None:
    opened = world.speaker(world.open(), "c1")
    world.app.sessions.leave("c1")
    assert world.now(opened).is_active
    assert world.now(opened).speaker_connection_id is None


def test_a_former_speaker_that_leaves_does_not_unseat_the_new_one(world: World) -> None:
    opened = world.speaker(world.open(), "old")
    world.speaker(opened, "new")
    world.app.sessions.leave("old")
    assert world.now(opened).speaker_connection_id == "new"
    assert world.tables.get_connection("old") is None


# --- Speaking for a session ----------------------------------------------------------------------


def test_a_listener_may_not_speak(world: World) -> None:
    world.listener(world.open(), "c1")
    with pytest.raises(NotSpeaker):
        world.app.sessions.spoken_by("c1")


def test_nobody_speaks_in_a_session_that_has_ended(world: World) -> None:
    opened = world.speaker(world.open(), "c1")
    world.tables.end_session(opened)
    with pytest.raises(SessionNotFound):
        world.app.sessions.spoken_by("c1")


def test_a_connection_belongs_to_the_session_it_joined_not_to_the_next_of_that_name(
    world: World,
) -> None:
    former = session(created_at=NOW_MS - 10_000_000)
    again = session(created_at=NOW_MS, speaker_connection_id=None)
    world.tables.put_session(again)
    world.tables.set_speaker(again, "c1")
    world.tables.put_connection(speaker(former, "c1"))
    with pytest.raises(SessionNotFound):
        world.app.sessions.spoken_by("c1")


# --- Ending --------------------------------------------------------------------------------------


def test_everyone_is_told_of_the_end_and_then_closed(world: World) -> None:
    opened = world.speaker(world.open(), "speaker")
    world.listener(opened, "c1")
    world.listener(opened, "c2", "fr")
    world.app.sessions.end(world.now(opened))
    everyone = {"speaker", "c1", "c2"}
    assert {receiver for receiver, _ in world.gateway.log} == everyone
    assert all(message["type"] == "sessionEnded" for _, message in world.gateway.log)
    assert sorted(world.gateway.closed) == sorted(everyone)
    assert not world.now(opened).is_active


def test_an_end_reaches_nobody_of_a_former_session_of_that_name(world: World) -> None:
    former = session(created_at=NOW_MS - 10_000_000)
    again = session(created_at=NOW_MS)
    world.tables.put_session(again)
    world.tables.put_connection(listener(former, "old"))
    world.tables.put_connection(listener(again, "new"))
    world.app.sessions.end(again)
    assert world.gateway.closed == ["new"]


def test_a_session_ends_though_nobody_can_be_told(world: World) -> None:
    opened = world.open()
    world.listener(opened, "c1")
    world.gateway.failing.add("c1")
    world.app.sessions.end(opened)
    assert not world.now(opened).is_active
    assert world.gateway.closed == ["c1"]


def test_the_token_ends_a_session(world: World) -> None:
    opened, token = world.app.sessions.open("en")
    with pytest.raises(NotSpeaker):
        world.app.sessions.end_with_token(opened.session_id, "another")
    assert world.now(opened).is_active
    world.app.sessions.end_with_token(opened.session_id, token)
    assert not world.now(opened).is_active


def test_a_session_that_has_ended_cannot_be_ended_again(world: World) -> None:
    opened, token = world.app.sessions.open("en")
    world.app.sessions.end_with_token(opened.session_id, token)
    with pytest.raises(SessionNotFound):
        world.app.sessions.end_with_token(opened.session_id, token)
