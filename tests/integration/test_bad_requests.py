"""Wrong handshakes and HTTP requests: each is refused with its status, and no word too many."""

import asyncio
import json
import socket
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

import pytest
import websockets

from tests.integration.client import PATIENCE, Answer, Session, Stage, connect, talk
from tests.integration.test_bad_input import SAYS_TOO_MUCH

UNKNOWN = "golden-eagle-000"  # no name has a number below 100
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


MALFORMED: Mapping[str, str] = {
    "nothing": "",
    "no session": "targetLanguage=pt",
    "session empty": "sessionId=&targetLanguage=pt",
    "session no name": "sessionId=Hello&targetLanguage=pt",
    "session below 100": f"sessionId={UNKNOWN}&targetLanguage=pt",
    "session with a line break": "sessionId={session}%0A&targetLanguage=pt",
    "session very long": f"sessionId={'a' * 4_000}&targetLanguage=pt",
    "neither language nor token": "sessionId={session}",
    "both": "sessionId={session}&targetLanguage=pt&token={token}",
    "language empty": "sessionId={session}&targetLanguage=",
    "language no tag": "sessionId={session}&targetLanguage=portuguese",
    "language with an underscore": "sessionId={session}&targetLanguage=pt_BR",
    "language not offered": "sessionId={session}&targetLanguage=tlh",
    "language not UTF-8": "sessionId={session}&targetLanguage=%FF",
    "language a surrogate": "sessionId={session}&targetLanguage=%ED%A0%80",
    "language NUL": "sessionId={session}&targetLanguage=%00",
    "token empty": "sessionId={session}&token=",
    "token with a space": "sessionId={session}&token=a%20b",
    "token very long": f"sessionId={{session}}&token={'a' * 4_000}",
    "last sequence empty": "sessionId={session}&targetLanguage=pt&lastSequence=",
    "last sequence a word": "sessionId={session}&targetLanguage=pt&lastSequence=x",
    "last sequence negative": "sessionId={session}&targetLanguage=pt&lastSequence=-1",
    "last sequence a fraction": "sessionId={session}&targetLanguage=pt&lastSequence=1.5",
    "last sequence other digits": "sessionId={session}&targetLanguage=pt&lastSequence=%D9%A3",
    "last sequence huge": f"sessionId={{session}}&targetLanguage=pt&lastSequence={'9' * 5_000}",
    "last sequence huge behind zeros": (
        f"sessionId={{session}}&targetLanguage=pt&lastSequence={'0' * 20}{'9' * 40}"
    ),
    "5,000 zeros": f"sessionId={{session}}&targetLanguage=pt&lastSequence={'0' * 5_000}",
}


@pytest.mark.parametrize("query", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_handshake_is_refused_with_400(stage: Stage, query: str) -> None:
    async def scenario() -> None:
        async with talk(stage) as at:
            filled = query.format(session=at.session.session_id, token=at.session.token)
            assert await refusal(f"{at.session.url}?{filled}") == 400
            assert stage.counts(at.session) == (0, {})

    asyncio.run(scenario())


def test_a_token_of_another_session_is_refused_with_401(stage: Stage) -> None:
    async def scenario() -> None:
        async with talk(stage) as at, talk(stage) as other:
            for token in (other.session.token, at.session.token[:-1], "x"):
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


BODIES: Mapping[str, tuple[bytes, str]] = {
    "empty": (b"", "BAD_MESSAGE"),
    "no JSON": (b"{", "BAD_MESSAGE"),
    "no UTF-8": (b'{"sourceLanguage":"\xff"}', "BAD_MESSAGE"),
    "a list": (b"[]", "BAD_MESSAGE"),
    "null": (b"null", "BAD_MESSAGE"),
    "NaN": (b'{"sourceLanguage":NaN}', "BAD_MESSAGE"),
    "deep": (b"[" * 100_000, "BAD_MESSAGE"),
    "1 MB": (b'"' + b"x" * 1_000_000, "BAD_MESSAGE"),
    "5,000 digits": (b"9" * 5_000, "BAD_MESSAGE"),
    "no language": (b"{}", "BAD_MESSAGE"),
    "language null": (b'{"sourceLanguage":null}', "INVALID_LANGUAGE"),
    "language a list": (b'{"sourceLanguage":["en"]}', "INVALID_LANGUAGE"),
    "language empty": (b'{"sourceLanguage":""}', "INVALID_LANGUAGE"),
    "language no tag": (b'{"sourceLanguage":"english"}', "INVALID_LANGUAGE"),
    "language a surrogate": (b'{"sourceLanguage":"\\ud800"}', "INVALID_LANGUAGE"),
    "language not offered": (b'{"sourceLanguage":"tlh"}', "UNSUPPORTED_LANGUAGE"),
}


@pytest.mark.parametrize(("body", "code"), BODIES.values(), ids=BODIES.keys())
def test_a_session_is_not_opened_by_a_malformed_body(stage: Stage, body: bytes, code: str) -> None:
    is_error(stage.request("POST", "/sessions", body), 400, code)


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "nonsense"])
def test_a_body_of_another_type_is_refused_with_415(stage: Stage, content_type: str) -> None:
    body = json.dumps({"sourceLanguage": "en"}).encode()
    answer = stage.request("POST", "/sessions", body, {"Content-Type": content_type})
    assert answer.status == 415
    assert answer.json
    says_nothing_of_the_inside(answer.body)


@pytest.mark.parametrize("name", [NOBODYS, UNKNOWN, "x", quote("\N{GRINNING FACE}"), "a" * 3_000])
def test_an_unknown_session_is_not_found(stage: Stage, name: str) -> None:
    session = Session(name, "token", stage.ws)
    is_error(stage.request("GET", f"/sessions/{name}"), 404, "SESSION_NOT_FOUND")
    is_error(stage.end(session), 404, "SESSION_NOT_FOUND")


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        "Basic {token}",
        "{token}",
        "Bearer " + "x" * 5_000,
    ],
    ids=["none", "empty", "no token", "blank", "wrong", "Basic", "bare", "long"],
)
def test_only_the_token_ends_a_session(stage: Stage, authorization: str | None) -> None:
    session = stage.open_session()
    headers = (
        {}
        if authorization is None
        else {"Authorization": authorization.format(token=session.token)}
    )
    answer = stage.request("DELETE", f"/sessions/{session.session_id}", headers=headers)
    is_error(answer, 401, "NOT_SPEAKER")
    assert stage.state(session)["isActive"] is True
    assert stage.end(session).status == 204


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nowhere"),
        ("GET", "/sessions"),
        ("PUT", "/sessions"),
        ("PATCH", f"/sessions/{NOBODYS}"),
        ("POST", "/health"),
        ("DELETE", "/"),
        ("GET", "/sessions/a/b/c"),
        ("GET", "/../../etc/passwd"),
        ("GET", "/%2e%2e/%2e%2e/etc/passwd"),
        ("GET", "/%00"),
        ("GET", "/%ff"),
    ],
)
def test_an_unknown_route_is_refused(stage: Stage, method: str, path: str) -> None:
    answer = stage.request(method, path)
    assert 400 <= answer.status < 500
    assert isinstance(answer.json, dict)
    says_nothing_of_the_inside(answer.body)
