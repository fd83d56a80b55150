"""A sentence to a gateway that misbehaves: over by its deadline, with everyone in one count.

The whole way of a sentence over the real poster and a real socket; only the tables are in memory.
"""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import cycle

import pytest
from botocore.credentials import ReadOnlyCredentials

from chalice_app.aws.clients import NoCredentials
from chalice_app.aws.posting.management_api import ManagementApi
from chalice_app.bootstrap.application import Application
from chalice_app.delivery.broadcast import HANDSHAKE_GRACE_MS
from chalice_app.domain.clock import SystemClock
from chalice_app.domain.sentence import CAPTION_LIFE_MS
from chalice_app.domain.session import Session
from chalice_app.observability.metrics import BROADCAST_SUCCESS_RATE, BUFFER_OVERFLOW_RATE
from tests.fakes.domain import PATIENCE, listener, sentence
from tests.fakes.world import SETTINGS, World
from tests.hostile.gateway_answer import FAILING
from tests.unit.chalice_app.aws.posting.scripted_gateway import ScriptedGateway, answer, hang

LISTENERS = 30
LEFT_SECONDS = 1.5
"""How long the sentence still has when it is taken up."""

KEYS = ReadOnlyCredentials("AKIDEXAMPLE", "secret", "token")


@pytest.fixture
def gateway() -> Iterator[ScriptedGateway]:
    made = ScriptedGateway()
    yield made
    made.close()


class Talk:
    """A hall of Spanish and French listeners, and what a sentence to them comes to."""

    def __init__(
        self,
        gateway: ScriptedGateway,
        credentials: Callable[[], ReadOnlyCredentials] = lambda: KEYS,
        max_in_flight: int = 50,
    ) -> None:
        self.gateway = gateway
        self.api = ManagementApi(gateway.endpoint, "us-east-1", credentials, max_in_flight)
        self.world = World(settings=replace(SETTINGS, slice_listeners=1_000))
        clock = SystemClock()
        adapters = replace(self.world.app.adapters, gateway=self.api, clock=clock)
        self.app = Application(self.world.settings, adapters)
        self.ids = [f"c{number}=" for number in range(LISTENERS)]
        opened, _ = self.app.sessions.open("en")
        before = clock.now_ms() - HANDSHAKE_GRACE_MS - 1
        for key, language in zip(self.ids, cycle(("es", "fr")), strict=False):
            self.world.tables.put_connection(listener(opened, key, language, before))
        self.world.count(self.ids)
        self.of: Session = self.world.speaker(opened)

    def speak(self) -> dict[str, int]:
        """Says a sentence; the report's counts, summed."""
        now = time.time_ns() // 1_000_000
        said = sentence(spoken_at=now - CAPTION_LIFE_MS + int(LEFT_SECONDS * 1000))
        with ThreadPoolExecutor(1) as speaker:
            speaker.submit(self.app.speech.speak, self.of, "speaker", said).result(PATIENCE)
        self.api.shutdown()
        reports = [each for each in self.gateway.requests if each.connection_id == "speaker"]
        (report,) = (json.loads(each.body) for each in reports)
        lines = list(report["languages"].values())
        return {name: sum(line[name] for line in lines) for name in COUNTS}


COUNTS = ("listeners", "delivered", "gone", "dropped")


def counts(delivered: int, gone: int = 0, dropped: int = 0) -> dict[str, int]:
    return {"listeners": LISTENERS, "delivered": delivered, "gone": gone, "dropped": dropped}


@pytest.mark.parametrize("kind", FAILING)
def test_whatever_it_does_to_all_the_report_is_exact(gateway: ScriptedGateway, kind: str) -> None:
    talk = Talk(gateway)
    gateway.scripts.update({key: list(FAILING[kind].script) for key in talk.ids})
    assert talk.speak() == counts(0)
    assert talk.world.metrics.values()[BROADCAST_SUCCESS_RATE] == 0.0


@pytest.mark.parametrize("kind", FAILING)
def test_whatever_it_does_to_some_the_others_are_served(
    gateway: ScriptedGateway, kind: str
) -> None:
    talk = Talk(gateway)
    gateway.scripts.update({key: list(FAILING[kind].script) for key in talk.ids[::3]})
    assert talk.speak() == counts(LISTENERS - 10)
    served = 100 * (LISTENERS - 10) / LISTENERS
    assert talk.world.metrics.values()[BROADCAST_SUCCESS_RATE] == pytest.approx(served)


def test_with_a_third_of_them_gone_the_rest_is_served_and_their_rows_are_deleted(
    gateway: ScriptedGateway,
) -> None:
    talk = Talk(gateway)
    gone = talk.ids[::3]
    gateway.scripts.update({key: [answer(410)] for key in gone})
    assert talk.speak() == counts(LISTENERS - len(gone), gone=len(gone))
    assert talk.world.metrics.values()[BROADCAST_SUCCESS_RATE] == 100.0
    left = {key for key in talk.ids if talk.world.tables.get_connection(key)}
    assert left == set(talk.ids) - set(gone)


def test_those_whose_turn_never_came_are_dropped_and_logged(
    gateway: ScriptedGateway, caplog: pytest.LogCaptureFixture
) -> None:
    talk = Talk(gateway, max_in_flight=2)
    gateway.scripts.update({key: [hang] for key in talk.ids})
    report = talk.speak()
    assert report == counts(0, dropped=LISTENERS - 2)
    overflow = talk.world.metrics.values()[BUFFER_OVERFLOW_RATE]
    assert overflow == pytest.approx(100 * (LISTENERS - 2) / LISTENERS)
    (told,) = [each for each in caplog.records if "came too late" in each.message]
    assert told.message.endswith(f"for {LISTENERS - 2} of {LISTENERS} listeners")
    assert (told.__dict__["session"], told.__dict__["sequence"]) == (talk.of.session_id, 1)


def test_a_credential_that_expires_on_the_way_fails_whom_it_no_longer_serves(
    gateway: ScriptedGateway,
) -> None:
    talk = Talk(gateway)
    expired = answer(403, b'{"message":"The security token included in the request is expired"}')
    gateway.scripts.update({key: [expired] for key in talk.ids[20:]})
    assert talk.speak() == counts(20)


def test_credentials_that_cannot_be_had_fail_the_sentence_and_raise_nothing(
    gateway: ScriptedGateway,
) -> None:
    calls = iter(range(100))

    def until_the_report() -> ReadOnlyCredentials:
        if next(calls) < 2:  # one call a language
            raise NoCredentials("expired")
        return KEYS

    assert Talk(gateway, until_the_report).speak() == counts(0)
