"""Captions of one sentence, written in one place: what an engine made of it, or what was said."""

from dataclasses import dataclass

from chalice_app.domain.sentence import Caption, Origin, Sentence, Translation
from chalice_app.glossary.wording import Wording
from chalice_app.translation.order import TranslationOrder


@dataclass(frozen=True, slots=True)
class CaptionWriter:
    """Writes the captions of one sentence, none of which has a blocked word."""

    session_id: str
    said: Sentence
    wording: Wording

    def untranslated(self, language: str, origin: Origin) -> Caption:
        """What was said."""
        return self._caption(language, self.said.text, origin)

    def translated(
        self, language: str, text: str, origin: Origin, translation: Translation | None = None
    ) -> Caption:
        """A translation; blocked words may be of its language."""
        return self._caption(language, self.wording.masked(text), origin, translation)

    def answered(
        self, language: str, order: TranslationOrder, answer: str, origin: Origin
    ) -> Caption:
        """The engine's answer, or what was said where there is none.

        Raises:
            TermsLost: the engine has not left the terms alone.
        """
        if origin is Origin.FAILED:
            return self.untranslated(language, origin)
        made = order.translation(answer)
        return self.translated(language, made.text, origin, made)

    def _caption(
        self, language: str, text: str, origin: Origin, translation: Translation | None = None
    ) -> Caption:
        return Caption(
            session_id=self.session_id,
            sequence=self.said.sequence,
            language=language,
            text=text,
            source_language=self.said.source_language,
            spoken_at=self.said.spoken_at,
            origin=origin,
            revision=self.said.revision,
            translation=translation,
        )
