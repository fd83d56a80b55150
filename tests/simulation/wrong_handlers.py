"""Mutants that handle batches wrongly: failures kept quiet, or records counted."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from chalice_app.attribute_values import Item
from chalice_app.aws.connections_table import connection_from
from chalice_app.aws.dynamodb import errors_translated
from chalice_app.aws.rosters_table import RostersTable
from chalice_app.ledger import LedgerRow, LedgerTransaction, LedgerWrite, State
from streams.presence import Presence
from streams.records import StreamRecord
from streams.rosters import RosterSync, handle_records


def report_nothing(
    records: Sequence[StreamRecord], sync: RosterSync, presence: Presence
) -> Collection[StreamRecord]:
    """Handles the batch and keeps its failures to itself."""
    handle_records(records, sync, presence)
    return ()


def report_the_last(
    records: Sequence[StreamRecord], sync: RosterSync, presence: Presence
) -> Collection[StreamRecord]:
    """Reports the failed record that came last, as if the checkpoint were per record."""
    failed = handle_records(records, sync, presence)
    return sorted(failed, key=lambda record: int(record.sequence_number))[-1:]


class RecordCounter(RostersTable):
    """Counts what records say, each in a transaction of its own."""

    def count_record(self, record: StreamRecord) -> None:
        """+1 for what the record brings, -1 for what it takes away."""
        before, after = _row(record.old_image), _row(record.new_image)
        row = after or before
        if row is None:
            return
        key = str(record.keys["connectionId"])
        written = after or replace(row, state=State.OUT)
        transaction = LedgerTransaction((LedgerWrite(key, before, written),), row.session_key)
        put = self._put(LedgerWrite(key, None, written))
        del put["Put"]["ConditionExpression"]
        actions = [put]
        if transaction.deltas:
            actions.append(self._count(row.session_key, transaction.deltas))
        with errors_translated():
            self.table.clients.dynamodb.transact_write_items(TransactItems=actions)


def count_records(
    records: Sequence[StreamRecord], sync: RosterSync, presence: Presence
) -> Collection[StreamRecord]:
    """Adds up the records; whatever fails fails the batch."""
    ledger = sync.ledger
    assert isinstance(ledger, RecordCounter)
    for record in records:
        ledger.count_record(record)
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
