"""Whatever is sent: no handler raises, none answers 5xx, and nobody else gets a word of it.

Whatever was said: a transcript's formats hold it, each sentence in cues of its own.

`FUZZ_CASES` (2,000) are divided over the ways in; `make fuzz` runs many more.
"""

import base64
import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import app as functions
from chalice_app.bootstrap.process import composed
from chalice_app.domain.sentence import Sentence, SentenceRef
from chalice_app.domain.session import Session
from chalice_app.transcripts.transcript import Transcript
from tests import subtitles
from tests.fakes.domain import NOW_MS
from tests.fakes.world import World
from tests.hostile import handshake, http_request, message
from tests.hostile import strategies as hostile
from tests.hostile.transcript import transcripts

CASES = int(os.environ.get("FUZZ_CASES", "2000"))
CODES = {
    *("BAD_MESSAGE", "INVALID_LANGUAGE", "UNSUPPORTED_LANGUAGE", "SESSION_NOT_FOUND"),
    *("NOT_SPEAKER", "TEXT_TOO_LONG", "RATE_LIMITED", "SESSION_FULL"),
}
"""All of the protocol's but INTERNAL: that is a 5xx of ours."""

run: Counter[str] = Counter()
"""How many cases each test has run."""


def cases(share: float) -> settings:
    """That share of all cases; input is meant to be large."""
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
    return settings(max_examples=max(1, round(CASES * share)), suppress_health_check=slow)


@pytest.fixture(autouse=True, scope="module")
def region() -> Iterator[None]:
    """Lambda always sets it. At the end the number of cases is told, where it is asked for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_REGION", "us-east-1")
        yield
    if told := os.environ.get("FUZZ_REPORT"):
        Path(told).write_text(json.dumps(run))


@dataclass
class Hall:
    """A session with its people, and another beside it in which nothing may happen."""

    world: World
    session: Session
    token: str
    other: Session

    @classmethod
    def open(cls) -> "Hall":
        """Two listeners and a speaker in each."""
        world = World()
        session, token = world.app.sessions.open("en")
        other = world.open()
        for at, prefix in ((session, ""), (other, "other-")):
            world.speaker(at, f"{prefix}speaker")
            world.listener(at, f"{prefix}es", "es")
            world.listener(at, f"{prefix}fr", "fr")
        return cls(world, session, token, other)

    def named(self, text: str) -> str:
        """The text with this session's name and token in their places."""
        return text.replace("{session}", self.session.session_id).replace("{token}", self.token)

    def told(self) -> set[str]:
        """Who was sent something, or closed."""
        return {receiver for receiver, _ in self.world.gateway.log} | {*self.world.gateway.closed}

    def kinds(self, connection_id: str) -> set[str]:
        """The types of what a connection was sent."""
        return {message["type"] for message in self.world.gateway.to(connection_id)}


def event(connection_id: str, kind: str, **more: object) -> dict[str, Any]:
    """What API Gateway sends to a WebSocket function."""
    context = {
        "routeKey": f"${kind.lower()}",
        "eventType": kind,
        "connectionId": connection_id,
        "requestId": "request-1",
        "requestTimeEpoch": NOW_MS,
        "domainName": "abc123.execute-api.us-east-1.amazonaws.com",
        "stage": "api",
        "apiId": "abc123",
        "identity": {"sourceIp": "192.0.2.1"},
    }
    return {"requestContext": context, "isBase64Encoded": False, **more}


def sent(sender: str, **more: object) -> Hall:
    """The hall after a message; checks what holds for all of them."""
    hall = Hall.open()
    with composed(hall.world.app):
        functions.message(event(sender, "MESSAGE", **more), None)
    allowed = {sender, "speaker", "es", "fr"} if sender == "speaker" else {sender}
    assert hall.told() <= allowed
    assert hall.kinds("es") | hall.kinds("fr") <= {"caption", "sessionEnded"} or sender == "es"
    for told in hall.world.gateway.to(sender, "error"):
        assert told["code"] in CODES
    json.dumps(hall.world.gateway.log).encode()
    return hall


@cases(0.5)
@example("speaker", '{"action":"speak","sequence":1,"text":"\\ud800"}')
@given(
    st.sampled_from(["speaker", "es", "other-speaker-of-none"]),
    hostile.bodies(hostile.messages, [bad.frame for bad in message.FROM_A_LISTENER.values()]),
)
def test_a_message(sender: str, body: str) -> None:
    run["messages"] += 1
    sent(sender, body=body)


