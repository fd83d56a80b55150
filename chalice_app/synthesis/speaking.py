"""What the voice function does: a caption is spoken to the connections that want its voice.

A long caption is spoken in parts, in order: each is sent as soon as it is there, while the listener
hears the one before. Nobody hears what is older than its life: later parts alone may be late. The
first part that fails ends it, for what comes after a gap makes no sense.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from chalice_app.delivery.broadcast import NOTICE_SECONDS, Broadcast
from chalice_app.domain.clock import Clock
from chalice_app.domain.errors import BroadcasterError, Unavailable
from chalice_app.domain.reports import Posted
from chalice_app.observability import logs, metrics
from chalice_app.observability.ports import MetricsSink
from chalice_app.synthesis.asks import VoiceAsk
from chalice_app.synthesis.failures import Reason, VoiceFailures
from chalice_app.synthesis.hall_sounds import HallSounds
from chalice_app.synthesis.parts import parts_of
from chalice_app.synthesis.ports import SentenceClaims, SoundStore, SpeechFailed
from chalice_app.synthesis.sounds import OverBudget, Sound, Sounds
from chalice_app.wire import outgoing

URL_SECONDS = 3600
"""How long an address is good. One that a function's own credentials have signed is good for no
longer than those are. Source:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html
"""

LONGEST_SECONDS = 16.0
"""How long an ask may take, but for its last part, which takes some 11 s at the most: the function
is stopped after 29 s (`.chalice/config.json`), and nobody would be told."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Course:
    """How far an ask has come: who still hears it, what it cost, when its first part was there."""

    connection_ids: Sequence[str]
    characters: int = 0
    latency_ms: int | None = None

    def values(self, is_failed: bool) -> dict[str, float]:
        """The metrics of the ask."""
        found = {} if self.latency_ms is None else {metrics.SPEECH_LATENCY: self.latency_ms}
        return {
            metrics.FAILED_VOICES_COUNT: int(is_failed),
            metrics.CHARACTERS_SPOKEN: self.characters,
            **found,
        }


@dataclass(frozen=True, slots=True)
class Speaking:
    """Has captions spoken."""

    sounds: Sounds
    hall_sounds: HallSounds
    store: SoundStore
    broadcast: Broadcast
    claims: SentenceClaims
    failures: VoiceFailures
    metrics: MetricsSink
    clock: Clock

    def speak(self, ask: VoiceAsk) -> None:
        """Speaks it, unless that was done before: Lambda may deliver an ask twice."""
        ref = ask.ref
        logs.bind(session=ref.session_id, sequence=ref.sequence, language=ask.language)
        if not self._is_first(ask):
            _log.info("the caption is being spoken, or was")
            return
        course = _Course(ask.connection_ids)
        reason = self._reason(ask, course)
        self.metrics.emit(course.values(reason is not None))
        if reason is not None:
            self.failures.tell(ref, ask.language, reason)

    def _is_first(self, ask: VoiceAsk) -> bool:
        try:
            return self.claims.claim_part(ask.ref, f"voice.{ask.part}")
        except Unavailable:
            return True  # pages drop what they have by its sequence and part

    def _reason(self, ask: VoiceAsk, course: _Course) -> Reason | None:
        """Speaks all parts; returns why they are not all spoken."""
        try:
            self._speak(ask, course)
        except OverBudget:
            return Reason.OVER_BUDGET
        except BroadcasterError as failure:
            _log.warning("%s", failure.message)
            return Reason.FAILED
        except Exception:  # noqa: BLE001
            # Lambda would try again, when it is too late.
            _log.exception("a caption could not be spoken")
            return Reason.FAILED
        return None

    def _speak(self, ask: VoiceAsk, course: _Course) -> None:
        texts = parts_of(ask.text)
        sounds = self.hall_sounds if ask.is_batch else self.sounds
        end = self.clock.monotonic() + LONGEST_SECONDS
        for number, text in enumerate(texts, 1):
            if not course.connection_ids:
                return  # everybody has left
            if self.clock.monotonic() > end:
                raise SpeechFailed("the sentence takes too long to be spoken")
            self._require_life(ask, number)
            sound = sounds.sound(ask.ref, ask.language, text)
            course.characters += sound.characters
            self._require_life(ask, number)
            posted = self._post(ask, course, sound, number, len(texts))
            if number == 1:
                course.latency_ms = max(0, self.clock.now_ms() - ask.asked_at)
            gone = frozenset(posted.gone)
            course.connection_ids = [each for each in course.connection_ids if each not in gone]
            if course.connection_ids and not posted.delivered:
                raise SpeechFailed("nobody could be reached")

    def _require_life(self, ask: VoiceAsk, number: int) -> None:
        if number == 1 and ask.ref.seconds_left(self.clock.now_ms()) <= 0:
            raise SpeechFailed("the sentence is too old to be spoken")

    def _post(
        self, ask: VoiceAsk, course: _Course, sound: Sound, number: int, count: int
    ) -> Posted:
        """Sends one address to all of them."""
        url = self.store.address(sound.key, URL_SECONDS)
        message = outgoing.speech(
            ask.ref.sequence, ask.language, url, sound.duration_ms, number, count
        )
        left = ask.ref.seconds_left(self.clock.now_ms()) if number == 1 else NOTICE_SECONDS
        return self.broadcast.send(course.connection_ids, message, self.clock.monotonic() + left)
