"""Tokens that open sessions, and every kind that must not, against a provider on loopback."""

import base64
import hashlib
import hmac
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jwt
import pytest
from chalice.test import Client
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

import app as functions
from chalice_app.admission import jwks
from chalice_app.admission.oidc import (
    FETCH_PAUSE_SECONDS,
    KEYS_SECONDS,
    MOST_CHARACTERS,
    OidcOwners,
)
from chalice_app.bootstrap.application import Application
from chalice_app.bootstrap.process import composed
from chalice_app.domain.errors import NotSpeaker, Unavailable
from tests.fakes.domain import FakeClock
from tests.fakes.world import World

ISSUER = "https://issuer.example/pool"
AUDIENCE = "broadcaster"
PROJECT = Path(functions.__file__).parent


@cache
def key(name: str) -> rsa.RSAPrivateKey:
    """A key of that name; made once, for it takes a while."""
    return rsa.generate_private_key(65_537, 1024 if name == "short" else 2048)


def published(name: str, **changes: object) -> dict[str, object]:
    """A key as a provider publishes it."""
    described: dict[str, object] = jwt.algorithms.RSAAlgorithm.to_jwk(
        key(name).public_key(), as_dict=True
    )
    return {**described, "kid": name, "use": "sig", "alg": "RS256", **changes}


class Provider:
    """Publishes keys on loopback; counts who asks, and may answer otherwise."""

    def __init__(self) -> None:
        self.keys: list[Any] = [published("first")]
        self.asked = 0
        self.answer: tuple[int, dict[str, str], bytes] | None = None
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.asked += 1
                body = json.dumps({"keys": provider.keys}).encode()
                status, headers, body = provider.answer or (200, {}, body)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/.well-known/jwks.json"


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.02,))
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def owners(provider: Provider, clock: FakeClock) -> OidcOwners:
    return OidcOwners(provider.url, ISSUER, AUDIENCE, clock)


def claims(**changes: object) -> dict[str, object]:
    """What a good token says; None leaves a claim out."""
    now = int(time.time())
    good = {"sub": "ada", "iss": ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + 300}
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def token(name: str = "first", algorithm: str = "RS256", **changes: object) -> str:
    """A token that a provider's key has signed."""
    return jwt.encode(claims(**changes), key(name), algorithm, headers={"kid": name})


def forged(header: dict[str, object], signature: bytes = b"", **changes: object) -> str:
    """A token put together by hand."""

    def part(content: bytes) -> str:
        return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

    parts = (json.dumps(header).encode(), json.dumps(claims(**changes)).encode())
    return ".".join([*map(part, parts), part(signature)])


