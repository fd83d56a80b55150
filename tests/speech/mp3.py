"""Tones as mp3, as a voice's sounds come."""

import numpy as np

from infra.local.polly.engine.mp3 import as_mp3


def mp3(seconds: float, hertz: float = 440.0, rate: int = 24_000) -> bytes:
    """A tone of so many seconds."""
    times = np.arange(round(seconds * rate)) / rate
    return as_mp3((8_000 * np.sin(2 * np.pi * hertz * times)).astype(np.int16), rate)
