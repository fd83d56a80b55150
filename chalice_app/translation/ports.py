"""What translation needs from the outside: `aws/` provides it, tests provide fakes.

`list_languages` raises `errors.Unavailable` when the service is down or throttled.
"""

from collections.abc import Sequence
from typing import Protocol

from chalice_app.domain.languages import Language
from chalice_app.domain.style import PLAIN, Style


class Translator(Protocol):
    """The translation engine."""

    def translate(
        self, text: str, source_language: str, target_language: str, style: Style = PLAIN
    ) -> str:
        """One translation, in that style as far as the engine knows it for the language.

        Raises TranslationFailed when there is none.
        """

    def list_languages(self) -> Sequence[Language]:
        """What the engine offers."""
