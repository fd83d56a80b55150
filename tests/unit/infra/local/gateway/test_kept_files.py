"""Files that never change: which are kept, and for how long."""

import pytest
from multidict import CIMultiDict

from infra.local.gateway.kept_files import KeptFiles, not_modified
from infra.local.gateway.rest_answers import Content

FOREVER = "public, max-age=31536000, immutable"


def content(
    body: bytes = b"x", caching: str = FOREVER, status: int = 200, **headers: str
) -> Content:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return Content(status, CIMultiDict({"Cache-Control": caching, **fields}), body)


def test_what_never_changes_is_kept() -> None:
    files = KeptFiles(100_000)
    files.keep("/a?v=1", content(b"a"))
    kept = files.get("/a?v=1")
    assert kept is not None
    assert kept.body == b"a"
    assert files.get("/a?v=2") is None


@pytest.mark.parametrize(
    "other",
    [
        content(caching="no-cache"),
        content(caching="private, immutable"),
        content(caching="public, max-age=60"),
        content(status=404),
        content(Set_Cookie="a=b"),
        content(Vary="Origin"),
        content(b"x" * 50_000),
    ],
)
def test_nothing_else_is(other: Content) -> None:
    files = KeptFiles(100_000)
    files.keep("/a", other)
    assert files.get("/a") is None


def test_beyond_the_bound_what_was_not_asked_for_the_longest_goes() -> None:
    files = KeptFiles(100_000)
    for number in range(20):
        files.keep(f"/{number}", content(b"x" * 9_000))
        files.get("/0")
    assert files.get("/0") is not None
    assert files.get("/19") is not None
    assert files.get("/1") is None


@pytest.mark.parametrize(
    ("known", "status"),
    [
        ('"a"', 304),
        ('W/"a"', 304),
        ('"b", "a"', 304),
        ("*", 304),
        ('"b"', 200),
        ("", 200),
        ("a", 200),
    ],
)
def test_who_has_it_is_not_sent_it_again(known: str, status: int) -> None:
    assert not_modified(content(ETag='"a"'), known).status == status
