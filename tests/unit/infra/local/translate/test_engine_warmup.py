"""Engines are asked for when listeners join and kept while they listen; failures are harmless."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from chalice_app.domain.session import Session
from infra.local.translate.engine_warmup import EngineWarmup, asking
from infra.local.warmup import AGAIN_SECONDS

PATIENCE = 10.0


def listener(session_id: str, language: str, event: str = "INSERT") -> dict[str, Any]:
    image = {"sessionId": {"S": session_id}, "targetLanguage": {"S": language}}
    return {"eventName": event, "dynamodb": {"NewImage": image}}


class World:
    """Two sessions, a clock, and a Translate server that may be away."""

    def __init__(self) -> None:
        self.now = 0.0
        self.away = False
        self.sessions = {
            "talk": Session("talk", "en", "", 1, 2, languages={"es": 2, "en": 1}),
            "sermon": Session("sermon", "pt", "", 1, 2, languages={"es": 1, "gl": 1}),
        }
        self.asked: list[tuple[str, str]] = []
        self.changed = threading.Condition()
        self.engines = EngineWarmup(
            self.sessions.get, self.sessions.values, self.prepare, lambda: self.now
        )

    def prepare(self, source: str, target: str) -> None:
        if self.away:
            raise OSError("nobody answers")
        with self.changed:
            self.asked.append((source, target))
            self.changed.notify_all()

    def wait_for(self, *asked: tuple[str, str]) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.asked == list(asked), PATIENCE), self.asked


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def running(world: World) -> Iterator[World]:
    world.engines.start()
    yield world
    world.engines.stop()
    world.engines.join(PATIENCE)
    assert not world.engines.is_alive()


def test_a_listener_has_the_engine_started_from_the_sessions_language(running: World) -> None:
    running.engines.see([listener("talk", "fr"), listener("sermon", "fr")])
    running.wait_for(("en", "fr"), ("pt", "fr"))


def test_a_change_of_language_is_seen_like_a_join(running: World) -> None:
    running.engines.see([listener("talk", "it", "MODIFY")])
    running.wait_for(("en", "it"))


def test_other_rows_ask_for_nothing(running: World) -> None:
    speaker = {"eventName": "INSERT", "dynamodb": {"NewImage": {"sessionId": {"S": "talk"}}}}
    gone = {"eventName": "REMOVE", "dynamodb": {"OldImage": listener("talk", "es")}}
    cached = {"dynamodb": {"NewImage": {"targetLanguage": {"S": "es"}}}}
    running.engines.see([speaker, gone, cached, listener("ended", "es"), listener("talk", "ca")])
    running.wait_for(("en", "ca"))


def test_a_hall_asks_once_and_later_again(world: World) -> None:
    for _ in range(300):
        world.engines.start_for(("talk", "es"))
    assert world.asked == [("en", "es")]
    world.now += AGAIN_SECONDS
    world.engines.start_for(("talk", "es"))
    assert world.asked == [("en", "es")] * 2


def test_an_engine_that_could_not_be_asked_for_is_asked_for_by_the_next_listener(
    running: World, caplog: pytest.LogCaptureFixture
) -> None:
    running.away = True
    running.engines.see([listener("talk", "es")])
    deadline = time.monotonic() + PATIENCE
    while "nobody answers" not in caplog.text:
        assert time.monotonic() < deadline, caplog.text
        time.sleep(0.01)
    running.away = False
    running.engines.see([listener("talk", "es")])
    running.wait_for(("en", "es"))


def test_every_language_that_somebody_listens_to_is_kept(world: World) -> None:
    world.engines.keep()
    assert world.asked == [("en", "en"), ("en", "es"), ("pt", "es"), ("pt", "gl")]


def test_a_round_comes_by_itself_when_its_time_has_come(world: World) -> None:
    clock = iter([0.0, 1000.0])
    engines = EngineWarmup(
        world.sessions.get, world.sessions.values, world.prepare, lambda: next(clock, 1000.0)
    )
    engines.start()
    world.wait_for(("en", "en"), ("en", "es"), ("pt", "es"), ("pt", "gl"))
    engines.stop()
    engines.join(PATIENCE)
    assert not engines.is_alive()


def test_whatever_the_tables_answer_is_harmless(world: World) -> None:
    def broken(_session_id: str) -> Session:
        raise RuntimeError("the emulator is gone")

    engines = EngineWarmup(broken, world.sessions.values, world.prepare)
    engines.start()
    engines.see([listener("talk", "es")])
    engines.stop()
    engines.join(PATIENCE)
    assert not engines.is_alive()
    assert world.asked == []


def test_a_translate_server_that_is_not_there_is_an_oserror() -> None:
    with pytest.raises(OSError, match="refused"):
        asking("http://127.0.0.1:1")("en", "es")
