"""Files that never change under their address, kept: a hall that scans one code asks for them once.

Whatever the application answers with `Cache-Control: public, ... immutable` is such a file, if it
was asked for as the pages do it: by its name and version alone. Each further spelling would be one
more copy.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Iterator

from infra.local.gateway.compression import zipped
from infra.local.gateway.rest_answers import Content

_PLAIN = re.compile(r"/[\w./-]*[\w.-]\?v=[\w.-]+", re.ASCII)


class KeptFile:
    """One of them, also compressed as soon as somebody takes it so."""

    def __init__(self, content: Content) -> None:
        self.content = content
        self._zipping: asyncio.Task[bytes] | None = None

    async def zipped(self, body: bytes) -> bytes:
        """Its body, compressed once, however many ask for it meanwhile."""
        if body is not self.content.body:  # of an answer 304
            return await zipped(body)
        if self._zipping is None:
            self._zipping = asyncio.create_task(zipped(body))
        # Whoever leaves takes it from nobody else.
        return await asyncio.shield(self._zipping)


class KeptFiles:
    """The answers by what was asked for: those that were not asked for the longest go first."""

    def __init__(self, most_bytes: int) -> None:
        """`most_bytes` holds for all together, compressed and not; an eighth of it for one."""
        self._most_bytes = most_bytes
        self._bytes = 0
        self._files: OrderedDict[str, KeptFile] = OrderedDict()

    def get(self, target: str) -> KeptFile | None:
        """The answer to a GET of this path and query, if it is kept."""
        file = self._files.get(target)
        if file is not None:
            self._files.move_to_end(target)
        return file

    def keep(self, target: str, content: Content) -> None:
        """Keep an answer to a GET, if everybody may have it for ever."""
        size = _size(target, content)
        if not _PLAIN.fullmatch(target) or not _is_for_all(content) or target in self._files:
            return
        if size > self._most_bytes // 8:
            return
        self._files[target] = KeptFile(content)
        self._bytes += size
        while self._bytes > self._most_bytes:
            oldest, dropped = self._files.popitem(last=False)
            self._bytes -= _size(oldest, dropped.content)


def not_modified(content: Content, if_none_match: str) -> Content:
    """The content, or 304 if the client has it. ETags are compared as weak ones (RFC 9110)."""
    tag = content.headers.get("ETag", "")
    known = {each.strip().removeprefix("W/") for each in if_none_match.split(",")}
    if not tag or not known & {tag.removeprefix("W/"), "*"}:
        return content
    return Content(304, content.headers, b"")


def _is_for_all(content: Content) -> bool:
    headers = content.headers
    return (
        content.status == 200
        and {"public", "immutable"} <= set(_directives(headers.get("Cache-Control", "")))
        and not headers.keys() & {"Vary", "Set-Cookie"}
    )


def _directives(cache_control: str) -> Iterator[str]:
    return (each.strip().lower() for each in cache_control.split(","))


def _size(target: str, content: Content) -> int:
    """At most: compressed, no body is larger than it was by more than a few bytes."""
    return len(target) + 2 * len(content.body) + 1024
