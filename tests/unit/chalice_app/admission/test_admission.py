"""Who is let in, attacked by way of the handlers: origins, codes, limits, full sessions."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from chalice.test import Client, HTTPResponse

import app as functions
from chalice_app.admission.limits import AdmissionLimits
from chalice_app.bootstrap.process import composed
from chalice_app.domain.session import Session
from chalice_app.sessions.resume_tokens import ResumeTokens
from chalice_app.wire.incoming import OpenSession
from tests.fakes.world import SETTINGS, World
from tests.hostile.http_request import JOIN_CODES, LIMITS
from tests.unit.chalice_app.test_routes import PROJECT, event

CODE = "aula 7"
ADDRESS = "203.0.113.7"
LOCAL = "127.0.0.1"
"""Where Chalice's test client calls from."""
PAGE = "https://talks.example.org"
NOBODY = "golden-eagle-427"


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Lambda sets it."""
    monkeypatch.setenv("AWS_REGION", "us-east-1")


def world_with(**changes: Any) -> World:
    return World(settings=replace(SETTINGS, **changes))


def connect(
    world: World, origin: str | None = None, address: str | None = None, **query: str
) -> Mapping[str, Any]:
    """A handshake's answer."""
    headers = {} if origin is None else {"Origin": origin}
    handshake = event("c1", "CONNECT", queryStringParameters=query, headers=headers)
    if address is not None:
        handshake["requestContext"]["identity"] = {"sourceIp": address}
    with composed(world.app):
        answer: Mapping[str, Any] = functions.connect(handshake, None)
    return answer


def request(
    world: World, method: str, path: str, body: object = None, **headers: str
) -> HTTPResponse:
    """An HTTP call, from 127.0.0.1."""
    given = {"Content-Type": "application/json", **headers}
    data = b"" if body is None else json.dumps(body).encode()
    with (
        composed(world.app),
        Client(functions.app, project_dir=str(PROJECT)) as client,
    ):
        return client.http.request(method, path, headers=given, body=data)


def guarded(world: World) -> tuple[Session, str]:
    """A session with a join code, and its token."""
    return world.app.sessions.open(OpenSession("en", CODE))


# --- Origins -------------------------------------------------------------------------------------


def test_a_page_from_elsewhere_is_refused_before_anything_is_read() -> None:
    world = world_with(allowed_origins=(PAGE,))
    of = world.open()
    world.tables.calls.clear()
    for origin in ("null", f"{PAGE}.evil.example", PAGE.upper(), "https://evil.example"):
        answer = connect(world, origin, ADDRESS, sessionId=of.session_id, targetLanguage="es")
        assert answer == {"statusCode": 403}
    assert not world.tables.calls


def test_the_page_itself_and_other_programs_are_let_in() -> None:
    world = world_with(allowed_origins=(PAGE,))
    of = world.open()
    for origin in (PAGE, None):
        answer = connect(world, origin, sessionId=of.session_id, targetLanguage="es")
        assert answer == {"statusCode": 200}


def test_where_an_origin_is_required_the_speaker_needs_one_too() -> None:
    world = world_with(allowed_origins=(PAGE,), require_origin=True)
    of, token = world.app.sessions.open("en")
    assert connect(world, sessionId=of.session_id, token=token) == {"statusCode": 403}
    assert connect(world, PAGE, sessionId=of.session_id, token=token) == {"statusCode": 200}


# --- Join codes ----------------------------------------------------------------------------------


def test_the_code_lets_in(world: World) -> None:
    of, token = guarded(world)
    query = {"sessionId": of.session_id, "targetLanguage": "es"}
    assert connect(world, **query, joinCode=CODE) == {"statusCode": 200}
    assert connect(world, sessionId=of.session_id, token=token) == {"statusCode": 200}


def test_a_code_is_not_asked_where_there_is_none(world: World) -> None:
    query = {"sessionId": world.open().session_id, "targetLanguage": "es"}
    assert connect(world, **query, joinCode="left over") == {"statusCode": 200}


def test_the_code_is_stored_as_a_hash_alone_and_never_shown(world: World) -> None:
    answer = request(world, "POST", "/sessions", {"sourceLanguage": "en", "joinCode": f" {CODE} "})
    opened = answer.json_body
    of = world.tables.get_session(opened["sessionId"])
    assert of is not None
    assert of.join_code_hash is not None
    assert CODE not in repr(of)
    assert CODE.encode() not in answer.body
    assert of.join_code_hash.encode() not in answer.body
    query = {"sessionId": of.session_id, "targetLanguage": "es"}
    assert connect(world, **query, joinCode=CODE) == {"statusCode": 200}


