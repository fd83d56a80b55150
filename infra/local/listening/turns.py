"""When each sound of one language is heard: one voice at a time, in order, never far behind.

These are the rules of the listener's page, on times that have passed instead of a clock that runs:
sounds are heard in the order of their sentences; one that is missing is waited for while the next
one is there, and at most two seconds; a voice that lags speaks faster; one that lags too far jumps
to the newest sentence. Times are in seconds, on whatever clock the caller has.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

GAP_SECONDS: Final = 2.0
"""How long a missing sentence, or part of one, is waited for."""

FASTER_AFTER_SECONDS: Final = 4.0
FASTER: Final = 1.2
JUMP_AFTER_SECONDS: Final = 10.0
"""A sound that would begin so long after its caption is left out, with all but the newest."""


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
    """The player at one moment: what has come and was not heard, and what was heard last."""

    to_come: list[Sound]
    now: float = 0.0
    last: Sound | None = None
    ready: list[Sound] = field(default_factory=list)
    too_late: list[Sound] = field(default_factory=list)

    def advance(self, moment: float) -> None:
        """Goes on to a later moment."""
        self.now = max(self.now, moment)
        while self.to_come and self.to_come[0].came_at <= self.now:
            sound = self.to_come.pop(0)
            (self.too_late if self.is_overtaken(sound) else self.ready).append(sound)
        self.ready.sort(key=lambda sound: sound.place)

    def follows(self, sound: Sound) -> bool:
        """Whether nothing is missing between what was heard last and this."""
        if self.last is None:
            return True
        if self.last.part < self.last.parts:
            return sound.place == (self.last.sequence, self.last.part + 1)
        return sound.place == (self.last.sequence + 1, 1)

    def is_overtaken(self, sound: Sound) -> bool:
        """Whether what comes after it has been heard."""
        return self.last is not None and sound.place < self.last.place


def turns(sounds: Iterable[Sound]) -> Iterator[Turn]:
    """A turn for each sound in the order in which they are heard; what came too late is last."""
    voice = _Voice(sorted(sounds, key=lambda sound: sound.came_at))
    while voice.to_come or voice.ready:
        if not voice.ready:
            voice.advance(voice.to_come[0].came_at)
        else:
            _wait_for_what_is_missing(voice)
            yield from _jump(voice)
            turn = _heard(voice.ready.pop(0), voice.now)
            voice.last = turn.sound
            voice.advance(turn.ends)
            yield turn
    yield from (Turn(sound, skipped="came too late") for sound in voice.too_late)


def _wait_for_what_is_missing(voice: _Voice) -> None:
    """Until the sound that follows is there, or its time is over."""
    deadline = voice.now + GAP_SECONDS
    while not voice.follows(voice.ready[0]) and voice.now < deadline:
        comes = voice.to_come[0].came_at if voice.to_come else deadline
        voice.advance(min(comes, deadline))


def _jump(voice: _Voice) -> Iterator[Turn]:
    """Leaves out all but the newest sentence, where the next one would be heard too late."""
    newest = voice.ready[-1].sequence
    if voice.now - voice.ready[0].captioned_at <= JUMP_AFTER_SECONDS:
        return
    while voice.ready[0].sequence < newest:
        yield Turn(voice.ready.pop(0), skipped="left out to catch up")


def _heard(sound: Sound, now: float) -> Turn:
    lag = now - sound.captioned_at
    return Turn(sound, now, FASTER if lag > FASTER_AFTER_SECONDS else 1.0)


def heard(of: Collection[Turn]) -> list[Turn]:
    """Those that were not skipped."""
    return [turn for turn in of if not turn.skipped]
