"""Changing language, leaving and speaking, over fakes."""

from dataclasses import replace

import pytest

from chalice_app.domain.errors import (
    BadMessage,
    NotSpeaker,
    RateLimited,
    SessionNotFound,
    UnsupportedLanguage,
)
from chalice_app.domain.session import Connection
from chalice_app.sessions.participants import CHANGE_MS, CHANGES_AT_ONCE
from tests.fakes.domain import NOW_MS, session, speaker
from tests.fakes.world import MemoryTables, World

# --- Changing language ---------------------------------------------------------------------------


def test_a_new_language_raises_the_version(world: World) -> None:
    world.listener(world.open(), "c1", "es")
    world.app.participants.change_language("c1", "fr")
    changed = world.tables.get_connection("c1")
    assert changed is not None
    assert (changed.target_language, changed.version) == ("fr", 2)


def test_the_language_that_it_has_already_is_not_written(world: World) -> None:
    world.listener(world.open(), "c1", "es")
    world.app.participants.change_language("c1", "es")
    assert world.tables.calls["change_language"] == 0


def test_another_tag_of_the_language_that_it_has_is_not_written(world: World) -> None:
    world.listener(world.open(), "c1", "es")
    world.app.participants.change_language("c1", "es-AR")
    assert world.tables.calls["change_language"] == 0


@pytest.mark.parametrize("language", ["es", "fr"])
@pytest.mark.parametrize("had", [True, False])
def test_a_wish_for_the_voice_changes_with_the_language_or_alone(
    world: World, language: str, had: bool
) -> None:
    world.listener(world.open(), "c1", "es", wants_voice=had)
    world.app.participants.change_language("c1", language, wants_voice=not had)
    changed = world.tables.get_connection("c1")
    assert changed is not None
    assert (changed.target_language, changed.wants_voice) == (language, not had)
    assert changed.version == 2


@pytest.mark.parametrize("had", [True, False])
def test_a_wish_that_is_not_named_stays_as_it_was(world: World, had: bool) -> None:
    world.listener(world.open(), "c1", "es", wants_voice=had)
    world.app.participants.change_language("c1", "fr")
    changed = world.tables.get_connection("c1")
    assert changed is not None
    assert changed.wants_voice is had


@pytest.mark.parametrize("wish", [True, False])
def test_the_language_and_the_wish_that_it_has_already_are_not_written(
    world: World, wish: bool
) -> None:
    world.listener(world.open(), "c1", "es", wants_voice=wish)
    world.app.participants.change_language("c1", "es", wants_voice=wish)
    assert world.tables.calls["change_language"] == 0


def test_wishes_count_against_the_limit_of_changes(world: World) -> None:
    world.listener(world.open(), "c1", "es")
    for number in range(CHANGES_AT_ONCE):
        world.app.participants.change_language("c1", "es", wants_voice=number % 2 == 0)
    with pytest.raises(RateLimited):
        world.app.participants.change_language("c1", "es", wants_voice=True)
    with pytest.raises(RateLimited):
        world.app.participants.change_language("c1", "fr")


def test_a_speaker_has_no_voice_to_wish_for(world: World) -> None:
    world.speaker(world.open(), "c1")
    with pytest.raises(BadMessage):
        world.app.participants.change_language("c1", "fr", wants_voice=True)


def test_a_language_that_the_engine_lacks_is_refused(world: World) -> None:
    world.listener(world.open(), "c1", "es")
    with pytest.raises(UnsupportedLanguage):
        world.app.participants.change_language("c1", "tlh")
    unchanged = world.tables.get_connection("c1")
    assert unchanged is not None
    assert unchanged.target_language == "es"


def test_a_speaker_has_no_language_to_change(world: World) -> None:
    world.speaker(world.open(), "c1")
    with pytest.raises(BadMessage):
        world.app.participants.change_language("c1", "fr")


def test_a_connection_in_no_session_has_no_language_to_change(world: World) -> None:
    with pytest.raises(SessionNotFound):
        world.app.participants.change_language("c1", "fr")