def refusals(world: World) -> Mapping[str, Mapping[str, str]]:
    """Every way to be wrong about a session: the queries of the handshakes."""
    ended, _ = guarded(world)
    world.app.sessions.end(ended)
    plain_ended = world.open()
    world.app.sessions.end(plain_ended)
    of, _ = guarded(world)
    return {
        "never opened": {"sessionId": NOBODY, "joinCode": CODE},
        "never opened, no code": {"sessionId": NOBODY},
        "ended": {"sessionId": plain_ended.session_id},
        "ended, its code": {"sessionId": ended.session_id, "joinCode": CODE},
        "ended, another code": {"sessionId": ended.session_id, "joinCode": "aula 8"},
        "open, another code": {"sessionId": of.session_id, "joinCode": "aula 8"},
        "open, no code": {"sessionId": of.session_id},
        "open, an empty code": {"sessionId": of.session_id, "joinCode": ""},
        "open, a long code": {"sessionId": of.session_id, "joinCode": CODE * 1000},
        "open, its hash": {"sessionId": of.session_id, "joinCode": of.join_code_hash or ""},
    }


@pytest.mark.parametrize("language", ["es", "tlh"])
def test_unknown_ended_and_wrong_code_answer_alike_and_do_the_same_work(
    world: World, language: str
) -> None:
    seen: dict[str, tuple[Mapping[str, Any], Counter[str]]] = {}
    for name, query in refusals(world).items():
        world.tables.calls.clear()
        answer = connect(world, address=ADDRESS, **query, targetLanguage=language)
        seen[name] = (answer, Counter(world.tables.calls))
    alike = ({"statusCode": 404}, Counter(count=2, get_session=1))
    assert seen == dict.fromkeys(seen, alike)


def test_a_wrong_token_does_not_tell_that_a_guarded_session_exists(world: World) -> None:
    of, _ = guarded(world)
    assert connect(world, sessionId=of.session_id, token="wrong") == {"statusCode": 404}
    bearer = {"Authorization": "Bearer wrong"}
    answer = request(world, "DELETE", f"/sessions/{of.session_id}", **bearer)
    unknown = request(world, "DELETE", f"/sessions/{NOBODY}", **bearer)
    assert told(answer) == told(unknown)
    assert world.now(of).is_active


def told(answer: HTTPResponse) -> tuple[int, Mapping[str, Any]]:
    """An answer without what tells the request."""
    return answer.status_code, {**answer.json_body, "requestId": ""}


def test_a_guarded_session_s_state_is_for_its_own_people(world: World) -> None:
    of, token = guarded(world)
    path = f"/sessions/{of.session_id}"
    unknown = told(request(world, "GET", f"/sessions/{NOBODY}"))
    assert unknown[0] == 404
    strangers: list[dict[str, str]] = [
        {},
        {"X-Join-Code": ""},
        {"X-Join-Code": "aula%208"},
        {"X-Join-Code": of.join_code_hash or ""},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer"},
        {"Authorization": ""},
    ]
    for headers in strangers:
        assert told(request(world, "GET", path, **headers)) == unknown, headers
    for headers in ({"X-Join-Code": "aula%207"}, {"Authorization": f"Bearer {token}"}):
        answer = request(world, "GET", path, **headers)
        assert answer.status_code == 200, headers
        assert answer.json_body["isActive"] is True


def test_codes_are_guessed_ten_times_a_minute_over_http_and_handshakes_together(
    world: World,
) -> None:
    of, _ = guarded(world)
    path, query = f"/sessions/{of.session_id}", {"sessionId": of.session_id, "targetLanguage": "es"}
    answers = []
    for number in range(6):
        code = f"aula {number + 10}"
        answers.append(request(world, "GET", path, **{"X-Join-Code": code}).status_code)
        answers.append(connect(world, address=LOCAL, **query, joinCode=code)["statusCode"])
    assert answers == [404] * 10 + [429] * 2
    # Nor does the right code get an answer now, here or there.
    assert request(world, "GET", path, **{"X-Join-Code": CODE}).status_code == 429
    assert connect(world, address=LOCAL, **query, joinCode=CODE) == {"statusCode": 429}


