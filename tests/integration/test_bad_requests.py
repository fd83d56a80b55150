"""Wrong handshakes and HTTP requests: each is refused with its status, and no word too many."""

import asyncio
import json
import socket
from urllib.parse import quote, urlsplit

import pytest
import websockets

from tests.hostile import handshake, http_request
from tests.integration.client import PATIENCE, Answer, Session, Stage, connect, talk
from tests.integration.test_bad_input import SAYS_TOO_MUCH

NOBODYS = "zz-zz-100"


async def refusal(address: str) -> int:
    """The status that the handshake is refused with."""
    with pytest.raises(websockets.InvalidStatus) as refused:
        await connect(address)
    response = refused.value.response
    says_nothing_of_the_inside(bytes(response.body or b""))
    return response.status_code


def says_nothing_of_the_inside(body: bytes) -> None:
    assert not [word for word in SAYS_TOO_MUCH if word.encode() in body]


def is_error(answer: Answer, status: int, code: str) -> None:
    says_nothing_of_the_inside(answer.body)
    assert answer.status == status, answer
    error = answer.json
    assert error.keys() - {"details"} == {"type", "code", "message", "requestId"}
    assert (error["type"], error["code"]) == ("error", code)
    assert error["requestId"]


@pytest.mark.parametrize("bad", handshake.MALFORMED.values(), ids=handshake.MALFORMED)
def test_a_malformed_handshake_is_refused_with_400(stage: Stage, bad: handshake.Bad) -> None:
    async def scenario() -> None:
        async with talk(stage) as at:
            asked = bad.asked(at.session.session_id, at.session.token)
            assert await refusal(f"{at.session.url}?{asked}") == 400
            assert stage.counts(at.session) == (0, {})

    asyncio.run(scenario())


def test_a_token_of_another_session_is_refused_with_401(stage: Stage) -> None:
    async def scenario() -> None:
        async with talk(stage) as at, talk(stage) as other:
            for token in (other.session.token, at.session.token[:-1], *handshake.WRONG_TOKENS):
                assert await refusal(at.session.address(token=token)) == 401
            speaker = await at.join_speaker()
            await at.say(speaker, "I am still the only one.")

    asyncio.run(scenario())


def test_a_session_that_never_was_or_has_ended_is_refused_with_404(stage: Stage) -> None:
    async def scenario() -> None:
        session = stage.open_session()
        assert stage.end(session).status == 204
        for name in (session.session_id, NOBODYS):
            for who in ({"targetLanguage": "pt"}, {"token": session.token}):
                assert await refusal(session.address(**who, sessionId=name)) == 404

    asyncio.run(scenario())


def test_what_is_no_handshake_is_refused_by_the_gateway(stage: Stage) -> None:
    address = urlsplit(stage.ws)
    with socket.create_connection((address.hostname, address.port), timeout=PATIENCE) as plain:
        plain.sendall(b"GET /?sessionId=x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: plain.recv(65_536), b""))
    assert answer.startswith(b"HTTP/1.1 426 ")
    says_nothing_of_the_inside(answer)


@pytest.mark.parametrize("bad", http_request.BODIES.values(), ids=http_request.BODIES)
def test_a_session_is_not_opened_by_a_malformed_body(stage: Stage, bad: http_request.Bad) -> None:
    is_error(stage.request("POST", "/sessions", bad.body), 400, bad.code)


@pytest.mark.parametrize("content_type", http_request.CONTENT_TYPES)
def test_a_body_of_another_type_is_refused_with_415(stage: Stage, content_type: str) -> None:
    body = json.dumps({"sourceLanguage": "en"}).encode()
    answer = stage.request("POST", "/sessions", body, {"Content-Type": content_type})
    assert answer.status == 415
    assert answer.json
    says_nothing_of_the_inside(answer.body)


@pytest.mark.parametrize(
    "name", http_request.SESSION_NAMES.values(), ids=http_request.SESSION_NAMES
)
def test_an_unknown_session_is_not_found(stage: Stage, name: str) -> None:
    quoted = quote(name, safe="")
    session = Session(quoted, "token", stage.ws)
    is_error(stage.request("GET", f"/sessions/{quoted}"), 404, "SESSION_NOT_FOUND")
    is_error(stage.end(session), 404, "SESSION_NOT_FOUND")


@pytest.mark.parametrize(
    "authorization", http_request.AUTHORIZATIONS.values(), ids=http_request.AUTHORIZATIONS
)
def test_only_the_token_ends_a_session(stage: Stage, authorization: str | None) -> None:
    session = stage.open_session()
    headers = http_request.headers(authorization, session.token)
    answer = stage.request("DELETE", f"/sessions/{session.session_id}", headers=headers)
    is_error(answer, 401, "NOT_SPEAKER")
    assert stage.state(session)["isActive"] is True
    assert stage.end(session).status == 204


@pytest.mark.parametrize(("method", "path"), http_request.ROUTES)
def test_an_unknown_route_is_refused(stage: Stage, method: str, path: str) -> None:
    answer = stage.request(method, path)
    assert 400 <= answer.status < 500
    assert isinstance(answer.json, dict)
    says_nothing_of_the_inside(answer.body)
