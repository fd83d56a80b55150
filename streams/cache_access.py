"""The CachedTranslations stream: brings the containers' hits to the entries they are of.

An outbox row's insert means that there are hits to apply, an entry's that the cache may be over its
limit. What this module itself writes comes back as changes and removals, which mean nothing here:
it never feeds itself.
"""

import logging
import os
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from time import sleep
from typing import Any

from chalice.app import Blueprint, DynamoDBEvent

from chalice_app import bootstrap, logs
from chalice_app.accesses import AccessBatch, merge_rows, plan_updates
from chalice_app.clock import Clock
from chalice_app.config import ConfigurationError
from chalice_app.errors import Conflict, Unavailable
from chalice_app.ports import AccessStore
from streams.batch import handle_batch, settled
from streams.cache_measures import CacheMeasures, cache_key, is_outbox_row, language_pair
from streams.records import Change, StreamRecord

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Applied:
    """What became of some outbox rows.

    `saved` counts the characters whose translation the hits made unnecessary, by language pair such
    as `en:es`; `failed` names the rows that are still to be applied.
    """

    saved: Counter[str] = field(default_factory=Counter)
    failed: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class AccessSync:
    """Applies outbox rows, each exactly once however often it is asked to.

    `wait` takes the seconds to wait before reading again.
    """

    store: AccessStore
    clock: Clock
    wait: Callable[[float], None] = sleep

    def apply(self, names: Iterable[str]) -> Applied:
        """Applies those of the named rows that are still there.

        Raises:
            Unavailable: the rows could not be read; what was applied before stays so.
        """
        applied = Applied()

        def settle(pending: Collection[str]) -> Collection[str]:
            rows = self.store.get_accesses(sorted(pending))
            batches = merge_rows(rows.values())
            return {name for batch in batches for name in self._apply(batch, applied)}

        applied.failed.update(settled(set(names), settle, self.wait))
        return applied

    def _apply(self, batch: AccessBatch, applied: Applied) -> Collection[str]:
        """Applies a batch; returns the rows to read again."""
        try:
            uses = self.store.get_uses(batch.accesses)
            updates = list(plan_updates(batch.accesses, uses, self.clock.now_ms()))
            self.store.apply_accesses(batch.names, updates)
        except Conflict:
            return batch.names
        except Unavailable:
            _log.exception("%d outbox rows could not be applied", len(batch.names))
            applied.failed.update(batch.names)
            return ()
        for update in updates:
            pair = language_pair(update.cache_key)
            applied.saved[pair] += update.count * uses[update.cache_key].characters
        return ()


def handle_records(
    records: Sequence[StreamRecord],
    sync: AccessSync,
    measures: CacheMeasures,
    entries_came: Callable[[int], None],
) -> Collection[StreamRecord]:
    """The effect of a batch: statistics first, then metrics, then the limit."""
    inserted = [record for record in records if record.change is Change.INSERT]
    rows = {cache_key(record): record for record in inserted if is_outbox_row(record)}
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
    adapters, eviction = application.adapters, application.eviction
    if adapters.accesses is None or eviction is None:
        raise ConfigurationError("composed without the cache's statistics")
    effect = partial(
        handle_records,
        sync=AccessSync(adapters.accesses, adapters.clock),
        measures=CacheMeasures(adapters.metrics, adapters.pair_metrics),
        entries_came=eviction.entries_came,
    )
    return handle_batch(event.to_dict(), effect)