def test_names_are_guessed_ten_times_a_minute(world: World) -> None:
    of = world.open()
    answers = [
        request(world, "GET", f"/sessions/golden-eagle-{number + 100}") for number in range(400)
    ]
    assert [each.status_code for each in answers] == [404] * 10 + [429] * 390
    assert 0 < answers[-1].json_body["details"]["retryAfterMs"] <= 60_000
    assert request(world, "GET", f"/sessions/{of.session_id}").status_code == 429
    # What is no name reveals nothing, and spends nothing.
    assert request(world, "GET", "/sessions/hello").status_code == 404


def test_wrong_tokens_are_guesses_too(world: World) -> None:
    of, token = world.app.sessions.open("en")
    path = f"/sessions/{of.session_id}"
    wrong = {"Authorization": "Bearer wrong"}
    query = {"sessionId": of.session_id, "token": "wrong"}
    answers = []
    for _ in range(4):
        answers.append(request(world, "DELETE", path, **wrong).status_code)
        answers.append(connect(world, address=LOCAL, **query)["statusCode"])
        answers.append(request(world, "GET", path, **wrong).status_code)
    assert answers == [401, 401, 200] * 3 + [401] + [429] * 2
    # The speaker's own token is proof, from the same address, too.
    own = {"Authorization": f"Bearer {token}"}
    assert connect(world, address=LOCAL, sessionId=of.session_id, token=token) == {
        "statusCode": 200
    }
    assert request(world, "GET", path, **own).status_code == 200
    assert request(world, "DELETE", path, **own).status_code == 204
    assert connect(world, address=LOCAL, sessionId=of.session_id, token=token) == {
        "statusCode": 404
    }


def test_a_speaker_in_the_hall_keeps_it_open_to_newcomers_while_strangers_guess(
    world: World,
) -> None:
    of, token = guarded(world)
    assert (
        connect(world, address=ADDRESS, sessionId=of.session_id, token=token)["statusCode"] == 200
    )
    query = {"sessionId": of.session_id, "targetLanguage": "es"}
    guesses = [
        connect(world, address=f"198.51.100.{number}", **query, joinCode="aula 8")["statusCode"]
        for number in range(100)
    ]
    assert guesses == [404] * 10 + [429] * 90
    for _ in range(300):
        assert connect(world, address=ADDRESS, **query, joinCode=CODE) == {"statusCode": 200}
    assert connect(world, address="192.0.2.1", **query, joinCode=CODE) == {"statusCode": 429}


