"""Brings the ledger to the truth: reads, commits and tries again.

See `ledger` for the rule. This is the one place where the stream counts; `repair` corrects.
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
    LedgerKey,
    LedgerTransaction,
    key_of,
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
    `failed` the ids of the connections it gave up on.
    """

    sessions: set[str] = field(default_factory=set)
    connections: dict[str, Connection] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)

    @property
    def counted(self) -> Mapping[str, Connection]:
        """The connections that exist and are counted, as far as they are to be."""
        return {key: each for key, each in self.connections.items() if key not in self.failed}


@dataclass(frozen=True, slots=True)
class RosterSync:
    """Brings any connections' ledger rows to the truth; `wait` takes seconds."""

    ledger: Ledger
    wait: Callable[[float], None] = sleep

    def synchronise(self, keys: Iterable[LedgerKey]) -> Synchronised:
        """Counts these connections as they are now.

        Raises:
            Unavailable: the truth could not be read; what was committed before stays right.
        """
        result = Synchronised()
        once = partial(self._synchronise_once, result)
        pending = retry_pending(set(keys), once, self.wait)
        result.failed |= {key.connection_id for key in pending}
        return result

    def find(self, connection_ids: Collection[str]) -> tuple[set[LedgerKey], Collection[str]]:
        """The keys of connections by their rows, and the ids of those whose rows are malformed.

        A connection that has left is not found: only an image could tell where it was.

        Raises:
            Unavailable: the rows could not be read.
        """
        try:
            found = self.ledger.get_connections(sorted(connection_ids))
        except MalformedRows as malformed:
            keys, failed = self.find(set(connection_ids) - malformed.keys)
            return keys, {*failed, *malformed.keys}
        return {key_of(each) for each in found.values()}, ()

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
            counted |= {write.key.connection_id for write in transaction.writes}
        return counted

    def _synchronise_once(
        self, result: Synchronised, keys: Collection[LedgerKey]
    ) -> Collection[LedgerKey]:
        """Reads and commits; returns the connections that must be read again."""
        try:
            transactions = self._plan(keys, result)
        except MalformedRows as malformed:
            # A malformed row stops itself alone: it is reported, and the rest is read again.
            result.failed |= malformed.keys
            return {key for key in keys if key.connection_id not in malformed.keys}
        return self._commit_all(transactions, result)

    def _plan(
        self, keys: Collection[LedgerKey], result: Synchronised
    ) -> Sequence[LedgerTransaction]:
        """Reads and compares.

        The ledger is read **before** the truth: a commit holds only if the ledger has not changed
        since, so a truth that is older than the ledger cannot be written.
        """
        ordered = sorted(keys)
        ids = sorted({key.connection_id for key in keys})
        counted = self.ledger.get_ledger(ordered)
        connections = self.ledger.get_connections(ids)
        for key in ids:
            result.connections.pop(key, None)
        result.connections |= connections
        sessions = self._sessions_of(ordered)
        return list(plan_transactions(ordered, counted, connections, sessions))

    def _sessions_of(self, keys: Collection[LedgerKey]) -> Mapping[str, Session]:
        """The sessions that the keys name; the rows of a malformed session are malformed, too."""
        try:
            return self.ledger.get_sessions(named_sessions(keys))
        except MalformedRows as malformed:
            theirs = {key.connection_id for key in keys if key.session_id in malformed.keys}
            raise MalformedRows(theirs) from malformed

    def _commit_all(
        self, transactions: Iterable[LedgerTransaction], result: Synchronised
    ) -> set[LedgerKey]:
        """Commits each by itself; returns the connections to read again."""
        again: set[LedgerKey] = set()
        for transaction in transactions:
            keys = {write.key for write in transaction.writes}
            try:
                self.ledger.commit(transaction)
            except Conflict:
                again |= keys
            except Unavailable:
                session = transaction.session[0] if transaction.session else None
                _log.exception("a roster transaction failed", extra={"session": session})
                result.failed |= {key.connection_id for key in keys}
            else:
                if transaction.session is not None and transaction.changes_counts:
                    result.sessions.add(transaction.session[0])
        return again
