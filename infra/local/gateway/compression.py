"""Gzip, where the client takes it: as API Gateway with a `minimum_compression_size`."""

from __future__ import annotations

import asyncio
import functools
import gzip
import re
from collections.abc import Awaitable, Callable, Iterator

from multidict import CIMultiDict

from infra.local.gateway.rest_answers import Content

SMALLEST = 1024
"""In bytes, as .chalice/config.json says it of API Gateway."""
LARGE = 64 * 1024
"""In bytes: 2 ms of a core. What is larger is compressed beside the loop, which has posts to do."""

_TEXTUAL = re.compile(r"text/|application/(json|javascript|xml)|image/svg\+xml", re.IGNORECASE)


Zip = Callable[[bytes], Awaitable[bytes]]
"""A body, compressed."""


async def zipped(body: bytes) -> bytes:
    """The body, compressed now, or a little while ago."""
    return _zip_small(body) if len(body) <= LARGE else await asyncio.to_thread(_zip, body)


async def encoded(
    content: Content, accept_encoding: str, if_none_match: str, zip_body: Zip = zipped
) -> Content:
    """The content as this client gets it.

    Compressed, it is not the same bytes: its ETag becomes a weak one (RFC 9110, 8.8.1). An answer
    304 names the ETag in the form that the client knows it by.
    """
    if not _TEXTUAL.match(content.headers.get("Content-Type", "")):
        return content
    headers = content.headers.copy()
    headers["Vary"] = ", ".join([*headers.popall("Vary", []), "Accept-Encoding"])
    if "Content-Encoding" in headers or not accepts_gzip(accept_encoding):
        return Content(content.status, headers, content.body)
    if len(content.body) < SMALLEST:
        if f"W/{headers.get('ETag')}" in if_none_match:
            _weaken(headers)
        return Content(content.status, headers, content.body)
    _weaken(headers)
    headers["Content-Encoding"] = "gzip"
    return Content(content.status, headers, await zip_body(content.body))


def _weaken(headers: CIMultiDict[str]) -> None:
    tag = headers.get("ETag", "")
    if tag.startswith('"'):
        headers["ETag"] = f"W/{tag}"


def _zip(body: bytes) -> bytes:
    return gzip.compress(body, compresslevel=6, mtime=0)


# The same few pages for everybody who scans a code. `kept_files` has their files compressed.
_zip_small = functools.lru_cache(maxsize=32)(_zip)


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether a client takes gzip (RFC 9110, 12.5.3); `q=0` says that it does not."""
    weights = dict(_weights(accept_encoding))
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0))) > 0


def _weights(accept_encoding: str) -> Iterator[tuple[str, float]]:
    for each in accept_encoding.lower().split(","):
        coding, _, parameter = each.partition(";")
        name, _, value = parameter.partition("=")
        try:
            weight = float(value) if name.strip() == "q" else 1.0
        except ValueError:
            weight = 0.0
        yield coding.strip(), weight
