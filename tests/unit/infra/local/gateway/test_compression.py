"""Gzip: who gets it, and what it makes of an answer's headers."""

import asyncio
import gzip

import pytest
from multidict import CIMultiDict

from infra.local.gateway.compression import LARGE, SMALLEST, accepts_gzip, encoded
from infra.local.gateway.rest_answers import Content

TEXT = {"Content-Type": "text/html; charset=utf-8", "ETag": '"a1"'}


def encode(
    body: bytes,
    headers: dict[str, str] = TEXT,
    accept: str = "gzip, br",
    known: str = "",
    status: int = 200,
) -> Content:
    return asyncio.run(encoded(Content(status, CIMultiDict(headers), body), accept, known))


@pytest.mark.parametrize("size", [SMALLEST, LARGE, LARGE + 1])
def test_a_text_is_compressed_and_its_tag_becomes_weak(size: int) -> None:
    content = encode(b"x" * size)
    assert gzip.decompress(content.body) == b"x" * size
    assert content.headers["Content-Encoding"] == "gzip"
    assert content.headers["ETag"] == 'W/"a1"'
    assert content.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("accept", ["", "br", "gzip;q=0", "identity"])
def test_who_does_not_take_it_gets_the_text_with_its_strong_tag(accept: str) -> None:
    content = encode(b"x" * SMALLEST, accept=accept)
    assert content.body == b"x" * SMALLEST
    assert "Content-Encoding" not in content.headers
    assert content.headers["ETag"] == '"a1"'
    assert content.headers["Vary"] == "Accept-Encoding"


def test_what_is_short_stays_as_it_is() -> None:
    content = encode(b"x" * (SMALLEST - 1))
    assert "Content-Encoding" not in content.headers
    assert content.headers["ETag"] == '"a1"'


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/octet-stream"},
        {"Content-Type": "audio/mpeg"},
        {},
    ],
)
def test_what_is_no_text_is_left_alone(headers: dict[str, str]) -> None:
    content = encode(b"x" * SMALLEST, headers)
    assert dict(content.headers) == headers
    assert content.body == b"x" * SMALLEST


def test_what_is_compressed_already_is_not_compressed_again() -> None:
    content = encode(b"x" * SMALLEST, {**TEXT, "Content-Encoding": "br", "Vary": "Origin"})
    assert content.body == b"x" * SMALLEST
    assert content.headers["Vary"] == "Origin, Accept-Encoding"


@pytest.mark.parametrize("known", ['"a1"', 'W/"a1"'])
def test_not_modified_names_the_tag_that_the_client_has(known: str) -> None:
    content = encode(b"", known=known, status=304)
    assert content.headers["ETag"] == known
    assert content.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    ("accept", "yes"),
    [
        ("gzip", True),
        ("GZIP", True),
        ("deflate, gzip;q=0.5", True),
        ("x-gzip", True),
        ("*", True),
        ("*;q=0", False),
        ("*, gzip;q=0", False),
        ("gzip;q=0.000", False),
        ("gzip;q=nonsense", False),
        ("br, deflate", False),
        ("", False),
    ],
)
def test_who_takes_gzip(accept: str, yes: bool) -> None:
    assert accepts_gzip(accept) is yes
