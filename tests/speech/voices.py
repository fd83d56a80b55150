"""Two offline voices of English, which sound the same on every run."""

import subprocess
import sys
import wave
from collections.abc import Callable
from functools import cache
from tempfile import NamedTemporaryFile

import numpy as np
import soxr
from hibari import Hibari
from numpy.typing import NDArray

RATE = 16_000
"""Samples a second of everything here, which is what recognisers want."""

Sound = NDArray[np.float32]
"""Mono, from -1 to 1."""

Voice = Callable[[str], Sound]

LOUDNESS = 0.08
"""The root mean square of a sentence: 22 dB below the loudest sine wave."""

_AUDIBLE = 0.01
"""Of the loudest sample: what is quieter at the ends of a sentence is not its sound."""


@cache
def heart(text: str) -> Sound:
    """A woman's voice, American: a small neural network (24,000 samples a second)."""
    spoken = _hibari()(text, seed=0)
    return _levelled(soxr.resample(spoken, 24_000, RATE).astype(np.float32))


@cache
def _hibari() -> Hibari:
    return Hibari()


@cache
def pico(text: str) -> Sound:
    """A woman's voice, British: SVOX Pico, as telephones had it.

    Each sentence has a process of its own: within one, what was said before changes the sound a
    little. At the default volume the samples are clipped.
    """
    command = [sys.executable, "-m", "py_nanotts", text, "--voice", "en-GB", "--volume", "0.4"]
    with NamedTemporaryFile(suffix=".wav") as file:
        subprocess.run([*command, "--output", file.name], check=True)  # noqa: S603 - a package of ours
        with wave.open(file.name, "rb") as sound:
            spoken = np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2")
    return _levelled(spoken.astype(np.float32) / np.float32(32_768))


def _levelled(sound: Sound) -> Sound:
    """Without the silence at its ends, and as loud as every other sentence."""
    (audible,) = np.nonzero(np.abs(sound) > _AUDIBLE * np.abs(sound).max())
    cut = sound[audible[0] : audible[-1] + 1]
    levelled: Sound = cut * np.float32(LOUDNESS / np.sqrt(np.mean(cut**2)))
    return levelled


VOICES: tuple[Voice, ...] = (heart, pico)
