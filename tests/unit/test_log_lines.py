"""A talk in which everything fails, as its functions' logs tell it: all of it, and nobody's words.

Every function is entered as AWS enters it; what fails does so with the very things in its message
that no log may have.
"""

import io
import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from chalice.test import Client

import app as functions
from chalice_app.bootstrap.application import Application
from chalice_app.bootstrap.process import composed
from chalice_app.domain.errors import Unavailable
from chalice_app.domain.sentence import SentenceRef
from chalice_app.observability.logs import FunctionFailed, JsonLines, connection_name
from chalice_app.sessions.resume_tokens import ResumeTokens
from chalice_app.synthesis.asks import VoiceAsk
from chalice_app.transcripts.asks import TranscriptAsk
from chalice_app.wire.attribute_values import encode
from infra.deployment.policies import read_policies
from infra.deployment.stage_names import PROJECT
from infra.local.event_sources.schedules import scheduled_event
from infra.local.invocation import Context, Function
from streams import broadcast as broadcast_function
from streams import cache_access, cache_eviction, reconcile, rosters, transcript, voice
from streams.batch import BatchFailed
from tests.fakes.cache import MemoryCache
from tests.fakes.domain import NOW_MS
from tests.fakes.world import SETTINGS, World

TEXT = "Nobody is to read this in a log"
SPEAKER, LISTENER = "SpEaKeRcOnN=", "LiStEnErCoNn="
DEPLOYED = {"chalice_app", "streams", functions.app.app_name}
FUNCTIONS = read_policies(PROJECT).keys()

Line = Mapping[str, Any]


class Broken:
    """Fails at whatever it is called for, and says with what."""

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: object, **_: object) -> None:
            raise KeyError(f"{name} {arguments}")

        return call


