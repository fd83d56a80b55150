"""Listeners who asked for the voice: they join a session, and keep captions and sounds."""

from __future__ import annotations

import asyncio
import http
import http.client
import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from infra.local.listening.sound_file import RATE, UnreadableSound, decode
from infra.local.listening.turns import Sound
from infra.local.stage_client import Message, StageClientError, expect

QUIET_SECONDS: Final = 12.0
"""Voices that have not come so long after the last caption or sound do not come any more: the stage
speaks nothing that is older than ten seconds."""

FETCH_SECONDS: Final = 10.0


@dataclass(slots=True)
class VoiceListener:
    """One who hears a language. `captioned`: when each caption came, in monotonic seconds."""

    language: str
    socket: ClientConnection
    captioned: dict[int, float] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)
    sounds: list[Sound] = field(default_factory=list)
    encoded: dict[tuple[int, int], bytes] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    """What could not be fetched or decoded, in words."""
    awaited: set[int] = field(default_factory=set)
    """Sentences that were read and not heard to their last part."""
    news: asyncio.Event = field(default_factory=asyncio.Event)
    _fetching: set[asyncio.Task[None]] = field(default_factory=set)

    async def listen(self) -> None:
        """Keeps what comes until the connection is closed."""
        with suppress(ConnectionClosed):
            async for data in self.socket:
                self._take(json.loads(data), monotonic())

    def _take(self, message: Mapping[str, Any], now: float) -> None:
        sequence = message.get("sequence", 0)
        if message["type"] == "caption" and sequence not in self.captioned:
            self.captioned[sequence], self.texts[sequence] = now, message["text"]
            if not message.get("untranslated"):
                self.awaited.add(sequence)
        elif message["type"] == "speech":
            task = asyncio.create_task(self._fetch(message, now))
            self._fetching.add(task)
            task.add_done_callback(self._fetched)
        self.news.set()

    def _fetched(self, task: asyncio.Task[None]) -> None:
        self._fetching.discard(task)
        self.news.set()

    async def _fetch(self, speech: Mapping[str, Any], came_at: float) -> None:
        sequence, part, parts = speech["sequence"], speech.get("part", 1), speech.get("parts", 1)
        try:
            encoded = await asyncio.to_thread(fetch, speech["url"])
            seconds = len(await asyncio.to_thread(decode, encoded)) / RATE
        except (OSError, http.client.HTTPException, UnreadableSound) as error:
            self.lost.append(f"sentence {sequence}: its sound did not load ({error})")
        else:
            if (sequence, part) not in self.encoded:  # the stage may post it again
                self.encoded[sequence, part] = encoded
                read_at = self.captioned.get(sequence, came_at)
                self.sounds.append(Sound(sequence, read_at, came_at, seconds, part, parts))
        if part == parts:
            self.awaited.discard(sequence)

    async def hear_out(self, last: int) -> None:
        """Returns when every caption has been heard, the last one too, or nothing more comes."""
        while self.awaited or self._fetching or last not in self.captioned:
            self.news.clear()
            try:
                async with asyncio.timeout(QUIET_SECONDS):
                    await self.news.wait()
            except TimeoutError:
                return


@dataclass(slots=True)
class VoiceListeners:
    """A listener of each language, and when they began to listen."""

    listeners: Sequence[VoiceListener]
    begun: float

    async def hear_out(self, last: int) -> None:
        """Returns when all that was said has been heard, or nothing more comes."""
        await asyncio.gather(*(listener.hear_out(last) for listener in self.listeners))


@asynccontextmanager
async def voice_listeners(
    session: Message, languages: Collection[str]
) -> AsyncIterator[VoiceListeners]:
    """The listeners, joined; they leave at the end of the block.

    Raises:
        StageClientError: the stage does not let them in.
    """
    async with AsyncExitStack() as sockets:
        listeners = []
        for language in languages:
            query = {"sessionId": session["sessionId"], "targetLanguage": language, "voice": "true"}
            address = f"{session['webSocketUrl']}?{urlencode(query)}"
            try:
                connecting = connect(address, proxy=None, max_queue=None)
                socket = await sockets.enter_async_context(connecting)
            except (OSError, InvalidHandshake) as error:
                raise StageClientError(
                    f"no way into {session['webSocketUrl']}: {error}; see its log"
                ) from None
            await expect(socket, "joined")
            listeners.append(VoiceListener(language, socket))
        listening = [asyncio.create_task(listener.listen()) for listener in listeners]
        try:
            yield VoiceListeners(listeners, monotonic())
        finally:
            for task in listening:
                task.cancel()
            await asyncio.gather(*listening, return_exceptions=True)


def fetch(url: str) -> bytes:
    """The sound at an address. Goes past any proxy: the stage's own are on loopback.

    Raises:
        OSError: nothing answers there, or it refuses.
    """
    address = urlsplit(url)
    secure = address.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(address.netloc, timeout=FETCH_SECONDS)
    try:
        connection.request("GET", f"{address.path}?{address.query}")
        response = connection.getresponse()
        body = response.read()
    finally:
        connection.close()
    if response.status != http.HTTPStatus.OK:
        raise OSError(f"{response.status} {response.reason}")
    return body
