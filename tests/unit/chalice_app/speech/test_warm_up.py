"""A container is made ready once, after its first answer, and failures are harmless."""

import logging
from dataclasses import replace

import pytest

import app as functions
from chalice_app.bootstrap.application import Application
from chalice_app.bootstrap.process import composed
from chalice_app.speech.warm_up import WarmUp
from tests.fakes.world import World
from tests.unit.chalice_app.test_routes import event


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "us-east-1")


class Container:
    """A fresh container over a world, and what was done in it, in order."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.seen: list[list[str]] = []
        self.application = Application(
            world.settings, replace(world.app.adapters, prepare=self._prepare)
        )

    def _prepare(self) -> None:
        self.seen.append([message["type"] for _, message in self.world.gateway.log])

    def receives(self, connection_id: str, body: str) -> None:
        with composed(self.application):
            functions.message(event(connection_id, "MESSAGE", body=body), None)


@pytest.fixture
def container(world: World) -> Container:
    return Container(world)


@pytest.fixture
def hall(world: World) -> str:
    """A session's speaker."""
    world.speaker(world.open())
    world.translator.listings = 0
    return "speaker"


@pytest.mark.parametrize(
    ("body", "answer"),
    [('{"action":"heartbeat"}', "heartbeatAck"), ('{"action":"status"}', "sessionStatus")],
)
def test_what_a_joining_speaker_asks_is_answered_first_and_wakes_the_container(
    container: Container, hall: str, body: str, answer: str
) -> None:
    container.receives(hall, body)
    assert container.seen == [[answer]]
    assert container.world.translator.listings == 1
    assert "speech" in vars(container.application)


def test_a_container_is_made_ready_once(container: Container, hall: str) -> None:
    for _ in range(3):
        container.receives(hall, '{"action":"heartbeat"}')
    assert len(container.seen) == 1
    assert container.world.translator.listings == 1


def test_a_sentence_does_not_wait_for_it(container: Container, hall: str) -> None:
    container.receives(hall, '{"action":"speak","sequence":1,"text":"Hello"}')
    assert container.seen == []
    assert container.world.translator.listings == 0


def test_an_engine_that_does_not_answer_is_harmless(container: Container, hall: str) -> None:
    container.world.translator.unavailable = True
    container.receives(hall, '{"action":"heartbeat"}')
    container.receives(hall, '{"action":"speak","sequence":1,"text":"Hello"}')
    kinds = [message["type"] for _, message in container.world.gateway.log]
    assert kinds == ["heartbeatAck", "spoken"]


def test_each_step_is_taken_whether_or_not_another_fails(
    caplog: pytest.LogCaptureFixture,
) -> None:
    taken: list[str] = []

    def fail() -> None:
        raise RuntimeError("no memory left")

    with caplog.at_level(logging.WARNING):
        WarmUp((lambda: taken.append("first"), fail, lambda: taken.append("last"))).once()
    assert taken == ["first", "last"]
    assert len(caplog.records) == 1
    assert caplog.records[0].exc_info is not None
