"""The three engines, each imported when its voice is loaded.

- Hibari (Apache-2.0): a small neural network for English, 24,000 samples a second, 160 MB.
- SVOX Pico (Apache-2.0), as telephones had it: English, German, Spanish, French, Italian.
- eSpeak NG (GPL-3.0), Debian's program, called as a process: the other languages.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from infra.local.polly.engine.speaking import Samples, SpokenText

PICO_RATE: Final = 16_000
_PICO_VOLUME: Final = 0.4  # at the default its samples are clipped
ESPEAK_RATE: Final = 22_050
ESPEAK_SECONDS: Final = 10.0
"""For 3,000 characters it takes one."""
_ESPEAK_WORDS_PER_MINUTE: Final = "165"
_WAV_HEADER_BYTES: Final = 44
_SEED: Final = 0  # of Hibari's noise: a text sounds the same each time


def hibari(name: str) -> SpokenText:
    """The neural voice."""
    from hibari import SAMPLE_RATE, Hibari

    voice = Hibari(name)

    def speak(text: str) -> Samples:
        return np.asarray(voice(text, seed=_SEED), np.float32)

    return SpokenText(speak, SAMPLE_RATE)


def pico(name: str) -> SpokenText:
    """A voice of SVOX Pico."""
    from py_nanotts import NanoTTS

    voice = NanoTTS()

    def speak(text: str) -> Samples:
        # An empty text is an error to it.
        pcm = voice.speak(text, voice=name, volume=_PICO_VOLUME) if text else b""
        return _from_pcm(pcm)

    return SpokenText(speak, PICO_RATE)


def espeak(name: str) -> SpokenText:
    """A voice of eSpeak NG: 20 ms a sentence, so nothing is kept running."""
    command = ("espeak-ng", "-v", name, "-s", _ESPEAK_WORDS_PER_MINUTE, "-b", "1", "-z")

    def speak(text: str) -> Samples:
        """Raises CalledProcessError or TimeoutExpired where the program fails or hangs."""
        spoken = subprocess.run(
            [*command, "--stdin", "--stdout"],
            input=text.encode(),
            capture_output=True,
            timeout=ESPEAK_SECONDS,
            check=True,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"},
        )
        return _from_pcm(spoken.stdout[_WAV_HEADER_BYTES:])

    return SpokenText(speak, ESPEAK_RATE)


ENGINES: Final[Mapping[str, Callable[[str], SpokenText]]] = {
    "hibari": hibari,
    "pico": pico,
    "espeak": espeak,
}
"""Each loads a voice by its name."""


def _from_pcm(pcm: bytes) -> Samples:
    whole = pcm[: len(pcm) // 2 * 2]
    return np.frombuffer(whole, "<i2").astype(np.float32) / np.float32(32_768)
