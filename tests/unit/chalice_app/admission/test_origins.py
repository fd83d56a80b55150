"""Which pages browsers may connect from: to the letter, or not at all."""

from collections.abc import Mapping
from typing import Any

import pytest

from chalice_app.admission.origins import is_allowed

PAGE = "https://talks.example.org"
ALLOWED = (PAGE, "http://localhost:8000")


def handshake(*origins: str, name: str = "Origin") -> Mapping[str, Any]:
    """What API Gateway passes on of a handshake's headers."""
    several = {"Host": ["socket.example"]} | ({name: list(origins)} if origins else {})
    return {
        "headers": {name: values[-1] for name, values in several.items()},
        "multiValueHeaders": several,
    }


@pytest.mark.parametrize("origin", ALLOWED)
@pytest.mark.parametrize("name", ["Origin", "origin", "ORIGIN"])
def test_an_origin_that_is_on_the_list_is_let_in(origin: str, name: str) -> None:
    assert is_allowed(handshake(origin, name=name), ALLOWED, required=False)


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "*",
        "https://evil.example",
        "http://talks.example.org",
        "HTTPS://TALKS.EXAMPLE.ORG",
        "https://Talks.example.org",
        "https://talks.example.org.",
        "https://talks.example.org/",
        "https://talks.example.org:443",
        "https://talks.example.org:8443",
        "https://talks.example.org.evil.example",
        "https://eviltalks.example.org",
        "https://sub.talks.example.org",
        "https://talks.example.org@evil.example",
        "https://talks.example.org https://evil.example",
        "https://talks.example.org,https://evil.example",
        " https://talks.example.org",
        "https://talks.example.org\t",
        "https://talks.example.org\x00.evil.example",
        "https://talks\u3002example.org",
        "http://localhost:80000",
        "http://localhost",
        "http://localhost:8000.evil.example",
        "file://",
        "chrome-extension://abcdef",
    ],
)
@pytest.mark.parametrize("required", [False, True])
def test_every_other_origin_is_refused(origin: str, required: bool) -> None:
    assert not is_allowed(handshake(origin), ALLOWED, required)


def test_two_origins_must_both_be_allowed() -> None:
    assert not is_allowed(handshake("https://evil.example", PAGE), ALLOWED, required=False)
    assert not is_allowed(handshake(PAGE, "https://evil.example"), ALLOWED, required=False)
    twice = {"multiValueHeaders": {"Origin": [PAGE], "origin": ["null"]}}
    assert not is_allowed(twice, ALLOWED, required=False)


def test_whoever_sends_none_is_let_in_unless_one_is_required() -> None:
    for event in (handshake(), {}, {"headers": None, "multiValueHeaders": None}):
        assert is_allowed(event, ALLOWED, required=False)
        assert not is_allowed(event, ALLOWED, required=True)
        assert not is_allowed(event, (), required=True)


def test_headers_that_came_once_are_looked_at_too() -> None:
    assert is_allowed({"headers": {"Origin": PAGE}}, ALLOWED, required=False)
    assert not is_allowed({"headers": {"origin": "null"}}, ALLOWED, required=False)


def test_an_empty_list_lets_any_page_in() -> None:
    assert is_allowed(handshake("https://evil.example"), (), required=True)
