"""Every way into the system: HTTP by Chalice's client, WebSocket events by the handlers."""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from chalice.test import Client, HTTPResponse

import app as functions
from chalice_app.admission.limits import AdmissionLimits
from chalice_app.bootstrap.application import Application
from chalice_app.bootstrap.process import composed
from chalice_app.domain.dictation import Dictated
from chalice_app.domain.errors import BroadcasterError, RateLimited, SessionFull
from chalice_app.domain.languages import Language
from chalice_app.domain.session import Connection, Role, Session
from chalice_app.domain.style import Style
from chalice_app.glossary.terms import Glossary
from chalice_app.observability import logs
from chalice_app.sessions.tokens import hash_token
from chalice_app.settings import SAME_HOST
from chalice_app.wire.incoming import OpenSession
from tests.fakes.cache import MemoryCache
from tests.fakes.delivery import RecordingGateway
from tests.fakes.domain import NOW_MS, sentence
from tests.fakes.memory import INDEX_LAG_MS
from tests.fakes.world import SETTINGS, MemoryTables, World
from tests.hostile import handshake, http_request, message
from tests.hostile.hosts import BAD_HOSTS

PROJECT = Path(functions.__file__).parent
REQUEST_ID = "request-1"


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lambda always sets it, and Chalice asks for it before a WebSocket handler runs."""
    monkeypatch.setenv("AWS_REGION", "us-east-1")


@pytest.fixture(autouse=True)
def handlers_use(world: World) -> Iterator[None]:
    with composed(world.app):
        yield


# --- WebSocket -----------------------------------------------------------------------------------


def event(connection_id: str, kind: str, **more: object) -> dict[str, Any]:
    """What API Gateway sends to a WebSocket function."""
    context = {
        "routeKey": {"CONNECT": "$connect", "MESSAGE": "$default"}.get(kind, "$disconnect"),
        "eventType": kind,
        "connectionId": connection_id,
        "requestId": REQUEST_ID,
        "requestTimeEpoch": NOW_MS,
        "domainName": "abc123.execute-api.us-east-1.amazonaws.com",
        "stage": "api",
        "apiId": "abc123",
    }
    return {"requestContext": context, "isBase64Encoded": False, **more}


def connect(connection_id: str, **query: str) -> int:
    """A handshake; returns the status that it is answered with."""
    answer = functions.connect(
        event(connection_id, "CONNECT", queryStringParameters=query or None), None
    )
    return int(answer["statusCode"])


def send(connection_id: str, body: object, **more: object) -> None:
    """A message, as text or as what is to be JSON."""
    text = body if isinstance(body, str) else json.dumps(body)
    functions.message(event(connection_id, "MESSAGE", body=text, **more), None)


def send_frame(connection_id: str, frame: str | bytes) -> None:
    """A message as API Gateway passes it on: what is binary travels as base64."""
    if isinstance(frame, bytes):
        send(connection_id, base64.b64encode(frame).decode(), isBase64Encoded=True)
    else:
        send(connection_id, frame)


def disconnect(connection_id: str) -> None:
    functions.disconnect(event(connection_id, "DISCONNECT"), None)


def error(world: World, connection_id: str) -> Mapping[str, Any]:
    """The one message that a connection has received: an error."""
    (message,) = world.gateway.to(connection_id)
    assert message["type"] == "error"
    assert message["requestId"] == REQUEST_ID
    return message


# Handshakes


def test_a_listener_is_admitted(world: World) -> None:
    of = world.open()
    status = connect("c1", sessionId=of.session_id, targetLanguage="ES", lastSequence="3")
    assert status == 200
    assert world.tables.get_connection("c1") == Connection(
        connection_id="c1",
        session_id=of.session_id,
        session_epoch=of.created_at,
        role=Role.LISTENER,
        connected_at=NOW_MS,
        ttl=NOW_MS // 1000 + 7_800,
        target_language="es",
        last_sequence=3,
    )


def test_the_speaker_is_admitted(world: World) -> None:
    of, token = world.app.sessions.open("en")
    assert connect("c1", sessionId=of.session_id, token=token) == 200
    assert world.now(of).speaker_connection_id == "c1"


def test_a_handshake_without_a_query_is_refused_with_400() -> None:
    assert connect("c1") == 400


@pytest.mark.parametrize("name", handshake.MALFORMED)
def test_a_malformed_handshake_is_refused_with_400(world: World, name: str) -> None:
    of, token = world.app.sessions.open("en")
    assert connect("c1", **handshake.MALFORMED[name].parameters(of.session_id, token)) == 400
    assert world.tables.get_connection("c1") is None


@pytest.mark.parametrize("token", handshake.WRONG_TOKENS)
def test_a_handshake_with_a_wrong_token_is_refused_with_401(world: World, token: str) -> None:
    assert connect("c1", sessionId=world.open().session_id, token=token) == 401
    assert world.tables.get_connection("c1") is None


def test_a_handshake_to_no_session_is_refused_with_404() -> None:
    assert connect("c1", sessionId="golden-eagle-427", targetLanguage="es") == 404
    assert connect("c1", sessionId="golden-eagle-427", token="abc") == 404


def test_a_handshake_to_an_ended_session_is_refused_with_404(world: World) -> None:
    of, token = world.app.sessions.open("en")
    world.app.sessions.end(of)
    assert connect("c1", sessionId=of.session_id, targetLanguage="es") == 404
    assert connect("c1", sessionId=of.session_id, token=token) == 404


@pytest.mark.parametrize(
    ("failure", "status"), [(RateLimited("slow down"), 429), (SessionFull("full"), 503)]
)
def test_a_handshake_that_is_not_admitted_is_refused_with_429_or_503(
    failure: RateLimited | SessionFull, status: int
) -> None:
    class Refusing(MemoryTables):
        def put_connection(self, connection: Connection) -> None:
            raise failure

    world = World(tables=Refusing())
    of = world.open()
    with composed(world.app):
        assert connect("c1", sessionId=of.session_id, targetLanguage="es") == status


def test_a_handshake_while_the_tables_are_down_is_refused_with_503(world: World) -> None:
    of = world.open()
    world.tables.refusing.add("get_session")
    assert connect("c1", sessionId=of.session_id, targetLanguage="es") == 503


def test_a_refusal_says_nothing_but_its_status(world: World) -> None:
    answer = functions.connect(event("c1", "CONNECT"), None)
    assert answer == {"statusCode": 400}
    assert world.gateway.log == []


# Messages


def test_a_spoken_sentence_reaches_its_listeners_and_the_report_its_speaker(world: World) -> None:
    of = world.speaker(world.open())
    world.listener(of, "c1", "es")
    send("speaker", {"action": "speak", "sequence": 1, "text": "Hello"})
    (caption,) = world.gateway.to("c1")
    assert (caption["text"], caption["spokenAt"]) == ("[es] Hello", NOW_MS)
    (report,) = world.gateway.to("speaker")
    assert report["type"] == "spoken"


def test_a_sentence_in_another_language_is_translated_from_it(world: World) -> None:
    of = world.speaker(world.open())
    for connection_id, language in (("c1", "es"), ("c2", "en"), ("c3", "fr")):
        world.listener(of, connection_id, language)
    said = {"action": "speak", "sequence": 1, "text": "Hola", "sourceLanguage": "es-419"}
    send("speaker", said)
    captions = [world.gateway.to(connection_id)[0] for connection_id in ("c1", "c2", "c3")]
    assert [each["text"] for each in captions] == ["Hola", "[en] Hola", "[fr] Hola"]
    assert {each["sourceLanguage"] for each in captions} == {"es"}
    assert sorted(world.translator.calls) == [("Hola", "es", "en"), ("Hola", "es", "fr")]
    send("speaker", {"action": "correct", "sequence": 1, "text": "Adiós"})
    captions = [world.gateway.to(connection_id)[1] for connection_id in ("c1", "c2", "c3")]
    assert [each["text"] for each in captions] == ["Adiós", "[en] Adiós", "[fr] Adiós"]
    send("speaker", {"action": "speak", "sequence": 2, "text": "Hello"})
    assert world.gateway.to("c1")[2]["text"] == "[es] Hello"


@pytest.mark.parametrize(
    ("tag", "code"),
    [("xx", "UNSUPPORTED_LANGUAGE"), ("not a tag", "INVALID_LANGUAGE"), (7, "INVALID_LANGUAGE")],
)
def test_a_sentence_in_no_known_language_is_sent_to_nobody_and_its_number_is_free(
    world: World, tag: object, code: str
) -> None:
    of = world.speaker(world.open())
    world.listener(of, "c1", "es")
    said = {"action": "speak", "sequence": 1, "text": "Hello"}
    send("speaker", {**said, "sourceLanguage": tag})
    told = error(world, "speaker")
    assert (told["code"], told["details"]["sequence"]) == (code, 1)
    assert world.gateway.to("c1") == []
    send("speaker", said)
    assert world.gateway.to("c1")[0]["text"] == "[es] Hello"


def test_the_speaker_alone_empties_the_overlays(world: World) -> None:
    of = world.speaker(world.open())
    world.listener(of, "c1", "es")
    send("c1", {"action": "overlays", "hidden": True})
    assert error(world, "c1")["code"] == "NOT_SPEAKER"
    assert not world.now(of).overlays_hidden
    send("speaker", {"action": "overlays", "hidden": True})
    assert world.gateway.to("c1")[-1] == {"type": "overlays", "hidden": True}
    send("c1", {"action": "status"})
    assert world.gateway.to("c1")[-1]["overlaysHidden"] is True


@pytest.mark.parametrize("hidden", [None, 1, 0, "true", [], {}])
def test_overlays_are_emptied_or_filled_by_a_plain_word_alone(world: World, hidden: object) -> None:
    world.speaker(world.open())
    send("speaker", {"action": "overlays", "hidden": hidden})
    assert error(world, "speaker")["message"] == "hidden must be true or false"


@pytest.mark.parametrize("tag", ["es-419", "ES_mx", "es", "spa-AR", "es-ES-u-ca-gregory"])
def test_a_listener_s_tag_is_resolved_to_what_the_engine_offers(world: World, tag: str) -> None:
    of = world.open()
    assert connect("c1", sessionId=of.session_id, targetLanguage=tag) == 200
    world.count(["c1"])
    world.listener(of, "c2", "fr")
    send("c2", {"action": "changeLanguage", "targetLanguage": tag})
    for connection_id in ("c1", "c2"):
        stored = world.tables.get_connection(connection_id)
        assert stored is not None
        assert stored.target_language == "es"
    world.count(["c2"])
    assert world.now(of).languages == {"es": 2}


def test_a_listener_of_a_variant_of_the_speaker_s_language_gets_the_speaker_s_words(
    world: World,
) -> None:
    opened = call("POST", "/sessions", {"sourceLanguage": "en_AU"}).json_body
    assert opened["sourceLanguage"] == "en"
    of = world.speaker(world.app.sessions.get(opened["sessionId"]))
    assert connect("c1", sessionId=of.session_id, targetLanguage="en-GB") == 200
    world.count(["c1"])
    send("speaker", {"action": "speak", "sequence": 1, "text": "Hello"})
    (caption,) = [each for each in world.gateway.to("c1") if each["type"] == "caption"]
    assert (caption["text"], caption["language"]) == ("Hello", "en")
    assert "untranslated" not in caption
    assert world.translator.calls == []


def test_a_listener_changes_its_language_without_an_answer(world: World) -> None:
    world.listener(world.open(), "c1", "es")
    send("c1", {"action": "changeLanguage", "targetLanguage": "fr"})
    changed = world.tables.get_connection("c1")
    assert changed is not None
    assert changed.target_language == "fr"
    assert world.gateway.log == []


def test_a_heartbeat_is_acknowledged(world: World) -> None:
    send("c1", {"action": "heartbeat"})
    assert world.gateway.log == [("c1", {"type": "heartbeatAck"})]


def test_a_heartbeat_costs_no_read(world: World) -> None:
    send("c1", {"action": "heartbeat"})
    assert not world.tables.calls


def test_anyone_may_ask_for_the_status(world: World) -> None:
    of = world.open()
    world.listener(of, "c1", "es")
    send("c1", {"action": "status"})
    assert world.gateway.log == [
        (
            "c1",
            {
                "type": "sessionStatus",
                "sessionId": of.session_id,
                "sourceLanguage": "en",
                "isActive": True,
                "listenerCount": 1,
                "languages": {"es": 1},
                "voices": {},
                "createdAt": NOW_MS,
                "expiresAt": of.expires_at_seconds * 1000,
                "title": None,
                "drafts": "source",
                "retentionHours": 2,
                "transcript": "speaker",
            },
        )
    ]


def test_the_speaker_ends_the_session(world: World) -> None:
    of = world.speaker(world.open())
    world.listener(of, "c1")
    send("speaker", {"action": "end"})
    assert not world.now(of).is_active
    assert [message["type"] for message in world.gateway.to("c1")] == ["sessionEnded"]
    assert sorted(world.gateway.closed) == ["c1", "speaker"]


def test_every_function_that_people_reach_counts_what_it_did(world: World) -> None:
    of = world.open()
    assert connect("c1", sessionId=of.session_id, targetLanguage="es") == 200
    assert connect("c2", sessionId=of.session_id, targetLanguage="??") == 400
    disconnect("c1")
    assert call("POST", "/sessions", {"sourceLanguage": "en"}).status_code == 201
    assert world.metrics.emitted == [
        {"HandshakesAdmitted": 1},
        {"HandshakesRefused": 1},
        {"ConnectionsClosed": 1},
        {"SessionsOpened": 1},
    ]


def test_a_flood_of_messages_is_answered_once_a_second_and_the_socket_stays() -> None:
    world = World(settings=replace(SETTINGS, limits=AdmissionLimits()))
    of = world.open()
    world.listener(of, "c1")
    world.listener(of, "c2")
    speaker = world.speaker(of)
    with composed(world.app):
        for number in range(600):
            send("c1", {"action": "changeLanguage", "targetLanguage": ("fr", "es")[number % 2]})
            send("c2", {"action": "speak", "sequence": 1, "text": "Hello."})
        flooded = [*world.gateway.to("c1"), *world.gateway.to("c2")]
        send(str(speaker.speaker_connection_id), {"action": "heartbeat"})
        world.clock.advance(1_000)
        send("c1", "not even JSON")
    changes = [each for each in world.gateway.to("c1") if "often" in each["message"]]
    assert world.tables.calls["change_language"] == 30
    # Of those that are let through, every second asks for the language that it has by then.
    assert len(changes) in (85, 86)
    assert sum("too many messages" in each["message"] for each in flooded) == 2
    assert sum(each["code"] == "NOT_SPEAKER" for each in flooded) in (200, 201)
    assert all(each["retryAfterMs"] > 0 for each in flooded if each["code"] == "RATE_LIMITED")
    assert world.gateway.to("speaker")[-1] == {"type": "heartbeatAck"}
    assert world.gateway.closed == []
    refused = sum(each.get("MessagesRefused", 0) for each in world.metrics.emitted)
    assert refused in (798, 799, 800)


def test_the_speaker_learns_how_many_were_refused_and_why(world: World) -> None:
    of, token = world.app.sessions.open(OpenSession("en", "aula 7", max_listeners=1))
    path, query = f"/sessions/{of.session_id}", {"sessionId": of.session_id, "targetLanguage": "es"}
    world.listener(of, "there")
    assert connect("c1", **query, joinCode="aula 7") == 503
    for _ in range(4):
        assert connect("c1", **query, joinCode="aula 8") == 404
    assert call("GET", path, headers={"X-Join-Code": "aula 9"}).status_code == 404
    assert call("GET", f"{path}?joining=true").status_code == 404
    assert call("GET", f"{path}?joining=refused").status_code == 404  # its handshake was counted
    assert connect("c1", sessionId=of.session_id, token="wrong") == 404
    state = call("GET", path, headers={"Authorization": f"Bearer {token}"}).json_body
    reasons = {"SESSION_FULL": 1, "WRONG_CODE": 6, "WRONG_TOKEN": 1}
    assert state["refused"] == {"minutes": 5, "reasons": reasons}
    assert "refused" not in call("GET", path, headers={"X-Join-Code": "aula%207"}).json_body
    world.tables.refusing.add("get_many")
    state = call("GET", path, headers={"Authorization": f"Bearer {token}"}).json_body
    assert state["isActive"]
    assert "refused" not in state


def test_the_end_of_a_talk_writes_the_hits_of_its_last_sentences(world: World) -> None:
    cache = MemoryCache()
    application = Application(world.settings, replace(world.app.adapters, hits=cache))
    world.speaker(world.open())
    application.hit_buffer.count(["en:es:x"])
    with composed(application):
        send("speaker", {"action": "heartbeat"})
        assert cache.rows == {}
        send("speaker", {"action": "end"})
    assert len(cache.rows) == 1


@pytest.mark.parametrize(
    "message", [{"action": "speak", "sequence": 1, "text": "Hi"}, {"action": "end"}]
)
def test_whatever_a_former_speaker_asks_for_is_refused(
    world: World, message: dict[str, Any]
) -> None:
    of, token = world.app.sessions.open("en")
    for connection_id in ("c1", "c2"):
        assert connect(connection_id, sessionId=of.session_id, token=token) == 200
    assert error(world, "c1")["code"] == "NOT_SPEAKER"
    world.gateway.log.clear()
    send("c1", message)
    assert error(world, "c1")["code"] == "NOT_SPEAKER"
    assert world.now(of).is_active
    assert world.tables.calls["claim_sequence"] == 0


# Corrections


def test_the_speaker_corrects_and_retracts_what_was_said(world: World) -> None:
    of = world.speaker(world.open())
    world.listener(of, "c1", "en")
    send("speaker", {"action": "speak", "sequence": 4, "text": "Hello"})
    send("speaker", {"action": "correct", "sequence": 4, "text": "Hallo"})
    send("speaker", {"action": "correct", "sequence": 4, "text": ""})
    assert [each["type"] for each in world.gateway.to("c1")] == ["caption", "caption", "retracted"]
    assert [each["revision"] for each in world.gateway.to("speaker", "corrected")] == [1, 2]


@pytest.mark.parametrize(
    ("text", "code"),
    [("Hi", "SEQUENCE_NOT_KEPT"), ("x" * 4_001, "TEXT_TOO_LONG"), (" ", "BAD_MESSAGE")],
)
def test_an_error_about_a_correction_names_its_sentence(world: World, text: str, code: str) -> None:
    world.speaker(world.open())
    send("speaker", {"action": "correct", "sequence": 4, "text": text})
    told = error(world, "speaker")
    assert (told["code"], told["details"]["sequence"]) == (code, 4)


def test_a_listener_corrects_nothing(world: World) -> None:
    of = world.speaker(world.open())
    world.listener(of, "c1", "en")
    send("speaker", {"action": "speak", "sequence": 4, "text": "Hello"})
    world.gateway.log.clear()
    send("c1", {"action": "correct", "sequence": 4, "text": "Hallo"})
    assert error(world, "c1")["code"] == "NOT_SPEAKER"
    assert len(world.gateway.log) == 1


# Drafts


def test_a_draft_reaches_the_readers_of_the_speaker_s_language(world: World) -> None:
    of = world.speaker(world.open())
    world.listener(of, "c1", "en")
    world.listener(of, "c2", "es")
    send("speaker", {"action": "draft", "sequence": 1, "text": "Good"})
    send("speaker", {"action": "speak", "sequence": 1, "text": "Good morning"})
    send("speaker", {"action": "draft", "sequence": 1, "text": "late"})
    assert [each["type"] for each in world.gateway.to("c1")] == ["draft", "caption"]
    assert [each["type"] for each in world.gateway.to("c2")] == ["caption"]
    assert [each["type"] for each in world.gateway.to("speaker")] == ["spoken"]


def test_more_than_four_drafts_a_second_are_skipped_before_anything_is_read(world: World) -> None:
    of = world.speaker(world.open())
    world.listener(of, "c1", "en")
    for number in range(10):
        send("speaker", {"action": "draft", "sequence": 1, "text": f"word {number}"})
    assert [each["text"] for each in world.gateway.to("c1")] == [f"word {n}" for n in range(4)]
    assert world.gateway.to("speaker") == []
    world.tables.calls.clear()
    send("speaker", {"action": "draft", "sequence": 1, "text": "more"})
    assert not world.tables.calls


@pytest.mark.parametrize(
    ("text", "code"), [("x" * 4_001, "TEXT_TOO_LONG"), (" ", "BAD_MESSAGE"), (7, "BAD_MESSAGE")]
)
def test_an_error_about_a_draft_names_its_sentence(world: World, text: object, code: str) -> None:
    of = world.speaker(world.open())
    world.listener(of, "c1", "en")
    send("speaker", {"action": "draft", "sequence": 4, "text": text})
    told = error(world, "speaker")
    assert (told["code"], told["details"]["sequence"]) == (code, 4)
    assert len(world.gateway.log) == 1


def test_a_listener_drafts_nothing(world: World) -> None:
    of = world.speaker(world.open())
    world.listener(of, "c1", "en")
    world.listener(of, "c2", "en")
    send("c1", {"action": "draft", "sequence": 4, "text": "Mine"})
    assert error(world, "c1")["code"] == "NOT_SPEAKER"
    assert world.gateway.to("c2") == []


@pytest.mark.parametrize("method", ["get_connection", "get_session", "read_roster"])
def test_a_draft_while_the_tables_are_down_is_skipped(world: World, method: str) -> None:
    of = world.speaker(world.open())
    world.listener(of, "c1", "en")
    world.tables.refusing.add(method)
    send("speaker", {"action": "draft", "sequence": 4, "text": "Good"})
    assert world.gateway.log == []


def test_a_session_without_drafts_takes_and_skips_them(world: World) -> None:
    body = {"sourceLanguage": "en", "drafts": "off", "title": " Sunday\nservice "}
    name = call("POST", "/sessions", body).json_body["sessionId"]
    of = world.speaker(world.app.sessions.get(name))
    world.listener(of, "c1", "en")
    send("speaker", {"action": "draft", "sequence": 1, "text": "Good"})
    assert world.gateway.log == []
    state = call("GET", f"/sessions/{name}").json_body
    assert (state["title"], state["drafts"]) == ("Sunday service", "off")
    send("c1", {"action": "status"})
    (status,) = world.gateway.to("c1")
    assert (status["title"], status["drafts"]) == ("Sunday service", "off")


@pytest.mark.parametrize(
    "wish", [{"title": "x" * 121}, {"title": 7}, {"drafts": "on"}, {"drafts": True}]
)
def test_a_title_and_a_wish_for_drafts_are_the_protocol_s(wish: dict[str, object]) -> None:
    answer = call("POST", "/sessions", {"sourceLanguage": "en", **wish})
    assert answer.status_code == 400
    assert answer.json_body["code"] == "BAD_MESSAGE"


# Errors


@pytest.mark.parametrize("name", message.FROM_A_LISTENER)
def test_what_is_wrong_with_a_message_is_told_to_its_sender_alone(world: World, name: str) -> None:
    of = world.speaker(world.open())
    world.listener(of, "c1", "es")
    world.listener(of, "c2", "es")
    bad = message.FROM_A_LISTENER[name]
    send_frame("c1", bad.frame)
    told = error(world, "c1")
    assert told["code"] == bad.code
    assert bad.says in told["message"]
    assert len(world.gateway.log) == 1
    assert world.gateway.closed == []


@pytest.mark.parametrize(
    "body",
    [
        {"action": "status"},
        {"action": "end"},
        {"action": "overlays", "hidden": True},
        {"action": "changeLanguage", "targetLanguage": "es"},
        {"action": "speak", "sequence": 1, "text": "Hi"},
    ],
)
def test_a_connection_in_no_session_is_told_so(world: World, body: object) -> None:
    send("c1", body)
    assert error(world, "c1")["code"] == "SESSION_NOT_FOUND"


def test_a_repeated_sequence_is_told_with_the_last_one(world: World) -> None:
    of = world.speaker(world.open())
    world.app.speech.speak(of, "elsewhere", sentence(4))
    send("speaker", {"action": "speak", "sequence": 4, "text": "Hello"})
    told = error(world, "speaker")
    assert (told["code"], told["details"]) == ("BAD_MESSAGE", {"sequence": 4, "lastSequence": 4})


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("x" * 4_001, "TEXT_TOO_LONG"),
        ("", "BAD_MESSAGE"),
        (7, "BAD_MESSAGE"),
        ("Hi", "NOT_SPEAKER"),
    ],
)
def test_an_error_about_a_sentence_names_it(world: World, text: object, code: str) -> None:
    world.listener(world.speaker(world.open()), "c1")
    send("c1", {"action": "speak", "sequence": 12, "text": text})
    told = error(world, "c1")
    assert (told["code"], told["details"]["sequence"]) == (code, 12)


def test_a_refusal_for_a_time_names_its_sentence() -> None:
    limits = AdmissionLimits(sentences_per_second=1, messages_per_second=0)
    world = World(settings=replace(SETTINGS, limits=limits))
    of = world.speaker(world.open())
    with composed(world.app):
        for sequence in (1, 2):
            send("speaker", {"action": "speak", "sequence": sequence, "text": "Hi"})
    (told,) = world.gateway.to("speaker", "error")
    assert (told["code"], told["details"]["sequence"]) == ("RATE_LIMITED", 2)
    assert told["retryAfterMs"] == told["details"]["retryAfterMs"]
    assert world.now(of).last_sequence == 1


def test_a_failure_names_its_sentence(world: World) -> None:
    world.speaker(world.open())
    world.tables.refusing.add("get_session")
    send("speaker", {"action": "speak", "sequence": 3, "text": "Hi"})
    told = error(world, "speaker")
    assert (told["code"], told["details"]) == ("INTERNAL", {"sequence": 3})


@pytest.mark.parametrize("sequence", [0, -1, 2**53, 1.5, "3", True, None, [3], 10**400])
def test_a_sequence_that_no_sentence_may_have_is_not_named(world: World, sequence: object) -> None:
    world.speaker(world.open())
    send("speaker", {"action": "speak", "sequence": sequence, "text": "Hi"})
    told = error(world, "speaker")
    assert told["code"] == "BAD_MESSAGE"
    assert "details" not in told


def test_an_error_about_anything_else_names_no_sentence(world: World) -> None:
    send("c1", {"action": "status", "sequence": 3})
    assert "details" not in error(world, "c1")


@pytest.mark.parametrize("failure", [RateLimited("slow", retryAfterMs=5), SessionFull("full")])
def test_limits_are_told_by_their_codes(failure: RateLimited | SessionFull) -> None:
    class Refusing(MemoryTables):
        def get_connection(self, connection_id: str) -> Connection | None:
            raise failure

    world = World(tables=Refusing())
    with composed(world.app):
        send("c1", {"action": "status"})
    told = error(world, "c1")
    assert told["code"] == failure.code
    assert told.get("retryAfterMs") == failure.details.get("retryAfterMs")


@pytest.mark.parametrize("method", ["get_connection", "get_session"])
def test_tables_that_are_down_are_an_internal_error(world: World, method: str) -> None:
    world.listener(world.open(), "c1")
    world.tables.refusing.add(method)
    send("c1", {"action": "status"})
    assert error(world, "c1")["code"] == "INTERNAL"


def test_an_unexpected_failure_is_internal_and_tells_no_detail(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(MemoryTables):
        def get_connection(self, connection_id: str) -> Connection | None:
            raise RuntimeError("the secret detail")

    world = World(tables=Broken())
    with composed(world.app):
        send("c1", {"action": "status"})
    told = error(world, "c1")
    assert told["code"] == "INTERNAL"
    assert "secret" not in json.dumps(told)
    assert "the secret detail" in caplog.text


def test_a_message_without_a_body_is_a_bad_message(world: World) -> None:
    functions.message(event("c1", "MESSAGE"), None)
    assert error(world, "c1")["code"] == "BAD_MESSAGE"


def test_a_clients_mistake_is_not_logged_as_ours(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    send("c1", "no JSON")
    assert connect("c1") == 400
    assert caplog.records == []
    world.tables.refusing.add("get_connection")
    send("c1", {"action": "status"})
    assert [record.levelname for record in caplog.records] == ["ERROR"]


# Endings


def test_a_closed_socket_has_no_row(world: World) -> None:
    world.listener(world.open(), "c1")
    disconnect("c1")
    assert world.tables.get_connection("c1") is None


def test_a_socket_that_never_joined_may_close(world: World) -> None:
    disconnect("c1")
    assert world.tables.calls["delete_connection"] == 0


# --- HTTP ----------------------------------------------------------------------------------------


def call(
    method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
) -> HTTPResponse:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    with Client(functions.app, project_dir=str(PROJECT)) as client:
        return client.http.request(
            method,
            path,
            headers={"Content-Type": "application/json", **(headers or {})},
            body=b"" if body is None else content,
        )


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_the_page_is_html() -> None:
    answer = call("GET", "/")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.body.lower().startswith(b"<!doctype html>")


def test_the_function_is_healthy_without_settings_and_tables(world: World) -> None:
    answer = call("GET", "/health")
    assert (answer.status_code, answer.json_body) == (200, {"status": "ok"})
    assert not world.tables.calls


def test_the_languages_are_the_engines(world: World) -> None:
    answer = call("GET", "/languages")
    assert answer.status_code == 200
    codes = [language["code"] for language in answer.json_body["languages"]]
    assert codes == [language.code for language in world.translator.offered]


def test_a_language_tells_how_well_it_is_heard_where_it_is(world: World) -> None:
    world.translator.offered = [
        Language(code, code, code, "ltr") for code in ("en", "pt-PT", "fr", "en-GB")
    ]
    told = {each["code"]: each for each in call("GET", "/languages").json_body["languages"]}
    heard = {code: each.get("dictation") for code, each in told.items()}
    assert heard == {"en": "good", "pt-PT": "fair", "fr": None, "en-GB": "good"}
    assert "dictation" not in told["fr"]


def test_an_engine_that_cannot_be_asked_is_503(world: World) -> None:
    world.translator.unavailable = True
    answer = call("GET", "/languages")
    assert answer.status_code == 503
    assert answer.json_body["code"] == "INTERNAL"


def test_a_session_is_opened(world: World) -> None:
    answer = call("POST", "/sessions", {"sourceLanguage": "en"})
    assert answer.status_code == 201
    opened = answer.json_body
    assert set(opened) == {
        "sessionId",
        "speakerToken",
        "sourceLanguage",
        "webSocketUrl",
        "expiresAt",
    }
    assert opened["webSocketUrl"] == world.settings.websocket_url
    assert opened["expiresAt"] == NOW_MS + world.settings.session_ttl_seconds * 1000
    assert connect("c1", sessionId=opened["sessionId"], token=opened["speakerToken"]) == 200


@pytest.mark.parametrize(
    ("headers", "url"),
    [
        ({"Host": "192.168.1.7:8000"}, "ws://192.168.1.7:8000"),
        ({"Host": "Hall.local:8443", "X-Forwarded-Proto": "https"}, "wss://Hall.local:8443"),
    ],
)
def test_who_opens_a_session_connects_to_the_host_that_it_asked(
    headers: dict[str, str], url: str
) -> None:
    world = World(settings=replace(SETTINGS, websocket_url=SAME_HOST))
    with composed(world.app):
        answer = call("POST", "/sessions", {"sourceLanguage": "en"}, headers=headers)
    assert (answer.status_code, answer.json_body["webSocketUrl"]) == (201, url)


@pytest.mark.parametrize("host", BAD_HOSTS)
def test_no_session_is_opened_by_who_names_no_host(host: str) -> None:
    world = World(settings=replace(SETTINGS, websocket_url=SAME_HOST))
    with composed(world.app):
        answer = call("POST", "/sessions", {"sourceLanguage": "en"}, headers={"Host": host})
    assert (answer.status_code, answer.json_body["code"]) == (400, "BAD_MESSAGE")
    assert "SessionsOpened" not in str(world.metrics.emitted)


@pytest.mark.parametrize("name", http_request.BODIES)
def test_a_session_is_not_opened_by_a_bad_request(name: str) -> None:
    bad = http_request.BODIES[name]
    answer = call("POST", "/sessions", bad.body)
    assert answer.status_code == 400
    assert answer.json_body["type"] == "error"
    assert answer.json_body["code"] == bad.code


def test_a_session_tells_its_state(world: World) -> None:
    of = world.open()
    world.listener(of, "c1", "es")
    answer = call("GET", f"/sessions/{of.session_id}")
    assert answer.status_code == 200
    assert answer.json_body == {
        "sessionId": of.session_id,
        "sourceLanguage": "en",
        "isActive": True,
        "listenerCount": 1,
        "languages": {"es": 1},
        "voices": {},
        "createdAt": NOW_MS,
        "expiresAt": of.expires_at_seconds * 1000,
        "title": None,
        "drafts": "source",
        "retentionHours": 2,
        "transcript": "speaker",
    }


def test_a_session_never_tells_its_token(world: World) -> None:
    of = world.open()
    assert of.token_hash.encode() not in call("GET", f"/sessions/{of.session_id}").body


@pytest.mark.parametrize(
    "name", http_request.SESSION_NAMES.values(), ids=http_request.SESSION_NAMES
)
def test_a_session_that_was_never_opened_is_404(name: str) -> None:
    answer = call("GET", f"/sessions/{quote(name, safe='')}")
    assert answer.status_code == 404
    assert answer.json_body["code"] == "SESSION_NOT_FOUND"


def ended(world: World, of: Session) -> bool:
    return not world.now(of).is_active


def test_the_token_purges_a_session_open_or_ended(world: World) -> None:
    of, token = world.app.sessions.open("en")
    send_spoken(world, of, "Hello")
    path = f"/sessions/{of.session_id}?purge=true"
    for wrong in ({}, bearer("another")):
        assert call("DELETE", path, headers=wrong).status_code == 401
    assert list(world.tables.read_all(of))
    for _ in range(2):
        answer = call("DELETE", path, headers=bearer(token))
        assert (answer.status_code, answer.body) == (204, b"")
        assert not list(world.tables.read_all(of))
    assert ended(world, of)


def test_a_purge_also_takes_the_title_and_the_glossary(world: World) -> None:
    of, token = world.app.sessions.open(OpenSession("en", title="Opening night"))
    world.app.glossaries.replace(of, Glossary(blocked=("darn",)))
    version = world.now(of).glossary_version
    assert version is not None
    answer = call("DELETE", f"/sessions/{of.session_id}?purge=true", headers=bearer(token))
    assert answer.status_code == 204
    assert world.now(of).title is None
    assert world.tables.get_glossary(of, version) == "{}"


@pytest.mark.parametrize("query", ["purge=1", "purge=true&purge=false", "purge=true&purge=true"])
def test_a_purge_is_not_guessed_from_what_is_not_clear(world: World, query: str) -> None:
    of, token = world.app.sessions.open("en")
    answer = call("DELETE", f"/sessions/{of.session_id}?{query}", headers=bearer(token))
    assert (answer.status_code, answer.json_body["code"]) == (400, "BAD_MESSAGE")
    assert not ended(world, of)


def test_the_report_s_format_is_given_once(world: World) -> None:
    of, token = world.app.sessions.open("en")
    path = f"/sessions/{of.session_id}/report?format=json&format=csv"
    answer = call("GET", path, headers=bearer(token))
    assert (answer.status_code, answer.json_body["code"]) == (400, "BAD_MESSAGE")


def test_a_sentence_keeps_when_it_sounded_by_the_gateway_s_clock(world: World) -> None:
    of, _ = world.app.sessions.open("en")
    world.speaker(of)
    sound = {"beganMsAgo": 4_200, "endedMsAgo": 700}
    send("speaker", {"action": "speak", "sequence": 1, "text": "Hello", "sound": sound})
    ((kept),) = world.tables.read_all(of)
    at = kept.sentence.spoken_at
    assert (kept.sentence.began_at, kept.sentence.ended_at) == (at - 4_200, at - 700)


def test_the_token_ends_a_session(world: World) -> None:
    of, token = world.app.sessions.open("en")
    answer = call("DELETE", f"/sessions/{of.session_id}", headers=bearer(token))
    assert (answer.status_code, answer.body) == (204, b"")
    assert ended(world, of)
    assert call("GET", f"/sessions/{of.session_id}").json_body["isActive"] is False


@pytest.mark.parametrize(
    "authorization",
    http_request.AUTHORIZATIONS_INSIDE.values(),
    ids=http_request.AUTHORIZATIONS_INSIDE,
)
def test_without_the_token_a_session_is_not_ended(world: World, authorization: str | None) -> None:
    of, token = world.app.sessions.open("en")
    headers = http_request.headers(authorization, token)
    answer = call("DELETE", f"/sessions/{of.session_id}", headers=headers)
    assert answer.status_code == 401
    assert answer.json_body["code"] == "NOT_SPEAKER"
    assert not ended(world, of)


def prepare(of: Session, token: str, body: object) -> HTTPResponse:
    return call("POST", f"/sessions/{of.session_id}/preparation", body, bearer(token))


def test_sentences_are_prepared_for_the_languages_that_are_listened_to(world: World) -> None:
    of, token = world.app.sessions.open("en")
    world.listener(of, "c1", "es")
    world.listener(of, "c2", "en")
    answer = prepare(of, token, {"sentences": ["Hello", "Goodbye"]})
    assert answer.status_code == 200
    told = answer.json_body
    assert sorted(told.pop("languages")) == ["en", "es"]
    assert told == {"ready": 4, "failed": 0, "overBudget": 0}
    world.translator.calls.clear()
    send_spoken(world, of, "Goodbye")
    assert world.translator.calls == []
    assert [each["text"] for each in world.gateway.to("c1", "caption")] == ["[es] Goodbye"]


def send_spoken(world: World, of: Session, text: str) -> None:
    world.speaker(of)
    send("speaker", {"action": "speak", "sequence": 1, "text": text})


def test_sentences_are_prepared_for_languages_that_are_named(world: World) -> None:
    of, token = world.app.sessions.open("en")
    answer = prepare(of, token, {"sentences": ["Hello"], "languages": ["FR", "fr-BE", "de"]})
    assert answer.json_body == {"languages": ["fr", "de"], "ready": 2, "failed": 0, "overBudget": 0}
    refused = prepare(of, token, {"sentences": ["Hello"], "languages": ["tlh"]})
    assert (refused.status_code, refused.json_body["code"]) == (400, "UNSUPPORTED_LANGUAGE")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "BAD_MESSAGE"),
        ([], "BAD_MESSAGE"),
        ({"sentences": "Hello"}, "BAD_MESSAGE"),
        ({"sentences": []}, "BAD_MESSAGE"),
        ({"sentences": ["Hello"] * 21}, "BAD_MESSAGE"),
        ({"sentences": ["Hello", 7]}, "BAD_MESSAGE"),
        ({"sentences": [" "]}, "BAD_MESSAGE"),
        ({"sentences": ["\ud800"]}, "BAD_MESSAGE"),
        ({"sentences": ["x" * 4_001]}, "TEXT_TOO_LONG"),
        ({"sentences": ["Hello"], "languages": "es"}, "BAD_MESSAGE"),
        ({"sentences": ["Hello"], "languages": []}, "BAD_MESSAGE"),
        ({"sentences": ["Hello"], "languages": ["es"] * 31}, "BAD_MESSAGE"),
        ({"sentences": ["Hello"], "languages": [None]}, "INVALID_LANGUAGE"),
    ],
)
def test_a_bad_preparation_is_refused_and_costs_nothing(
    world: World, body: object, code: str
) -> None:
    of, token = world.app.sessions.open("en")
    answer = prepare(of, token, body)
    assert (answer.status_code, answer.json_body["code"]) == (400, code)
    assert world.translator.calls == []


@pytest.mark.parametrize(
    "authorization",
    http_request.AUTHORIZATIONS_INSIDE.values(),
    ids=http_request.AUTHORIZATIONS_INSIDE,
)
def test_without_the_token_nothing_is_prepared(world: World, authorization: str | None) -> None:
    of, token = world.app.sessions.open("en")
    headers = http_request.headers(authorization, token)
    body = {"sentences": ["Hello"], "languages": ["es"]}
    answer = call("POST", f"/sessions/{of.session_id}/preparation", body, headers)
    assert (answer.status_code, answer.json_body["code"]) == (401, "NOT_SPEAKER")
    assert world.translator.calls == []


def test_a_session_that_has_ended_is_not_prepared(world: World) -> None:
    of, token = world.app.sessions.open("en")
    world.app.sessions.end(of)
    assert prepare(of, token, {"sentences": ["Hello"]}).status_code == 404


def test_too_many_preparations_are_refused_until_the_minute_ends(world: World) -> None:
    of, token = world.app.sessions.open("en")
    body = {"sentences": ["Hello"]}
    answers = [prepare(of, token, body) for _ in range(31)]
    assert [each.status_code for each in answers] == [200] * 30 + [429]
    assert answers[-1].json_body["details"]["retryAfterMs"] > 0
    world.tables.refusing.add("count")
    other, token = world.app.sessions.open("en")
    assert prepare(other, token, body).status_code == 503


def dictate(of: Session, headers: Mapping[str, str], body: object = None) -> HTTPResponse:
    wanted = {"sampleRate": 16_000} if body is None else body
    return call("POST", f"/sessions/{of.session_id}/transcription", wanted, headers)


def stop_dictating(of: Session, headers: Mapping[str, str]) -> HTTPResponse:
    return call("DELETE", f"/sessions/{of.session_id}/transcription", None, headers)


def test_the_speaker_gets_a_stream_to_the_recogniser(world: World) -> None:
    of, token = world.app.sessions.open("en")
    answer = dictate(of, bearer(token))
    assert answer.status_code == 201
    assert answer.json_body == {
        "url": "wss://recogniser.example:8443/stream?language-code=en-US&n=1",
        "languageCode": "en-US",
        "mediaEncoding": "pcm",
        "sampleRate": 16_000,
        "expiresAt": NOW_MS // 1000 * 1000 + 300_000,
        "remainingSeconds": 300 * 60,
    }
    assert world.recogniser.asked == [("en-US", 16_000, 300)]


@pytest.mark.parametrize("name", http_request.DICTATIONS)
def test_a_bad_request_for_a_stream_is_refused_and_signs_nothing(world: World, name: str) -> None:
    of, token = world.app.sessions.open("en")
    body = http_request.DICTATIONS[name]
    answer = dictate(of, bearer(token), body)
    assert (answer.status_code, answer.json_body["code"]) == (400, "BAD_MESSAGE")
    assert world.recogniser.asked == []
    assert world.now(of).dictated.since is None


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000])
def test_every_rate_that_transcribe_takes_is_signed_for(world: World, rate: int) -> None:
    of, token = world.app.sessions.open("pt-BR")
    answer = dictate(of, bearer(token), {"sampleRate": rate, "unknown": ["field"]})
    assert (answer.status_code, answer.json_body["sampleRate"]) == (201, rate)
    assert world.recogniser.asked == [("pt-BR", rate, 300)]


@pytest.mark.parametrize(
    "authorization",
    http_request.AUTHORIZATIONS_INSIDE.values(),
    ids=http_request.AUTHORIZATIONS_INSIDE,
)
@pytest.mark.parametrize("act", [dictate, stop_dictating])
def test_without_the_token_nobody_dictates_or_ends_it(
    world: World,
    act: Callable[[Session, Mapping[str, str]], HTTPResponse],
    authorization: str | None,
) -> None:
    of, token = world.app.sessions.open("en")
    dictate(of, bearer(token))
    answer = act(of, http_request.headers(authorization, token))
    assert (answer.status_code, answer.json_body["code"]) == (401, "NOT_SPEAKER")
    assert len(world.recogniser.asked) == 1
    assert world.now(of).dictated.since == NOW_MS


def test_wrong_tokens_of_an_address_are_guesses(world: World) -> None:
    of, _ = world.app.sessions.open("en")
    statuses = [dictate(of, bearer("another")).status_code for _ in range(11)]
    assert statuses == [401] * 10 + [429]


@pytest.mark.parametrize("act", [dictate, stop_dictating])
@pytest.mark.parametrize("name", ["zz-zz-100", "no name", "a-b-100%231%231"])
def test_a_session_that_is_not_there_is_not_dictated(
    world: World, act: Callable[[Session, Mapping[str, str]], HTTPResponse], name: str
) -> None:
    of = replace(world.open(), session_id=quote(name, safe="%"))
    answer = act(of, bearer("0" * 22))
    assert (answer.status_code, answer.json_body["code"]) == (404, "SESSION_NOT_FOUND")


@pytest.mark.parametrize("act", [dictate, stop_dictating])
def test_a_session_that_has_ended_is_not_dictated(
    world: World, act: Callable[[Session, Mapping[str, str]], HTTPResponse]
) -> None:
    of, token = world.app.sessions.open("en")
    world.app.sessions.end(of)
    answer = act(of, bearer(token))
    assert (answer.status_code, answer.json_body["code"]) == (404, "SESSION_NOT_FOUND")
    assert world.recogniser.asked == []


def test_a_language_that_nothing_hears_is_404(world: World) -> None:
    of, token = world.app.sessions.open("fr")
    answer = dictate(of, bearer(token))
    assert (answer.status_code, answer.json_body["code"]) == (404, "UNSUPPORTED_LANGUAGE")
    assert world.recogniser.asked == []


def test_a_stage_without_a_recogniser_hears_no_language() -> None:
    world = World(settings=replace(SETTINGS, dictation_languages={}))
    of, token = world.app.sessions.open("en")
    with composed(world.app):
        answer = dictate(of, bearer(token))
        listed = call("GET", "/languages").json_body["languages"]
    assert (answer.status_code, answer.json_body["code"]) == (404, "UNSUPPORTED_LANGUAGE")
    assert not any("dictation" in each for each in listed)


def test_the_languages_say_which_of_them_are_spoken() -> None:
    world = World(settings=replace(SETTINGS, voice_languages={"es": "fair", "pt": "good"}))
    with composed(world.app):
        listed = call("GET", "/languages").json_body["languages"]
    spoken = {each["code"]: each["voice"] for each in listed if "voice" in each}
    assert spoken == {"es": "fair", "pt-BR": "good"}


def test_too_many_streams_are_refused_until_the_hour_ends_and_counted(world: World) -> None:
    of, own = world.app.sessions.open("en")
    answers = [dictate(of, bearer(own)) for _ in range(21)]
    assert [each.status_code for each in answers] == [201] * 20 + [429]
    told = answers[-1].json_body
    assert told["code"] == "RATE_LIMITED"
    assert told["retryAfterMs"] == 3_600_000 - NOW_MS % 3_600_000
    state = call("GET", f"/sessions/{of.session_id}", headers=bearer(own)).json_body
    assert state["refused"]["reasons"] == {"RATE_LIMITED": 1}
    other, token = world.app.sessions.open("en")
    assert dictate(other, bearer(token)).status_code == 201
    world.clock.advance(told["retryAfterMs"])
    assert dictate(of, bearer(own)).status_code == 201


def test_the_speaker_ends_the_dictation_as_often_as_it_likes(world: World) -> None:
    of, token = world.app.sessions.open("en")
    dictate(of, bearer(token))
    world.clock.advance(90_000)
    for _ in range(2):
        answer = stop_dictating(of, bearer(token))
        assert (answer.status_code, answer.body) == (204, b"")
    assert world.now(of).dictated == Dictated(90_000)
    assert dictate(of, bearer(token)).json_body["remainingSeconds"] == 300 * 60 - 90


def test_minutes_that_are_spent_are_told(world: World) -> None:
    of, token = world.app.sessions.open("en")
    for _ in range(2):
        dictate(of, bearer(token))
        world.clock.advance(4 * 3_600_000)
    answer = dictate(of, bearer(token))
    assert (answer.status_code, answer.json_body["code"]) == (429, "RATE_LIMITED")
    assert answer.json_body["message"] == "the session's 300 minutes of dictation are spent"
    assert answer.json_body["retryAfterMs"] == of.expires_at_seconds * 1000 - world.clock.now_ms()
    assert answer.json_body["details"]["remainingSeconds"] == 0


@pytest.mark.parametrize("method", ["put_dictated", "count"])
def test_a_stream_that_cannot_be_counted_is_not_granted(world: World, method: str) -> None:
    of, token = world.app.sessions.open("en")
    world.tables.refusing.add(method)
    answer = dictate(of, bearer(token))
    assert (answer.status_code, answer.json_body["code"]) == (503, "INTERNAL")
    assert b"wss://" not in answer.body


@pytest.mark.parametrize("over", ["http", "websocket"])
def test_the_end_of_a_session_ends_its_dictation(world: World, over: str) -> None:
    of, token = world.app.sessions.open("en")
    connect("speaker", sessionId=of.session_id, token=token)
    dictate(of, bearer(token))
    world.clock.advance(60_000)
    if over == "http":
        call("DELETE", f"/sessions/{of.session_id}", headers=bearer(token))
    else:
        send("speaker", {"action": "end"})
    assert not world.now(of).is_active
    assert world.now(of).dictated == Dictated(60_000)
    assert {"DictationSeconds": 60} in world.metrics.emitted


def test_a_session_ends_though_its_minutes_cannot_be_counted(world: World) -> None:
    of, token = world.app.sessions.open("en")
    dictate(of, bearer(token))
    world.clock.advance(60_000)
    world.tables.refusing.add("put_dictated")
    assert call("DELETE", f"/sessions/{of.session_id}", headers=bearer(token)).status_code == 204
    assert not world.now(of).is_active


def test_a_session_that_is_not_there_is_not_ended() -> None:
    answer = call("DELETE", "/sessions/golden-eagle-427", headers=bearer("abc"))
    assert answer.status_code == 404


def test_an_unexpected_failure_of_a_request_tells_no_detail() -> None:
    class Broken(MemoryTables):
        def get_session(self, session_id: str) -> Session | None:
            raise RuntimeError("the secret detail")

    with composed(World(tables=Broken()).app):
        answer = call("GET", "/sessions/golden-eagle-427")
    assert answer.status_code == 500
    assert b"secret" not in answer.body


# --- Glossaries ----------------------------------------------------------------------------------

GLOSSARY = {
    "terms": [
        {"source": "Grace Hall", "keep": True},
        {"source": "grace", "targets": {"es": "gracia"}, "caseSensitive": True},
    ],
    "blocked": ["darn"],
}


def test_a_glossary_is_put_and_given_back_to_the_speaker(world: World) -> None:
    of, token = world.app.sessions.open("en")
    path = f"/sessions/{of.session_id}/glossary"
    answer = call("PUT", path, GLOSSARY, bearer(token))
    assert answer.status_code == 200
    version = world.now(of).glossary_version
    assert answer.json_body == {"terms": 2, "blocked": 1, "version": version}
    assert call("GET", path, headers=bearer(token)).json_body == {**GLOSSARY, "version": version}


def test_an_empty_glossary_clears_the_former(world: World) -> None:
    of, token = world.app.sessions.open("en")
    path = f"/sessions/{of.session_id}/glossary"
    call("PUT", path, GLOSSARY, bearer(token))
    cleared = call("PUT", path, {"terms": [], "blocked": []}, bearer(token)).json_body
    assert (cleared["terms"], cleared["blocked"]) == (0, 0)
    found = call("GET", path, headers=bearer(token)).json_body
    assert found == {"terms": [], "blocked": [], "version": cleared["version"]}


@pytest.mark.parametrize("method", ["PUT", "GET"])
@pytest.mark.parametrize(
    "authorization",
    http_request.AUTHORIZATIONS_INSIDE.values(),
    ids=http_request.AUTHORIZATIONS_INSIDE,
)
def test_a_glossary_is_the_speaker_s_alone(
    world: World, authorization: str | None, method: str
) -> None:
    of, token = world.app.sessions.open("en")
    headers = http_request.headers(authorization, token)
    body = GLOSSARY if method == "PUT" else None
    answer = call(method, f"/sessions/{of.session_id}/glossary", body, headers)
    assert answer.status_code == 401
    assert answer.json_body["code"] == "NOT_SPEAKER"
    assert world.now(of).glossary_version is None


@pytest.mark.parametrize("method", ["PUT", "GET"])
def test_a_session_that_has_ended_has_no_glossary(world: World, method: str) -> None:
    of, token = world.app.sessions.open("en")
    world.app.sessions.end(of)
    for name in (of.session_id, "golden-eagle-427"):
        answer = call(
            method, f"/sessions/{name}/glossary", GLOSSARY if method == "PUT" else None,
            bearer(token),
        )  # fmt: skip
        assert answer.status_code == 404
        assert answer.json_body["code"] == "SESSION_NOT_FOUND"


@pytest.mark.parametrize(
    ("body", "details"),
    [
        (b"no JSON", None),
        (b"[]", None),
        (b" " * 100_001, {"maxBytes": 100_000}),
        ({"terms": [{"source": f"t{n}", "keep": True} for n in range(501)]}, {"most": 500}),
        ({"terms": [{"source": "a", "keep": True}, {"source": "", "keep": True}]}, {"term": 1}),
        ({"blocked": ["\u202edarn"]}, {"blocked": 0}),
    ],
)
def test_a_bad_glossary_is_refused_and_the_former_stays(
    world: World, body: object, details: object
) -> None:
    of, token = world.app.sessions.open("en")
    path = f"/sessions/{of.session_id}/glossary"
    call("PUT", path, GLOSSARY, bearer(token))
    answer = call("PUT", path, body, bearer(token))
    assert answer.status_code == 400
    assert answer.json_body["code"] == "BAD_GLOSSARY"
    assert answer.json_body.get("details") == details
    assert call("GET", path, headers=bearer(token)).json_body["terms"] == GLOSSARY["terms"]


@pytest.mark.parametrize(("method", "store"), [("PUT", "put_glossary"), ("GET", "get_glossary")])
def test_a_glossary_whose_table_is_down_is_503(world: World, method: str, store: str) -> None:
    of, token = world.app.sessions.open("en")
    path = f"/sessions/{of.session_id}/glossary"
    call("PUT", path, GLOSSARY, bearer(token))
    world.tables.refusing.add(store)
    answer = call(method, path, {"blocked": ["x"]} if method == "PUT" else None, bearer(token))
    assert answer.status_code == 503


def test_a_glossary_is_in_force_from_the_next_sentence_and_in_what_is_kept(world: World) -> None:
    of, token = world.app.sessions.open("en")
    of = world.speaker(of)
    world.listener(of, "c1", "es")
    send("speaker", {"action": "speak", "sequence": 1, "text": "grace, darn it"})
    call("PUT", f"/sessions/{of.session_id}/glossary", GLOSSARY, bearer(token))
    send("speaker", {"action": "speak", "sequence": 2, "text": "grace, darn it"})
    assert texts(world.gateway, "c1") == ["[es] grace, darn it", "[es] gracia, *** it"]
    kept = world.tables.get_sentences(of, [2])
    assert [each.text for each in kept] == ["grace, *** it"]


@pytest.mark.parametrize(
    "wish", [{"profanity": "hide"}, {"profanity": True}, {"formality": "Formal"}, {"formality": 1}]
)
def test_a_session_s_style_is_one_of_the_protocol_s(wish: dict[str, object]) -> None:
    answer = call("POST", "/sessions", {"sourceLanguage": "en", **wish})
    assert answer.status_code == 400
    assert answer.json_body["code"] == "BAD_MESSAGE"


@pytest.mark.parametrize(
    ("wish", "style"),
    [
        ({"profanity": "show", "formality": "default"}, Style()),
        ({"profanity": None, "formality": None}, Style()),
        ({"profanity": "mask"}, Style(masks_profanity=True)),
        ({"formality": "informal"}, Style(formality="informal")),
    ],
)
def test_a_session_has_the_style_that_it_was_opened_with(
    world: World, wish: dict[str, object], style: Style
) -> None:
    opened = call("POST", "/sessions", {"sourceLanguage": "en", **wish}).json_body
    assert world.app.sessions.get(opened["sessionId"]).style == style


# --- A sentence's whole way, with everyone in it -------------------------------------------------


def test_a_talk_from_its_opening_to_its_end(world: World) -> None:
    opened = call("POST", "/sessions", {"sourceLanguage": "en"}).json_body
    name, token = opened["sessionId"], opened["speakerToken"]
    assert connect("speaker", sessionId=name, token=token) == 200
    assert connect("c1", sessionId=name, targetLanguage="es") == 200
    world.count(["speaker", "c1"])

    send("speaker", {"action": "speak", "sequence": 1, "text": "Hello"})
    send("c1", {"action": "changeLanguage", "targetLanguage": "fr"})
    world.count(["c1"])
    send("speaker", {"action": "speak", "sequence": 2, "text": "Goodbye"})
    assert call("DELETE", f"/sessions/{name}", headers=bearer(token)).status_code == 204
    assert texts(world.gateway, "c1") == ["[es] Hello", "[fr] Goodbye"]
    assert world.gateway.to("c1")[-1]["type"] == "sessionEnded"


def texts(gateway: RecordingGateway, connection_id: str) -> list[str]:
    return [caption["text"] for caption in gateway.to(connection_id, "caption")]


# --- The operator's view -------------------------------------------------------------------------


def with_token_hash(world: World, token_hash: str) -> World:
    """A world like it whose operator's view is set so."""
    settings = replace(SETTINGS, operator_token_hash=token_hash)
    return World(tables=world.tables, clock=world.clock, settings=settings)


