"""The CachedTranslations stream: decodes a batch, has it applied to the cache, reports failures.

What a batch causes is in `chalice_app.cache.update`. A hit row's insert means that there are hits
to apply, an entry's that the cache may be over its limit. What the application itself writes comes
back as changes and removals, which cause nothing: it never feeds itself.
"""

import os
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from chalice.app import Blueprint, DynamoDBEvent

from chalice_app.bootstrap.cache import CacheParts
from chalice_app.bootstrap.process import current
from chalice_app.cache.hits import ROW_PREFIX, language_pair
from chalice_app.cache.update import CacheChanges, CacheUpdate
from chalice_app.observability import logs
from streams.batch import handle_batch
from streams.records import Change, StreamRecord


def handle_records(
    records: Sequence[StreamRecord], update: CacheUpdate
) -> Collection[StreamRecord]:
    """Applies a batch; returns the record of each hit row that could not be applied."""
    rows = _new_hit_rows(records)
    return [rows[name] for name in update.apply(changes_of(records))]


def changes_of(records: Sequence[StreamRecord]) -> CacheChanges:
    """What the records say about hits and entries."""
    entries = [each for each in records if not _is_hit_row(each)]
    return CacheChanges(
        hit_rows=_new_hit_rows(records).keys(),
        new_entries=sum(each.change is Change.INSERT for each in entries),
        expired=sum(each.is_ttl_expiry for each in entries),
        translated=_translated(entries),
    )


def _new_hit_rows(records: Iterable[StreamRecord]) -> Mapping[str, StreamRecord]:
    return {
        _cache_key(each): each
        for each in records
        if each.change is Change.INSERT and _is_hit_row(each)
    }


def _translated(entries: Iterable[StreamRecord]) -> Mapping[str, int]:
    """Characters, by language pair, of entries that are new or replace an expired one.

    An entry is written whole, with no hits; every later change adds some.
    """
    characters: Counter[str] = Counter()
    for entry in entries:
        image = entry.new_image
        if image is not None and image.get("accessCount") == 0:
            characters[language_pair(_cache_key(entry))] += len(str(image.get("sourceText", "")))
    return characters


def _cache_key(record: StreamRecord) -> str:
    return str(record.keys.get("cacheKey", ""))


def _is_hit_row(record: StreamRecord) -> bool:
    return _cache_key(record).startswith(ROW_PREFIX)


functions = Blueprint(__name__)


@functions.on_dynamodb_record(
    # Chalice wants the ARN when the module is imported; Lambda itself never looks at it.
    stream_arn=os.environ.get("CACHED_TRANSLATIONS_STREAM_ARN", ""),
    name="cache_access",
    batch_size=500,
    starting_position="TRIM_HORIZON",
    # Rows that containers flush at the same moment are then applied together.
    maximum_batching_window_in_seconds=1,
)
@logs.invoked
def handler(event: DynamoDBEvent) -> dict[str, Any]:
    """Lambda's entry: a batch of changes of CachedTranslations."""
    effect = partial(handle_records, update=current(CacheParts).cache_update)
    return handle_batch(event.to_dict(), effect)
