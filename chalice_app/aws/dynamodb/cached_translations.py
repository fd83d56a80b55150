"""The CachedTranslations table, as sentences use it.

Key: `cacheKey`. Two kinds of rows:

- an entry, see `translation_cache.cache_key`: sourceLanguage, targetLanguage, sourceText,
  translatedText, settings (where not the engine's defaults), createdAt (ms), accessCount,
  lastAccessedAt (ms), recencyBucket, ttl (epoch seconds);
- a hit row, `hit#<container>#<n>`, see `cache_hits`.

Index `recency-index`: recencyBucket (`00` to `15`, by hash of the key), lastAccessedAt; see
`cache_recency`.
"""

import logging
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chalice_app.aws.dynamodb.table import Table
from chalice_app.cache.entries import CachedTranslation
from chalice_app.wire.attribute_values import Item

_log = logging.getLogger(__name__)

RECENCY_BUCKETS = 16
"""Partitions of the recency index: 16,000 writes/s before one is too hot."""


@dataclass(frozen=True)
class CachedTranslationsTable:
    """`ports.TranslationCacheStore` on DynamoDB."""

    table: Table

    def get_entries(self, cache_keys: Iterable[str]) -> Mapping[str, CachedTranslation]:
        """The entries that exist (eventually consistent: a miss costs one translation at most).

        A row that is incomplete or of another shape is not an entry. A row whose attributes cannot
        be read makes the whole answer empty: the translations that follow replace the row.
        """
        try:
            found = self.table.batch_get(cache_keys, consistent=False)
        except ValueError:
            _log.exception("a cache entry cannot be read")
            return {}
        entries = ((key, _entry_from(item)) for key, item in found.items())
        return {key: entry for key, entry in entries if entry is not None}

    def put_entries(self, entries: Sequence[CachedTranslation]) -> None:
        """Stores new entries, replacing what stands under their keys."""
        self.table.batch_put(_item(entry) for entry in entries)


def recency_bucket(cache_key: str) -> str:
    """The recency index's partition of an entry."""
    return f"{zlib.crc32(cache_key.encode()) % RECENCY_BUCKETS:02d}"


def _item(entry: CachedTranslation) -> Mapping[str, object]:
    return {
        "cacheKey": entry.cache_key,
        "sourceLanguage": entry.source_language,
        "targetLanguage": entry.target_language,
        "sourceText": entry.source_text,
        "translatedText": entry.translated_text,
        "settings": entry.settings or None,
        "createdAt": entry.created_at,
        "ttl": entry.ttl,
        "accessCount": 0,
        "lastAccessedAt": entry.created_at,
        "recencyBucket": recency_bucket(entry.cache_key),
    }


def _entry_from(item: Item) -> CachedTranslation | None:
    source_text, translated_text = item.get("sourceText"), item.get("translatedText")
    created_at, ttl = item.get("createdAt"), item.get("ttl")
    if not (isinstance(source_text, str) and isinstance(translated_text, str)):
        return None
    if not (isinstance(created_at, int) and isinstance(ttl, int)):
        return None
    return CachedTranslation(
        cache_key=str(item["cacheKey"]),
        source_language=str(item.get("sourceLanguage")),
        target_language=str(item.get("targetLanguage")),
        source_text=source_text,
        translated_text=translated_text,
        created_at=created_at,
        ttl=ttl,
        settings=str(item.get("settings", "")),
    )
