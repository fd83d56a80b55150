"""The cache's policy: keys, hits that are really hits, and new entries.

A cache that is down or throttled costs latency, never a caption: every failure here is a miss.
"""

import hashlib
import logging
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chalice_app.clock import Clock
from chalice_app.errors import Unavailable
from chalice_app.models import CachedTranslation
from chalice_app.ports import TranslationCacheStore

_log = logging.getLogger(__name__)


def canonical(text: str) -> str:
    """The text as it is translated and compared: NFC, trimmed, white space runs collapsed."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def cache_key(source: str, target: str, text: str) -> str:
    """`{source}:{target}:{first 16 hex digits of SHA-256 of the lower-cased canonical text}`.

    64 bits and lower-casing collide; `TranslationCache.get` checks the text itself.
    """
    digest = hashlib.sha256(canonical(text).lower().encode()).hexdigest()
    return f"{source}:{target}:{digest[:16]}"


@dataclass(frozen=True, slots=True)
class TranslationCache:
    """Translations that were made before."""

    store: TranslationCacheStore
    clock: Clock
    ttl_seconds: int

    def get(self, text: str, source: str, targets: Iterable[str]) -> Mapping[str, str]:
        """The cached translations of a text, by target language, in one round trip.

        An entry counts only if it is alive (DynamoDB deletes late) and was made from this very
        text ("US" is not "us").
        """
        keys = {cache_key(source, target, text): target for target in targets}
        if not keys:
            return {}
        try:
            entries = self.store.get_entries(keys)
        except Unavailable:
            _log.warning("the translation cache is unavailable: translating without it")
            return {}
        now, wanted = self.clock.now_ms() // 1000, canonical(text)
        return {
            keys[key]: entry.translated_text
            for key, entry in entries.items()
            if entry.ttl > now and canonical(entry.source_text) == wanted
        }

    def put(self, text: str, source: str, translations: Mapping[str, str]) -> None:
        """Remembers new translations, by target language."""
        if not translations:
            return
        try:
            self.store.put_entries(self._entries(text, source, translations))
        except Unavailable:
            _log.warning("%d translations could not be cached", len(translations))

    def _entries(
        self, text: str, source: str, translations: Mapping[str, str]
    ) -> Sequence[CachedTranslation]:
        now = self.clock.now_ms()
        return [
            CachedTranslation(
                cache_key=cache_key(source, target, text),
                source_language=source,
                target_language=target,
                source_text=canonical(text),
                translated_text=translated,
                created_at=now,
                ttl=now // 1000 + self.ttl_seconds,
            )
            for target, translated in translations.items()
        ]
