"""A process for each language that is spoken: a slow one holds up no other."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from infra.local.polly.engines import Voice
from infra.local.polly.voice_process import VoiceProcess
from infra.local.polly.worker_messages import Question

WORKER: Final = (sys.executable, "-m", "infra.local.polly.worker")


class LanguageWithoutVoice(LookupError):
    """Nothing speaks that language here."""


class Voices:
    """The voices of this machine by their language; none runs before it is asked for."""

    def __init__(self, voices: Mapping[str, Voice], worker: Sequence[str] = WORKER) -> None:
        """`worker` is the command that takes an engine's and a voice's name."""
        self._processes = {
            language: VoiceProcess((*worker, voice.engine, voice.name))
            for language, voice in voices.items()
        }

    @property
    def languages(self) -> frozenset[str]:
        """Those that are spoken."""
        return frozenset(self._processes)

    async def prepare(self, language: str) -> None:
        """Begin to load a language's voice.

        Raises:
            LanguageWithoutVoice: it has none.
            VoiceFailed: it cannot be started.
        """
        await self._process(language).prepare()

    async def speak(self, language: str, question: Question) -> bytes:
        """The sound of a text in that language.

        Raises:
            LanguageWithoutVoice: it has no voice.
            VoiceBusy: too many texts wait for it.
            VoiceFailed: it cannot be said.
        """
        return await self._process(language).speak(question)

    def close_unused(self, seconds: float) -> None:
        """End the voices that were not used for so long."""
        for process in self._processes.values():
            process.close_unused(seconds)

    async def close(self) -> None:
        """End every voice."""
        await asyncio.gather(*(process.close() for process in self._processes.values()))

    def _process(self, language: str) -> VoiceProcess:
        try:
            return self._processes[language]
        except KeyError as error:
            raise LanguageWithoutVoice(language) from error
