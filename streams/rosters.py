"""The Connections stream: decodes a batch, has it applied to the rosters, reports failures.

What a batch causes is in `chalice_app.rosters.update`.
"""

import os
from collections.abc import Collection, Iterable, Sequence
from functools import partial
from typing import Any

from chalice.app import Blueprint, DynamoDBEvent

from chalice_app import bootstrap
from chalice_app.observability import logs
from chalice_app.rosters.ledger import LedgerKey
from chalice_app.rosters.update import ConnectionChanges, RosterUpdate
from chalice_app.wire.attribute_values import Item
from streams.batch import handle_batch
from streams.records import Change, StreamRecord


def handle_records(
    records: Sequence[StreamRecord], update: RosterUpdate
) -> Collection[StreamRecord]:
    """Applies a batch; returns the first record of each connection that could not be counted."""
    first = {
        key: record for record in reversed(records) if (key := connection_id(record)) is not None
    }
    return [first[key] for key in update.apply(changes_of(records))]


def changes_of(records: Sequence[StreamRecord]) -> ConnectionChanges:
    """The connections that the records name; records of another table are passed over."""
    changes = [(key, each) for each in records if (key := connection_id(each)) is not None]
    inserted = [(key, each) for key, each in changes if each.change is Change.INSERT]
    changed = _keys_of(changes)
    listeners = [each for each in inserted if "targetLanguage" in _image(each[1])]
    return ConnectionChanges(
        changed=changed,
        inserted=[key for key, _ in inserted],
        returning=_keys_of(each for each in inserted if "lastSequence" in _image(each[1])),
        newcomers=_keys_of(each for each in listeners if "lastSequence" not in _image(each[1])),
        modified=changed
        - _keys_of(each for each in changes if each[1].change is not Change.MODIFY),
        unnamed={name for name, _ in changes} - {key.connection_id for key in changed},
    )


def _image(record: StreamRecord) -> Item:
    return record.new_image or {}


def _keys_of(changes: Iterable[tuple[str, StreamRecord]]) -> set[LedgerKey]:
    return {key for name, each in changes for key in ledger_keys(name, each)}


def ledger_keys(name: str, record: StreamRecord) -> Collection[LedgerKey]:
    """What the record's images name; one, unless somebody has edited the row by hand."""
    found = (_ledger_key(name, image) for image in (record.new_image, record.old_image) if image)
    return {key for key in found if key is not None}


def _ledger_key(name: str, image: Item) -> LedgerKey | None:
    session_id, epoch = image.get("sessionId"), image.get("sessionEpoch")
    if isinstance(session_id, str) and type(epoch) is int:
        return LedgerKey(session_id, epoch, name)
    return None


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
    effect = partial(handle_records, update=bootstrap.application().roster_update)
    return handle_batch(event.to_dict(), effect)