@pytest.mark.parametrize("header", ["Authorization", "X-Join-Code", "X-Resume-Token"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_half_a_surrogate_pair_is_wrong_and_no_failure(
    world: World, method: str, header: str
) -> None:
    of, _ = guarded(world)
    shown = {"Authorization": "Bearer wrong", header: "Bearer \ud800"}
    answer = call(world, method, of, shown)
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (404, "SESSION_NOT_FOUND")
    query = {"sessionId": of.session_id, "targetLanguage": "es"}
    assert connect(world, address=ADDRESS, **query, joinCode="\ud800") == {"statusCode": 404}


def call(world: World, method: str, of: Session, headers: Mapping[str, str]) -> Mapping[str, Any]:
    """A call as API Gateway hands it over: Chalice's test client encodes what it is given."""
    context = {
        "httpMethod": method,
        "resourcePath": "/sessions/{session_id}",
        "path": f"/sessions/{of.session_id}",
        "identity": {"sourceIp": ADDRESS},
    }
    request = {
        "requestContext": context,
        "pathParameters": {"session_id": of.session_id},
        "headers": headers,
        "multiValueQueryStringParameters": None,
        "stageVariables": None,
        "body": None,
        "isBase64Encoded": False,
    }
    with composed(world.app):
        answer: Mapping[str, Any] = functions.app(request, None)
    return answer


# --- Who returns ---------------------------------------------------------------------------------


def token_of(world: World, of: Session, connection_id: str = "c1") -> str:
    """What a listener was told when it was greeted."""
    joined = world.tables.get_connection(connection_id)
    assert joined is not None
    world.app.notifier.greet_group(of, {connection_id: joined})
    (*_, greeting) = world.gateway.to(connection_id, "joined")
    return str(greeting["resumeToken"])


def test_who_returns_needs_no_code_and_is_no_newcomer(world: World) -> None:
    of, _ = guarded(world)
    query = {"sessionId": of.session_id, "targetLanguage": "es"}
    assert connect(world, address=ADDRESS, **query, joinCode=CODE) == {"statusCode": 200}
    token = token_of(world, of)
    while connect(world, address=ADDRESS, **query, joinCode="aula 8") != {"statusCode": 429}:
        pass
    returning = {**query, "resumeToken": token, "lastSequence": "0"}
    assert connect(world, address=ADDRESS, **returning) == {"statusCode": 200}
    path = f"/sessions/{of.session_id}"
    with_token = {"X-Resume-Token": token}
    for joining in ("", "?joining=true"):
        assert request(world, "GET", path + joining, **with_token).json_body["isActive"] is True
    assert token_of(world, of) == token


def test_one_token_does_not_become_many(world: World) -> None:
    of = world.open()
    query = {"sessionId": of.session_id, "targetLanguage": "es"}
    connect(world, address=ADDRESS, **query)
    token = token_of(world, of)
    for _ in range(20):
        assert connect(world, address=ADDRESS, **query, resumeToken=token)["statusCode"] == 200
        assert token_of(world, of) == token
    assert connect(world, address="192.0.2.1", **query, resumeToken=token)["statusCode"] == 429
    asked = request(
        world, "GET", f"/sessions/{of.session_id}?joining=true", **{"X-Resume-Token": token}
    )
    assert (asked.status_code, asked.json_body["code"]) == (429, "RATE_LIMITED")


@pytest.mark.parametrize("is_guarded", [True, False])
def test_a_stale_token_does_not_keep_its_bearer_out(world: World, is_guarded: bool) -> None:
    of = guarded(world)[0] if is_guarded else world.open()
    foreign = ResumeTokens(guarded(world)[0]).issue("c1")
    query = {"sessionId": of.session_id, "targetLanguage": "es"}
    right = {**query, "joinCode": CODE} if is_guarded else query
    for token in (foreign, "", "A" * 10_240, "ñ", "\ud800", "\0"):
        answer = connect(world, address=ADDRESS, **right, resumeToken=token)
        assert answer == {"statusCode": 200}, token
        assert token_of(world, of) == ResumeTokens(of).issue("c1")
    if is_guarded:
        assert connect(world, address=ADDRESS, **query, resumeToken=foreign)["statusCode"] == 404
    answers = [connect(world, address=ADDRESS, **right, resumeToken=foreign) for _ in range(10)]
    assert answers[-1] == {"statusCode": 429}


def test_a_token_opens_no_session_that_has_ended_or_whose_life_is_over(world: World) -> None:
    of, _ = guarded(world)
    query = {"sessionId": of.session_id, "targetLanguage": "es"}
    returning = {**query, "resumeToken": ResumeTokens(of).issue("c1")}
    world.app.sessions.end(of)
    for _ in range(12):
        assert connect(world, address=ADDRESS, **returning) == {"statusCode": 404}
    path, with_token = f"/sessions/{of.session_id}", {"X-Resume-Token": returning["resumeToken"]}
    assert request(world, "GET", path, **with_token).json_body["isActive"] is False
    world.clock.advance(SETTINGS.session_ttl_seconds * 1000)
    assert connect(world, address=ADDRESS, **returning) == {"statusCode": 404}
    assert request(world, "GET", path, **with_token).status_code == 404


@pytest.mark.parametrize("is_guarded", [True, False])
def test_an_old_link_of_an_ended_session_does_not_keep_the_next_hall_out(
    world: World, is_guarded: bool
) -> None:
    last, _ = guarded(world) if is_guarded else world.app.sessions.open("en")
    world.app.sessions.end(last)
    old = {"sessionId": last.session_id, "targetLanguage": "es"}
    old |= {"joinCode": CODE} if is_guarded else {}
    for _ in range(50):
        assert connect(world, address=ADDRESS, **old) == {"statusCode": 404}
    new = {"sessionId": world.open().session_id, "targetLanguage": "es"}
    assert connect(world, address=ADDRESS, **new) == {"statusCode": 200}


def test_phones_that_wake_after_a_session_s_life_do_not_keep_the_next_hall_out(
    world: World,
) -> None:
    last, _ = guarded(world)
    tokens = [ResumeTokens(last).issue(f"c{number}") for number in range(50)]
    world.clock.advance(SETTINGS.session_ttl_seconds * 1000)
    query = {"sessionId": last.session_id, "targetLanguage": "es"}
    for token in tokens:
        assert connect(world, address=LOCAL, **query, resumeToken=token) == {"statusCode": 404}
        for joining in ("", "?joining=true"):
            path = f"/sessions/{last.session_id}{joining}"
            assert request(world, "GET", path, **{"X-Resume-Token": token}).status_code == 404
    new = {"sessionId": world.open().session_id, "targetLanguage": "es"}
    assert connect(world, address=LOCAL, **new) == {"statusCode": 200}
    # Without its row nothing shows that a token was the session's: then it is a guess.
    nobody = {"sessionId": NOBODY, "targetLanguage": "es"}
    answers = [connect(world, address=LOCAL, **nobody, resumeToken=token) for token in tokens]
    assert answers[-1] == {"statusCode": 429}


def test_a_wrong_code_of_an_ended_session_is_a_guess(world: World) -> None:
    last, _ = guarded(world)
    world.app.sessions.end(last)
    query = {"sessionId": last.session_id, "targetLanguage": "es"}
    answers = [
        connect(world, address=ADDRESS, **query, joinCode=f"aula {number + 10}")["statusCode"]
        for number in range(11)
    ]
    assert answers == [404] * 10 + [429]
    assert connect(world, address=ADDRESS, **query, joinCode=CODE) == {"statusCode": 429}


@pytest.mark.parametrize("token", ["A" * 8_000, "é", "A" * 32, " ", "Bearer x"])
def test_any_text_may_come_as_a_token_over_http(world: World, token: str) -> None:
    path = f"/sessions/{guarded(world)[0].session_id}"
    assert request(world, "GET", path, **{"X-Resume-Token": token}).status_code == 404


@pytest.mark.parametrize("code", JOIN_CODES.values(), ids=JOIN_CODES)
def test_what_is_no_code_opens_no_session(world: World, code: object) -> None:
    answer = request(world, "POST", "/sessions", {"sourceLanguage": "en", "joinCode": code})
    assert (answer.status_code, answer.json_body["code"]) == (400, "BAD_MESSAGE")


# --- Limits of an address ------------------------------------------------------------------------


def test_a_flood_from_one_address_is_refused_with_429(world: World) -> None:
    query = {"sessionId": world.open().session_id, "targetLanguage": "es"}
    answers = [connect(world, address=ADDRESS, **query) for _ in range(2000)]
    limit = AdmissionLimits().newcomers_per_minute
    assert answers[:limit] == [{"statusCode": 200}] * limit
    assert answers[limit:] == [{"statusCode": 429}] * (2000 - limit)
    assert world.tables.calls["count"] == 2 * limit + 1
    assert world.tables.calls["get_session"] == limit + 1
    assert world.tables.calls["put_connection"] == limit
    assert connect(world, address="203.0.113.8", **query) == {"statusCode": 200}


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "True-Client-IP", "Client-IP", "Via"]
)
def test_what_a_header_says_of_the_address_is_not_believed(header: str) -> None:
    world = world_with(limits=AdmissionLimits(newcomers_per_minute=3))
    query = {"sessionId": world.open().session_id, "targetLanguage": "es"}
    answers = []
    for number in range(4):
        handshake = event("c1", "CONNECT", queryStringParameters=query)
        handshake["headers"] = {header: f"198.51.100.{number}"}
        handshake["requestContext"]["identity"] = {"sourceIp": ADDRESS}
        with composed(world.app):
            answers.append(functions.connect(handshake, None))
    assert answers[-1] == {"statusCode": 429}


