"""Who may talk to the stage, by the headers that no page's script can change."""

import pytest

from infra.local.access.callers import LOOPBACK_HOSTS, is_for, is_program, page_hosts


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8000", "localhost:1", "LOCALHOST", "[::1]", "[::1]:8000", None]
)
def test_loopback_by_any_of_its_names_is_the_stage(host: str | None) -> None:
    assert is_for(LOOPBACK_HOSTS, host)
    assert is_program(host, None)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8000",
        "127.0.0.1.evil.example",
        "localhost:evil",
        "::1",
        "[",
        "",
    ],
)
def test_another_name_is_not(host: str) -> None:
    assert not is_for(LOOPBACK_HOSTS, host)
    assert not is_program(host, None)


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1:8000", "null", ""])
def test_a_page_is_no_program_whatever_it_is_called(origin: str) -> None:
    assert not is_program("127.0.0.1:8000", origin)


@pytest.mark.parametrize(
    ("origins", "further"),
    [
        ("", set()),
        ("*", set()),
        ("http://127.0.0.1:8000,http://localhost:8000", set()),
        ("https://a.example, http://b.example:81", {"a.example", "b.example"}),
    ],
)
def test_whoever_names_a_page_has_named_its_host(origins: str, further: set[str]) -> None:
    assert page_hosts(origins) == LOOPBACK_HOSTS | further
