"""What may be asked for over HTTP."""

from collections.abc import Mapping
from typing import NamedTuple

from infra.local.gateway.limits import GatewayLimits
from tests.hostile.handshake import UNKNOWN


class Bad(NamedTuple):
    """The body of `POST /sessions`, and the error's code."""

    body: bytes
    code: str = "BAD_MESSAGE"


BODIES: Mapping[str, Bad] = {
    "empty": Bad(b""),
    "no JSON": Bad(b"no JSON"),
    "an opening brace": Bad(b"{"),
    "no UTF-8": Bad(b'{"sourceLanguage":"\xff"}'),
    "no UTF-8 at all": Bad(b"\xff\xfe"),
    "a list": Bad(b"[]"),
    "a string": Bad(b'"en"'),
    "null": Bad(b"null"),
    "NaN": Bad(b'{"sourceLanguage":NaN}'),
    "deep": Bad(b"[" * 100_000),
    "1 MB": Bad(b'"' + b"x" * 1_000_000),
    "5,000 digits": Bad(b"9" * 5_000),
    "no language": Bad(b"{}"),
    "another name": Bad(b'{"source":"en"}'),
    "language null": Bad(b'{"sourceLanguage":null}', "INVALID_LANGUAGE"),
    "language a number": Bad(b'{"sourceLanguage":5}', "INVALID_LANGUAGE"),
    "language a list": Bad(b'{"sourceLanguage":["en"]}', "INVALID_LANGUAGE"),
    "language empty": Bad(b'{"sourceLanguage":""}', "INVALID_LANGUAGE"),
    "language no tag": Bad(b'{"sourceLanguage":"english"}', "INVALID_LANGUAGE"),
    "language two words": Bad(b'{"sourceLanguage":"no language"}', "INVALID_LANGUAGE"),
    "language a surrogate": Bad(b'{"sourceLanguage":"\\ud800"}', "INVALID_LANGUAGE"),
    "language not offered": Bad(b'{"sourceLanguage":"tlh"}', "UNSUPPORTED_LANGUAGE"),
}
"""Refused with 400."""

JOIN_CODES: Mapping[str, object] = {
    "too short": "123",
    "too short between spaces": "   123   ",
    "too long": "x" * 65,
    "empty": "",
    "a number": 1234,
    "a list": ["1234"],
    "half a surrogate pair": "ab\ud83dcd",
}
LIMITS: Mapping[str, object] = {
    "0": 0,
    "negative": -1,
    "a fraction": 1.5,
    "a string": "7",
    "true": True,
    "a list": [],
    "a milliard": 10**9,
    "beyond a float": 2**60,
}
"""As `joinCode`, and as `maxListeners` or `characterBudget` of `POST /sessions`: BAD_MESSAGE."""

DICTATIONS: Mapping[str, object] = {
    **{name: bad.body for name, bad in BODIES.items() if bad.code == "BAD_MESSAGE"},
    "no rate": {"rate": 16_000},
    "a rate for each channel": [16_000],
    **{
        f"rate {name}": {"sampleRate": value}
        for name, value in {
            **LIMITS,
            "null": None,
            "a fraction of a kilohertz": 16_000.5,
            "as a float": 16_000.0,
            "an object": {"hz": 16_000},
            "too low": 7_999,
            "too high": 48_001,
        }.items()
    },
}
"""The body of `POST /sessions/{id}/transcription`: BAD_MESSAGE."""

CONTENT_TYPES = ("text/plain", "application/xml", "application/octet-stream", "nonsense")
"""Other than JSON's."""

AUTHORIZATIONS: Mapping[str, str | None] = {
    "none": None,
    "empty": "",
    "no token": "Bearer",
    "blank": "Bearer ",
    "wrong": "Bearer another",
    "a digest": "Bearer " + "0" * 64,
    "Basic": "Basic {token}",
    "Basic of others": "Basic YTpi",
    "bare": "{token}",
    "long": "Bearer " + "x" * 5_000,
}
"""Refused with 401, where `{token}` is the right one."""

AUTHORIZATIONS_INSIDE: Mapping[str, str | None] = {
    **AUTHORIZATIONS,
    "no ASCII": "Bearer \xfcn\xefc\xf6d\xe9",
}
"""As a function may get them. The gateway refuses what is not ASCII by itself: see `WIRE`."""


def headers(authorization: str | None, token: str = "") -> dict[str, str]:
    """The headers that have it."""
    if authorization is None:
        return {}
    return {"Authorization": authorization.format(token=token)}


SESSION_NAMES: Mapping[str, str] = {
    "never opened": "zz-zz-100",
    "below 100": UNKNOWN,
    "one letter": "x",
    "two words": "no name",
    "a row's key": "a-b-100#1#1",
    "a row's key, quoted": "a-b-100%231%231",
    "an emoji": "\N{GRINNING FACE}",
    "long": "a" * 3_000,
}
"""Of sessions that are not there."""

ROUTES = (
    ("GET", "/nowhere"),
    ("GET", "/sessions"),
    ("PUT", "/sessions"),
    ("PATCH", "/sessions/zz-zz-100"),
    ("POST", "/health"),
    ("DELETE", "/"),
    ("GET", "/sessions/a/b/c"),
    ("GET", "/../../etc/passwd"),
    ("GET", "/%2e%2e/%2e%2e/etc/passwd"),
    ("GET", "/%00"),
    ("GET", "/%ff"),
)
"""That there are not."""

_TO_HELLO = b"POST /hello/a HTTP/1.1\r\nHost: localhost\r\n"
_TOO_LARGE = b"Content-Length: %d\r\n\r\n" % (GatewayLimits().request_bytes + 1)

WIRE: Mapping[str, tuple[bytes, int]] = {
    "length no number": (_TO_HELLO + b"Content-Length: nonsense\r\n\r\n", 400),
    "length negative": (_TO_HELLO + b"Content-Length: -5\r\n\r\n", 400),
    "two lengths": (_TO_HELLO + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
    "in chunks": (_TO_HELLO + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
    "in broken chunks": (_TO_HELLO + b"Transfer-Encoding: chunked\r\n\r\nnonsense\r\n", 400),
    "body too large": (_TO_HELLO + _TOO_LARGE, 413),
    "body not what it says": (
        _TO_HELLO + b"Content-Encoding: gzip\r\nContent-Length: 8\r\n\r\nnonsense",
        400,
    ),
    "header not ASCII": (
        b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\nAuthorization: \xc3\xb1\r\n\r\n",
        400,
    ),
    "no host": (b"GET /hello/a HTTP/1.1\r\n\r\n", 400),
    "two hosts": (b"GET /hello/a HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400),
    "a whole address": (b"GET http://localhost/hello/a HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    "no path": (b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    "unknown method": (b"BREW /hello/a HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    "unknown version": (b"GET /hello/a HTTP/9.9\r\nHost: localhost\r\n\r\n", 400),
    "nonsense": (b"complete nonsense\r\n\r\n", 400),
    "line too long": (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
}
"""Bytes that are no request, and the status of the local gateway's answer."""

LONG_LINES: Mapping[str, str] = {
    "a query": "GET /?x=" + 9000 * "x",
    "a header": "GET / HTTP/1.1\r\nX-Long: " + 9000 * "x",
}
"""The start of a request in more than the local gateway reads."""