def by_public_key() -> str:
    """HS256 by the provider's public key, which everybody has: algorithm confusion."""
    pem = (
        key("first")
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    unsigned = forged({"alg": "HS256", "typ": "JWT", "kid": "first"}).rpartition(".")[0]
    signature = hmac.new(pem, unsigned.encode(), hashlib.sha256).digest()
    return f"{unsigned}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def own_key(**header: object) -> str:
    """Signed by a key that the token brings along."""
    own = published("stranger")
    header = {"kid": "first", "jwk": own, **header}
    return jwt.encode(claims(), key("stranger"), "RS256", headers=header)


def swapped_claims() -> str:
    """A good token's signature under other claims."""
    header, _, signature = token().split(".")
    return f"{header}.{token(sub='eve').split('.')[1]}.{signature}"


YESTERDAY = int(time.time()) - 86_400

ATTACKS: dict[str, Callable[[], str]] = {
    "HS256 by the public key": by_public_key,
    "alg none": lambda: forged({"alg": "none", "kid": "first"}),
    "alg NONE": lambda: forged({"alg": "NONE", "kid": "first"}),
    "no alg": lambda: forged({"kid": "first"}),
    "alg a list": lambda: forged({"alg": ["RS256"], "kid": "first"}),
    "no signature": lambda: forged({"alg": "RS256", "kid": "first"}),
    "RS512": lambda: token(algorithm="RS512"),
    "PS256": lambda: token(algorithm="PS256"),
    "a key of its own": own_key,
    "a key's address of its own": lambda: own_key(
        jku="http://127.0.0.1:1/", x5u="file:///dev/null"
    ),
    "an unknown key": lambda: token("stranger"),
    "no key": lambda: jwt.encode(claims(), key("first"), "RS256"),
    "a path for a key": lambda: forged({"alg": "RS256", "kid": "../../../dev/null"}),
    "a list for a key": lambda: forged({"alg": "RS256", "kid": ["first"]}),
    "an unknown critical header": lambda: jwt.encode(
        claims(), key("first"), "RS256", headers={"kid": "first", "crit": ["b64"], "b64": False}
    ),
    "other claims": swapped_claims,
    "another audience": lambda: token(aud="another"),
    "ours among others": lambda: token(aud=[AUDIENCE, "another"]),
    "no audience": lambda: token(aud=None),
    "an audience that begins like ours": lambda: token(aud=AUDIENCE + "-dev"),
    "another issuer": lambda: token(iss="https://issuer.example/other"),
    "an issuer that begins like ours": lambda: token(iss=ISSUER + "/"),
    "no issuer": lambda: token(iss=None),
    "expired": lambda: token(exp=YESTERDAY),
    "no expiry": lambda: token(exp=None),
    "an expiry that is no number": lambda: token(exp="never"),
    "not valid yet": lambda: token(nbf=int(time.time()) + 3_600),
    "nobody's": lambda: token(sub=None),
    "of nobody in particular": lambda: token(sub=""),
    "of a number": lambda: token(sub=7),
    "garbage": lambda: "garbage",
    "dots": lambda: "..",
    "no JSON": lambda: "e30.e30.e30",
    "empty": lambda: "",
    "beyond ASCII": lambda: "é.ü.ß",
    "too long": lambda: token(padding="x" * MOST_CHARACTERS),
}


def test_the_bearer_of_a_good_token_is_whom_it_names(owners: OidcOwners) -> None:
    assert owners.owner_of(token()) == "ada"


@pytest.mark.parametrize("name", ATTACKS)
def test_no_other_token_opens_sessions(owners: OidcOwners, name: str) -> None:
    attack = ATTACKS[name]()
    with pytest.raises(NotSpeaker) as refused:
        owners.owner_of(attack)
    assert refused.value.http_status == 401
    assert owners.owner_of(token()) == "ada"


@pytest.mark.parametrize(
    "changes",
    [
        {"kty": "oct", "k": "c2VjcmV0"},
        {"use": "enc"},
        {"alg": "RS512"},
        {"kid": None},
        {"n": "!"},
        {"n": None},
    ],
)
def test_a_key_that_is_not_for_this_verifies_nothing_and_hurts_no_other(
    provider: Provider, owners: OidcOwners, changes: dict[str, object]
) -> None:
    provider.keys = [published("odd", **changes), "no key", None, *provider.keys]
    with pytest.raises(NotSpeaker):
        owners.owner_of(token("odd"))
    assert owners.owner_of(token()) == "ada"


def test_a_key_that_is_too_short_verifies_nothing(provider: Provider, owners: OidcOwners) -> None:
    provider.keys = [published("short")]
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        weak = token("short")
    with pytest.raises(NotSpeaker):
        owners.owner_of(weak)


# --- Fetching ------------------------------------------------------------------------------------


def test_keys_are_fetched_once_for_many_tokens(provider: Provider, owners: OidcOwners) -> None:
    assert provider.asked == 0
    for _ in range(5):
        owners.owner_of(token())
    assert provider.asked == 1


def test_a_new_key_is_found(provider: Provider, owners: OidcOwners, clock: FakeClock) -> None:
    owners.owner_of(token())
    provider.keys.append(published("second"))
    clock.advance(FETCH_PAUSE_SECONDS * 1000)
    assert owners.owner_of(token("second")) == "ada"
    assert provider.asked == 2


def test_made_up_keys_are_not_made_into_requests(
    provider: Provider, owners: OidcOwners, clock: FakeClock
) -> None:
    for _ in range(3):
        for _ in range(20):
            with pytest.raises(NotSpeaker):
                owners.owner_of(token("stranger"))
        clock.advance(FETCH_PAUSE_SECONDS * 1000)
    assert provider.asked == 3


def test_a_key_that_was_withdrawn_opens_nothing_for_long(
    provider: Provider, owners: OidcOwners, clock: FakeClock
) -> None:
    owners.owner_of(token())
    provider.keys = [published("second")]
    clock.advance(KEYS_SECONDS * 1000 + 1)
    with pytest.raises(NotSpeaker):
        owners.owner_of(token())


NO_KEYS: dict[str, tuple[int, dict[str, str], bytes]] = {
    "an error": (500, {}, b""),
    "not found": (404, {}, b'{"keys": []}'),
    "a redirect": (302, {"Location": "https://elsewhere.example/keys"}, b""),
    "a redirect to a file": (301, {"Location": "file:///etc/passwd"}, b'{"keys": []}'),
    "no JSON": (200, {}, b"<html>"),
    "no object": (200, {}, b"[]"),
    "no list": (200, {}, b'{"keys": {}}'),
    "not Unicode": (200, {}, b"\xff\xff"),
    "too deep": (200, {}, b"[" * 100_000),
    "too much": (200, {}, b" " * (jwks.MOST_BYTES + 1)),
}


@pytest.mark.parametrize("name", NO_KEYS)
def test_without_keys_nobody_opens_a_session_and_it_is_said_why(
    provider: Provider, owners: OidcOwners, clock: FakeClock, name: str
) -> None:
    provider.answer = NO_KEYS[name]
    for _ in range(3):
        with pytest.raises(Unavailable, match="no token can be checked") as refused:
            owners.owner_of(token())
        assert refused.value.http_status == 503
    assert provider.asked == 1
    provider.answer = None
    clock.advance(FETCH_PAUSE_SECONDS * 1000)
    assert owners.owner_of(token()) == "ada"


def test_a_provider_that_is_away_is_missed_only_for_new_keys(
    provider: Provider, owners: OidcOwners, clock: FakeClock
) -> None:
    owners.owner_of(token())
    provider.answer = NO_KEYS["an error"]
    clock.advance(FETCH_PAUSE_SECONDS * 1000)
    with pytest.raises(Unavailable):
        owners.owner_of(token("second"))
    assert owners.owner_of(token()) == "ada"
    clock.advance(KEYS_SECONDS * 1000)
    with pytest.raises(Unavailable):
        owners.owner_of(token())


def test_nobody_there_is_no_key_either(clock: FakeClock) -> None:
    nobody = OidcOwners("http://127.0.0.1:1/keys", ISSUER, AUDIENCE, clock)
    with pytest.raises(Unavailable):
        nobody.owner_of(token())


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://issuer.example/keys",
        "http://issuer.example/keys",
        "http://127.0.0.1.issuer.example/keys",
        "http://127.0.0.1@issuer.example/keys",
        "https://user:word@issuer.example/keys",
        "https:///keys",
        "https://issuer.example:port/keys",
        "https://issuer.example:0/keys",
        "https://[::1",
        "issuer.example/keys",
        "",
    ],
)
def test_keys_are_fetched_from_no_other_kind_of_address(url: str) -> None:
    assert not jwks.is_fetchable(url)
    with pytest.raises(Unavailable):
        jwks.fetch(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://issuer.example/keys?pool=1",
        "http://127.0.0.1:8080/",
        "http://[::1]/keys",
        "http://localhost:1/keys",
    ],
)
def test_keys_may_be_fetched_safely_or_from_this_machine(url: str) -> None:
    assert jwks.is_fetchable(url)


