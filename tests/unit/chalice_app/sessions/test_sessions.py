"""Opening, finding and ending sessions, over fakes."""

from dataclasses import replace

import pytest

from chalice_app.admission.limits import AdmissionLimits
from chalice_app.domain.errors import (
    BadMessage,
    NotSpeaker,
    SessionNotFound,
    Unavailable,
    UnsupportedLanguage,
)
from chalice_app.domain.session import Session
from chalice_app.domain.session_names import is_session_name
from chalice_app.sessions.tokens import hash_token, new_token
from chalice_app.wire.incoming import OpenSession
from tests.fakes.domain import NOW_MS, listener, session
from tests.fakes.memory import INDEX_LAG_MS
from tests.fakes.world import SETTINGS, MemoryTables, World


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
    assert opened.expires_at_seconds == NOW_MS // 1000 + world.settings.session_ttl_seconds
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


# --- Ending --------------------------------------------------------------------------------------


def test_everyone_is_notified_of_the_end_and_then_closed(world: World) -> None:
    opened = world.speaker(world.open(), "speaker")
    world.listener(opened, "c1")
    world.listener(opened, "c2", "fr")
    world.app.sessions.end(world.now(opened))
    everyone = {"speaker", "c1", "c2"}
    assert {receiver for receiver, _ in world.gateway.log} == everyone
    assert all(message["type"] == "sessionEnded" for _, message in world.gateway.log)
    assert sorted(world.gateway.closed) == sorted(everyone)
    assert not world.now(opened).is_active


def test_an_end_reaches_those_whom_the_index_does_not_show_yet(world: World) -> None:
    opened = world.open()
    world.listener(opened, "counted a moment ago")
    world.tables.unindexed.add("counted a moment ago")
    world.app.sessions.end(opened)
    assert [kind["type"] for kind in world.gateway.to("counted a moment ago")] == ["sessionEnded"]
    assert world.gateway.closed == ["counted a moment ago"]


def test_an_end_reaches_a_speaker_who_has_just_taken_over(world: World) -> None:
    opened = world.speaker(world.open(), "former")
    world.speaker(opened, "speaker")
    world.app.sessions.end(opened)
    assert world.gateway.closed == ["speaker"]


def test_an_end_reaches_nobody_of_a_former_session_of_that_name(world: World) -> None:
    former = session(created_at=NOW_MS - 10_000_000)
    again = session(created_at=NOW_MS)
    world.tables.put_session(again)
    world.tables.put_connection(listener(former, "old"))
    world.tables.put_connection(listener(again, "new"))
    world.clock.advance(INDEX_LAG_MS)
    world.app.sessions.end(again)
    assert world.gateway.closed == ["new"]


def test_a_session_ends_though_nobody_can_be_notified(world: World) -> None:
    opened = world.open()
    world.listener(opened, "c1")
    world.gateway.failing.add("c1")
    world.app.sessions.end(opened)
    assert not world.now(opened).is_active
    assert world.gateway.closed == ["c1"]


def end(world: World, opened: Session, token: str) -> None:
    """As `DELETE /sessions/{id}` does."""
    world.app.sessions.end(world.app.entrance.of_speaker(opened.session_id, token, ""))


def test_the_token_ends_a_session(world: World) -> None:
    opened, token = world.app.sessions.open("en")
    with pytest.raises(NotSpeaker):
        end(world, opened, "another")
    assert world.now(opened).is_active
    end(world, opened, token)
    assert not world.now(opened).is_active


def test_a_session_that_has_ended_cannot_be_ended_again(world: World) -> None:
    opened, token = world.app.sessions.open("en")
    end(world, opened, token)
    with pytest.raises(SessionNotFound):
        end(world, opened, token)


def test_where_the_stage_has_no_limit_a_session_may_ask_for_any() -> None:
    limits = AdmissionLimits(max_listeners=0, character_budget=0)
    world = World(settings=replace(SETTINGS, limits=limits))
    opened, _ = world.app.sessions.open(OpenSession("en", max_listeners=7, character_budget=8))
    assert (opened.max_listeners, opened.character_budget) == (7, 8)


def test_a_token_is_128_random_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secrets.token_urlsafe", lambda size: f"{size} bytes")
    assert new_token() == "16 bytes"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (OpenSession("en", max_listeners=8), "maxListeners may be 7 at most"),
        (OpenSession("en", character_budget=10), "characterBudget may be 9 at most"),
    ],
)
def test_a_session_that_asks_for_too_much_is_told_what_and_how_much(
    asked: OpenSession, message: str
) -> None:
    limits = AdmissionLimits(max_listeners=7, character_budget=9)
    world = World(settings=replace(SETTINGS, limits=limits))
    with pytest.raises(BadMessage, match=f"^{message}$"):
        world.app.sessions.open(asked)
