"""Which languages this machine can speak, without importing any of the engines.

Each engine carries its voices: nothing is loaded from the network.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final


@dataclass(frozen=True, slots=True)
class Voice:
    """What speaks a language: an engine of `engine/`, the voice's name there, how good it is."""

    engine: str
    name: str
    quality: str


# Judged by what an offline recogniser hears of them, and by ear.
CHOICES: Final[Mapping[str, tuple[Voice, ...]]] = {
    "en": (Voice("hibari", "heart", "good"), Voice("pico", "en-US", "fair")),
    "es": (Voice("pico", "es-ES", "fair"), Voice("espeak", "es", "draft")),
    "de": (Voice("pico", "de-DE", "fair"), Voice("espeak", "de", "draft")),
    "fr": (Voice("pico", "fr-FR", "draft"), Voice("espeak", "fr", "draft")),
    "it": (Voice("pico", "it-IT", "draft"), Voice("espeak", "it", "draft")),
    "pt": (Voice("espeak", "pt-br", "draft"),),
    "ca": (Voice("espeak", "ca", "draft"),),
    # No engine speaks Galician; the Spanish voice reads it, with its own accent.
    "gl": (Voice("pico", "es-ES", "draft"), Voice("espeak", "es", "draft")),
}
"""The best first."""
NAMES: Final[Mapping[str, str]] = {"pt": "Portuguese", "ca": "Catalan"}
"""Languages that the Debian package alone speaks."""
PACKAGE: Final = "espeak-ng"

Find = Callable[[str], object | None]

# Every voice is encoded by PyAV and brought to its rate by soxr.
_ENCODER: Final = ("av", "numpy", "soxr")
_MODULES: Final = {"hibari": ("hibari", "onnxruntime"), "pico": ("py_nanotts",), "espeak": ()}


def installed_voices(
    find_module: Find = find_spec, find_program: Find = shutil.which
) -> dict[str, Voice]:
    """The best voice of each language that can be spoken here."""
    if any(find_module(name) is None for name in _ENCODER):
        return {}
    engines = {
        engine
        for engine, modules in _MODULES.items()
        if all(find_module(name) is not None for name in modules)
        and (engine != "espeak" or find_program(PACKAGE) is not None)
    }
    best = {
        language: next((voice for voice in voices if voice.engine in engines), None)
        for language, voices in CHOICES.items()
    }
    return {language: voice for language, voice in best.items() if voice is not None}


def spoken_languages(
    voices: Callable[[], Mapping[str, Voice]] = installed_voices,
) -> dict[str, str]:
    """Each language that has a voice here, and how good it is."""
    return {language: voice.quality for language, voice in voices().items()}


def missing_voices(voices: Mapping[str, str]) -> Iterator[str]:
    """What to say at the start: which languages have no voice here, and the remedy."""
    if not voices:
        yield "no captions are spoken: the offline voices are not installed (make venv)"
        return
    silent = [name for language, name in NAMES.items() if language not in voices]
    if silent:
        yield (
            f"no voice for {', '.join(silent)}: sudo apt-get install {PACKAGE} "
            "(or, as root: make system)"
        )