@pytest.mark.parametrize("path", ["/ops", "/ops/state"])
def test_without_a_token_of_its_own_a_stage_has_no_operators_view(path: str) -> None:
    answer = call("GET", path, headers=bearer(""))
    assert answer.status_code == 404
    assert answer.json_body["code"] == "NOT_FOUND"


def test_the_operators_page_is_for_everyone_and_holds_nothing(world: World) -> None:
    world.open()
    with composed(with_token_hash(world, "0" * 64).app):
        answer = call("GET", "/ops")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "Content-Security-Policy" in answer.headers
    assert not world.tables.calls.keys() & {"list_open", "get_session"}


@pytest.mark.parametrize(
    "authorization",
    http_request.AUTHORIZATIONS_INSIDE.values(),
    ids=http_request.AUTHORIZATIONS_INSIDE,
)
def test_the_stages_state_is_for_its_operator(world: World, authorization: str | None) -> None:
    headers = http_request.headers(authorization, "the operator's")
    with composed(with_token_hash(world, hash_token("the operator's")).app):
        refused = call("GET", "/ops/state", headers=headers)
        answered = call("GET", "/ops/state", headers=bearer("the operator's"))
    assert refused.status_code == 401
    assert refused.json_body["code"] == "NOT_OPERATOR"
    assert set(refused.json_body) == {"type", "code", "message", "requestId"}
    assert answered.status_code == 200