def test_while_the_limits_are_down_listeners_get_in(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    query = {"sessionId": world.open().session_id, "targetLanguage": "es"}
    world.tables.refusing.add("count")
    for _ in range(30):
        assert connect(world, address=ADDRESS, **query) == {"statusCode": 200}
    assert "it is admitted" in caplog.text


def test_a_refused_browser_learns_why() -> None:
    world = world_with(limits=AdmissionLimits(newcomers_per_minute=10))
    of = world.open()
    path = f"/sessions/{of.session_id}"
    for _ in range(10):
        assert request(world, "GET", f"{path}?joining=true").status_code == 200
        connect(world, address="127.0.0.1", sessionId=of.session_id, targetLanguage="es")
    answer = request(world, "GET", f"{path}?joining=true")
    assert (answer.status_code, answer.json_body["code"]) == (429, "RATE_LIMITED")
    assert 0 < answer.json_body["retryAfterMs"] <= 60_000
    assert request(world, "GET", path).status_code == 200


# --- Limits of an owner --------------------------------------------------------------------------


def test_an_owner_opens_so_many_sessions_an_hour(world: World) -> None:
    body = {"sourceLanguage": "en"}
    answers = [request(world, "POST", "/sessions", body) for _ in range(52)]
    assert [each.status_code for each in answers] == [201] * 50 + [429] * 2
    refusal = answers[-1].json_body
    assert refusal["code"] == "RATE_LIMITED"
    assert 0 < refusal["retryAfterMs"] <= 3_600_000


def test_while_the_limits_are_down_no_session_is_opened(world: World) -> None:
    world.tables.refusing.add("count")
    answer = request(world, "POST", "/sessions", {"sourceLanguage": "en"})
    assert answer.status_code == 503
    assert "try again" in answer.json_body["message"]
    assert world.tables.calls["put_session"] == 0


# --- Full sessions -------------------------------------------------------------------------------


def test_a_full_session_refuses_the_next_with_503_until_somebody_leaves(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World()
    of, token = world.app.sessions.open(OpenSession("en", max_listeners=2))
    query = {"sessionId": of.session_id, "targetLanguage": "es"}
    for listener in ("a", "b"):
        assert connect(world, **query) == {"statusCode": 200}
        world.listener(of, listener)
    caplog.clear()
    assert connect(world, **query) == {"statusCode": 503}
    assert connect(world, sessionId=of.session_id, token=token) == {"statusCode": 200}
    assert caplog.records == []  # no fault of ours
    assert request(world, "GET", f"/sessions/{of.session_id}").json_body["isFull"] is True
    world.tables.delete_connection("a")
    world.count(["a"])
    assert "isFull" not in request(world, "GET", f"/sessions/{of.session_id}").json_body
    assert connect(world, **query) == {"statusCode": 200}


def test_a_session_admits_as_many_as_the_stage_unless_it_says_so() -> None:
    world = world_with(limits=AdmissionLimits(max_listeners=1))
    of = world.open()
    world.listener(of, "a")
    query = {"sessionId": of.session_id, "targetLanguage": "es"}
    assert connect(world, **query) == {"statusCode": 503}


@pytest.mark.parametrize("name", ["maxListeners", "characterBudget"])
@pytest.mark.parametrize("value", LIMITS.values(), ids=LIMITS)
def test_a_session_gets_no_more_than_the_stage_allows(
    world: World, name: str, value: object
) -> None:
    answer = request(world, "POST", "/sessions", {"sourceLanguage": "en", name: value})
    assert (answer.status_code, answer.json_body["code"]) == (400, "BAD_MESSAGE")
    assert world.tables.calls["put_session"] == 0


def test_where_the_stage_has_no_limit_a_session_may_have_its_own() -> None:
    world = world_with(limits=AdmissionLimits(max_listeners=0, character_budget=0))
    body = {"sourceLanguage": "en", "maxListeners": 10**9, "characterBudget": 7}
    opened = request(world, "POST", "/sessions", body).json_body
    of = world.tables.get_session(opened["sessionId"])
    assert of is not None
    assert (of.max_listeners, of.character_budget) == (10**9, 7)


# --- Logs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("refusing", ["get_session", "count", "put_connection", ""])
def test_nothing_secret_is_logged(
    world: World, refusing: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    of, token = guarded(world)
    world.tables.refusing.add(refusing)
    attempts: list[Callable[[], object]] = [
        lambda: connect(world, address=ADDRESS, sessionId=of.session_id, targetLanguage="es",
                        joinCode=CODE),
        lambda: connect(world, address=ADDRESS, sessionId=of.session_id, token=token),
        lambda: request(world, "GET", f"/sessions/{of.session_id}", **{"X-Join-Code": CODE}),
    ]  # fmt: skip
    for attempt in attempts:
        for _ in range(12):
            attempt()
    for secret in (CODE, token, ADDRESS):
        assert secret not in caplog.text
