"""The Connections stream: keeps the ledger, the rosters and listenerCount at the truth.

See `chalice_app.rosters.ledger` for the rule; this module reads, commits and tries again.
"""

import os
from collections.abc import Collection, Sequence
from functools import partial
from typing import Any

from chalice.app import Blueprint, DynamoDBEvent

from chalice_app import bootstrap
from chalice_app.domain.session import Connection
from chalice_app.observability import logs
from chalice_app.rosters.catch_up import Admitted, CatchUp
from chalice_app.rosters.notifier import RosterNotifier
from chalice_app.rosters.synchronisation import RosterSync, Synchronised
from streams.batch import handle_batch
from streams.records import Change, StreamRecord


def handle_records(
    records: Sequence[StreamRecord],
    sync: RosterSync,
    presence: RosterNotifier,
    returning: CatchUp | None = None,
) -> Collection[StreamRecord]:
    """The effect of a batch: counts first, then what people are told.

    Those who come back are the exception: they are told first (see `chalice_app.rosters.catch_up`),
    and when everyone else has been; without `returning` they are counted like everyone.
    """
    first = {
        key: record for record in reversed(records) if (key := connection_id(record)) is not None
    }
    back = {key for record in records if (key := connection_id(record)) and _comes_back(record)}
    result = sync.synchronise(first.keys() - back)
    joined = _joined(records, result)
    # A speaker who comes after the first listeners learns of them now, not at the next change.
    of_speakers = {each.session_id for each in joined if not each.is_listener}

    def admit() -> Collection[str]:
        """Counts those who come back; returns the sessions that this changed."""
        admitted = returning.admit(back) if returning and back else Admitted((), {})
        rest = sync.synchronise(back)
        if returning and admitted.behind:
            returning.catch_up(admitted.behind)
        counted = rest.present.keys() - rest.failed
        presence.turn_away_surplus([rest.present[each] for each in sorted(counted)])
        result.failed |= rest.failed
        return {*admitted.sessions, *rest.sessions}

    presence.tell(joined, result.sessions | of_speakers, meanwhile=admit)
    return [first[failed] for failed in result.failed]


def _comes_back(record: StreamRecord) -> bool:
    return record.change is Change.INSERT and "lastSequence" in (record.new_image or {})


def _joined(records: Sequence[StreamRecord], result: Synchronised) -> Sequence[Connection]:
    """The connections that came with this batch and are still there, in the order they came."""
    inserted = dict.fromkeys(
        connection_id(record) for record in records if record.change is Change.INSERT
    )
    return [
        result.present[key]
        for key in inserted
        if key is not None and key in result.present and key not in result.failed
    ]


def connection_id(record: StreamRecord) -> str | None:
    """The connection that changed; None where the record is of another table."""
    value = record.keys.get("connectionId")
    return value if isinstance(value, str) else None


functions = Blueprint(__name__)


@functions.on_dynamodb_record(
    # Chalice wants the ARN when the module is imported; Lambda itself never looks at it.
    stream_arn=os.environ.get("CONNECTIONS_STREAM_ARN", ""),
    name="rosters",
    batch_size=500,
    starting_position="TRIM_HORIZON",
    maximum_batching_window_in_seconds=0,
)
@logs.invoked
def handler(event: DynamoDBEvent) -> dict[str, Any]:
    """Lambda's entry: a batch of changes of Connections."""
    application = bootstrap.application()
    effect = partial(
        handle_records,
        sync=application.roster_sync,
        presence=application.notifier,
        returning=application.catch_up,
    )
    return handle_batch(event.to_dict(), effect)
