"""Responses are read the same however they are cut, and doubt costs the socket alone."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalice_app.aws.posting.http_response import MalformedResponseError, Response
from tests.hostile.gateway_answer import GARBAGE, KEPT, SPENT


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


@pytest.mark.parametrize("end", [b"", b"\r"])
def test_a_chunk_is_whole_with_the_line_end_behind_it(end: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    rest = b"\r\n0\r\n\r\n".removeprefix(end)
    response, taken = read([head + b"5\r\nhello" + end, rest])
    assert taken == 2
    assert response.keep_alive


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
HEAD_BYTES, BODY_BYTES = 16_384, 65_536


def test_a_head_may_take_16_kib_without_its_end() -> None:
    response = Response()
    assert not response.feed(b"HTTP/1.1 200 OK\r\nX: ".ljust(HEAD_BYTES, b"x"))
    with pytest.raises(MalformedResponseError):
        response.feed(b"x")


@pytest.mark.parametrize("unfinished", [b"1", b"0\r\n"], ids=["a chunk's size", "trailers"])
def test_so_may_what_frames_the_chunks(unfinished: bytes) -> None:
    response = Response()
    assert not response.feed(CHUNKED + unfinished.ljust(HEAD_BYTES, b"1"))
    assert response.keep_alive
    assert response.feed(b"1")
    assert not response.keep_alive


@pytest.mark.parametrize(("length", "kept"), [(BODY_BYTES, True), (BODY_BYTES + 1, False)])
def test_a_body_of_64_kib_is_read_to_its_end_and_no_longer_one(length: int, kept: bool) -> None:
    announced = Response()
    assert announced.feed(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length) is not kept
    assert announced.keep_alive is kept
    chunked = Response()
    assert chunked.feed(CHUNKED + b"%X\r\n" % length) is not kept
    assert chunked.keep_alive is kept


def test_a_chunk_without_a_size_is_given_up_at_once() -> None:
    response, taken = read([CHUNKED + b"\r\n"])
    assert taken == 1
    assert not response.keep_alive


@pytest.mark.parametrize("head", [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 199 X\r\n\r\n"])
def test_a_response_has_not_started_to_be_known_with_an_interim_one(head: bytes) -> None:
    response = Response()
    assert not response.started
    assert not response.feed(head)
    assert (response.status, response.started) == (0, True)


def test_a_response_that_has_not_begun_says_nothing_of_its_socket() -> None:
    response = Response()
    assert (response.status, response.started, response.keep_alive) == (0, False, False)


def test_a_chunk_without_its_line_end_is_given_up_as_soon_as_that_is_seen() -> None:
    response, taken = read([CHUNKED + b"1\r\naXY"])
    assert taken == 1
    assert not response.keep_alive
