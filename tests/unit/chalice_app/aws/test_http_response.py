"""Responses are read the same however they are cut, and doubt costs the socket alone."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalice_app.aws.http_response import (
    MAX_BODY_BYTES,
    MAX_HEAD_BYTES,
    MalformedResponseError,
    Response,
)

KEPT = {
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
SPENT = {
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
GARBAGE = {
    "binary": b"\x00\xff\x00",
    "other protocol": b"SSH-2.0-x\r\n",
    "status": b"HTTP/1.1 2x0 OK\r\n\r\n",
    "upgrade": b"HTTP/1.1 101 Switching\r\n\r\n",
    "endless head": b"HTTP/1.1 200 OK\r\nX: " + b"x" * MAX_HEAD_BYTES,
}


def read(pieces: list[bytes]) -> tuple[Response, int]:
    response = Response()
    for taken, piece in enumerate(pieces, 1):
        if response.feed(piece):
            return response, taken
    return response, 0


@given(name=st.sampled_from(sorted(KEPT)), cuts=st.sets(st.integers(1, 200)))
def test_a_response_is_read_however_it_is_cut(name: str, cuts: set[int]) -> None:
    whole = KEPT[name]
    bounds = [0, *sorted(cut for cut in cuts if cut < len(whole)), len(whole)]
    pieces = [whole[start:end] for start, end in itertools.pairwise(bounds)]
    response, taken = read(pieces)
    assert taken == len(pieces), "complete with its last byte, not before"
    assert response.keep_alive
    assert response.status == read([whole])[0].status != 100


@pytest.mark.parametrize("name", KEPT)
def test_bytes_nobody_asked_for_cost_the_socket(name: str) -> None:
    response, taken = read([KEPT[name] + b"H"])
    assert taken == 1
    assert not response.keep_alive


@pytest.mark.parametrize("name", SPENT)
def test_a_doubtful_end_costs_the_socket_and_not_the_status(name: str) -> None:
    response, taken = read([SPENT[name]])
    assert taken == 1
    assert response.status == int(SPENT[name][9:12])
    assert not response.keep_alive


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_is_told(name: str) -> None:
    with pytest.raises(MalformedResponseError):
        read([GARBAGE[name]])


@given(data=st.binary(max_size=100), head=st.sampled_from([b"", *KEPT.values(), *SPENT.values()]))
def test_nothing_else_is_ever_raised(data: bytes, head: bytes) -> None:
    try:
        response, _ = read([head[: len(data) * 3], data])
    except MalformedResponseError:
        return
    assert response.status == 0 or 200 <= response.status <= 599
