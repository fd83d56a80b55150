"""Recordings of known text: which sentence sounds from when to when, the same on every run.

Two voices take turns. Nothing is kept in the repository but the text: five minutes are made in a
few seconds.
"""

import wave
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import cycle
from math import inf
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.speech.voices import RATE, VOICES, Sound, Voice

TALK = Path(__file__).with_name("talk-en.txt")
"""A sentence a line, a paragraph a turn of one voice. Written for these tests."""

Turns = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Pauses:
    """Seconds of silence: between two sentences, drawn from a range, and between two turns."""

    shortest: float = 0.3
    longest: float = 1.2
    turn: float = 1.8


BREATHLESS = Pauses(0.1, 0.2, 0.2)
"""A speaker who never pauses for as long as a sentence needs to end by silence."""


@dataclass(frozen=True, slots=True)
class SpokenSentence:
    """A sentence and when it sounds, in milliseconds from the recording's start.

    Neither voice says when a word ends: the first one's end is estimated from its share of the
    sentence's letters.
    """

    text: str
    start_ms: int
    end_ms: int

    @property
    def first_word_end_ms(self) -> int:
        """When the first word has been heard."""
        share = len(self.text.partition(" ")[0]) / len(self.text)
        return self.start_ms + round(share * (self.end_ms - self.start_ms))


@dataclass(frozen=True, slots=True)
class Recording:
    """Sound, and what is said in it."""

    sound: Sound
    sentences: Sequence[SpokenSentence]

    @property
    def text(self) -> str:
        """Everything that is said."""
        return " ".join(sentence.text for sentence in self.sentences)

    @property
    def seconds(self) -> float:
        """How long it plays."""
        return len(self.sound) / RATE

    def pcm(self) -> bytes:
        """16-bit samples, little-endian."""
        samples: NDArray[np.int16] = (np.clip(self.sound, -1, 1) * 32_767).astype("<i2")
        return samples.tobytes()

    def save(self, path: Path) -> None:
        """Writes a WAV file."""
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(self.pcm())

    def with_noise(self, kind: "Noise", decibels: float, seed: int = 1) -> "Recording":
        """The same with noise throughout, so many decibels below the speech."""
        spoken = [self.sound[_at(each.start_ms) : _at(each.end_ms)] for each in self.sentences]
        power = float(np.mean(np.concatenate(spoken) ** 2))
        loudness = np.sqrt(power / 10 ** (decibels / 10))
        noise = loudness * kind(len(self.sound), seed)
        return Recording((self.sound + noise).astype(np.float32), self.sentences)


def turns_of(path: Path = TALK) -> Turns:
    """The turns of a text."""
    return [turn.splitlines() for turn in path.read_text(encoding="utf-8").strip().split("\n\n")]


def record(
    turns: Iterable[Sequence[str]],
    pauses: Pauses | None = None,
    voices: Sequence[Voice] = VOICES,
    seed: int = 1,
    until: float = inf,
) -> Recording:
    """Says the turns, each by the next voice; a pause stands before, between and after them.

    The turn in which `until` seconds are reached is the last one.
    """
    pauses = pauses or Pauses()
    draw = np.random.default_rng(seed)
    pieces: list[Sound] = [silence(pauses.turn)]
    sentences = []
    samples = len(pieces[0])
    for turn, voice in zip(turns, cycle(voices), strict=False):
        if samples >= until * RATE:
            break
        for number, text in enumerate(turn, start=1):
            sound = voice(text)
            begun, ended = _ms(samples), _ms(samples + len(sound))
            sentences.append(SpokenSentence(text, begun, ended))
            between = draw.uniform(pauses.shortest, pauses.longest)
            pause = silence(pauses.turn if number == len(turn) else between)
            pieces += (sound, pause)
            samples += len(sound) + len(pause)
    return Recording(np.concatenate(pieces), sentences)


def repeated(turns: Turns, pauses: Pauses, seconds: float) -> Recording:
    """The turns over and over, for at least so many seconds."""
    return record(cycle(turns), pauses, until=seconds)


def silence(seconds: float) -> Sound:
    """Nothing."""
    return np.zeros(round(seconds * RATE), dtype=np.float32)


Noise = Callable[[int, int], NDArray[np.float64]]
"""So many samples from a seed, with a root mean square of 1."""


def white_noise(samples: int, seed: int) -> NDArray[np.float64]:
    """As loud at every frequency: a hiss."""
    noise: NDArray[np.float64] = np.random.default_rng(seed).standard_normal(samples)
    return noise


def pink_noise(samples: int, seed: int) -> NDArray[np.float64]:
    """As loud in every octave: a hall's murmur, or rain."""
    spectrum = np.fft.rfft(white_noise(samples, seed))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1))
    noise: NDArray[np.float64] = np.fft.irfft(spectrum, samples)
    noise /= np.sqrt(np.mean(noise**2))
    return noise


def _ms(samples: int) -> int:
    return round(1_000 * samples / RATE)


def _at(milliseconds: int) -> int:
    return milliseconds * RATE // 1_000
