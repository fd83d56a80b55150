"""The record loop, written once: a batch in, the failed records' numbers out.

With ReportBatchItemFailures Lambda takes the lowest number reported as the checkpoint and delivers
it and everything after it again. A mapping without that setting ignores the answer and drops the
records; whether it is set, a function cannot see. So a batch of which nothing succeeded raises:
Lambda delivers it again under any mapping, and counts it as an error.

Source: https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
"""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from chalice_app.domain.errors import BroadcasterError
from streams.records import MalformedRecord, StreamRecord, parse_record

_log = logging.getLogger(__name__)


Effect = Callable[[Sequence[StreamRecord]], Collection[StreamRecord]]
"""Handles records in the order of the shard; returns those that failed."""


class BatchFailed(BroadcasterError):
    """Nothing of the batch could be handled."""


def handle_batch(event: Mapping[str, Any], effect: Effect) -> dict[str, list[dict[str, str]]]:
    """Runs the effect over an event's records and reports the failed ones.

    A malformed record is logged and skipped: no retry would make it readable, and reporting it
    would hold its shard up for the mapping's whole retry period.

    Raises:
        BatchFailed: every item that the records are of has failed.
    """
    records = [record for raw in event["Records"] if (record := _parsed(raw)) is not None]
    failed = effect(records)
    if failed:
        _log.error("%d of %d records failed", len(failed), len(records))
        if _items(failed) == _items(records):
            raise BatchFailed(f"none of {len(records)} records could be handled")
    return {"batchItemFailures": [{"itemIdentifier": record.sequence_number} for record in failed]}


def _items(records: Collection[StreamRecord]) -> set[str]:
    """What the records are of: an effect reports the first record of an item alone."""
    return {repr(sorted(record.keys.items())) for record in records}


def _parsed(raw: Mapping[str, Any]) -> StreamRecord | None:
    try:
        return parse_record(raw)
    except MalformedRecord:
        _log.exception("a record was skipped")
        return None
