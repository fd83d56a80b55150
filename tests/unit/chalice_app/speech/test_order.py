"""Captions of one language never overtake each other at a listener, however long each step takes.

Through the handlers, as a gateway calls them that hands a speaker's messages on in their order:
the next when the handler of the one before has returned. (Where a gateway does not, listeners put
captions in order by their sequence.)
"""

import json
import random
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import app as functions
from chalice_app.bootstrap.process import composed
from chalice_app.cache.entries import CachedTranslation
from chalice_app.domain.reports import Posted
from chalice_app.domain.session import Session
from chalice_app.domain.style import PLAIN, Style
from chalice_app.sessions.ports import SessionRoster
from tests.fakes.cache import MemoryCache
from tests.fakes.delivery import RecordingGateway
from tests.fakes.domain import NOW_MS
from tests.fakes.translation import StubTranslator
from tests.fakes.world import MemoryTables, World

LANGUAGES = ("es", "fr", "de", "en")


class Dice:
    """Random delays: a wait for an event that never comes, so that threads really change places."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._never = threading.Event()

    def delay(self) -> None:
        with self._lock:
            milliseconds = self._random.choice([0, 0, 0, 1, 2, 5])
        self._never.wait(milliseconds / 1000)


class SlowTables(MemoryTables):
    """Every read of a roster takes its time."""

    def __init__(self, dice: Dice) -> None:
        super().__init__()
        self.dice = dice

    def read_roster(self, session: Session, sequence: int | None = None) -> SessionRoster:
        self.dice.delay()
        return super().read_roster(session, sequence)


class SlowCache(MemoryCache):
    """So does every read of the cache."""

    def __init__(self, dice: Dice) -> None:
        super().__init__()
        self.dice = dice

    def get_entries(self, cache_keys: Any) -> Mapping[str, CachedTranslation]:
        self.dice.delay()
        return super().get_entries(cache_keys)


class SlowTranslator(StubTranslator):
    """So does every translation."""

    def __init__(self, dice: Dice) -> None:
        super().__init__()
        self.dice = dice

    def translate(
        self, text: str, source_language: str, target_language: str, style: Style = PLAIN
    ) -> str:
        self.dice.delay()
        return super().translate(text, source_language, target_language, style)


class SlowGateway(RecordingGateway):
    """So does every post, and posts of one call overtake each other."""

    def __init__(self, dice: Dice) -> None:
        super().__init__()
        self.dice = dice

    def post(
        self, connection_ids: Sequence[str], data: bytes, deadline: float, share: float = 1.0
    ) -> Posted:
        def one(connection_id: str) -> Posted:
            self.dice.delay()
            return super(SlowGateway, self).post([connection_id], data, deadline, share)

        with ThreadPoolExecutor(8) as threads:
            return sum(threads.map(one, connection_ids), Posted())


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "us-east-1")


@pytest.fixture(params=range(5))
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    dice = Dice(request.param)
    made = World(
        tables=SlowTables(dice),
        cache=SlowCache(dice),
        translator=SlowTranslator(dice),
        gateway=SlowGateway(dice),
    )
    with composed(made.app):
        yield made


def say(sequence: int, text: str) -> None:
    context = {
        "routeKey": "$default",
        "eventType": "MESSAGE",
        "connectionId": "speaker",
        "requestId": f"r{sequence}",
        "requestTimeEpoch": NOW_MS,
        "domainName": "abc123.execute-api.us-east-1.amazonaws.com",
        "stage": "api",
        "apiId": "abc123",
    }
    body = json.dumps({"action": "speak", "sequence": sequence, "text": text})
    functions.message({"requestContext": context, "isBase64Encoded": False, "body": body}, None)


def test_captions_never_overtake_each_other_at_a_listener(world: World) -> None:
    opened = world.speaker(world.open())
    listeners = [f"{language}{n}" for language in LANGUAGES for n in range(3)]
    for listener in listeners:
        world.listener(opened, listener, listener[:2])
    sequences = list(range(1, 13))
    for sequence in sequences:
        say(sequence, f"sentence {sequence % 5}")
    for listener in listeners:
        captions = world.gateway.to(listener, "caption")
        assert [caption["sequence"] for caption in captions] == sequences
    reported = [report["sequence"] for report in world.gateway.to("speaker", "spoken")]
    assert reported == sequences