def test_an_open_stage_tells_everyone_how_it_is(world: World) -> None:
    of = world.open()
    world.clock.advance(INDEX_LAG_MS)
    with composed(with_token_hash(world, "open").app):
        answer = call("GET", "/ops/state")
    assert answer.status_code == 200
    assert [each["sessionId"] for each in answer.json_body["sessions"]] == [of.session_id]


def test_an_operator_is_told_of_a_database_that_refuses(world: World) -> None:
    world.tables.refusing = {"list_open"}
    with composed(with_token_hash(world, "open").app):
        assert call("GET", "/ops/state").status_code == 503


def http(path: str | None, resource: str, **parameters: str) -> Mapping[str, Any]:
    """What API Gateway sends for a GET; some servers tell no path."""
    sent = {
        "httpMethod": "GET",
        "resource": resource,
        "path": path,
        "headers": {},
        "multiValueHeaders": {},
        "multiValueQueryStringParameters": None,
        "pathParameters": parameters or None,
        "stageVariables": None,
        "body": None,
        "isBase64Encoded": False,
        "requestContext": {
            "httpMethod": "GET",
            "resourcePath": resource,
            "requestId": REQUEST_ID,
            **({"path": path} if path else {}),
        },
    }
    answer: Mapping[str, Any] = functions.app(sent, None)
    return answer


