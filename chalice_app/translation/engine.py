"""The translation engine: one call for all who ask for the same text at the same time."""

import logging
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from chalice_app.domain import guards, languages
from chalice_app.domain.clock import Clock
from chalice_app.domain.errors import Unavailable, UnsupportedLanguage
from chalice_app.domain.languages import Language
from chalice_app.domain.style import PLAIN, Style
from chalice_app.translation.ports import Translator

_log = logging.getLogger(__name__)

LANGUAGES_KEPT_SECONDS = 600.0
"""How long the engine's list of languages is kept; Amazon's changes a few times a year."""

PATIENCE_SECONDS = 1.0
"""How long a handshake waits for the list, if none is kept: a fresh container gets it in 0.3 s."""

LISTING_SECONDS = 6.0
"""How long somebody waits who asks for the list itself: two tries of 3 s (`aws.clients`)."""

RETRY_SECONDS = 10.0
"""How long after a failure the engine is asked for its list again."""

RECENT_SECONDS = 10.0
"""How long a finished translation is kept for sentences that looked into the cache before it was
written there: as long as a sentence may live (`sentence.CAPTION_LIFE_MS`)."""

RECENT_MOST = 256
"""Finished translations kept at a time: 4 MB of the longest sentences."""

_Key = tuple[str, str, str, Style]


class SharedCall(NamedTuple):
    """A translation that is being made or was just made; shared if another sentence asked first.

    The future fails with TranslationFailed.
    """

    translated: Future[str]
    is_shared: bool


@dataclass(slots=True)
class TranslationEngine:
    """The engine, asked once for what several sentences ask at the same time.

    Sentences with the same text share one call a language (single-flight): a hall that laughs twice
    at one joke is billed once. "At the same time" ends `RECENT_SECONDS` after the translation is
    there, which covers its way into the cache.
    """

    translator: Translator
    executor: Executor
    clock: Clock
    _in_flight: dict[_Key, Future[str]] = field(default_factory=dict)
    _recent: dict[_Key, tuple[float, Future[str]]] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    patience_seconds: float = PATIENCE_SECONDS
    _languages: Mapping[str, Language] = field(default_factory=dict)
    _listing: Future[None] | None = None
    _ask_at: float = float("-inf")
    _is_troubled: bool = False

    def request(self, text: str, source: str, target: str, style: Style = PLAIN) -> SharedCall:
        """Starts one translation, or joins the one that is being made or was just made."""
        key = (source, target, text, style)
        with self._lock:
            known = self._in_flight.get(key) or self._just_made(key)
            if known is not None:
                return SharedCall(known, is_shared=True)
            future = self.executor.submit(self._translate, text, source, target, style)
            self._in_flight[key] = future
        # Outside the lock: a future that is done already calls back at once, in this thread.
        future.add_done_callback(partial(self._keep, key))
        return SharedCall(future, is_shared=False)

    def _translate(self, text: str, source: str, target: str, style: Style) -> str:
        """The engine's answer, if it is a translation; a failure reaches all who share the call."""
        answer = self.translator.translate(text, source, target, style)
        return guards.checked(answer, text, source, target)

    def _just_made(self, key: _Key) -> Future[str] | None:
        """A translation that is still kept; the caller holds the lock."""
        now = self.clock.monotonic()
        while self._recent and next(iter(self._recent.values()))[0] <= now:
            del self._recent[next(iter(self._recent))]
        _, future = self._recent.get(key, (0.0, None))
        return future

    def _keep(self, key: _Key, future: Future[str]) -> None:
        """Moves a call from those in flight to those just made, if it brought a translation."""
        is_made = not future.cancelled() and not future.exception()
        # Under one lock: no sentence may find it in neither.
        with self._lock:
            del self._in_flight[key]
            if is_made:
                self._recent[key] = (self.clock.monotonic() + RECENT_SECONDS, future)
                if len(self._recent) > RECENT_MOST:
                    del self._recent[next(iter(self._recent))]

    def list_languages(self) -> Sequence[Language]:
        """The languages that the engine offers, by code.

        Raises:
            Unavailable: the engine cannot be asked, and no earlier list is kept.
        """
        if listing := self._ask_if_due():
            self._await(listing, LISTING_SECONDS)
        if not self._languages:
            raise Unavailable("the languages could not be listed")
        return list(self._languages.values())

    def require_language(self, tag: str) -> str:
        """The engine's code for a language, which every row and roster holds.

        A tag means what it means in a browser (`languages.resolve`): en-GB is en where that is all
        the engine offers. When the engine cannot be asked, the table of the languages it is known
        for decides: a listener is better served with the source text for a while than with a
        refusal. A list that is slow or fails is waited for once, by one handshake; until it is
        there again it is asked for while nobody waits.

        Raises:
            UnsupportedLanguage: it is not offered.
        """
        listing = self._ask_if_due()
        if code := languages.resolve(tag, self._languages):
            return code
        if listing is not None and not self._is_troubled:
            self._await(listing, self.patience_seconds)
        known = self._languages
        if not known:
            _log.warning("the engine's languages could not be listed")
        code = languages.resolve(tag, known or languages.CODES)
        if code is None:
            raise UnsupportedLanguage("the translation engine does not offer that language")
        return code

    def are_one(self, one: str, other: str) -> bool:
        """Whether two tags mean one language to the engine: nothing is translated between them.

        Rows are written with the engine's own codes, but its list may have been out of reach then.
        """
        offered = self._languages or languages.CODES
        code = languages.resolve(one, offered)
        return one == other or (code is not None and code == languages.resolve(other, offered))

    def _ask_if_due(self) -> Future[None] | None:
        """The listing that is under way, a new one where it is time; else None."""
        with self._lock:
            if self._listing is not None or self.clock.monotonic() < self._ask_at:
                return self._listing
            listing = self.executor.submit(self._list)
            # Its thread ends it under this lock; it is done already where it has no thread.
            self._listing = None if listing.done() else listing
            return listing

    def _list(self) -> None:
        """Asks the engine, in a thread of its own, and keeps what it answers."""
        listed = None
        try:
            with suppress(Unavailable):
                listed = self.translator.list_languages()
        finally:
            with self._lock:
                self._listing = None
                self._is_troubled = listed is None
                pause = RETRY_SECONDS if listed is None else LANGUAGES_KEPT_SECONDS
                self._ask_at = self.clock.monotonic() + pause
                if listed is not None:
                    self._languages = {language.code: language for language in listed}

    def _await(self, listing: Future[None], seconds: float) -> None:
        try:
            listing.result(seconds)
        except TimeoutError:
            self._is_troubled = True
