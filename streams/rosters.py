"""The Connections stream: keeps the ledger, the rosters and listenerCount at the truth.

See `chalice_app.ledger` for the rule; this module reads, commits and tries again.
"""

import logging
import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from time import sleep
from typing import Any

from chalice.app import Blueprint, DynamoDBEvent

from chalice_app import bootstrap, logs
from chalice_app.errors import Conflict, MalformedRows, Unavailable
from chalice_app.ledger import (
    LedgerRow,
    LedgerTransaction,
    named_sessions,
    plan_transactions,
)
from chalice_app.models import Connection, Session
from chalice_app.ports import Ledger
from streams.batch import handle_batch, settled
from streams.presence import Presence
from streams.records import Change, StreamRecord
from streams.returning import Admitted, Returning

_log = logging.getLogger(__name__)


@dataclass
class Synchronised:
    """What a synchronisation did and saw.

    `sessions` are those whose counts moved, `present` the connections that were there when last
    read, `failed` those it gave up on.
    """

    sessions: set[str] = field(default_factory=set)
    present: dict[str, Connection] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class RosterSync:
    """Brings what has been counted to the truth, for any set of connections, any number of times.

    `wait` takes the seconds to wait before reading again.
    """

    ledger: Ledger
    wait: Callable[[float], None] = sleep

    def synchronise(self, connection_ids: Iterable[str]) -> Synchronised:
        """Counts these connections as they are now.

        Raises:
            Unavailable: the truth could not be read; what was committed before stays right.
        """
        result = Synchronised()
        settle = partial(self._settle, result)
        result.failed.update(settled(set(connection_ids), settle, self.wait))
        return result

    def _settle(self, result: Synchronised, connection_ids: Collection[str]) -> Collection[str]:
        try:
            transactions = self._plan(connection_ids, result)
        except MalformedRows as malformed:
            # They stop nobody but themselves: reported, while the rest is read again.
            result.failed |= malformed.keys
            return set(connection_ids) - malformed.keys
        return self._commit_all(transactions, result)

    def _plan(
        self, connection_ids: Collection[str], result: Synchronised
    ) -> Sequence[LedgerTransaction]:
        """Reads and compares.

        The ledger is read **before** the truth: a commit holds only if the ledger has not changed
        since, so a truth that is older than the ledger cannot be written.
        """
        ids = sorted(connection_ids)
        counted = self.ledger.get_ledger(ids)
        connections = self.ledger.get_connections(ids)
        for key in ids:
            result.present.pop(key, None)
        result.present |= connections
        sessions = self._sessions_of(counted, connections)
        return list(plan_transactions(ids, counted, connections, sessions))

    def _sessions_of(
        self, counted: Mapping[str, LedgerRow], connections: Mapping[str, Connection]
    ) -> Mapping[str, Session]:
        """The sessions that the rows speak of; the rows of a malformed one are malformed too."""
        try:
            return self.ledger.get_sessions(named_sessions(counted, connections))
        except MalformedRows as malformed:
            theirs = {key for key, row in counted.items() if row.session_id in malformed.keys} | {
                key for key, each in connections.items() if each.session_id in malformed.keys
            }
            raise MalformedRows(theirs) from malformed

    def _commit_all(
        self, transactions: Iterable[LedgerTransaction], result: Synchronised
    ) -> set[str]:
        """Commits each by itself; returns the connections to read again."""
        again: set[str] = set()
        for transaction in transactions:
            ids = {write.connection_id for write in transaction.writes}
            try:
                self.ledger.commit(transaction)
            except Conflict:
                again |= ids
            except Unavailable:
                session = transaction.session[0] if transaction.session else None
                _log.exception("a roster transaction failed", extra={"session": session})
                result.failed |= ids
            else:
                if transaction.session is not None and transaction.deltas:
                    result.sessions.add(transaction.session[0])
        return again


def handle_records(
    records: Sequence[StreamRecord],
    sync: RosterSync,
    presence: Presence,
    returning: Returning | None = None,
) -> Collection[StreamRecord]:
    """The effect of a batch: counts first, then what people are told.

    Those who come back are the exception: they are told first (see `streams.returning`), and when
    everyone else has been; without `returning` they are counted like everyone.
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
    sync = RosterSync(application.adapters.ledger)
    effect = partial(
        handle_records,
        sync=sync,
        presence=Presence.of(application),
        returning=Returning.of(application),
    )
    return handle_batch(event.to_dict(), effect)
