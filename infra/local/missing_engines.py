"""What the offline engine could translate with a few more Debian packages, and how to get them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from infra.local.engine.apertium import find_mode

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


def missing_engines(find: Callable[[str], object | None] = find_mode) -> str | None:
    """One line that says which languages are missing and what installs them; None: none is."""
    missing = [language for language, mode in MODES.items() if find(mode) is None]
    if not missing:
        return None
    return f"no {', '.join(missing)}: sudo apt-get install {PACKAGES} (or, as root: make system)"