# --- POST /sessions ------------------------------------------------------------------------------


@pytest.fixture
def guarded(world: World, owners: OidcOwners) -> Iterator[Application]:
    adapters = replace(world.app.adapters, owners=owners)
    with composed(replace(world.app, adapters=adapters)) as application:
        yield application


def opened_with(*authorization: str) -> Any:
    headers = {"Content-Type": "application/json"}
    if authorization:
        headers["Authorization"] = authorization[0]
    with Client(functions.app, project_dir=str(PROJECT)) as client:
        return client.http.post("/sessions", headers=headers, body=b'{"sourceLanguage": "en"}')


@pytest.mark.usefixtures("guarded")
def test_a_session_is_opened_with_a_good_token() -> None:
    answer = opened_with(f"Bearer {token()}")
    assert answer.status_code == 201
    assert answer.json_body["speakerToken"]


@pytest.mark.usefixtures("guarded")
@pytest.mark.parametrize("header", [(), ("Basic YTpi",), ("Bearer",), ("Bearer garbage",)])
def test_a_session_is_not_opened_without_one(world: World, header: tuple[str, ...]) -> None:
    answer = opened_with(*header)
    assert (answer.status_code, answer.json_body["code"]) == (401, "NOT_SPEAKER")
    assert world.tables.calls["put_session"] == 0


@pytest.mark.usefixtures("guarded")
def test_a_provider_that_is_away_is_no_fault_of_the_caller(provider: Provider) -> None:
    provider.answer = NO_KEYS["an error"]
    answer = opened_with(f"Bearer {token()}")
    assert (answer.status_code, answer.json_body["code"]) == (503, "INTERNAL")
    assert "no token can be checked" in answer.json_body["message"]


class FakeConnection:
    """A connection of `http.client` that notes what is asked, and answers in pieces."""

    made: list["FakeConnection"]

    def __init__(self, host: str, port: int | None, timeout: float) -> None:
        self.place = (host, port, timeout)
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.pieces = [b'{"keys": [', b"1]}"]
        self.status = 200
        self.is_closed = False
        self.made.append(self)

    def request(self, method: str, path: str, headers: dict[str, str]) -> None:
        self.requests.append((method, path, headers))

    def getresponse(self) -> "FakeConnection":
        return self

    def read1(self, _: int) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> dict[str, type[FakeConnection]]:
    """The kinds of connections, which are made in place of the standard library's."""
    kinds = {}
    for name in ("HTTPConnection", "HTTPSConnection"):
        kinds[name] = type(name, (FakeConnection,), {"made": []})
        monkeypatch.setattr(jwks, name, kinds[name])
    return kinds


