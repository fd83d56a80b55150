"""What translation needs from the outside: `aws/` provides it, tests provide fakes.

`list_languages` raises `errors.Unavailable` when the service is down or throttled.
"""

from collections.abc import Sequence
from typing import Protocol

from chalice_app.domain.languages import Language
from chalice_app.domain.style import Style


class Translator(Protocol):
    """The translation engine."""

    def translate(self, text: str, source_language: str, target_language: str) -> str:
        """One translation; TranslationFailed when there is none."""

    def translate_in_style(
        self, text: str, source_language: str, target_language: str, style: Style
    ) -> str:
        """As `translate`, worded as a session wishes, where the engine can do so."""

    def list_languages(self) -> Sequence[Language]:
        """What the engine offers."""
