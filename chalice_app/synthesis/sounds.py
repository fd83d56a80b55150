"""One sound: found in the store, or made by the first voice of its language that can, and kept.

Within a process, those who ask for the same sound at the same time share one making of it; in the
store it has a key of what it says, so that a sentence that is said again costs nothing.
"""

import logging
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from hashlib import sha256
from threading import Lock

from chalice_app.admission.budget import Payment, VoiceBudget
from chalice_app.domain.clock import Clock
from chalice_app.domain.sentence import SentenceRef
from chalice_app.synthesis import mp3
from chalice_app.synthesis.ports import (
    EngineBusy,
    EngineNotOffered,
    SoundStore,
    SpeechEngine,
    SpeechFailed,
)
from chalice_app.synthesis.voices import Voice, voices_of

_log = logging.getLogger(__name__)

SOUND_SECONDS = 4.0
"""How long the voices of a language have for a sound, together: whoever listens is live."""

SHARED_SECONDS = 2 * SOUND_SECONDS
"""How long somebody waits for a sound that another one makes: the voices' time, and the store's."""

FORMAT = "mp3"


class OverBudget(SpeechFailed):
    """The session's characters are spent."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A sound in the store; `characters` is what an engine was asked for it, 0 where it was there.

    `duration_ms` in milliseconds.
    """

    key: str
    duration_ms: int
    characters: int = 0


@dataclass(frozen=True, slots=True)
class Sounds:
    """Sounds by what they say."""

    store: SoundStore
    engine: SpeechEngine
    budget: VoiceBudget
    clock: Clock
    _in_flight: dict[tuple[str, str], "Future[Sound]"] = field(default_factory=dict)
    _not_offered: set[Voice] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)

    def sound(self, ref: SentenceRef, language: str, text: str) -> Sound:
        """The sound of a text, paid for by the sentence's session where it has to be made.

        Raises:
            OverBudget: the session's characters are spent.
            SpeechFailed: no voice could make it in time.
            Unavailable: the store could not be read or written.
        """
        key = (language, text)
        mine = Future[Sound]()
        with self._lock:
            making = self._in_flight.setdefault(key, mine)
        return self._lead(ref, key, mine) if making is mine else self._shared(making)

    def find(self, language: str, text: str) -> Sound | None:
        """The sound, if it is there in any voice of the language; Unavailable as ever."""
        for voice in self._voices(language):
            key = sound_key(text, language, voice)
            if (duration_ms := self.store.find(key)) is not None:
                return Sound(key, duration_ms)
        return None

    def _shared(self, making: "Future[Sound]") -> Sound:
        try:
            sound = making.result(SHARED_SECONDS)
        except TimeoutError:
            raise SpeechFailed("the sound is not made in time") from None
        return Sound(sound.key, sound.duration_ms)

    def _lead(self, ref: SentenceRef, key: tuple[str, str], made: "Future[Sound]") -> Sound:
        """Makes it for all who ask meanwhile; they get the failure, too."""
        try:
            sound = self._find_or_make(ref, *key)
            made.set_result(sound)
        except BaseException as failure:
            made.set_exception(failure)
            raise
        finally:
            with self._lock:
                del self._in_flight[key]
        return sound

    def _find_or_make(self, ref: SentenceRef, language: str, text: str) -> Sound:
        is_charged = False
        for voice, deadline in self._in_turn(self._voices(language)):
            key = sound_key(text, language, voice)
            duration_ms = self.store.find(key)
            if duration_ms is not None:
                self._refund(ref, text, is_charged)
                return Sound(key, duration_ms)
            if not is_charged:
                self._charge(ref, text)
                is_charged = True
            try:
                made, duration_ms = self._synthesise(text, voice, deadline)
            except SpeechFailed as failure:
                self._note(voice, failure)
                continue
            self.store.put(key, made, duration_ms)
            return Sound(key, duration_ms, len(text))
        self._refund(ref, text, is_charged)
        raise SpeechFailed("no voice made the sound")

    def _voices(self, language: str) -> list[Voice]:
        """Those that the region is not known to lack."""
        return [each for each in voices_of(language) if each not in self._not_offered]

    def _in_turn(self, voices: list[Voice]) -> Iterator[tuple[Voice, float]]:
        """Each voice with its deadline: an equal share of what time is left."""
        end = self.clock.monotonic() + SOUND_SECONDS
        for number, voice in enumerate(voices):
            now = self.clock.monotonic()
            if now >= end:
                return
            yield voice, now + (end - now) / (len(voices) - number)

    def _synthesise(self, text: str, voice: Voice, deadline: float) -> tuple[bytes, int]:
        made = self.engine.synthesise(text, voice, deadline)
        try:
            return made, mp3.duration_ms(made)
        except mp3.NotMp3:
            raise SpeechFailed("what the engine made is not an mp3") from None

    def _note(self, voice: Voice, failure: SpeechFailed) -> None:
        if isinstance(failure, EngineNotOffered):
            self._not_offered.add(voice)
        named = "is busy" if isinstance(failure, EngineBusy) else failure.message
        _log.warning("the %s voice %s: %s", voice.engine, voice.voice_id, named)

    def _charge(self, ref: SentenceRef, text: str) -> None:
        payment = self.budget.charge(ref, len(text))
        if payment is Payment.OVER_BUDGET:
            raise OverBudget("the session's spoken characters are spent")
        if payment is not Payment.CHARGED:
            raise SpeechFailed("the sound cannot be paid for")

    def _refund(self, ref: SentenceRef, text: str, is_charged: bool) -> None:
        if is_charged:
            self.budget.refund(ref, len(text))


def sound_key(text: str, language: str, voice: Voice) -> str:
    """The key of a sound: whatever shapes it is in it."""
    shaped_by = (text, language, voice.voice_id, voice.language_code, voice.engine, FORMAT)
    digest = sha256("\0".join(shaped_by).encode()).hexdigest()
    return f"sounds/{digest}.{FORMAT}"
