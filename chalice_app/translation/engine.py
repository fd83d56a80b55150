"""Translate to many languages at once, each succeeding or failing alone."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from typing import NamedTuple

from chalice_app.domain import languages
from chalice_app.domain.clock import Clock
from chalice_app.domain.errors import Unavailable, UnsupportedLanguage
from chalice_app.domain.languages import Language
from chalice_app.translation.ports import Translator

_log = logging.getLogger(__name__)

LANGUAGES_KEPT_SECONDS = 600.0
"""How long the engine's list of languages is believed; Amazon's changes a few times a year."""

LANDED_SECONDS = 10.0
"""How long a translation that has arrived is kept for those who looked into the cache before it was
written there: as long as a sentence may live (`sentence.CAPTION_LIFE_MS`)."""

LANDED_MOST = 256
"""Translations kept so at a time: 4 MB of the longest sentences."""

_Key = tuple[str, str, str]


class Flight(NamedTuple):
    """A translation under way, or one that has just arrived; `joined` if another asked first."""

    translated: Future[str]
    joined: bool


@dataclass(slots=True)
class Translation:
    """The engine, asked once for what several ask at the same time.

    Two sentences with the same text in flight share one call a language (single-flight): a hall
    that laughs twice at one joke is billed once. "At the same time" ends `landed_seconds` after the
    translation has arrived, which covers its way into the cache.
    """

    translator: Translator
    executor: Executor
    clock: Clock
    landed_seconds: float = 0.0
    _landed: dict[_Key, tuple[float, Future[str]]] = field(default_factory=dict)
    _flights: dict[_Key, Future[str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _languages: Mapping[str, Language] = field(default_factory=dict)
    _languages_until: float = float("-inf")

    def start(self, text: str, source: str, target: str) -> Future[str]:
        """Starts one translation, or joins the one in flight.

        Its future fails with TranslationFailed.
        """
        return self.board(text, source, target).translated

    def board(self, text: str, source: str, target: str) -> Flight:
        """As `start`, and tells whether the translation is one that another has asked for."""
        key = (source, target, text)
        with self._lock:
            known = self._flights.get(key) or self._just_landed(key)
            if known is not None:
                return Flight(known, joined=True)
            future = self.executor.submit(self.translator.translate, text, source, target)
            self._flights[key] = future
        # Outside the lock: a future that is done already calls back at once, in this thread.
        future.add_done_callback(self._landing(key))
        return Flight(future, joined=False)

    def _just_landed(self, key: _Key) -> Future[str] | None:
        """A translation that is still kept; the caller holds the lock."""
        now = self.clock.monotonic()
        while self._landed and next(iter(self._landed.values()))[0] <= now:
            del self._landed[next(iter(self._landed))]
        _, future = self._landed.get(key, (0.0, None))
        return future

    def _landing(self, key: _Key) -> Callable[[Future[str]], None]:
        def land(future: Future[str]) -> None:
            """From those under way to those kept, if it brought something."""
            kept = self.landed_seconds > 0 and not future.cancelled() and not future.exception()
            # From the one to the other under one lock: nobody may find it in neither.
            with self._lock:
                del self._flights[key]
                if kept:
                    self._landed[key] = (self.clock.monotonic() + self.landed_seconds, future)
                    if len(self._landed) > LANDED_MOST:
                        del self._landed[next(iter(self._landed))]

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
