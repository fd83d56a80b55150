"""Mutants that handle batches wrongly: failures kept quiet, or records counted."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from chalice_app.aws.dynamodb.connections import connection_from
from chalice_app.rosters.ledger import LedgerRow, LedgerTransaction, LedgerWrite, State
from chalice_app.rosters.update import RosterUpdate
from chalice_app.wire.attribute_values import Item
from streams.records import StreamRecord
from streams.rosters import handle_records


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
            written = after or replace(row, state=State.OUT)
            write = LedgerWrite(str(record.keys["connectionId"]), before, written)
            update.sync.ledger.commit(LedgerTransaction((write,), row.session_key))
    return ()


def _row(image: Item | None) -> LedgerRow | None:
    if image is None or "targetLanguage" not in image:
        return None
    connection = connection_from(image)
    return LedgerRow(
        State.IN,
        connection.version,
        connection.session_id,
        connection.session_epoch,
        str(connection.target_language),
    )