class Talk:
    """The functions, entered with events, over fakes that fail where a step says so."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.cache = MemoryCache()
        adapters = replace(world.app.adapters, hits=self.cache, recency=self.cache)
        self.app = Application(replace(SETTINGS, slice_listeners=1), adapters)
        self.session, self.token = self.app.sessions.open("en")

    def broken(self, **adapters: Any) -> Application:
        """The application over some adapters that are broken."""
        return replace(self.app, adapters=replace(self.app.adapters, **adapters))

    @property
    def resume_token(self) -> str:
        """What the listener was told by `joined`."""
        return ResumeTokens(self.session).issue(LISTENER)

    def connect(self, connection_id: str, **query: str) -> None:
        query = {"sessionId": self.session.session_id, **query}
        functions.connect(
            socket_event(connection_id, queryStringParameters=query), context("websocket_connect")
        )

    def send(self, connection_id: str, action: str, **fields: object) -> None:
        body = json.dumps({"action": action, **fields})
        functions.message(socket_event(connection_id, body=body), context("websocket_message"))

    def http(self, method: str, path: str, **headers: str) -> int:
        with Client(functions.app, project_dir=str(PROJECT)) as client:
            return int(client.http.request(method, path, headers=headers).status_code)


def context(function: str) -> Context:
    name = f"translation-broadcaster-test-{function}"
    return Context(Function(name, lambda *_: None), f"request of {function}")


def socket_event(connection_id: str, **more: object) -> dict[str, Any]:
    place = {"domainName": "abc123.example", "stage": "api", "apiId": "abc123"}
    request = {"requestId": "gateway-1", "requestTimeEpoch": NOW_MS, "connectionId": connection_id}
    return {"requestContext": request | place, "isBase64Encoded": False, **more}


def change(key: str, value: str, **more: object) -> dict[str, Any]:
    keys = {"SequenceNumber": "1", "Keys": encode({key: value})}
    return {"eventName": "INSERT", "dynamodb": {**keys, **more}}


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """All that the functions log, debug lines too, in their form."""
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    root, written = logging.getLogger(), io.StringIO()
    level, handler = root.level, logging.StreamHandler(written)
    handler.setFormatter(JsonLines())
    # Not what other tests' threads may still have to say.
    handler.addFilter(lambda record: record.name.partition(".")[0] in DEPLOYED)
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield written
    root.setLevel(level)
    root.removeHandler(handler)


@pytest.fixture
def talk(world: World) -> Talk:
    return Talk(world)


@pytest.fixture
def lines(log: io.StringIO, talk: Talk) -> list[Line]:
    """What a whole talk has logged."""
    with composed(talk.app):
        arrive(talk)
        speak(talk)
        derive(talk)
        leave(talk)
    return [json.loads(line) for line in log.getvalue().splitlines()]


def arrive(talk: Talk) -> None:
    tables = talk.world.tables
    talk.connect(SPEAKER, token=talk.token)
    talk.connect(LISTENER, targetLanguage="es")
    talk.world.count([LISTENER])
    token = talk.resume_token
    talk.connect("AnOtHeR=", targetLanguage="es", resumeToken=token)
    talk.connect("AnOtHeR=", targetLanguage="es", resumeToken=f"{token}-forged")
    name, shown = f"/sessions/{talk.session.session_id}", {"X-Resume-Token": token}
    assert talk.http("GET", name, **shown) == 200
    tables.refusing.add("get_session")
    talk.connect("AnOtHeR=", targetLanguage="es")
    assert talk.http("GET", f"/sessions/{talk.session.session_id}?token={talk.token}") == 503
    tables.refusing.clear()
    with composed(talk.broken(sessions=Broken())):
        with pytest.raises(FunctionFailed):
            talk.connect("AnOtHeR=", token=talk.token)
        bearer = {"Authorization": f"Bearer {talk.token}"}
        assert talk.http("DELETE", f"/sessions/{talk.session.session_id}", **bearer) == 500


def speak(talk: Talk) -> None:
    world = talk.world
    world.translator.failing.add("es")
    talk.send(SPEAKER, "speak", sequence=1, text=TEXT)
    with composed(talk.broken(connections=Broken())):
        talk.send(SPEAKER, "speak", sequence=2, text=TEXT)
    with composed(talk.broken(gateway=Broken())), pytest.raises(FunctionFailed):
        talk.send(LISTENER, "speak", sequence=2, text=TEXT)
    with composed(talk.broken(translator=Broken())):
        talk.send(SPEAKER, "speak", sequence=2, text=TEXT)
    talk.world.listener(talk.session, "ReAdEr=", "en")
    for adapters in ({}, {"connections": Broken()}, {"roster": Broken()}, {"gateway": Broken()}):
        with composed(talk.broken(**adapters)), suppress(FunctionFailed):
            talk.send(SPEAKER, "draft", sequence=3, text=TEXT)
    talk.send(LISTENER, "draft", sequence=3, text=TEXT)
    world.tables.refusing.add("read_roster")
    talk.send(SPEAKER, "draft", sequence=3, text=TEXT)
    talk.send(SPEAKER, "speak", sequence=3, text=TEXT)
    world.tables.refusing.clear()
    talk.world.tables.delete_connection("ReAdEr=")
    talk.world.count(["ReAdEr="])
    world.gateway.late.add(LISTENER)
    talk.send(SPEAKER, "speak", sequence=4, text=TEXT)
    talk.world.listener(talk.session, "SeCoNd=", "es")
    talk.send(SPEAKER, "speak", sequence=5, text=TEXT)
    talk.send(SPEAKER, "speak", sequence=5, text=f"{TEXT} twice")
    first, *_ = map(json.loads, world.invoker.payloads)
    with composed(talk.broken(gateway=Broken())):
        broadcast_function.handler(first, context("broadcast"))
    with pytest.raises(FunctionFailed):
        broadcast_function.handler(first, context("broadcast"))
    ask_for_voice(talk)
    export(talk)


def export(talk: Talk) -> None:
    """The transcript function, whose engine has no translation."""
    ask = TranscriptAsk(
        talk.session.session_id, talk.session.created_at, ["fr"], is_speaker=True, owner="mine"
    )
    talk.world.translator.failing.add("fr")
    transcript.handler(ask.payload(), context("transcript"))


def ask_for_voice(talk: Talk) -> None:
    """The voice function, whose bucket is broken."""
    ref = SentenceRef(
        talk.session.session_id, talk.session.created_at, 5, SPEAKER, NOW_MS, started_at=NOW_MS
    )
    ask = VoiceAsk(ref, "es", "es", TEXT, [LISTENER], NOW_MS)
    with composed(talk.broken(sounds=Broken())):
        voice.handler(ask.payload(), context("voice"))


def derive(talk: Talk) -> None:
    talk.connect("ThIrD=", targetLanguage="es")
    arrived = change("connectionId", "ThIrD=")
    unreadable = {**arrived, "eventName": TEXT}
    talk.world.tables.refusing.add("commit")
    with pytest.raises(BatchFailed):
        rosters.handler({"Records": [unreadable, arrived]}, context("rosters"))
    talk.world.tables.refusing.clear()
    with composed(talk.broken(ledger=Broken())), pytest.raises(FunctionFailed):
        rosters.handler({"Records": [arrived]}, context("rosters"))
    talk.cache.refusing |= {"count_entries", "apply_hits"}
    cache_access.handler(
        {"Records": [change("cacheKey", f"en:es:{number}") for number in range(9)]},
        context("cache_access"),
    )
    with pytest.raises(Unavailable):
        cache_eviction.handler(scheduled_event("cache_eviction"), context("cache_eviction"))
    talk.world.count(["ThIrD="])
    reconcile.handler(scheduled_event("reconcile"), context("reconcile"))


def leave(talk: Talk) -> None:
    with composed(talk.broken(connections=Broken())), pytest.raises(FunctionFailed):
        functions.disconnect(socket_event(LISTENER), context("websocket_disconnect"))
    functions.disconnect(socket_event(LISTENER), context("websocket_disconnect"))


SECRETS = (TEXT, SPEAKER, LISTENER, "AnOtHeR=", "SeCoNd=", "ThIrD=", "token=")


def test_every_function_s_lines_say_which_invocation_they_are_of(lines: list[Line]) -> None:
    seen = set()
    for line in lines:
        assert {"time", "level", "logger", "message", "function", "requestId"} <= line.keys(), line
        seen.add(line["function"].removeprefix("translation-broadcaster-test-"))
    assert seen == FUNCTIONS


def test_no_line_has_a_text_a_token_or_a_connection_s_id(lines: list[Line], talk: Talk) -> None:
    for line in lines:
        told = json.dumps(line)
        assert not [
            secret for secret in (*SECRETS, talk.token, talk.resume_token) if secret in told
        ], told


@pytest.mark.parametrize(
    ("message", "fields"),
    [
        ("no translation: told to fail", {"language": "es", "sequence": 1}),
        ("a translation broke", {"language": "es", "sequence": 2}),
        ("the roster could not be read", {"language": "es", "sequence": 3}),
        ("the sentence came too late for 1 of 1 listeners", {"sequence": 4}),
    ],
)
def test_a_sentence_s_lines_say_which_and_whose(
    lines: list[Line], talk: Talk, message: str, fields: Mapping[str, object]
) -> None:
    expected = {"gatewayRequestId": "gateway-1", "session": talk.session.session_id, **fields}
    expected |= {"connection": connection_name(SPEAKER)}
    told = [line for line in lines if line["message"] == message]
    assert any(expected.items() <= line.items() for line in told), told


@pytest.mark.parametrize(
    ("function", "message", "fields"),
    [
        ("broadcast", "a batch could not be sent", {"language": "es", "sequence": 5}),
        ("rosters", "a roster transaction failed", {}),
        ("transcript", "5 of 5 sentences are untranslated", {}),
        ("voice", "a caption could not be spoken", {"language": "es", "sequence": 5}),
        ("api_handler", "INTERNAL: the test refuses it", {"gatewayRequestId": ""}),
    ],
)
def test_so_do_those_of_the_other_functions(
    lines: list[Line], talk: Talk, function: str, message: str, fields: Mapping[str, object]
) -> None:
    expected = {"session": talk.session.session_id, **fields}
    (line,) = [each for each in lines if each["message"] == message and of(each) == function]
    assert expected == {name: line.get(name) for name in expected}


def of(line: Line) -> str:
    return str(line["function"]).removeprefix("translation-broadcaster-test-")
