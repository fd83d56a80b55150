"""How a session wants its translations worded, as far as an engine can do so."""

from dataclasses import dataclass, replace

FORMALITY_LANGUAGES = frozenset(
    ("de", "es", "es-MX", "fr", "fr-CA", "hi", "it", "ja", "ko", "nl", "pt-PT")
)
"""Target languages for which Amazon Translate knows formality; for others it ignores the setting.

Source: https://docs.aws.amazon.com/translate/latest/dg/customizing-translations-formality.html
"""


@dataclass(frozen=True, slots=True)
class Style:
    """Wishes about the wording; `formality` is "formal", "informal" or None for the engine's own.

    With `masks_profanity` the engine masks what it knows as profane.
    """

    masks_profanity: bool = False
    formality: str | None = None

    def in_language(self, target: str) -> "Style":
        """The wishes that change a translation into that language."""
        return self if target in FORMALITY_LANGUAGES else replace(self, formality=None)

    def __str__(self) -> str:
        """As Amazon Translate's settings are written; empty for none."""
        parts = ["profanity=MASK"] if self.masks_profanity else []
        parts += [f"formality={self.formality.upper()}"] if self.formality else []
        return ";".join(parts)


PLAIN = Style()
"""No wishes: the engine's own defaults."""
