"""Mutants that handle batches wrongly: failures kept quiet, or records counted."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from chalice_app.aws.dynamodb.connections import connection_from
from chalice_app.domain.session import Session
from chalice_app.rosters.ledger import (
    LedgerRow,
    LedgerTransaction,
    LedgerWrite,
    State,
    key_of,
)
from chalice_app.rosters.update import RosterUpdate
from chalice_app.wire.attribute_values import Item
from streams.records import StreamRecord
from streams.rosters import handle_records, ledger_keys


def report_nothing(
    records: Sequence[StreamRecord], update: RosterUpdate
) -> Collection[StreamRecord]:
    """Handles the batch and keeps its failures to itself."""
    handle_records(records, update)
    return ()


def report_the_last(
    records: Sequence[StreamRecord], update: RosterUpdate
) -> Collection[StreamRecord]:
    """Reports the failed record that came last, as if the checkpoint were per record."""
    failed = handle_records(records, update)
    return sorted(failed, key=lambda record: int(record.sequence_number))[-1:]


def count_records(
    records: Sequence[StreamRecord], update: RosterUpdate
) -> Collection[StreamRecord]:
    """+1 for what a record brings, -1 for what it takes away; whatever fails fails the batch."""
    for record in records:
        before, after = _row(record.old_image), _row(record.new_image)
        row = after or before
        if row is not None:
            key = key_of(connection_from(record.new_image or record.old_image or {}))
            written = after or replace(row, state=State.OUT)
            write = LedgerWrite(key, before, written)
            update.sync.ledger.commit(LedgerTransaction((write,), key.session_key))
    return ()


def names_alone(records: Sequence[StreamRecord], update: RosterUpdate) -> Collection[StreamRecord]:
    """Takes every record for one of whatever session now has the name."""
    keys = {key for record in records for key in ledger_keys(_connection_id(record), record)}
    now = update.sync.ledger.get_sessions({key.session_id for key in keys})
    return handle_records([_renamed(record, now) for record in records], update)


def _renamed(record: StreamRecord, now: Mapping[str, Session]) -> StreamRecord:
    images = (_in_epoch(image, now) for image in (record.new_image, record.old_image))
    new, old = images
    return replace(record, new_image=new, old_image=old)


def _in_epoch(image: Item | None, now: Mapping[str, Session]) -> Item | None:
    if image is None or image["sessionId"] not in now:
        return image
    return {**image, "sessionEpoch": now[str(image["sessionId"])].created_at}


def old_images_unread(
    records: Sequence[StreamRecord], update: RosterUpdate
) -> Collection[StreamRecord]:
    """Names the sessions by new images alone: a record of somebody who left names none."""
    return handle_records([replace(record, old_image=None) for record in records], update)


def _connection_id(record: StreamRecord) -> str:
    return str(record.keys["connectionId"])


def _row(image: Item | None) -> LedgerRow | None:
    if image is None or "targetLanguage" not in image:
        return None
    connection = connection_from(image)
    return LedgerRow(State.IN, connection.version, str(connection.target_language))
