"""What a decoder returns, and which of it is believed: silence and noise make a decoder invent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from infra.local.transcribe.words import Word

Sound = npt.NDArray[np.float32]
"""Samples from -1 to 1, 16,000 a second."""

MOST_REPETITIVE: Final = 2.4
"""Whisper's own threshold: text that compresses better repeats itself."""
LEAST_LOGPROB: Final = -1.2
NO_SPEECH: Final = 0.6
DOUBTFUL_LOGPROB: Final = -0.7


@dataclass(frozen=True)
class Decoded:
    """One decode of a piece of sound."""

    words: Sequence[Word]
    no_speech: float = 0.0
    logprob: float = 0.0
    compression: float = 1.0

    @property
    def is_believable(self) -> bool:
        """Whether somebody said this, as far as the decoder's own figures can tell."""
        if self.no_speech > NO_SPEECH and self.logprob < DOUBTFUL_LOGPROB:
            return False
        return self.logprob >= LEAST_LOGPROB and self.compression <= MOST_REPETITIVE


class Decoder(Protocol):
    """Turns sound into words."""

    def decode(self, sound: Sound) -> Decoded:
        """The words of up to 30 seconds; their times begin at the sound's start."""


class VoiceDetector(Protocol):
    """Tells voice from silence and noise, window by window; it remembers the windows before."""

    def probability(self, window: npt.NDArray[Any]) -> float:
        """How likely 512 samples hold a voice, from 0 to 1."""
