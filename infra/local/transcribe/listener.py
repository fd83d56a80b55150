"""One stream's ear: when its sound is decoded, and when a result ends.

A voice begins an utterance and 0.6 s without one ends it. Meanwhile its sound is decoded again and
again, and each decode gives a partial result. Silence and noise are never decoded: they cost the
voice detector's 0.3 ms for each 32 ms of sound, and nothing is invented in them.

An utterance without a pause is cut behind a full stop from 10 s on, behind a comma from 16 s on,
and behind the last stable word from 21 s on. What a result has said to be stable stays in it.
"""

from __future__ import annotations

import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from infra.local.transcribe.agreement import Agreement
from infra.local.transcribe.decoding import Decoder, Sound, VoiceDetector
from infra.local.transcribe.words import Word

RATE: Final = 16_000
WINDOW: Final = 512
WINDOW_SECONDS: Final = WINDOW / RATE
_VOICE_BEGINS: Final = 0.5
_VOICE_GOES_ON: Final = 0.35
_BEGINNING_WINDOWS: Final = 3
_BEFORE_WINDOWS: Final = 10
"""Kept from before a voice was detected: a soft consonant begins earlier."""
END_SECONDS: Final = 0.6
_EARLY_SECONDS: Final = 0.25
"""Silence after which the utterance is decoded in the hope that it ends here: if it does, its final
result waits for no decode."""
_AFTER_SECONDS: Final = 0.3
_LEAST_VOICE_SECONDS: Final = 0.2
_FIRST_VOICE_SECONDS: Final = 0.6
STEP_SECONDS: Final = 0.6
_LONGEST_STEP_SECONDS: Final = 3.0
_SHARE: Final = 0.5
"""Of one core's time, at most, that the partial results of a stream take."""
_SENTENCE_CUT_SECONDS: Final = 10.0
_CLAUSE_CUT_SECONDS: Final = 16.0
_WORD_CUT_SECONDS: Final = 21.0
_LONGEST_SECONDS: Final = 25.0
_UNSETTLED_WORDS: Final = 2
"""The newest words that a partial result leaves out while the voice goes on.

They are the ones that the next decode changes. With noise 15 dB below the speech, 0.29 of the words
that readers saw were taken back with them, and 0.13 without.
"""
_FIRST_WORDS: Final = 3
"""So many are shown in any case: the first draft of a sentence does not wait."""
_WORD_MARGIN_SECONDS: Final = 0.3
_INCOMPLETE_SECONDS: Final = 0.1


@dataclass(frozen=True)
class Heard:
    """A result; times are in seconds from the stream's beginning."""

    id: str
    partial: bool
    start: float
    end: float
    words: Sequence[Word]
    stable: int
    settled_marks: int


class _Utterance:
    """Sound with a voice in it, and what was made of it so far."""

    def __init__(self, start: int, agreement: Agreement | None = None) -> None:
        self.id = str(uuid.uuid4())
        self.start = start
        self.windows: list[Sound] = []
        self.voiced: list[bool] = []
        self.agreement = agreement or Agreement()
        self.decoded_windows = 0
        self._decoded_in_silence = False
        self.sent_stable = 0
        self.was_sent = False

    @property
    def seconds(self) -> float:
        return len(self.windows) * WINDOW_SECONDS

    @property
    def begins_at(self) -> float:
        return self.start / RATE

    @property
    def silent_windows(self) -> int:
        """Since the last voice."""
        return next(
            (n for n, voiced in enumerate(reversed(self.voiced)) if voiced), len(self.voiced)
        )

    @property
    def new_voice(self) -> int:
        """Windows with a voice that no decode has heard."""
        return sum(self.voiced[self.decoded_windows :])

    @property
    def is_settled(self) -> bool:
        """Whether the last decode heard all of the voice and some silence behind it."""
        return self._decoded_in_silence and not self.new_voice

    @property
    def is_silent(self) -> bool:
        """Whether the voice may have ended."""
        return self.silent_windows * WINDOW_SECONDS >= _EARLY_SECONDS

    def note_decode(self) -> None:
        """All of the sound was decoded."""
        self.decoded_windows = len(self.windows)
        self._decoded_in_silence = self.is_silent

    def near_voice(self, word: Word) -> bool:
        """Whether a voice was detected where the word is said to be."""
        first = (word.start - self.begins_at - _WORD_MARGIN_SECONDS) / WINDOW_SECONDS
        last = (word.end - self.begins_at + _WORD_MARGIN_SECONDS) / WINDOW_SECONDS
        return any(self.voiced[max(0, int(first)) : int(last) + 1])

    def after(self, seconds: float, agreement: Agreement) -> _Utterance:
        """The next one, of the sound from that time of the stream on."""
        windows = max(0, min(len(self.windows), int((seconds - self.begins_at) / WINDOW_SECONDS)))
        rest = _Utterance(self.start + windows * WINDOW, agreement)
        rest.windows, rest.voiced = self.windows[windows:], self.voiced[windows:]
        rest.decoded_windows = max(0, self.decoded_windows - windows)
        return rest


