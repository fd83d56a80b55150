"""Translate to many languages at once, each succeeding or failing alone."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field

from chalice_app import languages
from chalice_app.clock import Clock
from chalice_app.errors import Unavailable, UnsupportedLanguage
from chalice_app.models import Language
from chalice_app.ports import Translator

_log = logging.getLogger(__name__)

LANGUAGES_KEPT_SECONDS = 600.0
"""How long the engine's list of languages is believed; Amazon's changes a few times a year."""

_Flight = tuple[str, str, str]


@dataclass(slots=True)
class Translation:
    """The engine, asked once for what several ask at the same time.

    Two sentences with the same text in flight share one call a language (single-flight): a hall
    that laughs twice at one joke is billed once.
    """

    translator: Translator
    executor: Executor
    clock: Clock
    _flights: dict[_Flight, Future[str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _languages: Mapping[str, Language] = field(default_factory=dict)
    _languages_until: float = float("-inf")

    def start(self, text: str, source: str, target: str) -> Future[str]:
        """Starts one translation, or joins the one in flight.

        Its future fails with TranslationFailed.
        """
        flight = (source, target, text)
        with self._lock:
            running = self._flights.get(flight)
            if running is not None:
                return running
            future = self.executor.submit(self.translator.translate, text, source, target)
            self._flights[flight] = future
        # Outside the lock: a future that is done already calls back at once, in this thread.
        future.add_done_callback(self._landing(flight))
        return future

    def _landing(self, flight: _Flight) -> Callable[[Future[str]], None]:
        def land(_: Future[str]) -> None:
            with self._lock:
                self._flights.pop(flight, None)

        return land

    def list_languages(self) -> Sequence[Language]:
        """What the engine offers, by code; Unavailable when it cannot be asked and never was."""
        return list(self._offered().values())

    def require_language(self, code: str) -> None:
        """Refuses a language that the engine does not offer.

        When the engine cannot be asked, the table of the languages it is known for decides: a
        listener who gets source text for a while is better served than one turned away.

        Raises:
            UnsupportedLanguage: it is not offered.
        """
        try:
            known = code in self._offered()
        except Unavailable:
            _log.warning("the engine's languages could not be listed")
            known = code in languages.CODES
        if not known:
            raise UnsupportedLanguage("the translation engine does not offer that language")

    def _offered(self) -> Mapping[str, Language]:
        if self.clock.monotonic() >= self._languages_until:
            try:
                listed = self.translator.list_languages()
            except Unavailable:
                if not self._languages:
                    raise
                return self._languages
            self._languages = {language.code: language for language in listed}
            self._languages_until = self.clock.monotonic() + LANGUAGES_KEPT_SECONDS
        return self._languages
