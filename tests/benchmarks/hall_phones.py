"""The phones of a hall: real sockets, each of which obeys what the listener's page obeys.

The rules are those of `chalice_app/web/shared/`, `reconnecting-socket.js` and `pauses.js`. A phone
that is refused asks over HTTP why, and waits as long as the answer says. A phone that was cut waits
a moment. A phone that comes back says what it has heard, and shows its resume token. Each phone
binds an address of loopback, which the stage takes for its client's, or is on a host of its own.
"""

import asyncio
import json
import random
import socket
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from tests.integration.client import Message, Session, Stage

FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 1.5, 20.0
HANDSHAKE_SECONDS = 20.0
ANSWER_SECONDS = 8.0
RETRY_JITTER_SECONDS = 5.0
"""At most so much is added to what a refusal says (`SPREAD_MS` of `pauses.js`)."""

SWITCHED, TOO_MANY = 101, 429


def backoff_seconds(attempt: int) -> float:
    """`backoffMs` of the page."""
    return 0.2 + random.random() * min(LONGEST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2.0**attempt)


Connect = Callable[[str, int, str], Awaitable[socket.socket]]
"""Opens a TCP connection to an address and a port, from an address."""


async def from_loopback(address: str, port: int, source: str) -> socket.socket:
    """A connection of this host's own."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        made.bind((source, 0))
        await asyncio.get_running_loop().sock_connect(made, (address, port))
    except BaseException:
        made.close()
        raise
    return made


async def open_socket(
    address: str, source: str, opening: Connect = from_loopback
) -> ClientConnection:
    """A WebSocket from that address."""
    url = urlsplit(address)
    async with asyncio.timeout(HANDSHAKE_SECONDS):
        opened = await opening(url.hostname or "", url.port or 80, source)
    return await connect(
        address,
        sock=opened,
        proxy=None,
        compression=None,
        ping_interval=None,
        max_queue=None,
        open_timeout=HANDSHAKE_SECONDS,
        close_timeout=1,
    )


async def ask(
    stage: Stage,
    path: str,
    source: str,
    headers: Mapping[str, str] | None = None,
    opening: Connect = from_loopback,
) -> tuple[int, Message]:
    """`GET` from that address: the status and the body; a status of 0 is no answer in time."""
    url = urlsplit(stage.http)
    lines = [f"GET {path} HTTP/1.1", f"Host: {url.netloc}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    request = "\r\n".join([*lines, "", ""]).encode()
    head, _, body = (await _exchange(url.netloc, source, request, opening)).partition(b"\r\n\r\n")
    if not head:
        return 0, {}
    try:
        return int(head[9:12]), json.loads(body)
    except ValueError:
        return int(head[9:12]), {}


async def handshake_status(address: str, source: str) -> int:
    """What a handshake from that address is answered; the socket is closed at once."""
    url = urlsplit(address)
    request = (
        f"GET /?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n"
    ).encode()
    answer = await _exchange(url.netloc, source, request, from_loopback, b"\r\n")
    return int(answer[9:12]) if answer else 0


async def _exchange(
    netloc: str, source: str, request: bytes, opening: Connect, until: bytes = b""
) -> bytes:
    """What a server answers, up to a mark or to its end; nothing if it does not answer in time."""
    writer = None
    url = urlsplit(f"//{netloc}")
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            opened = await opening(url.hostname or "", url.port or 80, source)
            reader, writer = await asyncio.open_connection(sock=opened)
            writer.write(request)
            return await (reader.readuntil(until) if until else reader.read())
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return b""
    finally:
        if writer is not None:
            writer.transport.abort()


@dataclass
class Line:
    """What the phones of one hall share: the session, and what all of them saw."""

    stage: Stage
    session: Session
    language: str
    join_code: str = ""
    refused: Counter[int] = field(default_factory=Counter)
    """Handshakes by the status that refused them; 0 is a time-out or a cut."""
    asked: Counter[int] = field(default_factory=Counter)
    """Questions after a refusal, by the status of the answer."""
    heard: defaultdict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    """When each caption came, by its sequence; `time.perf_counter` seconds."""
    voice: bool = False
    """Whether they want to hear the sentences, too."""
    opening: Connect = from_loopback
    heed: Callable[[Message, str], None] = lambda _message, _source: None
    """Is told of each message, and which phone has it."""


class Phone:
    """One listener, from its scan of the QR code on."""

    def __init__(self, line: Line, source: str) -> None:
        self._line, self.source = line, source
        self._socket: ClientConnection | None = None
        self._attempt = 0
        self._resume_token = ""
        self._sequences: set[int] = set()
        self._joined = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.joined_at = 0.0
        self.joined_after = -1
        """The last sentence that was said before it came for the first time."""

    @property
    def is_in(self) -> bool:
        """Whether it is counted now."""
        return self._joined.is_set()

    def scan(self) -> None:
        """Opens the page."""
        self._task = asyncio.create_task(self._live())

    async def leave(self) -> None:
        """Closes the page."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._socket is not None:
            self._socket.transport.abort()

    def cut(self) -> None:
        """Loses the network, without a close frame."""
        self._joined.clear()
        if self._socket is not None:
            self._socket.transport.abort()

    async def renew(self, pause: float) -> int:
        """Opens a new socket before the old one goes; the status of the handshake.

        The old socket stays where the new one is not let in.
        """
        await asyncio.sleep(pause)
        former, task = self._socket, self._task
        assert former is not None
        assert task is not None
        self._joined.clear()
        try:
            socket = await self._open()
        except (OSError, TimeoutError, InvalidHandshake) as refusal:
            self._joined.set()
            return _status(refusal)
        self._socket = socket
        self._task = asyncio.create_task(self._live(socket))
        await self._joined.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        former.transport.abort()
        return SWITCHED

    def missed(self, sequences: Sequence[int]) -> int:
        """How many of these captions it has not got."""
        return len(set(sequences) - self._sequences)

    async def _live(self, socket: ClientConnection | None = None) -> None:
        """For as long as the page is open."""
        while True:
            pause: Callable[[int], float] = backoff_seconds
            try:
                socket = self._socket = socket or await self._open()
            except (OSError, TimeoutError, InvalidHandshake) as refusal:
                self._line.refused[_status(refusal)] += 1
                pause = await self._pause_after_refusal()
            else:
                with suppress(ConnectionClosed):
                    async for text in socket:
                        self._receive(json.loads(text))
            socket = None
            self._joined.clear()
            seconds = pause(self._attempt)
            self._attempt += 1
            await asyncio.sleep(seconds)

    async def _open(self) -> ClientConnection:
        query = {"targetLanguage": self._line.language}
        if self._line.voice:
            query["voice"] = "true"
        if self._line.join_code:
            query["joinCode"] = self._line.join_code
        if self._sequences:
            query["lastSequence"] = str(max(self._sequences))
        if self._resume_token:
            query["resumeToken"] = self._resume_token
        address = self._line.session.address(**query)
        return await open_socket(address, self.source, self._line.opening)

    async def _pause_after_refusal(self) -> Callable[[int], float]:
        """What the page asks after a refused handshake, and how long it then waits."""
        headers = {"X-Join-Code": quote(self._line.join_code)} if self._line.join_code else {}
        if self._resume_token:
            headers["X-Resume-Token"] = self._resume_token
        path = f"/sessions/{self._line.session.session_id}?joining=refused"
        status, body = await ask(self._line.stage, path, self.source, headers, self._line.opening)
        self._line.asked[status] += 1
        if status != TOO_MANY:
            return backoff_seconds
        wait_seconds = body.get("retryAfterMs", 0) / 1000
        return lambda _: wait_seconds + random.random() * RETRY_JITTER_SECONDS

    def _receive(self, message: Message) -> None:
        self._line.heed(message, self.source)
        if message["type"] == "caption":
            self._sequences.add(message["sequence"])
            self._line.heard[message["sequence"]].append(time.perf_counter())
        elif message["type"] == "joined":
            self._attempt = 0
            self._resume_token = message.get("resumeToken", self._resume_token)
            self.joined_at = time.perf_counter()
            if self.joined_after < 0:
                self.joined_after = message["lastSequence"]
            self._joined.set()


def _status(refusal: Exception) -> int:
    """What a handshake was answered; 0 if nothing in time."""
    return refusal.response.status_code if isinstance(refusal, InvalidStatus) else 0


async def all_in(phones: Sequence[Phone], seconds: float) -> int:
    """Waits until all are in, or the time is over; returns how many are not."""
    end = time.perf_counter() + seconds
    while (out := sum(not phone.is_in for phone in phones)) and time.perf_counter() < end:
        await asyncio.sleep(0.05)
    return out
