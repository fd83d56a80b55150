"""The switch that empties the overlays: noted first, then told to everybody."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from chalice_app.admission.limits import AdmissionLimits
from chalice_app.delivery.broadcast import NOTICE_SECONDS
from chalice_app.domain.errors import RateLimited, SessionNotFound, Unavailable
from chalice_app.domain.session import Session
from tests.fakes.domain import NOW_MS
from tests.fakes.world import SETTINGS, World

HIDDEN: dict[str, Any] = {"type": "overlays", "hidden": True}
SHOWN: dict[str, Any] = {"type": "overlays", "hidden": False}


@pytest.fixture
def talk(world: World) -> Session:
    """A session with a speaker and two listeners."""
    opened = world.open()
    world.listener(opened, "c1", "es")
    world.listener(opened, "c2", "pt")
    return world.speaker(opened)


def test_every_listener_and_the_speaker_are_told(world: World, talk: Session) -> None:
    world.app.overlays.switch(talk, hidden=True, switched_at=NOW_MS)
    assert world.now(talk).overlays_hidden
    for connection in ("c1", "c2", "speaker"):
        assert world.gateway.to(connection, "overlays") == [HIDDEN]
    world.app.overlays.switch(talk, hidden=False, switched_at=NOW_MS)
    assert not world.now(talk).overlays_hidden
    for connection in ("c1", "c2", "speaker"):
        assert world.gateway.to(connection, "overlays") == [HIDDEN, SHOWN]


def test_it_is_noted_before_anybody_is_told(world: World, talk: Session) -> None:
    world.tables.refusing.add("read_roster")
    with pytest.raises(Unavailable):
        world.app.overlays.switch(talk, hidden=True, switched_at=NOW_MS)
    assert world.now(talk).overlays_hidden
    assert world.gateway.log == []


def test_nobody_is_told_what_could_not_be_noted(world: World, talk: Session) -> None:
    world.tables.refusing.add("set_overlays_hidden")
    with pytest.raises(Unavailable):
        world.app.overlays.switch(talk, hidden=True, switched_at=NOW_MS)
    assert world.gateway.log == []


def test_an_ended_session_has_no_overlays_to_empty(world: World, talk: Session) -> None:
    world.app.sessions.end(talk)
    with pytest.raises(SessionNotFound):
        world.app.overlays.switch(talk, hidden=True, switched_at=NOW_MS)
    assert world.gateway.to("c1", "overlays") == []


def test_a_large_hall_is_told_for_so_long_and_no_longer(world: World, talk: Session) -> None:
    began = world.clock.monotonic()
    world.app.overlays.switch(talk, hidden=True, switched_at=NOW_MS)
    assert world.gateway.deadlines == [began + NOTICE_SECONDS] * 2
    assert [set(each) for each in world.gateway.calls] == [{"c1", "c2"}, {"speaker"}]


def test_one_that_cannot_be_reached_keeps_nobody_from_it(world: World, talk: Session) -> None:
    world.gateway.gone.add("c1")
    world.gateway.failing.add("c2")
    world.app.overlays.switch(talk, hidden=True, switched_at=NOW_MS)
    assert world.gateway.to("speaker", "overlays") == [HIDDEN]


def test_it_has_the_rate_of_sentences_for_every_function_together() -> None:
    limits = AdmissionLimits(sentences_per_second=10)
    world = World(settings=replace(SETTINGS, limits=limits))
    talk = world.speaker(world.open())
    world.listener(talk, "c1", "es")
    for number in range(201):
        with suppress(RateLimited):
            # Each second one is handled before the one that came first.
            at = NOW_MS + (number ^ 1) * 5
            world.app.overlays.switch(talk, hidden=number % 2 == 0, switched_at=at)
    assert len(world.gateway.to("c1", "overlays")) == 11