class Listener:
    """Hears one stream; not for several threads at once."""

    def __init__(
        self,
        decoder: Decoder,
        voice: VoiceDetector,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Nothing was heard yet; `clock` measures what a decode takes, in seconds."""
        self._decoder = decoder
        self._voice = voice
        self._clock = clock
        self._waiting = np.zeros(0, np.float32)
        self._heard = 0
        self._before: deque[tuple[Sound, bool]] = deque(maxlen=_BEFORE_WINDOWS)
        self._utterance: _Utterance | None = None
        self._step = STEP_SECONDS

    @property
    def waiting_samples(self) -> int:
        """Sound that was added and not listened to yet."""
        return len(self._waiting)

    @property
    def has_more(self) -> bool:
        """Whether sound is waiting that `listen` would look at."""
        return len(self._waiting) >= WINDOW

    def add(self, pcm: bytes) -> None:
        """Take sound: 16-bit samples, little-endian."""
        samples = np.frombuffer(pcm, "<i2").astype(np.float32) / 32768
        self._waiting = np.concatenate([self._waiting, samples])

    def listen(self) -> list[Heard]:
        """Go on in the sound that is waiting; returns after one decode at most."""
        while len(self._waiting) >= WINDOW:
            window, self._waiting = self._waiting[:WINDOW], self._waiting[WINDOW:]
            self._take(window)
            utterance = self._utterance
            if utterance and utterance.silent_windows * WINDOW_SECONDS >= END_SECONDS:
                return self._end(utterance)
            if utterance and utterance.seconds >= _LONGEST_SECONDS:
                return self._cut(self._decode(utterance), force=True)
        return self._go_on()

    def finish(self) -> list[Heard]:
        """The stream ends: what was not decoded is."""
        results = []
        while len(self._waiting) >= WINDOW:
            results += self.listen()
        return results + (self._end(self._utterance) if self._utterance else [])

    def _take(self, window: Sound) -> None:
        likely = self._voice.probability(window)
        utterance = self._utterance
        if utterance is None:
            self._before.append((window, likely >= _VOICE_BEGINS))
            recent = list(self._before)[-_BEGINNING_WINDOWS - 1 :]
            if sum(voiced for _, voiced in recent) >= _BEGINNING_WINDOWS:
                self._begin()
        else:
            utterance.windows.append(window)
            utterance.voiced.append(likely >= _VOICE_GOES_ON)
        self._heard += WINDOW

    def _begin(self) -> None:
        start = self._heard + WINDOW - len(self._before) * WINDOW
        self._utterance = utterance = _Utterance(start)
        for window, voiced in self._before:
            utterance.windows.append(window)
            utterance.voiced.append(voiced)
        self._before.clear()

    def _go_on(self) -> list[Heard]:
        """A partial result, if one is due."""
        utterance = self._utterance
        if utterance is None or utterance.is_settled:
            return []
        least = STEP_SECONDS if utterance.decoded_windows == 0 else self._step
        is_due = utterance.new_voice * WINDOW_SECONDS >= least
        if not is_due and not (utterance.is_silent and self._has_enough_voice(utterance)):
            return []
        return self._cut(self._decode(utterance))

    def _has_enough_voice(self, utterance: _Utterance) -> bool:
        return sum(utterance.voiced) * WINDOW_SECONDS >= _LEAST_VOICE_SECONDS

    def _decode(self, utterance: _Utterance, at_end: bool = False) -> _Utterance:
        begun = self._clock()
        silent = utterance.silent_windows
        kept = max(0, silent - int(_AFTER_SECONDS / WINDOW_SECONDS))
        sound = np.concatenate(utterance.windows[: len(utterance.windows) - kept])
        decoded = self._decoder.decode(sound)
        utterance.note_decode()
        words = [word.moved(utterance.begins_at) for word in decoded.words]
        words = [word for word in words if utterance.near_voice(word)]
        if decoded.is_believable:
            if not utterance.is_silent and not at_end:
                words = _complete(words, utterance.begins_at + len(sound) / RATE)
            utterance.agreement.add(words)
        self._step = min(_LONGEST_STEP_SECONDS, max(STEP_SECONDS, (self._clock() - begun) / _SHARE))
        return utterance

    def _cut(self, utterance: _Utterance, force: bool = False) -> list[Heard]:
        """The partial result, or the end of this result if it is long and may be cut."""
        count = _cut_count(utterance)
        if force and not count:
            count = len(utterance.agreement.words)
        if count or force:
            return self._split(utterance, count)
        return [self._partial(utterance)] if utterance.agreement.words else []

    def _split(self, utterance: _Utterance, count: int) -> list[Heard]:
        words = utterance.agreement.words
        ended, rest = utterance.agreement.split(count)
        after = utterance.begins_at + utterance.seconds
        if count and count < len(words):
            after = (words[count - 1].end + words[count].start) / 2
        elif count:
            after = words[count - 1].end
        self._utterance = utterance.after(after, rest)
        utterance.agreement = ended
        return [self._final(utterance, after)] if count or utterance.was_sent else []

    def _end(self, utterance: _Utterance) -> list[Heard]:
        """The last result of an utterance; the sound behind it is looked at anew."""
        if not utterance.is_settled and self._has_enough_voice(utterance):
            self._decode(utterance, at_end=True)
        utterance.agreement.end()
        self._utterance = None
        if not utterance.agreement.words and not utterance.was_sent:
            return []
        return [self._final(utterance, utterance.begins_at + utterance.seconds)]

    def _partial(self, utterance: _Utterance) -> Heard:
        utterance.was_sent = True
        utterance.sent_stable = len(utterance.agreement.stable)
        heard = _heard(utterance, True, utterance.begins_at + utterance.seconds)
        return heard if utterance.is_silent else _without_newest(heard)

    @staticmethod
    def _final(utterance: _Utterance, end: float) -> Heard:
        return _heard(utterance, False, end)


def _heard(utterance: _Utterance, partial: bool, end: float) -> Heard:
    agreement = utterance.agreement
    return Heard(
        id=utterance.id,
        partial=partial,
        start=utterance.begins_at,
        end=max([end, *(word.end for word in agreement.words)]),
        words=agreement.words,
        stable=len(agreement.stable),
        settled_marks=agreement.settled_marks,
    )


def _without_newest(heard: Heard) -> Heard:
    kept = max(heard.stable, _FIRST_WORDS, len(heard.words) - _UNSETTLED_WORDS)
    return replace(heard, words=heard.words[:kept])


def _cut_count(utterance: _Utterance) -> int:
    """After how many words a long utterance is cut; 0: not now."""
    agreement, seconds, least = utterance.agreement, utterance.seconds, utterance.sent_stable
    count = 0
    if seconds >= _SENTENCE_CUT_SECONDS:
        count = _last_end(agreement, least, lambda word: word.ends_sentence)
    if seconds >= _CLAUSE_CUT_SECONDS:
        count = count or _last_end(agreement, least, lambda word: word.ends_clause)
    if seconds >= _WORD_CUT_SECONDS:
        count = count or len(agreement.stable)
    return count


def _last_end(agreement: Agreement, least: int, is_end: Callable[[Word], bool]) -> int:
    """How many words there are up to the last such end that is settled; 0: none."""
    for count in range(agreement.settled_marks, max(least, 1) - 1, -1):
        if is_end(agreement.stable[count - 1]):
            return count
    return 0


def _complete(words: Sequence[Word], end: float) -> list[Word]:
    """Without a last word that the end of the sound may have cut, and the mark behind it."""
    kept = list(words)
    if len(kept) > 1 and kept[-1].end >= end - _INCOMPLETE_SECONDS:
        return kept[:-1]
    return [*kept[:-1], replace(kept[-1], marks="")] if kept else []
