"""When each sound of one language is heard: one voice at a time, in order, never far behind.

These are the rules of the listener's page (`web/listener/play-queue.js`), on times that have passed
instead of a clock that runs: sounds are heard in the order of their sentences; one that is missing
is waited for while the next one is there, and at most two seconds; a voice that falls behind speaks
faster; one that falls too far behind leaves sentences out. Here a sound keeps the speed at which it
began, where the page changes it in the middle. Times are in seconds, on whatever clock the caller
has.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from math import inf
from typing import Final

GAP_SECONDS: Final = 2.0
"""How long a missing sentence, or part of one, is waited for."""

FASTER_AFTER_SECONDS: Final = 4.0
ON_TIME_SECONDS: Final = 2.0
"""Sounds are faster when one would be so late, until none is later than the second."""

FASTER: Final = 1.2
JUMP_AFTER_SECONDS: Final = 10.0
NEAR_SECONDS: Final = 6.0
"""Sentences are left out when one would be so late, until none is later than the second."""

COUNTED_SECONDS: Final = 3.0
"""What is heard counts as late until its end, but of a long sound only so much."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A sentence's sound, or a part of it: when its caption and it came, and how long it is."""

    sequence: int
    captioned_at: float
    came_at: float
    seconds: float
    part: int = 1
    parts: int = 1

    @property
    def place(self) -> tuple[int, int]:
        """Its place among the sounds of the talk."""
        return self.sequence, self.part


@dataclass(frozen=True, slots=True)
class Turn:
    """When a sound is heard, and how much faster than spoken; `skipped` says why it is not."""

    sound: Sound
    begins: float = 0.0
    speed: float = 1.0
    skipped: str = ""

    @property
    def ends(self) -> float:
        """When the next one may begin."""
        return self.begins + self.sound.seconds / self.speed


@dataclass(slots=True)
class _Voice:
    """The player at one moment: what has come and was not heard, and what was passed last."""

    to_come: list[Sound]
    now: float = 0.0
    last: Sound | None = None
    is_in_order: bool = False
    is_fast: bool = False
    ready: list[Sound] = field(default_factory=list)
    too_late: list[Sound] = field(default_factory=list)

    def advance(self, moment: float) -> None:
        """Goes on to a later moment."""
        self.now = max(self.now, moment)
        while self.to_come and self.to_come[0].came_at <= self.now:
            sound = self.to_come.pop(0)
            (self.too_late if self.is_overtaken(sound) else self.ready).append(sound)
        self.ready.sort(key=lambda sound: sound.place)

    def is_overtaken(self, sound: Sound) -> bool:
        """Whether what comes after it was passed."""
        return self.last is not None and sound.place < self.last.place

    def follows(self, sound: Sound) -> bool:
        """Whether nothing is missing before it, or nobody knows what is."""
        if self.last is None or not self.is_in_order:
            return True
        if self.last.part < self.last.parts:
            return sound.place == (self.last.sequence, self.last.part + 1)
        return sound.place == (self.last.sequence + 1, 1)

    def behind(self, start: float, speed: float, counted: float) -> float:
        """How late the latest of those that wait would be, if they were heard from `start` on."""
        most, due = 0.0, -inf
        for sound in self.ready:
            due = max(sound.came_at, due if sound.part > 1 else -inf)
            most = max(most, start + min(sound.seconds / speed, counted) - due)
            start += sound.seconds / speed
            due += sound.seconds
        return most

    def passes(self, sound: Sound, *, is_heard: bool) -> None:
        """It has had its turn."""
        self.ready.remove(sound)
        self.last, self.is_in_order = sound, is_heard


def turns(sounds: Iterable[Sound]) -> Iterator[Turn]:
    """A turn for each sound in the order in which they are heard; what came too late is last."""
    voice = _Voice(sorted(sounds, key=lambda sound: sound.came_at))
    while voice.to_come or voice.ready:
        if not voice.ready:
            voice.advance(voice.to_come[0].came_at)
        else:
            yield from _left_out(voice)
            _wait_for_what_is_missing(voice)
            turn = _heard(voice)
            voice.advance(turn.ends)
            yield turn
    yield from (Turn(sound, skipped="came too late") for sound in voice.too_late)


def _left_out(voice: _Voice) -> Iterator[Turn]:
    """The oldest sentences, where one would be heard too late; the newest stays."""
    if voice.behind(voice.now, FASTER, COUNTED_SECONDS) <= JUMP_AFTER_SECONDS:
        return
    while (
        voice.ready[0].sequence < voice.ready[-1].sequence
        and voice.behind(voice.now, FASTER, COUNTED_SECONDS) > NEAR_SECONDS
    ):
        oldest = voice.ready[0].sequence
        while (sound := voice.ready[0]).sequence == oldest:
            voice.passes(sound, is_heard=False)
            yield Turn(sound, skipped="left out to catch up")


def _wait_for_what_is_missing(voice: _Voice) -> None:
    """Until the sound that follows is there, or the next one has waited too long for it."""
    while not voice.follows(voice.ready[0]):
        deadline = voice.ready[0].came_at + GAP_SECONDS
        if voice.now >= deadline:
            return
        comes = voice.to_come[0].came_at if voice.to_come else deadline
        voice.advance(min(comes, deadline))


def _heard(voice: _Voice) -> Turn:
    """The next one begins, faster where those behind it would be late."""
    sound = voice.ready[0]
    voice.passes(sound, is_heard=True)
    behind = voice.behind(voice.now + sound.seconds, 1.0, 0.0)
    voice.is_fast = behind > (ON_TIME_SECONDS if voice.is_fast else FASTER_AFTER_SECONDS)
    return Turn(sound, voice.now, FASTER if voice.is_fast else 1.0)


def heard(of: Collection[Turn]) -> list[Turn]:
    """Those that were not skipped."""
    return [turn for turn in of if not turn.skipped]
