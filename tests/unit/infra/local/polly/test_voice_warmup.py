"""Voices are loaded when listeners want them and kept while they listen; failures are harmless."""

import threading
from collections.abc import Collection, Iterator
from typing import Any

import pytest

from chalice_app.domain.session import Session
from infra.local.polly.voice_warmup import VoiceWarmup, asking
from infra.local.warmup import AGAIN_SECONDS

PATIENCE = 10.0


def listener(language: str, *, voice: bool = True, event: str = "INSERT") -> dict[str, Any]:
    image: dict[str, Any] = {"sessionId": {"S": "talk"}, "targetLanguage": {"S": language}}
    if voice:
        image["voice"] = {"BOOL": True}
    return {"eventName": event, "dynamodb": {"NewImage": image}}


class World:
    """Two sessions, a clock, and a server that may be away."""

    def __init__(self) -> None:
        self.now = 0.0
        self.away = False
        self.sessions = [
            Session("talk", "en", "", 1, 2, languages={"es": 2, "fr": 1}, voices={"es": 1}),
            Session("sermon", "pt", "", 1, 2, languages={"en-GB": 1}, voices={"en-GB": 1}),
        ]
        self.asked: list[list[str]] = []
        self.changed = threading.Condition()
        self.warmup = VoiceWarmup(lambda: self.sessions, self.prepare, lambda: self.now)

    def prepare(self, languages: Collection[str]) -> None:
        with self.changed:
            if self.away:
                self.away = False
                raise OSError("nobody answers")
            self.asked.append(list(languages))
            self.changed.notify_all()

    def wait_for(self, *asked: list[str]) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.asked == list(asked), PATIENCE), self.asked


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def running(world: World) -> Iterator[World]:
    world.warmup.start()
    yield world
    world.warmup.stop()
    world.warmup.join(PATIENCE)
    assert not world.warmup.is_alive()


def test_a_wish_has_its_languages_voice_loaded(running: World) -> None:
    running.warmup.see([listener("es"), listener("pt-BR", event="MODIFY")])
    running.wait_for(["es"], ["pt"])


def test_listeners_who_read_and_other_rows_ask_for_nothing(running: World) -> None:
    gone = {"eventName": "REMOVE", "dynamodb": {"OldImage": {"voice": {"BOOL": True}}}}
    odd = {"dynamodb": {"NewImage": {"voice": {"BOOL": True}}}}
    running.warmup.see([listener("fr", voice=False), gone, odd, listener("it")])
    running.wait_for(["it"])


def test_a_hall_that_joins_asks_once(world: World) -> None:
    for _ in range(100):
        world.warmup.start_for("es")
    world.now = AGAIN_SECONDS
    world.warmup.start_for("es")
    world.warmup.start_for("it")
    assert world.asked == [["es"], ["es"], ["it"]]


def test_every_voice_that_is_listened_to_is_kept(world: World) -> None:
    world.warmup.keep()
    assert world.asked == [["en", "es"]]


def test_where_nobody_listens_nothing_is_asked_for(world: World) -> None:
    world.sessions = [Session("talk", "en", "", 1, 2, languages={"es": 2})]
    world.warmup.keep()
    assert world.asked == []


def test_a_server_that_is_away_ends_nothing(running: World) -> None:
    running.away = True
    running.warmup.see([listener("es"), listener("it")])
    running.wait_for(["it"])


def test_an_endpoint_where_nobody_listens_is_an_os_error() -> None:
    with pytest.raises(OSError, match=r".+"):
        asking("http://127.0.0.1:1")(["es"])