def test_a_connection_changes_its_language_so_often_and_then_now_and_then(world: World) -> None:
    world.listener(world.open(), "c1", "es")

    def change(number: int) -> int:
        """0, or the milliseconds to wait."""
        try:
            world.app.participants.change_language("c1", ("fr", "es")[number % 2])
        except RateLimited as refused:
            return int(str(refused.details["retryAfterMs"]))
        return 0

    assert [change(number) for number in range(31)] == [0] * CHANGES_AT_ONCE + [CHANGE_MS]
    assert world.tables.calls["change_language"] == CHANGES_AT_ONCE
    world.clock.advance(CHANGE_MS - 1)
    assert change(0) == 1
    world.clock.advance(1)
    assert change(0) == 0
    assert change(1) == CHANGE_MS


def test_functions_that_work_side_by_side_admit_no_more_changes_together() -> None:
    class ReadsOld(MemoryTables):
        """Every function reads the row before any of them has written."""

        def get_connection(self, connection_id: str) -> Connection | None:
            found = super().get_connection(connection_id)
            return None if found is None else replace(found, version=1, target_language="pt")

    world = World(tables=ReadsOld())
    world.listener(world.open(), "c1", "es")
    for _ in range(CHANGES_AT_ONCE):
        world.app.participants.change_language("c1", "fr")
    with pytest.raises(RateLimited):
        world.app.participants.change_language("c1", "fr")


def test_a_listener_that_has_left_is_not_brought_back() -> None:
    class LeavesMeanwhile(MemoryTables):
        def change_language(
            self,
            connection_id: str,
            target_language: str,
            highest_version: int,
            wants_voice: bool | None = None,
        ) -> None:
            self.delete_connection(connection_id)
            super().change_language(connection_id, target_language, highest_version, wants_voice)

    world = World(tables=LeavesMeanwhile())
    world.listener(world.open(), "c1", "es")
    with pytest.raises(SessionNotFound):
        world.app.participants.change_language("c1", "fr")
    assert world.tables.get_connection("c1") is None


# --- Leaving -------------------------------------------------------------------------------------


def test_a_listener_that_leaves_has_no_row(world: World) -> None:
    world.listener(world.open(), "c1")
    world.app.participants.leave("c1")
    assert world.tables.get_connection("c1") is None


def test_leaving_twice_is_harmless(world: World) -> None:
    opened = world.speaker(world.open(), "c1")
    world.app.participants.leave("c1")
    world.app.participants.leave("c1")
    assert world.now(opened).speaker_connection_id is None


def test_a_speaker_that_leaves_leaves_the_session_open(world: World) -> None:
    opened = world.speaker(world.open(), "c1")
    world.app.participants.leave("c1")
    assert world.now(opened).is_active
    assert world.now(opened).speaker_connection_id is None


def test_a_former_speaker_that_leaves_does_not_unseat_the_new_one(world: World) -> None:
    opened = world.speaker(world.open(), "old")
    world.speaker(opened, "new")
    world.app.participants.leave("old")
    assert world.now(opened).speaker_connection_id == "new"
    assert world.tables.get_connection("old") is None


# --- Speaking for a session ----------------------------------------------------------------------


def test_a_listener_may_not_speak(world: World) -> None:
    world.listener(world.open(), "c1")
    with pytest.raises(NotSpeaker):
        world.app.participants.spoken_by("c1")


def test_nobody_speaks_in_a_session_that_has_ended(world: World) -> None:
    opened = world.speaker(world.open(), "c1")
    world.tables.end_session(opened, NOW_MS)
    with pytest.raises(SessionNotFound):
        world.app.participants.spoken_by("c1")


def test_a_connection_belongs_to_the_session_it_joined_not_to_the_next_of_that_name(
    world: World,
) -> None:
    former = session(created_at=NOW_MS - 10_000_000)
    again = session(created_at=NOW_MS, speaker_connection_id=None)
    world.tables.put_session(again)
    world.tables.set_speaker(again, "c1")
    world.tables.put_connection(speaker(former, "c1"))
    with pytest.raises(SessionNotFound):
        world.app.participants.spoken_by("c1")
