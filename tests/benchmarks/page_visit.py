"""A browser that opens a listener's page for the first time, as far as a server sees it.

It has nothing in its cache, opens at most six connections and keeps them, accepts gzip, and asks
for what the page names: styles and scripts, then what each module imports. When all that has come
the page's own code runs: it asks for the session and for the languages. What a phone's processor
does with it is not here: these phones share one machine with the stage.
"""

import asyncio
import gzip
import json
import re
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import urljoin

CONNECTIONS = 6
"""As many as browsers open to one origin over HTTP/1.1."""

_NAMED = re.compile(r'<(?:link|script)\b[^>]*?(?:href|src)="([^"]+)"')
_IMPORTED = re.compile(r'^(?:import|export)\b[^;"]*"([^"]+)";', re.MULTILINE)
_WEBSOCKET_URL = re.compile(r'<meta name="websocket-url" content="([^"]*)"')
_LENGTH = re.compile(rb"^content-length: *(\d+)\r$", re.MULTILINE | re.IGNORECASE)
_GZIP = re.compile(rb"^content-encoding: *gzip\r$", re.MULTILINE | re.IGNORECASE)


class VisitError(Exception):
    """The page did not come as it should."""


Open = Callable[[], Awaitable[socket.socket]]
_Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes
    is_gzip: bool


@dataclass(slots=True)
class Browser:
    """One phone's browser; `opening` connects it to the one origin that it asks."""

    opening: Open
    host: str
    received_bytes: int = 0
    requests: int = 0
    _idle: list[_Connection] = field(default_factory=list)
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(CONNECTIONS))

    async def get(self, path: str) -> _Answer:
        """Asks on a connection that is free, or on a new one.

        Raises:
            VisitError: the answer is none of 200.
        """
        async with self._connection() as (reader, writer):
            writer.write(
                f"GET {path} HTTP/1.1\r\nHost: {self.host}\r\nAccept: */*\r\n"
                "Accept-Encoding: gzip, deflate\r\nConnection: keep-alive\r\n\r\n".encode()
            )
            head = await reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(head)
            if length is None:
                raise VisitError(f"{path}: an answer of unknown length")
            body = await reader.readexactly(int(length[1]))
        self.requests += 1
        self.received_bytes += len(head) + len(body)
        answer = _Answer(int(head[9:12]), body, _GZIP.search(head) is not None)
        if answer.status != 200:
            raise VisitError(f"{path}: {answer.status}")
        return answer

    async def get_json(self, path: str) -> Any:
        """An answer of the API."""
        return json.loads(_text(await self.get(path)))

    def close(self) -> None:
        """The page is closed, or its connections have been idle for long."""
        for _, writer in self._idle:
            writer.transport.abort()
        self._idle.clear()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[_Connection]:
        async with self._turns:
            reader, writer = self._idle.pop() if self._idle else await self._new()
            try:
                yield reader, writer
            except BaseException:
                writer.transport.abort()
                raise
            self._idle.append((reader, writer))

    async def _new(self) -> _Connection:
        return await asyncio.open_connection(sock=await self.opening())


@dataclass(frozen=True, slots=True)
class Visit:
    """What a visit led to: when all files had come, and when the page would open its WebSocket.

    In seconds of `time.perf_counter`.
    """

    loaded_at: float
    ready_at: float
    websocket_url: str
    files: int
    received_bytes: int


async def visit(browser: Browser, session_id: str) -> Visit:
    """Opens the page of a session, until it would open its WebSocket.

    Raises:
        VisitError: something of it did not come.
        OSError: the server is not there.
    """
    path = f"/s/{session_id}"
    page = _text(await browser.get(path))
    files = await _load_all(browser, [urljoin(path, each) for each in _NAMED.findall(page)])
    loaded_at = time.perf_counter()
    languages, session = await asyncio.gather(
        browser.get_json("/languages"), browser.get_json(f"/sessions/{session_id}?joining=true")
    )
    if not (languages["languages"] and session["isActive"]):
        raise VisitError(f"no session to join: {session}")
    found = _WEBSOCKET_URL.search(page)
    if found is None:
        raise VisitError("the page names no WebSocket")
    ready_at = time.perf_counter()
    return Visit(loaded_at, ready_at, found[1], files, browser.received_bytes)


async def _load_all(browser: Browser, named: list[str]) -> int:
    """Files and what they import; each once. Returns how many."""
    known: set[str] = set()

    async def load(path: str) -> None:
        answer = await browser.get(path)
        await load_new(_imports(path, answer.body, answer.is_gzip))

    async def load_new(paths: tuple[str, ...] | list[str]) -> None:
        new = [each for each in dict.fromkeys(paths) if each not in known]
        known.update(new)
        await asyncio.gather(*map(load, new))

    await load_new(named)
    return len(known)


@lru_cache(maxsize=500)
def _imports(path: str, body: bytes, is_gzip: bool) -> tuple[str, ...]:
    """What a module imports. Read once for all phones: it is their processors' work."""
    if not path.partition("?")[0].endswith(".js"):
        return ()
    text = _text(_Answer(200, body, is_gzip))
    return tuple(urljoin(path, each) for each in _IMPORTED.findall(text))


def _text(answer: _Answer) -> str:
    body = gzip.decompress(answer.body) if answer.is_gzip else answer.body
    return body.decode()
