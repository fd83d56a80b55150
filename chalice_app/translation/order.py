"""What an engine is asked for a sentence in one language, and what its answer becomes."""

from dataclasses import dataclass

from chalice_app.domain.sentence import Translation
from chalice_app.domain.style import Style
from chalice_app.glossary.markup import Protected
from chalice_app.glossary.wording import Mentions


@dataclass(frozen=True, slots=True)
class TranslationOrder:
    """One language of a sentence: its `source_text` is canonical, and without blocked words.

    `settings` names all that shapes the translation besides: it is part of the cache's key.
    """

    source_text: str
    protected: Protected
    style: Style
    settings: str

    @classmethod
    def of(cls, mentions: Mentions, style: Style, target: str) -> "TranslationOrder":
        """A sentence with its glossary's terms."""
        style = style.in_language(target)
        protected = mentions.protected(target)
        settings = ";".join(filter(None, (protected.effect, str(style))))
        return cls(mentions.text, protected, style, settings)

    @property
    def text(self) -> str:
        """What the engine gets, and what is billed: Amazon counts markup, too."""
        return self.protected.text

    def without_terms(self) -> "TranslationOrder":
        """The sentence as a session without a glossary orders it."""
        plain = Protected(self.source_text)
        return TranslationOrder(self.source_text, plain, self.style, str(self.style))

    def translation(self, answer: str) -> Translation:
        """The engine's answer, without markup.

        Raises:
            TermsLost: the engine has not left the terms alone.
        """
        return Translation(self.source_text, self.protected.restore(answer), self.settings)
