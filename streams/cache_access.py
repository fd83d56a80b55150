"""The CachedTranslations stream: brings the containers' hits to the entries they are of.

A hit row's insert means that there are hits to apply, an entry's that the cache may be over its
limit. What this module itself writes comes back as changes and removals, which mean nothing here:
it never feeds itself.
"""

import os
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

from chalice.app import Blueprint, DynamoDBEvent

from chalice_app import bootstrap
from chalice_app.cache.hit_application import HitApplication
from chalice_app.observability import logs
from streams.batch import handle_batch
from streams.cache_measures import CacheMeasures, cache_key, is_hit_row
from streams.records import Change, StreamRecord


def handle_records(
    records: Sequence[StreamRecord],
    sync: HitApplication,
    measures: CacheMeasures,
    entries_came: Callable[[int], None],
) -> Collection[StreamRecord]:
    """The effect of a batch: statistics first, then metrics, then the limit."""
    inserted = [record for record in records if record.change is Change.INSERT]
    rows = {cache_key(record): record for record in inserted if is_hit_row(record)}
    applied = sync.apply(rows)
    measures.tell(records, applied.saved)
    entries_came(len(inserted) - len(rows))
    return [rows[name] for name in applied.failed]


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
    application = bootstrap.application()
    adapters = application.adapters
    effect = partial(
        handle_records,
        sync=HitApplication(adapters.hits, adapters.clock),
        measures=CacheMeasures(adapters.metrics),
        entries_came=application.eviction.entries_came,
    )
    return handle_batch(event.to_dict(), effect)
