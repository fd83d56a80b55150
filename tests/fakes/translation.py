"""The port of `chalice_app.translation`."""

import threading
from collections.abc import Sequence
from typing import Any

from chalice_app.domain.errors import TranslationFailed, Unavailable
from chalice_app.domain.languages import Language
from chalice_app.domain.style import FORMALITY_LANGUAGES, PLAIN, Style
from tests.fakes.domain import PATIENCE, language


class StubTranslator:
    """`ports.Translator`: `[es] text`, unless told otherwise.

    `failing` languages have no translation; a language in `held` waits for its event. The list
    of languages waits for `listing_held`. `answers` are given as they are, whatever their type.
    """

    def __init__(self, *codes: str) -> None:
        self.offered = [language(code) for code in codes or ("en", "es", "fr", "de", "pt-BR")]
        self.failing: set[str] = set()
        self.held: dict[str, threading.Event] = {}
        self.answers: dict[str, Any] = {}
        self.unavailable = False
        self.listing_held: threading.Event | None = None
        self.calls: list[tuple[str, str, str]] = []
        self.listings = 0
        self._news = threading.Condition()

    def translate(
        self, text: str, source_language: str, target_language: str, style: Style = PLAIN
    ) -> str:
        """As Amazon: the grawlix for `damn`, and formality in the languages that it knows."""
        said = text.replace("damn", "?$#@$") if style.masks_profanity else text
        with self._news:
            self.calls.append((said, source_language, target_language))
            self._news.notify_all()
        if target_language in self.held:
            assert self.held[target_language].wait(PATIENCE), "nobody released the translation"
        if target_language in self.failing:
            raise TranslationFailed("told to fail")
        if target_language in self.answers:
            answer: str = self.answers[target_language]
            return answer
        formality = style.formality if target_language in FORMALITY_LANGUAGES else None
        return f"[{target_language}] {said}" + (f" ({formality})" if formality else "")

    def list_languages(self) -> Sequence[Language]:
        self.listings += 1
        if self.listing_held is not None:
            assert self.listing_held.wait(PATIENCE), "nobody released the listing"
        if self.unavailable:
            raise Unavailable("the test refuses it")
        return self.offered

    def wait_for_calls(self, count: int) -> None:
        """Returns when so many translations have begun."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.calls) >= count, PATIENCE), self.calls
