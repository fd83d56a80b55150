"""The cache's policy: keys, hits that are really hits, and new entries.

A cache that is down or throttled costs latency, never a caption: every failure here is a miss, and
a sentence waits at most `LOOKUP_SECONDS` for it.
"""

import hashlib
import logging
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TypeVar

from chalice_app.cache.entries import CachedTranslation
from chalice_app.cache.hit_buffer import HitBuffer
from chalice_app.cache.ports import TranslationCacheStore
from chalice_app.domain.clock import Clock
from chalice_app.domain.errors import Unavailable
from chalice_app.domain.guards import is_translation, may_be_shown
from chalice_app.domain.sentence import Translation

_log = logging.getLogger(__name__)

_Answer = TypeVar("_Answer")

LOOKUP_SECONDS = 0.5
"""How long a sentence waits for the cache: a lookup takes 5 to 50 ms, but a database that does not
answer is given up by the SDK only after several seconds, most of a caption's life."""

WRITE_SECONDS = 2.0
"""How long a sentence that is served waits for its entries to be written; they may come later."""

_BLANK_LINES = re.compile(r"\n{3,}")
NO_SETTINGS: Mapping[str, str] = MappingProxyType({})


def canonical(text: str) -> str:
    """The text as it is translated and compared: NFC, trimmed, its lines kept.

    Other runs of white space are one space; blank lines between two others are one.
    """
    lines = (" ".join(line.split()) for line in unicodedata.normalize("NFC", text).splitlines())
    return _BLANK_LINES.sub("\n\n", "\n".join(lines).strip())


def cache_key(source: str, target: str, text: str, settings: str = "") -> str:
    """`{source}:{target}:{first 16 hex digits of SHA-256 of the lower-cased canonical text}`.

    `settings` names what alters the engine's output for this text (the terms of a glossary that
    occur in it, profanity, formality); where there is anything, it is hashed with the text.

    64 bits and lower-casing collide; `TranslationCache.get` checks text and settings themselves.
    """
    hashed = canonical(text).lower() + (f"\0{settings}" if settings else "")
    digest = hashlib.sha256(hashed.encode()).hexdigest()
    return f"{source}:{target}:{digest[:16]}"


@dataclass(frozen=True, slots=True)
class TranslationCache:
    """Translations that were made before; their hits go into the buffer."""

    store: TranslationCacheStore
    clock: Clock
    ttl_seconds: int
    hit_buffer: HitBuffer
    executor: Executor
    lookup_seconds: float = LOOKUP_SECONDS
    write_seconds: float = WRITE_SECONDS

    def get(
        self,
        text: str,
        source: str,
        targets: Iterable[str],
        settings: Mapping[str, str] = NO_SETTINGS,
    ) -> Mapping[str, str]:
        """The cached translations of a text, by target language, in one round trip.

        `settings` are by target, where there are any (see `cache_key`).

        An entry counts only if it is alive (DynamoDB deletes late) and was made from this very
        text ("US" is not "us"), between these languages and with these settings. An entry
        that `domain.guards` refuses is a miss: it may be older than the guards.
        """
        wanted = canonical(text)
        keys = {
            cache_key(source, target, wanted, settings.get(target, "")): target
            for target in targets
        }
        if not keys:
            return {}
        try:
            entries = self._within(self.lookup_seconds, partial(self.store.get_entries, keys))
        except (Unavailable, TimeoutError):
            _log.warning("the translation cache is unavailable: translating without it")
            return {}
        now = self.clock.now_ms() // 1000
        hits = {
            key: entry.translated_text
            for key, entry in entries.items()
            if entry.ttl > now
            and canonical(entry.source_text) == wanted
            and (entry.source_language, entry.target_language) == (source, keys[key])
            and entry.settings == settings.get(keys[key], "")
            and _is_good(entry, wanted)
        }
        self.hit_buffer.count(hits)
        return {keys[key]: translated for key, translated in hits.items()}

    def put(
        self,
        text: str,
        source: str,
        translations: Mapping[str, str],
        settings: Mapping[str, str] = NO_SETTINGS,
    ) -> None:
        """Stores new translations, by target language; called after the captions are sent."""
        if translations:
            entries = self._entries(canonical(text), source, translations, settings)
            try:
                self._within(self.write_seconds, partial(self.store.put_entries, entries))
            except (Unavailable, TimeoutError):
                _log.warning("%d translations could not be cached in time", len(translations))
        self.flush_hits_if_due()

    def keep(self, source: str, made: Mapping[str, Translation]) -> None:
        """Stores what an engine has made of one text, by target language, as `put` does."""
        translations = {language: each.text for language, each in made.items()}
        settings = {language: each.settings for language, each in made.items()}
        text = next((each.source_text for each in made.values()), "")
        self.put(text, source, translations, settings)

    def flush_hits_if_due(self) -> None:
        """Writes the hits if they are due; called after the listeners have their captions."""
        if self.hit_buffer.is_due:
            self.flush_hits()

    def flush_hits(self) -> None:
        """Writes the hits, within `write_seconds`."""
        try:
            self._within(self.write_seconds, self.hit_buffer.flush)
        except TimeoutError:
            _log.warning("the cache's hits are not written yet")

    def _within(self, seconds: float, call: Callable[[], _Answer]) -> _Answer:
        """The call's answer, or TimeoutError while it goes on in its thread."""
        answer = self.executor.submit(call)
        try:
            return answer.result(seconds)
        finally:
            answer.cancel()  # a call that has not begun is no longer needed

    def _entries(
        self,
        text: str,
        source: str,
        translations: Mapping[str, str],
        settings: Mapping[str, str],
    ) -> Sequence[CachedTranslation]:
        now = self.clock.now_ms()
        return [
            CachedTranslation(
                cache_key=cache_key(source, target, text, settings.get(target, "")),
                source_language=source,
                target_language=target,
                source_text=text,
                translated_text=translated,
                created_at=now,
                ttl=now // 1000 + self.ttl_seconds,
                settings=settings.get(target, ""),
            )
            for target, translated in translations.items()
        ]


def _is_good(entry: CachedTranslation, text: str) -> bool:
    """Whether the entry's translation may be shown; with settings, terms may have shaped it."""
    if entry.settings:
        return may_be_shown(entry.translated_text)
    return is_translation(entry.translated_text, text, entry.source_language, entry.target_language)