@cases(0.05)
@given(st.sampled_from(["speaker", "es"]), st.binary(max_size=200) | st.just(b"\xff" * 40_000))
def test_a_binary_message(sender: str, data: bytes) -> None:
    run["binary messages"] += 1
    hall = sent(sender, body=base64.b64encode(data).decode(), isBase64Encoded=True)
    assert hall.told() == {sender}
    assert hall.kinds(sender) == {"error"}


@cases(0.15)
@given(
    hostile.mutated(
        st.fixed_dictionaries(
            {"sessionId": st.just("{session}")},
            optional={
                "targetLanguage": st.sampled_from(["es", "fr", "PT-br"]),
                "token": st.just("{token}") | hostile.texts,
                "lastSequence": st.sampled_from(["0", "3", str(2**53)]) | hostile.texts,
            },
        )
    )
    | st.sampled_from(
        [bad.parameters("{session}", "{token}") for bad in handshake.MALFORMED.values()]
    )
    | st.none()
)
def test_a_handshake(query: dict[str, Any] | None) -> None:
    run["handshakes"] += 1
    hall = Hall.open()
    # API Gateway has no values but strings.
    strings = query and {name: hall.named(str(value)) for name, value in query.items()}
    with composed(hall.world.app):
        answer = functions.connect(event("new", "CONNECT", queryStringParameters=strings), None)
    assert answer["statusCode"] in {200, 400, 401, 404}
    admitted = hall.world.tables.get_connection("new")
    assert (admitted is not None) == (answer["statusCode"] == 200)
    # A speaker who takes over: the former one is told.
    takes_over = admitted is not None and not admitted.is_listener
    assert hall.told() <= ({"speaker"} if takes_over else set())


def requested(hall: Hall, method: str, resource: str, parameter: str, **more: object) -> int:
    """The status of an HTTP request; checks what always holds."""
    return int(answered(hall, method, resource, parameter, **more)["statusCode"])


def answered(
    hall: Hall, method: str, resource: str, parameter: str, **more: object
) -> dict[str, Any]:
    """What an HTTP request is answered, by way of what API Gateway sends; it is checked, too.

    `parameter` is what stands for the placeholder of `resource`, decoded as the gateway does.
    """
    before, _, behind = resource.partition("{")
    name, _, rest = behind.partition("}")
    context = {"resourcePath": resource, "httpMethod": method, "requestId": "request-1"}
    sent = {
        "httpMethod": method,
        "path": before + parameter + rest,
        "pathParameters": {name: parameter} if name else None,
        "headers": {},
        "multiValueHeaders": {},
        "multiValueQueryStringParameters": None,
        "stageVariables": None,
        "body": None,
        "isBase64Encoded": False,
        "requestContext": {**context, "path": "/api/", "identity": {"sourceIp": "192.0.2.1"}},
        **more,
    }
    with composed(hall.world.app):
        answer: dict[str, Any] = functions.app(sent, SimpleNamespace(aws_request_id="request-1"))
    assert answer["statusCode"] < 500
    json.dumps(answer).encode()
    return answer


