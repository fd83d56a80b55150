"""What `@connections` may do with a post, as scripts of the tests' own gateway."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from chalice_app.aws.posting.http_response import MAX_BODY_BYTES, MAX_HEAD_BYTES
from tests.unit.chalice_app.aws.posting.scripted_gateway import (
    Action,
    answer,
    hang,
    hang_up,
    raw,
    reset,
)


class Answer(NamedTuple):
    """A script, what a post comes to, and the requests it takes."""

    script: Sequence[Action]
    outcome: Literal["delivered", "gone", "failed"]
    requests: int = 1


ANSWERS: Mapping[str, Answer] = {
    "ok": Answer([answer(200)], "delivered"),
    "gone": Answer([answer(410)], "gone"),
    "throttled": Answer([answer(429), answer(200)], "delivered", 2),
    "unavailable, throttled": Answer([answer(503), answer(429), answer(200)], "delivered", 3),
    "throttled, gone": Answer([answer(429), answer(410)], "gone", 2),
    "throttles for ever": Answer([answer(429)], "failed", 3),
    "broken": Answer([answer(500)], "failed", 3),
    "broken, with a body": Answer([answer(500, b"oops")], "failed", 3),
    "too large": Answer([answer(413, b'{"message":"Payload Too Large"}')], "failed"),
    "too large, in plain words": Answer([answer(413, b"too long")], "failed"),
    "forbidden": Answer([answer(403, b'{"message":"Forbidden"}')], "failed"),
    "forbidden, and closes": Answer(
        [answer(403, b'{"message":"Forbidden"}', "Connection: close")], "failed"
    ),
    "redirects": Answer([answer(301, b"", "Location: http://127.0.0.1:9/")], "failed"),
    "redirects to nowhere": Answer([answer(302)], "failed"),
    "close": Answer([answer(200, b"x", "Connection: close")], "delivered"),
    "silent close": Answer([answer(200, lives=False)], "delivered"),
    "reset": Answer([reset], "failed", 3),
    "reset once": Answer([reset, answer(200)], "delivered", 2),
    "hang up": Answer([hang_up], "failed", 3),
    "hang up twice": Answer([hang_up, hang_up, answer(200)], "delivered", 3),
    "hang up, gone": Answer([hang_up, answer(410)], "gone", 2),
    "garbage": Answer([raw(b"\r\n\r\n")], "failed", 3),
    "garbage like TLS": Answer([raw(b"\x16\x03\x01\x02garbage\r\n\r\n")], "failed", 3),
    "garbage like SSH": Answer([raw(b"\x16\x03\x01 SSH-2.0-x\r\n\r\n", lives=False)], "failed", 3),
    "cut in the head": Answer([raw(b"HTTP/1.1 200", lives=False)], "failed", 3),
    "cut in the head once": Answer(
        [raw(b"HTTP/1.1 200", lives=False), answer(200)], "delivered", 2
    ),
    "cut in the body": Answer(
        [raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut", lives=False)], "delivered"
    ),
    "until close": Answer([raw(b"HTTP/1.1 200 OK\r\n\r\nuntil close", lives=False)], "delivered"),
    "interim": Answer(
        [raw(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")],
        "delivered",
    ),
    "extra": Answer([raw(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nextra")], "delivered"),
}
"""All but one that never answers, which takes its time."""

FAILING: Mapping[str, Answer] = {
    "hangs": Answer([hang], "failed"),
    **{name: each for name, each in ANSWERS.items() if each.outcome == "failed"},
}

KEPT: Mapping[str, bytes] = {
    "empty": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "body": b"HTTP/1.1 429 Too Many\r\ncontent-length:\t 5 \r\n\r\nhello",
    "no content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b'3\r\nabc\r\nA;x="y"\r\n0123456789\r\n0\r\n\r\n',
    "trailers": b"HTTP/1.1 500 X\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nA: b\r\n\r\n",
    "interim": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 410 Gone\r\nContent-Length: 2\r\n\r\n{}",
    "same length twice": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
    "keep-alive": b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
}
"""Bytes after which the socket may be used again."""

SPENT: Mapping[str, bytes] = {
    "close": b"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n",
    "keep-alive, close": b"HTTP/1.1 413 X\r\nConnection: x, close\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    "until close": b"HTTP/1.1 403 Forbidden\r\n\r\nno",
    "two framings": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 1\r\n\r\n",
    "no number": b"HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\nx",
    "too long": b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY_BYTES + 1),
    "no chunk size": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "overlong chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFF\r\n",
    "chunk without end": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabcd\r\n",
    "endless size": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"1" * (MAX_HEAD_BYTES + 1),
    "endless trailer": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
    + b"x" * (MAX_HEAD_BYTES + 1),
}
"""Bytes whose status counts and after which the socket may not be used again."""

GARBAGE: Mapping[str, bytes] = {
    "binary": b"\x00\xff\x00",
    "other protocol": b"SSH-2.0-x\r\n",
    "status": b"HTTP/1.1 2x0 OK\r\n\r\n",
    "upgrade": b"HTTP/1.1 101 Switching\r\n\r\n",
    "endless head": b"HTTP/1.1 200 OK\r\nX: " + b"x" * MAX_HEAD_BYTES,
}
"""Bytes without a status."""
