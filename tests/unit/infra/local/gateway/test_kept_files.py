"""Files that never change: which are kept, and for how long."""

import asyncio
import gzip

import pytest
from multidict import CIMultiDict

from infra.local.gateway import compression
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
    assert kept.content.body == b"a"
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
    files.keep("/a?v=1", other)
    assert files.get("/a?v=1") is None


@pytest.mark.parametrize(
    "target",
    [
        *("/a", "/a?", "/a?v=", "/a?x=1", "/a?v=1&x=1", "/a?x=1&v=1", "/a?v=1&v=1", "/a?v=1&"),
        *("/%61?v=1", "/a?v=%31", "/a?%76=1", "/a/?v=1", "/a?v=1#b", "/a?v=1?"),
    ],
)
def test_no_other_spelling_makes_a_further_copy(target: str) -> None:
    files = KeptFiles(100_000)
    files.keep(target, content())
    assert files.get(target) is None


def test_a_file_is_compressed_once_however_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    zipped: list[bytes] = []

    def noted(body: bytes, **options: int) -> bytes:
        zipped.append(body)
        return compress(body, **options)

    compress = gzip.compress
    monkeypatch.setattr(gzip, "compress", noted)
    files = KeptFiles(8 * 1024 * 1024)
    sizes = [*range(1, 200), compression.LARGE + 1]
    for size in sizes:
        files.keep(f"/{size}?v=1", content(b"once" * size))

    async def ask(size: int) -> None:
        file = files.get(f"/{size}?v=1")
        assert file is not None
        assert gzip.decompress(await file.zipped(file.content.body)) == b"once" * size

    async def scenario() -> None:
        for _ in range(3):
            await asyncio.gather(*(ask(size) for size in sizes))

    asyncio.run(scenario())
    assert len(zipped) == len(sizes)


def test_who_leaves_takes_a_compressed_file_from_nobody() -> None:
    async def scenario() -> None:
        body = b"left" * compression.LARGE
        files = KeptFiles(8 * 1024 * 1024)
        files.keep("/a?v=1", content(body))
        file = files.get("/a?v=1")
        assert file is not None
        leaving, staying = (asyncio.create_task(file.zipped(body)) for _ in range(2))
        await asyncio.sleep(0)
        leaving.cancel()
        assert gzip.decompress(await staying) == body

    asyncio.run(scenario())


def test_beyond_the_bound_what_was_not_asked_for_the_longest_goes() -> None:
    files = KeptFiles(100_000)
    for number in range(20):
        files.keep(f"/{number}?v=1", content(b"x" * 4_500))
        files.get("/0?v=1")
    assert files.get("/0?v=1") is not None
    assert files.get("/19?v=1") is not None
    assert files.get("/1?v=1") is None


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
