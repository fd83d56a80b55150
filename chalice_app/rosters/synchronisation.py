"""Brings the ledger to the truth: reads, commits and tries again.

See `ledger` for the rule. This is the one place that counts.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from time import sleep

from chalice_app.domain.errors import Conflict, MalformedRows, Unavailable
from chalice_app.domain.retrying import retry_pending
from chalice_app.domain.session import Connection, Session
from chalice_app.rosters.ledger import (
    LedgerRow,
    LedgerTransaction,
    named_sessions,
    plan_return,
    plan_transactions,
)
from chalice_app.rosters.ports import Ledger

_log = logging.getLogger(__name__)


@dataclass
class Synchronised:
    """What a synchronisation did and saw.

    `sessions` are those whose counts changed, `connections` those that existed when last read,
    `failed` the ids of those it gave up on.
    """

    sessions: set[str] = field(default_factory=set)
    connections: dict[str, Connection] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class RosterSync:
    """Brings any connections' ledger rows to the truth; `wait` takes seconds."""

    ledger: Ledger
    wait: Callable[[float], None] = sleep

    def synchronise(self, connection_ids: Iterable[str]) -> Synchronised:
        """Counts these connections as they are now.

        Raises:
            Unavailable: the truth could not be read; what was committed before stays right.
        """
        result = Synchronised()
        once = partial(self._synchronise_once, result)
        result.failed.update(retry_pending(set(connection_ids), once, self.wait))
        return result

    def count_if_unspoken(
        self, session: Session, listeners: Mapping[str, Connection]
    ) -> Collection[str]:
        """Counts returning listeners while nothing more has been spoken than the session says.

        Returns those that are counted; none of them may be in the ledger before.

        Raises:
            Unavailable: a transaction failed; what was committed before stays right.
        """
        counted: set[str] = set()
        for transaction in plan_return(listeners, session):
            try:
                self.ledger.commit(transaction)
            except Conflict:
                break
            counted |= {write.connection_id for write in transaction.writes}
        return counted

    def _synchronise_once(
        self, result: Synchronised, connection_ids: Collection[str]
    ) -> Collection[str]:
        """Reads and commits; returns the connections that must be read again."""
        try:
            transactions = self._plan(connection_ids, result)
        except MalformedRows as malformed:
            # A malformed row stops itself alone: it is reported, and the rest is read again.
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
            result.connections.pop(key, None)
        result.connections |= connections
        sessions = self._sessions_of(counted, connections)
        return list(plan_transactions(ids, counted, connections, sessions))

    def _sessions_of(
        self, counted: Mapping[str, LedgerRow], connections: Mapping[str, Connection]
    ) -> Mapping[str, Session]:
        """The sessions that the rows name; the rows of a malformed session are malformed, too."""
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
