"""A hall for `voice_out.py`: listeners, some of whom hear the voice, and when they get what."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from websockets.exceptions import ConnectionClosed

from tests.integration.client import Client, Stage, Talk, eventually, talk

VOICE_SECONDS = 6.0
"""How long a sound that has not come is waited for."""


@dataclass(slots=True)
class Listener:
    """Moments in seconds of time.perf_counter, by the sentence's number."""

    client: Client
    language: str
    wants_voice: bool
    captions: dict[int, float] = field(default_factory=dict)
    speeches: dict[int, float] = field(default_factory=dict)

    async def listen(self) -> None:
        """Notes captions and the first sound of each sentence, until the socket is closed."""
        with suppress(ConnectionClosed):
            async for data in self.client.socket:
                now, message = time.perf_counter(), json.loads(data)
                if message["type"] == "caption":
                    self.captions.setdefault(message["sequence"], now)
                elif message["type"] == "speech":
                    self.speeches.setdefault(message["sequence"], now)


@dataclass(slots=True)
class Hall:
    """A session with its speaker and listeners."""

    at: Talk
    speaker: Client
    listeners: Sequence[Listener]
    said: dict[int, float] = field(default_factory=dict)

    async def say(self, text: str) -> None:
        """Says a sentence, and waits for the report on it."""
        self.said[self.at.sequence + 1] = time.perf_counter()
        await self.at.say(self.speaker, text)

    async def speak(self, texts: Sequence[str], pace_seconds: float) -> None:
        """Says sentences so many seconds after each other, and waits until they were heard."""
        for text in texts:
            begun = time.perf_counter()
            await self.say(text)
            await asyncio.sleep(max(0.0, begun + pace_seconds - time.perf_counter()))
        await self.heard()

    async def warm_up(self, text: str, tries: int = 8) -> None:
        """Until the engines and the voices are loaded: then everybody hears a sentence at once."""
        for number in range(1, tries + 1):
            await self.speak([f"{text} {number}."], 1.0)
            complete = not self.missing()
            self.said.clear()
            if complete:
                return
        raise AssertionError(f"no voice for everybody in {tries} sentences")

    async def heard(self) -> None:
        """Until every sound of what was said has come, or has not for too long."""
        with suppress(AssertionError):  # `missing` counts what has not come
            await eventually(self.missing, 0, VOICE_SECONDS)

    def missing(self) -> int:
        """Sounds that did not come to somebody who wants the voice."""
        return sum(
            sequence not in each.speeches for each in self._with_voice() for sequence in self.said
        )

    def caption_seconds(self) -> list[float]:
        """From each sentence's sending to each listener's caption."""
        return [
            each.captions[sequence] - begun
            for each in self.listeners
            for sequence, begun in self.said.items()
            if sequence in each.captions
        ]

    def speech_seconds(self) -> list[float]:
        """From each caption to its sound, for everybody who wants the voice."""
        return [
            each.speeches[sequence] - each.captions[sequence]
            for each in self._with_voice()
            for sequence in self.said
            if sequence in each.speeches and sequence in each.captions
        ]

    def forget(self) -> None:
        """What was said until now is not measured."""
        self.said.clear()

    def _with_voice(self) -> Iterator[Listener]:
        return (each for each in self.listeners if each.wants_voice)


@asynccontextmanager
async def hall(
    stage: Stage, languages: Sequence[str], listeners: int, voices: int
) -> AsyncIterator[Hall]:
    """So many listeners of these languages in turn, the first `voices` of whom hear them."""
    async with talk(stage) as at:
        speaker = await at.join_speaker()
        wanted = [(languages[n % len(languages)], n < voices) for n in range(listeners)]
        there = [Listener(await _join(at, *each), *each) for each in wanted]
        listening = [asyncio.create_task(each.listen()) for each in there]
        try:
            yield Hall(at, speaker, there)
        finally:
            for task in listening:
                task.cancel()
            await asyncio.gather(*listening, return_exceptions=True)


async def _join(at: Talk, language: str, wants_voice: bool) -> Client:
    query = {"voice": "true"} if wants_voice else {}
    return await at.join(language, **query)
