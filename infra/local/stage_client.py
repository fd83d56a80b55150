"""A client of a running stage: its HTTP routes, and a talk with one listener a language."""

from __future__ import annotations

import asyncio
import http.client
import json
from asyncio import FIRST_COMPLETED
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

ANSWER_SECONDS: Final = 30.0
"""How long anything that the stage owes is waited for; API Gateway gives a function 29 s."""


Message = Mapping[str, Any]

Listener = tuple[str, ClientConnection]
"""A language and the connection of one who reads it."""

HearOut = Callable[[int], Awaitable[None]]
"""Waits, at a talk's end, for the voices, given the number of its last sentence."""


async def nothing_to_hear(_: int) -> None:
    """Nobody has asked for a voice."""


class StageClientError(Exception):
    """Why the stage cannot be used, in one line that also says what to do about it."""


class StageRefusal(StageClientError):
    """The stage has answered, and it does not do what it was asked for."""

    def __init__(
        self, reason: str, status: int, retry_after_ms: int, details: Mapping[str, Any]
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.retry_after_ms = retry_after_ms
        self.details = details


@dataclass(frozen=True, slots=True)
class Heard:
    """One caption as a listener got it; `latency_ms` runs from the moment it was spoken."""

    sequence: int
    language: str
    text: str
    latency_ms: float
    untranslated: bool = False

    def __str__(self) -> str:
        """Its line of the output."""
        mark = "[untranslated] " if self.untranslated else ""
        latency = f"{self.latency_ms:.0f} ms"
        return f"{self.sequence:>4}  {self.language:<7}  {latency:>8}  {mark}{self.text}"


@dataclass(frozen=True, slots=True)
class Api:
    """The stage's HTTP routes. Goes past any proxy: the stage is on loopback."""

    base: str

    async def languages(self) -> list[str]:
        """The codes of what the stage offers."""
        answer = await self._call("GET", "/languages")
        return [language["code"] for language in answer["languages"]]

    async def voices(self) -> Mapping[str, str]:
        """How good the stage's voices are, by the code of their language."""
        answer = await self._call("GET", "/languages")
        return {each["code"]: each["voice"] for each in answer["languages"] if "voice" in each}

    async def open_session(self, source: str, readers: str = "speaker") -> Message:
        """A new session, with its token and the WebSocket's address.

        `readers` may have its transcript: "speaker" or "everyone".
        """
        wanted = {"sourceLanguage": source, "transcript": readers}
        return await self._call("POST", "/sessions", wanted)

    async def put_glossary(self, session: Message, glossary: Message) -> None:
        """Gives the session its glossary."""
        path = f"/sessions/{session['sessionId']}/glossary"
        await self._call("PUT", path, glossary, token=session["speakerToken"])

    async def permit_transcription(self, session: Message) -> Message:
        """A recogniser's WebSocket address for the session, of a few minutes' life."""
        path = f"/sessions/{session['sessionId']}/transcription"
        body = {"sampleRate": 16_000}
        return await self._call("POST", path, body, token=session["speakerToken"])

    async def end_transcription(self, session: Message) -> None:
        """Ends the counting of dictated minutes; they end by themselves where this fails."""
        path = f"/sessions/{session['sessionId']}/transcription"
        with suppress(StageClientError):
            await self._call("DELETE", path, token=session["speakerToken"])

    async def end_session(self, session: Message) -> None:
        """Ends the session; one that has ended already, or a stage that is gone, is fine."""
        with suppress(StageClientError):
            await self._call(
                "DELETE", f"/sessions/{session['sessionId']}", token=session["speakerToken"]
            )

    async def _call(
        self, method: str, path: str, body: Message | None = None, token: str = ""
    ) -> Message:
        try:
            status, text = await asyncio.to_thread(self._exchange, method, path, body, token)
            answer = json.loads(text or "{}")
        except OSError as error:
            raise StageClientError(
                f"no stage at {self.base} ({error}); start one (make run), or give its --http"
            ) from None
        except (http.client.HTTPException, ValueError):
            raise StageClientError(
                f"what answers at {self.base} is not a stage; give its --http"
            ) from None
        if status >= 300 or not isinstance(answer, dict):
            said = answer if isinstance(answer, dict) else {}
            raise StageRefusal(
                f"{method} {self.base}{path} answered {status}: {said.get('message', 'no reason')}",
                status,
                said.get("retryAfterMs", 0),
                said.get("details", {}),
            )
        return answer

    def _exchange(
        self, method: str, path: str, body: Message | None, token: str
    ) -> tuple[int, bytes]:
        address = urlsplit(self.base)
        secure = address.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        connection = kind(address.netloc, timeout=ANSWER_SECONDS)
        try:
            payload = None if body is None else json.dumps(body)
            connection.request(method, address.path.rstrip("/") + path, payload, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


@dataclass(slots=True)
class Talk:
    """A session with its speaker and its listeners, from first to last sentence.

    `spoken_at` is in monotonic seconds, by sequence number.
    """

    speaker: ClientConnection
    listeners: Sequence[Listener]
    heard: list[Heard] = field(default_factory=list)
    spoken_at: dict[int, float] = field(default_factory=dict)
    hear_out: HearOut = nothing_to_hear

    async def run(self, sentences: Sequence[str], words_per_minute: int) -> None:
        """Says everything; returns when the session has ended for every listener.

        Raises:
            StageClientError: the stage refused a sentence, fell silent or went away.
        """
        everyone = [self.speaker, *(socket for _, socket in self.listeners)]
        await asyncio.gather(*(expect(socket, "joined") for socket in everyone))
        hearing = [asyncio.create_task(self._hear(socket)) for _, socket in self.listeners]
        try:
            for sequence, text in enumerate(sentences, start=1):
                await self._speak(sequence, text)
                if words_per_minute:
                    # A connection that is lost ends the pause.
                    pause = self.spoken_at[sequence] - monotonic()
                    pause += 60 * len(text.split()) / words_per_minute
                    await asyncio.wait(hearing, timeout=pause, return_when=FIRST_COMPLETED)
            await self.hear_out(len(sentences))
            # What was posted before `sessionEnded` comes before it: then all that comes has come.
            await send(self.speaker, action="end")
            await asyncio.wait(hearing, timeout=ANSWER_SECONDS)
        finally:
            for task in hearing:
                task.cancel()
            await asyncio.gather(*hearing, return_exceptions=True)

    async def _speak(self, sequence: int, text: str) -> None:
        print(f"{sequence:>4}  {'said':<7}  {'':>8}  {text}", flush=True)
        while True:
            self.spoken_at[sequence] = monotonic()
            await send(self.speaker, action="speak", sequence=sequence, text=text)
            answer = await expect(self.speaker, "spoken", or_code="RATE_LIMITED")
            if answer["type"] == "spoken":
                return
            await asyncio.sleep(answer["retryAfterMs"] / 1000)

    async def _hear(self, socket: ClientConnection) -> None:
        """Notes and prints captions until the connection is closed."""
        with suppress(ConnectionClosed):
            async for data in socket:
                message = json.loads(data)
                if message["type"] == "caption":
                    self._note(message)

    def _note(self, caption: Message) -> None:
        latency_ms = (monotonic() - self.spoken_at[caption["sequence"]]) * 1000
        heard = Heard(
            sequence=caption["sequence"],
            language=caption["language"],
            text=caption["text"],
            latency_ms=latency_ms,
            untranslated=caption.get("untranslated", False),
        )
        self.heard.append(heard)
        print(heard, flush=True)


async def send(socket: ClientConnection, **message: object) -> None:
    """Sends a message of the protocol.

    Raises:
        StageClientError: the connection is closed.
    """
    with lost_connection_reported():
        await socket.send(json.dumps(message))


async def expect(socket: ClientConnection, kind: str, or_code: str = "") -> Message:
    """The next message of that kind, or error of that code.

    Raises:
        StageClientError: an error came instead, the connection ended, or nothing came at all.
    """
    try:
        with lost_connection_reported():
            async with asyncio.timeout(ANSWER_SECONDS):
                while True:
                    message: Message = json.loads(await socket.recv())
                    if message["type"] == kind or message.get("code") == or_code:
                        return message
                    if message["type"] == "error":
                        raise StageClientError(
                            f"the stage answered {message['code']}: {message['message']}"
                        )
    except TimeoutError:
        raise StageClientError(
            f"no `{kind}` came within {ANSWER_SECONDS:.0f} s; see its log"
        ) from None


@contextmanager
def lost_connection_reported() -> Iterator[None]:
    """Says in one line that the stage has closed a connection (`StageClientError`)."""
    try:
        yield
    except ConnectionClosed:
        raise StageClientError("the stage closed the connection; is it still running?") from None


@asynccontextmanager
async def talk(session: Message, languages: Sequence[str]) -> AsyncIterator[Talk]:
    """Everybody's connection, a listener's for each language; all are closed at the end."""

    async def joined(**who: str) -> ClientConnection:
        query = urlencode({"sessionId": session["sessionId"], **who})
        address = f"{session['webSocketUrl']}?{query}"
        return await sockets.enter_async_context(connect(address, proxy=None, max_queue=None))

    async with AsyncExitStack() as sockets:
        try:
            speaker = await joined(token=session["speakerToken"])
            listeners = [(code, await joined(targetLanguage=code)) for code in languages]
        except (OSError, InvalidHandshake) as error:
            raise StageClientError(
                f"no way into {session['webSocketUrl']}: {error}; see its log"
            ) from None
        yield Talk(speaker, listeners)