def encoded(text: str) -> bytes:
    """The bytes of a body, with those that were no UTF-8 as they were."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


@cases(0.1)
@example("\ud800", "application/json")
@given(
    hostile.bodies(
        st.fixed_dictionaries({"sourceLanguage": st.sampled_from(["en", "es"])}),
        [bad.body.decode(errors="surrogateescape") for bad in http_request.BODIES.values()],
    ),
    st.sampled_from(["application/json", "", *http_request.CONTENT_TYPES]),
)
def test_a_new_session(body: str, content_type: str) -> None:
    run["POST /sessions"] += 1
    hall = Hall.open()
    # As text where API Gateway takes it for text, else as base64 of whatever it is.
    data = encoded(body)
    binary = content_type != "application/json"
    status = requested(
        hall,
        "POST",
        "/sessions",
        "",
        headers={"Content-Type": content_type},
        body=base64.b64encode(data).decode() if binary else body,
        isBase64Encoded=binary,
    )
    assert status in {201, 400, 415}
    assert hall.told() == set()


@cases(0.05)
@example("POST", '{"sampleRate":16000}')
@given(
    st.sampled_from(["POST", "POST", "DELETE"]),
    hostile.bodies(
        st.fixed_dictionaries({"sampleRate": st.sampled_from([8_000, 16_000, 48_000, 0])}),
        [json.dumps(bad) for bad in http_request.DICTATIONS.values() if not isinstance(bad, bytes)],
    ),
)
def test_a_stream_to_the_recogniser(method: str, body: str) -> None:
    run["/sessions/transcription"] += 1
    hall = Hall.open()
    headers = {"Content-Type": "application/json", "Authorization": hall.named("Bearer {token}")}
    resource, name = "/sessions/{session_id}/transcription", hall.session.session_id
    status = requested(hall, method, resource, name, headers=headers, body=body)
    assert status in ({201, 400} if method == "POST" else {204})
    assert len(hall.world.recogniser.asked) == (status == 201)
    assert hall.told() == set()


latin = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=40)
"""What a header can hold."""


@cases(0.1)
@given(
    st.just("{session}") | st.sampled_from([*http_request.SESSION_NAMES.values()]) | hostile.texts,
    latin
    | st.sampled_from(["Bearer {token}", "bearer  {token} ", "Bearer {token}x"])
    | st.sampled_from(
        [each for each in http_request.AUTHORIZATIONS_INSIDE.values() if each is not None]
    ),
)
def test_the_end_of_a_session(session_id: str, authorization: str) -> None:
    run["DELETE /sessions"] += 1
    hall = Hall.open()
    name, headers = hall.named(session_id), {"Authorization": hall.named(authorization)}
    status = requested(hall, "DELETE", "/sessions/{session_id}", name, headers=headers)
    assert status in {204, 401, 404}
    assert hall.told() == ({"speaker", "es", "fr"} if status == 204 else set())


MARKS = {"mine": "Qmine", "theirs": "Qtheirs", "former": "Qformer"}
"""Whose a word is: this session's, the other's, or that of an earlier session of this name."""


def keep(hall: Hall, whose: str, sequence: int, text: str, caption: str) -> None:
    """Keeps a sentence of one of them, with what was sent in Spanish."""
    of = {
        "mine": hall.session,
        "theirs": hall.other,
        "former": replace(hall.session, created_at=hall.session.created_at - 1),
    }[whose]
    store = hall.world.app.adapters.sentences
    store.claim_sequence(of, Sentence(sequence, f"{MARKS[whose]} {text}", "en", NOW_MS))
    ref = SentenceRef(of.session_id, of.created_at, sequence, "speaker", NOW_MS, NOW_MS)
    store.mark_sent(ref, {}, {"es": f"{MARKS[whose]} {caption}"})


@cases(0.1)
@example([("theirs", 1, "a", "b"), ("former", 2, "a", "b")], {"format": ["txt"]}, "Bearer {token}")
@given(
    st.lists(
        st.tuples(
            st.sampled_from([*MARKS]), st.integers(1, 4), st.text(max_size=20), st.text(max_size=9)
        ),
        max_size=8,
    ),
    st.fixed_dictionaries(
        {"format": st.sampled_from(["txt", "srt", "vtt", "json"]).map(lambda each: [each])},
        optional={
            name: st.sampled_from(["en", "ES", "fr", "pt_br", "ja"]).map(lambda each: [each])
            for name in ("language", "with")
        },
    )
    | st.dictionaries(hostile.names, st.lists(hostile.texts, min_size=1, max_size=2)),
    st.sampled_from(["Bearer {token}", "Bearer {token}x", ""]),
)
def test_a_transcript_has_no_other_session_s_words(
    kept: list[tuple[str, int, str, str]], query: dict[str, list[str]], authorization: str
) -> None:
    run["/sessions/transcript"] += 1
    hall = Hall.open()
    for sentence in kept:
        keep(hall, *sentence)
    answer = answered(
        hall,
        "GET",
        "/sessions/{session_id}/transcript",
        hall.session.session_id,
        headers={"Authorization": hall.named(authorization)} if authorization else {},
        multiValueQueryStringParameters=query,
    )
    assert answer["statusCode"] in {200, 400, 401, 404}
    assert MARKS["theirs"] not in answer["body"]
    assert MARKS["former"] not in answer["body"]
    is_mine = answer["statusCode"] == 200
    assert (MARKS["mine"] in answer["body"]) == is_mine
    assert is_mine <= (authorization == "Bearer {token}")
    assert hall.told() == set()


@cases(0.1)
@given(
    st.sampled_from(["/sessions/{session_id}", "/s/{session_id}", "/web/{file}", "/", "/nothing"]),
    hostile.texts,
    st.dictionaries(st.sampled_from(["If-None-Match", "Accept", "Origin", "Host"]), latin),
    st.none() | st.dictionaries(hostile.names, st.lists(hostile.texts, min_size=1, max_size=2)),
)
def test_a_page_or_a_state(
    resource: str, parameter: str, headers: dict[str, str], query: dict[str, list[str]] | None
) -> None:
    run["GET"] += 1
    hall = Hall.open()
    given = {"headers": headers, "multiValueQueryStringParameters": query}
    requested(hall, "GET", resource, parameter, **given)
    assert hall.told() == set()


@cases(0.05)
@given(transcripts)
def test_a_transcript(transcript: Transcript) -> None:
    run["transcripts"] += 1
    subtitles.require_the_same(transcript)
