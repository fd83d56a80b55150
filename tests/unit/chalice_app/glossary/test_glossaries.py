"""A session's glossary: kept, prepared once, and on a bad day done without."""

import logging

import pytest

from chalice_app.domain.errors import SessionNotFound, Unavailable
from chalice_app.domain.session import Session
from chalice_app.glossary.glossaries import PREPARED_MOST
from chalice_app.glossary.terms import Glossary, Term
from chalice_app.glossary.wording import NO_WORDING
from tests.fakes.domain import NOW_MS
from tests.fakes.world import MemoryTables, World

GLOSSARY = Glossary((Term("hall", targets={"es": "sala"}),), ("damn",))


def with_glossary(world: World, glossary: Glossary = GLOSSARY) -> Session:
    of = world.open()
    world.app.glossaries.replace(of, glossary)
    return world.now(of)


def reads(world: World) -> int:
    return world.tables.calls["get_glossary"]


def test_a_session_without_a_glossary_costs_no_read(world: World) -> None:
    assert world.app.glossaries.wording_of(world.open()) is NO_WORDING
    assert world.app.glossaries.read(world.open()) == Glossary()
    assert reads(world) == 0


def test_a_glossary_is_read_once_a_version(world: World) -> None:
    of = with_glossary(world)
    first = world.app.glossaries.wording_of(of)
    assert world.app.glossaries.wording_of(of) is first
    assert reads(world) == 1
    world.app.glossaries.replace(of, Glossary(blocked=("darn",)))
    assert world.app.glossaries.wording_of(world.now(of)) is not first
    assert reads(world) == 2


def test_a_glossary_is_given_back(world: World) -> None:
    assert world.app.glossaries.read(with_glossary(world)) == GLOSSARY


def test_an_empty_glossary_clears_it(world: World) -> None:
    of = with_glossary(world)
    world.app.glossaries.replace(of, Glossary())
    assert world.now(of).glossary_version is None


def test_a_sentence_is_kept_without_blocked_words(world: World) -> None:
    masked = world.app.glossaries.masked(with_glossary(world), "damn hall")
    assert masked == "*** hall"


def test_a_session_that_has_ended_meanwhile_gets_none(world: World) -> None:
    of = world.open()
    world.tables.end_session(of, NOW_MS)
    with pytest.raises(SessionNotFound):
        world.app.glossaries.replace(of, GLOSSARY)


def test_a_glossary_that_cannot_be_read_is_done_without_and_asked_for_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Troubled(MemoryTables):
        is_down = True

        def get_glossary(self, session: Session, version: str) -> str | None:
            if self.is_down:
                raise Unavailable("the test refuses it")
            return super().get_glossary(session, version)

    tables = Troubled()
    world = World(tables=tables)
    of = with_glossary(world)
    with caplog.at_level(logging.WARNING):
        assert world.app.glossaries.wording_of(of) is NO_WORDING
    assert "without it" in caplog.text
    with pytest.raises(Unavailable):
        world.app.glossaries.read(of)
    tables.is_down = False
    assert world.app.glossaries.wording_of(of).masked("damn") == "***"


@pytest.mark.parametrize("stored", [None, "{", "[]", '{"terms":[5]}'])
def test_a_row_that_is_gone_or_malformed_is_done_without(stored: str | None) -> None:
    class Edited(MemoryTables):
        def get_glossary(self, session: Session, version: str) -> str | None:
            return stored

    world = World(tables=Edited())
    assert world.app.glossaries.wording_of(with_glossary(world)) is NO_WORDING


def test_the_oldest_prepared_glossary_makes_room(world: World) -> None:
    all_of_them = [with_glossary(world) for _ in range(PREPARED_MOST + 1)]
    for of in all_of_them:
        world.app.glossaries.wording_of(of)
    world.app.glossaries.wording_of(all_of_them[-1])
    assert reads(world) == PREPARED_MOST + 1
    world.app.glossaries.wording_of(all_of_them[0])
    assert reads(world) == PREPARED_MOST + 2


def test_what_need_not_be_said_is_left_out_where_the_glossary_cannot_be_read(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    of = with_glossary(world)
    world.tables.refusing.add("get_glossary")
    assert world.app.glossaries.masked_or_none(of, "damn hall") is None
    assert caplog.records == []
    world.tables.refusing.clear()
    assert world.app.glossaries.masked_or_none(of, "damn hall") == "*** hall"
    assert world.app.glossaries.masked_or_none(world.open(), "damn hall") == "damn hall"
