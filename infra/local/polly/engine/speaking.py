"""A text becomes a sound that can be played: START HERE.

Every engine is brought to the same: no silence at the ends, the same loudness, the same rate and
format.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import soxr
from numpy.typing import NDArray

from infra.local.polly.engine.mp3 import as_mp3

Samples = NDArray[np.float32]
"""Mono, from -1 to 1."""
Engine = Callable[[str], Samples]

LOUDNESS: Final = 0.1
"""The root mean square of what sounds: 20 dB below the loudest. Hibari has 0.04, Pico 0.07."""
LOUDEST: Final = 0.97
"""No sample is louder, or the encoder would clip it."""
KEPT_SECONDS: Final = 0.05
"""Of the silence at either end: without any, one sound begins in the last breath of another."""
SILENCE_SECONDS: Final = 0.1
"""The sound of a text in which the engine finds nothing to say, as Polly answers it."""
_AUDIBLE: Final = 0.02
"""Of the loudest 20 ms (34 dB below): what is quieter is no voice. Pico's Italian one ends in
0.7 s of noise with a click that is 35 dB below."""
_SOUNDING: Final = 0.01
"""Of the loudest sample: pauses do not make a sentence quieter."""
_LOOK_SECONDS: Final = 0.02
# Pico reads `<...>` as commands of its own (one of them plays a file), espeak-ng `[[...]]` as
# phonemes; control characters end a text early.
_COMMANDS: Final = re.compile(r"[<>\[\]{}\\|\x00-\x1f\x7f]+")
# Pico hangs on a word of 200 letters and on 40 marks, Hibari fails on 40 digits; nobody says them.
_REPEATED_MARK: Final = re.compile(r"([^\w\s])\1+")
_MARKS: Final = re.compile(r"([^\w\s]{3})[^\w\s]+")
_ENDLESS: Final = re.compile(r"(\d{15})\d+|(\S{40})\S+")


@dataclass(frozen=True, slots=True)
class SpokenText:
    """A voice that is loaded: texts become bytes."""

    engine: Engine
    rate: int
    """Samples a second of what the engine makes."""

    def sound(self, text: str, rate: int, form: str) -> bytes:
        """The sound of a text at so many samples a second; `form` is `mp3` or `pcm`."""
        spoken = self.engine(plain(text))
        levelled = leveled(trimmed(spoken, self.rate))
        if not len(levelled):
            levelled = np.zeros(round(SILENCE_SECONDS * self.rate), np.float32)
        pcm = (soxr.resample(levelled, self.rate, rate) * 32_767).clip(-32_768, 32_767)
        whole: NDArray[np.int16] = pcm.astype("<i2")
        return whole.tobytes() if form == "pcm" else as_mp3(whole, rate)


def plain(text: str) -> str:
    """A text without anything that an engine takes for a command, or cannot end."""
    marked_once = _REPEATED_MARK.sub(r"\1", _COMMANDS.sub(" ", text))
    return " ".join(_ENDLESS.sub(r"\1\2", _MARKS.sub(r"\1", marked_once)).split())


def trimmed(sound: Samples, rate: int) -> Samples:
    """A sound without the silence at its ends, but for a little."""
    look = round(_LOOK_SECONDS * rate)
    whole = np.pad(sound, (0, -len(sound) % look)).reshape(-1, look)
    loudness = np.sqrt(np.mean(whole**2, axis=1))
    if not loudness.any():
        return sound[:0]
    (audible,) = np.nonzero(loudness > _AUDIBLE * loudness.max())
    kept = round(KEPT_SECONDS * rate)
    return sound[max(0, audible[0] * look - kept) : (audible[-1] + 1) * look + kept]


def leveled(sound: Samples) -> Samples:
    """A sound as loud as every other, whichever engine made it."""
    if not len(sound):
        return sound
    audible = sound[np.abs(sound) > _SOUNDING * np.abs(sound).max()]
    gain = LOUDNESS / np.sqrt(np.mean(audible**2))
    gain = min(gain, LOUDEST / np.abs(sound).max())
    result: Samples = (sound * np.float32(gain)).astype(np.float32)
    return result
