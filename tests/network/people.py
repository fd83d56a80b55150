"""Whoever uses a hall, from a host and an address of their own: browsers, programs, attackers."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import websockets
from websockets.asyncio.client import connect

from tests.integration.client import PATIENCE, Answer, Client, Message, Session, Stage
from tests.network.hosts import Host

FORBIDDEN = (403, {"message": "Forbidden"})


@dataclass(frozen=True, slots=True)
class Person:
    """A device on a host, with one of its addresses if one is named."""

    host: Host
    source: str = ""

    def request(
        self,
        url: str,
        method: str = "GET",
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """An HTTP request, as `tests.integration.client.Stage.request` makes one."""
        parts = urlsplit(url)
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        given = {"Content-Type": "application/json"} if headers is None else headers
        connection = http.client.HTTPConnection(parts.netloc, timeout=PATIENCE)
        connection.sock = self.dial(parts.hostname or "", parts.port or 80)
        try:
            connection.request(method, path, data, dict(given))
            response = connection.getresponse()
            return Answer(response.status, dict(response.headers), response.read())
        finally:
            connection.close()

    def send(self, url: str, request: bytes) -> bytes:
        """Sends these very bytes to the server of an address; what it answers until it closes."""
        parts = urlsplit(url)
        with self.dial(parts.hostname or "", parts.port or 80) as connection:
            connection.sendall(request)
            return b"".join(iter(lambda: connection.recv(65_536), b""))

    def dial(self, address: str, port: int) -> socket.socket:
        """A TCP connection that waits."""
        made = self.host.make_socket(address, self.source)
        try:
            made.settimeout(PATIENCE)
            made.connect((address, port))
        except OSError:
            made.close()
            raise
        return made

    async def enter(self, address: str, at: str = "", **headers: str) -> Client:
        """A WebSocket; `websockets.InvalidStatus` when it is refused.

        `at` is where the address leads, if not to the host that it names.
        """
        parts = urlsplit(at or address)
        opened = await self.host.connect(parts.hostname or "", parts.port or 80, self.source)
        socket = await connect(
            address,
            sock=opened,
            proxy=None,
            max_queue=None,
            open_timeout=PATIENCE,
            close_timeout=1,
            additional_headers={name.replace("_", "-"): text for name, text in headers.items()},
        )
        return Client(socket)

    async def refusal(self, address: str, at: str = "", **headers: str) -> int:
        """The status of a handshake; 101 for one that is not refused."""
        try:
            client = await self.enter(address, at, **headers)
        except websockets.InvalidStatus as refused:
            return refused.response.status_code
        await client.socket.close()
        return 101


@dataclass(slots=True)
class Talk:
    """A session: the speaker is at the laptop itself, listeners come from wherever."""

    speaker: Client
    session: Session
    in_the_hall: Session
    """The same as phones know it."""
    sockets: AsyncExitStack
    sequence: int = 0
    listeners: list[Client] = field(default_factory=list)

    async def join(self, person: Person, language: str, **query: object) -> Client:
        """A listener, once it is counted."""
        address = self.in_the_hall.address(targetLanguage=language, **query)
        listener = await person.enter(address)
        self.sockets.push_async_callback(listener.socket.close)
        await listener.expect("joined")
        return listener

    async def say(self, text: str) -> Message:
        """Speaks a sentence; returns the report on it."""
        self.sequence += 1
        await self.speaker.send("speak", sequence=self.sequence, text=text)
        return await self.speaker.expect("spoken", sequence=self.sequence)


@asynccontextmanager
async def talk(
    laptop: Person, at_home: Stage, in_the_hall: Stage, **wanted: object
) -> AsyncIterator[Talk]:
    """A new session with its speaker, who ends it."""
    session = open_session(laptop, at_home, **wanted)
    async with AsyncExitStack() as sockets:
        speaker = await laptop.enter(session.address(token=session.token))
        sockets.push_async_callback(speaker.socket.close)
        await speaker.expect("joined")
        there = Session(session.session_id, session.token, in_the_hall.ws)
        begun = Talk(speaker, session, there, sockets)
        yield begun
        await begun.speaker.send("end")
        await begun.speaker.expect("sessionEnded")


def open_session(person: Person, stage: Stage, **wanted: object) -> Session:
    """A session that somebody opens."""
    answer = person.request(f"{stage.http}/sessions", "POST", {"sourceLanguage": "en", **wanted})
    assert answer.status == 201, answer
    opened = answer.json
    return Session(opened["sessionId"], opened["speakerToken"], opened["webSocketUrl"])
