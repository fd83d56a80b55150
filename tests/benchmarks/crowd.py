"""Thousands of listeners in one process, as lean as asyncio allows: they must not be what is slow.

A listener shakes hands, then looks only at what it must of each frame: RFC 6455's length, and the
sequence of a caption. No masks, no extensions, no fragments: what the stage's gateway sends.
"""

import asyncio
import base64
import os
import re
import resource
import struct
import time
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

RETRY_SECONDS = (0.5, 1.0, 2.0, 4.0)
"""How long somebody who was refused waits before each further try."""

_SEQUENCE = re.compile(rb'"type":"caption".*?"sequence":(\d+)')
_PING, _PONG, _TEXT = 0x9, 0xA, 0x1


class Crowd:
    """Notes when each listener got each caption: `times_of` are seconds of time.perf_counter."""

    def __init__(self) -> None:
        self.transports: list[asyncio.Transport] = []
        self.refused = 0
        self._times: dict[int, list[float]] = {}
        self._wanted = 0
        self._awaited = 0
        self._all_there = asyncio.Event()
        # A socket is an open file; the usual soft limit of 1,024 is soon reached.
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    def got(self, sequence: int, at: float) -> None:
        """A listener got a caption."""
        times = self._times.setdefault(sequence, [])
        times.append(at)
        if sequence == self._awaited and len(times) == self._wanted:
            self._all_there.set()

    async def times_of(self, sequence: int, count: int, seconds: float) -> Sequence[float]:
        """When they got that caption, once so many have it or the time is over."""
        self._awaited, self._wanted = sequence, count
        self._all_there.clear()
        if len(self._times.get(sequence, ())) < count:
            try:
                async with asyncio.timeout(seconds):
                    await self._all_there.wait()
            except TimeoutError:
                pass
        return sorted(self._times.pop(sequence, []))

    async def enter(self, addresses: Sequence[str], at_once: int) -> None:
        """Opens the sockets, so many handshakes at a time."""
        turns = asyncio.Semaphore(at_once)

        async def one(address: str) -> None:
            async with turns:
                await self._join_at_last(address)

        async with asyncio.TaskGroup() as tasks:
            for address in addresses:
                tasks.create_task(one(address))

    def leave(self, at_most: int) -> None:
        """Drops sockets, the last to come first."""
        for transport in self.transports[-at_most:]:
            transport.abort()
        del self.transports[-at_most:]

    async def _join_at_last(self, address: str) -> None:
        for patience in RETRY_SECONDS:
            try:
                await self._join(address)
            except ConnectionError:  # a busy stage refuses, as API Gateway does
                self.refused += 1
                await asyncio.sleep(patience)
            else:
                return
        await self._join(address)

    async def _join(self, address: str) -> None:
        url = urlsplit(address)
        loop = asyncio.get_running_loop()
        transport, listener = await loop.create_connection(
            lambda: _Listener(self, f"{url.path or '/'}?{url.query}", url.netloc),
            url.hostname or "127.0.0.1",
            url.port or 80,
        )
        await listener.joined
        self.transports.append(transport)


class _Listener(asyncio.Protocol):
    """One socket."""

    __slots__ = ("_buffer", "_crowd", "_host", "_target", "_transport", "joined")

    def __init__(self, crowd: Crowd, target: str, host: str) -> None:
        self._crowd = crowd
        self._target = target
        self._host = host
        self._buffer = b""
        self._transport: asyncio.Transport | None = None
        self.joined: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asks for the upgrade."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET {self._target} HTTP/1.1\r\nHost: {self._host}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        """Reads the handshake's answer, then frames."""
        now = time.perf_counter()
        self._buffer += data
        if not self.joined.done():
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            if not self._buffer.startswith(b"HTTP/1.1 101"):
                self.joined.set_exception(ConnectionError(self._buffer[:60].decode("latin-1")))
                return
            self._buffer = self._buffer[end + 4 :]
            self.joined.set_result(None)
        for opcode, payload in self._frames():
            if opcode == _TEXT and (found := _SEQUENCE.search(payload)):
                self._crowd.got(int(found[1]), now)
            elif opcode == _PING and self._transport is not None:
                self._transport.write(
                    bytes((0x80 | _PONG, 0x80 | len(payload))) + bytes(4) + payload
                )

    def connection_lost(self, error: Exception | None) -> None:
        """Fails a handshake that is not over."""
        if not self.joined.done():
            self.joined.set_exception(error or ConnectionResetError())

    def _frames(self) -> Iterator[tuple[int, bytes]]:
        while len(self._buffer) >= 2:
            length, start = self._buffer[1] & 0x7F, 2
            if length == 126 and len(self._buffer) >= 4:
                (length,), start = struct.unpack_from("!H", self._buffer, 2), 4
            if (length == 126 and start == 2) or len(self._buffer) < start + length:
                return
            opcode, payload = self._buffer[0] & 0x0F, self._buffer[start : start + length]
            self._buffer = self._buffer[start + length :]
            yield opcode, payload
