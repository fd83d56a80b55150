"""Mutants that read wrongly: too old, in the wrong order, or too little."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from chalice_app.aws.dynamodb.connections import connection_from
from chalice_app.aws.dynamodb.rosters import RostersTable
from chalice_app.aws.dynamodb.sessions import session_from
from chalice_app.domain.session import Connection, Session
from chalice_app.rosters.ledger import LedgerKey, LedgerRow, LedgerTransaction


class StaleConnections(RostersTable):
    """Reads the truth eventually consistently, which costs half."""

    def get_connections(self, connection_ids: Iterable[str]) -> Mapping[str, Connection]:
        found = self.connections.table.batch_get(connection_ids, consistent=False)
        return {key: connection_from(item) for key, item in found.items()}


class StaleSessions(RostersTable):
    """Reads the sessions eventually consistently, which costs half."""

    def get_sessions(self, session_ids: Iterable[str]) -> Mapping[str, Session]:
        found = self.sessions.batch_get(session_ids, consistent=False)
        return {key: session_from(item) for key, item in found.items()}


@dataclass(frozen=True)
class TruthFirst(RostersTable):
    """Reads the truth, then the ledger, and trusts the truth whatever the versions are.

    The ledger's version is hidden from the plan, which compares it, and is put back on commit,
    which checks it: the row is what was read, and still the truth is older.
    """

    _truth: dict[str, Connection] = field(default_factory=dict)
    _rows: dict[LedgerKey, LedgerRow] = field(default_factory=dict)

    def get_ledger(self, keys: Iterable[LedgerKey]) -> Mapping[LedgerKey, LedgerRow]:
        wanted = list(keys)
        self._truth.clear()
        self._truth.update(super().get_connections(key.connection_id for key in wanted))
        self._rows.update(super().get_ledger(wanted))
        return {key: replace(row, version=0) for key, row in self._rows.items() if key in wanted}

    def get_connections(self, connection_ids: Iterable[str]) -> Mapping[str, Connection]:
        return {key: self._truth[key] for key in connection_ids if key in self._truth}

    def commit(self, transaction: LedgerTransaction) -> None:
        writes = tuple(
            replace(write, before=self._rows.get(write.key)) for write in transaction.writes
        )
        super().commit(replace(transaction, writes=writes))


class NameIsEnough(RostersTable):
    """Takes a connection for one of whatever session now has the name."""

    def get_connections(self, connection_ids: Iterable[str]) -> Mapping[str, Connection]:
        found = super().get_connections(connection_ids)
        sessions = self.get_sessions({connection.session_id for connection in found.values()})
        return {
            key: replace(connection, session_epoch=sessions[connection.session_id].created_at)
            if connection.session_id in sessions
            else connection
            for key, connection in found.items()
        }