def test_a_page_is_served_where_the_gateway_tells_no_path() -> None:
    assert http(None, "/")["statusCode"] == 200
    assert http(None, "/s/{session_id}", session_id="golden-eagle-427")["statusCode"] == 200


def test_a_name_that_is_no_text_has_a_page_that_says_so() -> None:
    answer = http("/s/x/", "/s/{session_id}", session_id="\ud800%41")
    assert (answer["statusCode"], answer["headers"]["Location"]) == (302, "../%3F%41")


def test_a_fault_of_ours_is_logged_with_its_cause(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failure = BroadcasterError("nothing works")

    def fail() -> None:
        raise failure

    monkeypatch.setattr(world.translator, "list_languages", fail)
    answer = http("/languages", "/languages")
    assert answer["statusCode"] == 500
    assert json.loads(answer["body"])["requestId"] == REQUEST_ID
    (record,) = caplog.records
    assert record.getMessage() == "INTERNAL: nothing works"
    assert record.exc_info is not None
    assert record.exc_info[1] is failure


def test_a_request_s_lines_name_it(
    monkeypatch: pytest.MonkeyPatch, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    bound: list[Mapping[str, object]] = []

    def note() -> list[Language]:
        bound.append(logs._bound.get())
        return []

    monkeypatch.setattr(world.translator, "list_languages", note)
    http("/languages", "/languages")
    assert bound == [{"function": "", "requestId": "", "gatewayRequestId": REQUEST_ID}]


def test_a_message_of_a_gateway_that_names_no_request_is_answered(world: World) -> None:
    sent = event("stranger", "MESSAGE", body="no JSON")
    del sent["requestContext"]["requestId"]
    functions.message(sent, None)
    (message,) = world.gateway.to("stranger")
    assert message["requestId"] == ""


def test_a_refusal_names_the_function_s_own_request_where_the_gateway_s_is_not_known() -> None:
    sent = {
        "httpMethod": "GET",
        "resource": "/sessions/{session_id}",
        "path": "/sessions/x",
        "headers": {},
        "multiValueHeaders": {},
        "multiValueQueryStringParameters": None,
        "pathParameters": {"session_id": "x"},
        "stageVariables": None,
        "body": None,
        "isBase64Encoded": False,
        "requestContext": {"httpMethod": "GET", "resourcePath": "/sessions/{session_id}"},
    }

    class Context:
        aws_request_id = "function-1"

    for context, request_id in ((Context(), "function-1"), (object(), "")):
        answer = functions.app(sent, context)
        assert answer["statusCode"] == 404
        assert json.loads(answer["body"])["requestId"] == request_id
