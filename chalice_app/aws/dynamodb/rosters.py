"""The Rosters table: the ledger of what has been counted, whose index is the roster.

Key: `connectionId`. Attributes: state (IN or OUT), v (the Connections row's version), sessionId,
sessionEpoch, targetLanguage, fromSequence of a returning listener; rosterKey while IN; ttl
(epoch seconds) once OUT.
Index `roster-index`: rosterKey, connectionId, with fromSequence; sparse, so it holds exactly the
rows that are IN.
rosterKey is `session#epoch#language#bucket`.
"""

import time
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalice_app.aws.dynamodb.connections import ConnectionsTable
from chalice_app.aws.dynamodb.errors import errors_translated
from chalice_app.aws.dynamodb.rows import read_rows
from chalice_app.aws.dynamodb.sessions import LANGUAGE_PREFIX, REVISION, session_from
from chalice_app.aws.dynamodb.table import Table
from chalice_app.domain.session import Connection, Session
from chalice_app.rosters.ledger import LedgerRow, LedgerTransaction, LedgerWrite, SessionKey, State
from chalice_app.wire.attribute_values import Item, encode

ROSTER_INDEX = "roster-index"

_IS_FOR = "(attribute_not_exists(fromSequence) OR fromSequence <= :sequence)"

_HAS_MOVED = "v > :first"

ROSTER_BUCKETS = 1
"""Index partitions a language of a session. One takes 1,000 writes/s, twice the 500 new
connections/s that API Gateway admits by default; raise both together."""

TOMBSTONE_SECONDS = 24 * 3600
"""No invocation outlives 15 minutes and no stream record 24 hours."""


@dataclass(frozen=True)
class RostersTable:
    """`ports.Roster` and `ports.Ledger` on DynamoDB."""

    table: Table
    sessions: Table
    connections: ConnectionsTable

    def query_roster(
        self, session: Session, language: str, sequence: int | None = None
    ) -> Sequence[str]:
        """The connection ids of the session's listeners of that language.

        With a sequence, only of those whom that sentence's broadcast is for.
        """
        return self._query(session, language, sequence)

    def query_moved(self, session: Session, language: str, sequence: int | None) -> Sequence[str]:
        """Those of them who have changed their language since they joined."""
        return self._query(session, language, sequence, _HAS_MOVED, first=1)

    def _query(
        self, session: Session, language: str, sequence: int | None, *rules: str, **values: int
    ) -> Sequence[str]:
        """Those for whom that sentence's broadcast is, if one is given, and who meet the rules."""
        if sequence is not None:
            rules, values = (*rules, _IS_FOR), {**values, "sequence": sequence}
        return [
            connection_id
            for bucket in range(ROSTER_BUCKETS)
            for connection_id in self.table.query_keys(
                ROSTER_INDEX,
                "rosterKey = :roster",
                where=" AND ".join(rules) or None,
                **values,
                roster=_roster_key(session.session_id, session.created_at, language, bucket),
            )
        ]

    def get_ledger(self, connection_ids: Iterable[str]) -> Mapping[str, LedgerRow]:
        """The ledger rows that exist, by consistent reads."""
        found = self.table.batch_get(connection_ids, consistent=True)
        return read_rows(found, ledger_row_from)

    def get_connections(self, connection_ids: Iterable[str]) -> Mapping[str, Connection]:
        """The connections that exist, by consistent reads: the truth."""
        return self.connections.get_connections(connection_ids)

    def get_sessions(self, session_ids: Iterable[str]) -> Mapping[str, Session]:
        """The sessions that exist, by consistent reads."""
        found = self.sessions.batch_get(session_ids, consistent=True)
        return read_rows(found, session_from)

    def commit(self, transaction: LedgerTransaction) -> None:
        """Writes rows and counts together; Conflict when a row is not as it was read."""
        actions = [self._put(write) for write in transaction.writes]
        if transaction.session is not None and transaction.moves:
            actions.append(
                self._count(transaction.session, transaction.deltas, transaction.last_sequence)
            )
        with errors_translated():
            self.table.clients.dynamodb.transact_write_items(TransactItems=actions)

    def _put(self, write: LedgerWrite) -> Any:
        """A row's write, on condition that the row is still the one that was read."""
        put: dict[str, Any] = {
            "TableName": self.table.name,
            "Item": encode(_item(write.connection_id, write.after)),
            "ConditionExpression": "attribute_not_exists(connectionId)",
        }
        if write.before is not None:
            put["ConditionExpression"] = "#state = :state AND v = :version"
            put["ExpressionAttributeNames"] = {"#state": "state"}
            put["ExpressionAttributeValues"] = encode(
                {":state": write.before.state.value, ":version": write.before.version}
            )
        return {"Put": put}

    def _count(
        self,
        session: SessionKey,
        deltas: Mapping[str, int],
        last_sequence: int | None = None,
    ) -> Any:
        """The counts' change, on condition that the session is still of that epoch.

        Their revision rises also where the sums stay as they are: see `LedgerTransaction.moves`.
        """
        unspoken = {} if last_sequence is None else {":last": last_sequence}
        names = {f"#l{n}": LANGUAGE_PREFIX + language for n, language in enumerate(deltas)}
        values = {f":l{n}": delta for n, delta in enumerate(deltas.values())} | {":one": 1}
        adds = ["listenerCount :total", f"{REVISION} :one"]
        adds += [f"#l{n} :l{n}" for n in range(len(deltas))]
        update: dict[str, Any] = {
            "TableName": self.sessions.name,
            "Key": encode({"sessionId": session[0]}),
            "UpdateExpression": f"ADD {', '.join(adds)}",
            "ConditionExpression": "createdAt = :epoch"
            + (" AND lastSequence = :last" if unspoken else ""),
            "ExpressionAttributeValues": encode(
                {":total": sum(deltas.values()), ":epoch": session[1], **values, **unspoken}
            ),
        }
        if names:
            update["ExpressionAttributeNames"] = names
        return {"Update": update}


def ledger_row_from(item: Item) -> LedgerRow:
    """The ledger row that an item describes."""
    return LedgerRow(
        state=State(str(item["state"])),
        version=int(str(item["v"])),
        session_id=str(item.get("sessionId", "")),
        session_epoch=int(str(item.get("sessionEpoch", 0))),
        target_language=str(item.get("targetLanguage", "")),
        from_sequence=int(str(item.get("fromSequence", 0))),
    )


def _item(connection_id: str, row: LedgerRow) -> Mapping[str, Any]:
    is_in = row.state is State.IN
    return {
        "connectionId": connection_id,
        "state": row.state.value,
        "v": row.version,
        "sessionId": row.session_id or None,
        "sessionEpoch": row.session_epoch or None,
        "targetLanguage": row.target_language or None,
        "fromSequence": row.from_sequence or None,
        "rosterKey": _roster_key(
            row.session_id, row.session_epoch, row.target_language, _bucket(connection_id)
        )
        if is_in
        else None,
        "ttl": None if is_in else int(time.time()) + TOMBSTONE_SECONDS,
    }


def _bucket(connection_id: str) -> int:
    return zlib.crc32(connection_id.encode()) % ROSTER_BUCKETS


def _roster_key(session_id: str, epoch: int, language: str, bucket: int) -> str:
    return f"{session_id}#{epoch}#{language}#{bucket}"