@pytest.mark.parametrize(
    ("url", "kind", "place", "path"),
    [
        ("https://a.example/k?x=1&y", "HTTPSConnection", ("a.example", None), "/k?x=1&y"),
        ("https://a.example:8443", "HTTPSConnection", ("a.example", 8443), "/"),
        ("http://127.0.0.1:80/k", "HTTPConnection", ("127.0.0.1", 80), "/k"),
    ],
)
def test_keys_are_asked_for_at_the_address_to_the_letter(
    connections: dict[str, type[FakeConnection]],
    url: str,
    kind: str,
    place: tuple[str, int | None],
    path: str,
) -> None:
    assert jwks.fetch(url) == {"keys": [1]}
    (made,) = connections[kind].made
    assert made.place == (*place, 3.0)
    assert made.requests == [("GET", path, {"Accept": "*/*"})]
    assert made.is_closed


@pytest.mark.parametrize(("seconds", "is_in_time"), [(3.0, True), (3.1, False)])
def test_keys_have_three_seconds_to_come_in(
    connections: dict[str, type[FakeConnection]],
    monkeypatch: pytest.MonkeyPatch,
    seconds: float,
    is_in_time: bool,
) -> None:
    times = iter([100.0, *[100.0 + seconds] * 9])
    monkeypatch.setattr(jwks, "time", SimpleNamespace(monotonic=lambda: next(times)))
    if is_in_time:
        assert jwks.fetch("https://a.example") == {"keys": [1]}
        return
    with pytest.raises(Unavailable, match="TimeoutError"):
        jwks.fetch("https://a.example")
    assert connections["HTTPSConnection"].made[0].is_closed


def test_keys_may_fill_256_kib(provider: Provider, owners: OidcOwners) -> None:
    body = json.dumps({"keys": provider.keys}).encode().ljust(256 * 1024)
    provider.answer = (200, {}, body)
    assert owners.owner_of(token()) == "ada"


@pytest.mark.parametrize(("length", "is_taken"), [(8_192, True), (8_193, False)])
def test_a_token_is_as_long_as_a_header_may_be(
    owners: OidcOwners, length: int, is_taken: bool
) -> None:
    fit = next(
        made
        for header in range(4)
        for padding in range(5_000, 6_500)
        if len(made := padded(header, padding)) == length
    )
    if is_taken:
        assert owners.owner_of(fit) == "ada"
    else:
        with pytest.raises(NotSpeaker):
            owners.owner_of(fit)


@cache
def signature() -> str:
    return token().rpartition(".")[2]


def padded(header: int, padding: int) -> str:
    """A token of about a length; signed only if that may be the one that is looked for."""
    headers = {"kid": "first", "x": "x" * header}
    parts = (
        json.dumps({"alg": "RS256", "typ": "JWT", **headers}, separators=(",", ":")),
        json.dumps(claims(padding="x" * padding), separators=(",", ":")),
    )
    length = sum(-(-len(part) * 4 // 3) for part in parts) + 2 + len(signature())
    if length not in (8_192, 8_193):
        return ""
    return jwt.encode(claims(padding="x" * padding), key("first"), "RS256", headers=headers)


def test_keys_are_used_for_an_hour_to_its_end(
    provider: Provider, owners: OidcOwners, clock: FakeClock
) -> None:
    owners.owner_of(token())
    clock.advance(KEYS_SECONDS * 1000)
    owners.owner_of(token())
    assert provider.asked == 1
    clock.advance(1)
    owners.owner_of(token())
    assert provider.asked == 2


@pytest.mark.parametrize("missing", ["use", "alg"])
def test_a_key_that_names_no_use_is_for_signatures(
    provider: Provider, owners: OidcOwners, missing: str
) -> None:
    provider.keys = [{name: value for name, value in published("first").items() if name != missing}]
    assert owners.owner_of(token()) == "ada"


def test_what_goes_wrong_is_logged_without_the_token(
    provider: Provider, owners: OidcOwners, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    provider.keys.append(published("odd", n="!"))
    with pytest.raises(NotSpeaker):
        owners.owner_of(token(aud="another"))
    provider.answer = NO_KEYS["an error"]
    clock.advance(KEYS_SECONDS * 1000 + 1)
    with pytest.raises(Unavailable):
        owners.owner_of(token())
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "a key of the provider's cannot be read"),
        ("INFO", "a token was refused: InvalidAudienceError"),
        ("ERROR", "no keys: the keys' address answered 500"),
    ]
