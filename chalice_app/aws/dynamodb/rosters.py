"""The Rosters table: the ledger of what has been counted, which is the roster itself.

Key: `sessionKey` (`session#epoch#bucket`) and `connectionId`: one consistent Query of a session's
partition reads its whole roster. Attributes: state (IN or OUT), v (the Connections row's version),
targetLanguage, fromSequence of a returning listener, voice of one who wants to hear the language;
ttl (epoch seconds) once OUT.
"""

import time
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalice_app.aws.dynamodb.connections import ConnectionsTable
from chalice_app.aws.dynamodb.errors import errors_translated
from chalice_app.aws.dynamodb.rows import read_all, read_rows, readable_rows
from chalice_app.aws.dynamodb.sessions import (
    CORRECTIONS,
    LANGUAGE_PREFIX,
    REVISION,
    VOICE_PREFIX,
    session_from,
)
from chalice_app.aws.dynamodb.table import Table
from chalice_app.domain.session import Connection, Session
from chalice_app.observability.logs import ContextThreads
from chalice_app.rosters.ledger import (
    LedgerKey,
    LedgerRow,
    LedgerTransaction,
    LedgerWrite,
    SessionKey,
    State,
)
from chalice_app.sessions.ports import SessionRoster
from chalice_app.wire.attribute_values import Item, encode

_Listener = tuple[str, str, int, bool]
"""A language, a connection of it, the first sentence that broadcasts send it, and whether it wants
the voice."""

LEDGER_KEY = ("sessionKey", "connectionId")
"""The table's key; a table of another is refused at deployment and by the local stage."""

ROSTER_BUCKETS = 1
"""Partitions a session, by hash of the connection id, read side by side.

One takes 1,000 writes/s, twice the 500 new connections/s that API Gateway admits by default. Each
costs every sentence a Query of its own. The number is part of the key: change it while no session
is open, for rows of another number are not found.
Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
"""

TOMBSTONE_SECONDS = 24 * 3600
"""No invocation outlives 15 minutes and no stream record 24 hours.

The reconciler removes them much sooner (`rosters.repair.TOMBSTONE_NEEDED_SECONDS`): this is for
where it does not run.
"""


@dataclass(frozen=True)
class RostersTable:
    """`ports.Roster` and `ports.Ledger` on DynamoDB."""

    table: Table
    sessions: Table
    connections: ConnectionsTable
    buckets: int = ROSTER_BUCKETS

    def read_roster(self, session: Session, sequence: int | None = None) -> SessionRoster:
        """The session's listeners by language, by consistent read.

        With a sequence, only of those whom that sentence's broadcast is for. Its partition changes
        while it is read page by page: a row stands in one page, so it is found once.
        """
        partitions = partition_keys((session.session_id, session.created_at), self.buckets)
        languages: defaultdict[str, list[str]] = defaultdict(list)
        voices: defaultdict[str, list[str]] = defaultdict(list)
        for rows in self._side_by_side(partitions):
            for language, connection_id, from_sequence, wants_voice in rows:
                if sequence is None or from_sequence <= sequence:
                    languages[language].append(connection_id)
                    if wants_voice:
                        voices[language].append(connection_id)
        return SessionRoster(dict(languages), dict(voices))

    def _side_by_side(self, partitions: Sequence[str]) -> Iterable[Sequence[_Listener]]:
        if len(partitions) == 1:
            return map(self._read_partition, partitions)
        with ContextThreads(len(partitions)) as threads:
            return list(threads.map(self._read_partition, partitions))

    def _read_partition(self, partition: str) -> Sequence[_Listener]:
        """The rows that are IN; a malformed one is logged and left out."""
        items = self.table.query_partition(
            partition,
            ("connectionId", "targetLanguage", "fromSequence", "voice"),
            "#state = :in",
            {"#state": "state"},
            **{"in": State.IN.value},
        )
        return list(readable_rows(items, _listener))

    def get_ledger(self, keys: Iterable[LedgerKey]) -> Mapping[LedgerKey, LedgerRow]:
        """The ledger rows that exist, by consistent reads."""
        wanted = [key_item(key, self.buckets) for key in dict.fromkeys(keys)]
        items = self.table.batch_get_items(wanted, consistent=True)
        named = ((str(item["connectionId"]), item) for item in items)
        return dict(read_all(named, lambda item: (ledger_key_from(item), ledger_row_from(item))))

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
            actions.append(self._count(transaction, transaction.session))
        with errors_translated():
            self.table.clients.dynamodb.transact_write_items(TransactItems=actions)

    def _put(self, write: LedgerWrite) -> Any:
        """A row's write, on condition that the row is still the one that was read."""
        put: dict[str, Any] = {
            "TableName": self.table.name,
            "Item": encode({**key_item(write.key, self.buckets), **_attributes(write.after)}),
            "ConditionExpression": "attribute_not_exists(connectionId)",
        }
        if write.before is not None:
            put["ConditionExpression"] = "#state = :state AND v = :version"
            put["ExpressionAttributeNames"] = {"#state": "state"}
            put["ExpressionAttributeValues"] = encode(
                {":state": write.before.state.value, ":version": write.before.version}
            )
        return {"Put": put}

    def _count(self, transaction: LedgerTransaction, session: SessionKey) -> Any:
        """The counts' change, on condition that the session is still of that epoch.

        Their revision rises also where the sums stay as they are: see `LedgerTransaction.moves`.
        """
        deltas, (unspoken, expected) = transaction.deltas, _unspoken(transaction)
        counts = {LANGUAGE_PREFIX + language: delta for language, delta in deltas.items()}
        voices = transaction.voice_deltas
        counts |= {VOICE_PREFIX + language: delta for language, delta in voices.items()}
        names = {f"#l{n}": name for n, name in enumerate(counts)}
        values = {f":l{n}": delta for n, delta in enumerate(counts.values())} | {":one": 1}
        adds = ["listenerCount :total", f"{REVISION} :one"]
        adds += [f"#l{n} :l{n}" for n in range(len(counts))]
        update: dict[str, Any] = {
            "TableName": self.sessions.name,
            "Key": encode({"sessionId": session[0]}),
            "UpdateExpression": f"ADD {', '.join(adds)}",
            "ConditionExpression": "createdAt = :epoch" + unspoken,
            "ExpressionAttributeValues": encode(
                {":total": sum(deltas.values()), ":epoch": session[1], **values, **expected}
            ),
        }
        if names:
            update["ExpressionAttributeNames"] = names
        return {"Update": update}


def _unspoken(transaction: LedgerTransaction) -> tuple[str, Mapping[str, int]]:
    """The condition that nothing was spoken or corrected meanwhile, and its values."""
    if transaction.last_sequence is None:
        return "", {}
    values = {":last": transaction.last_sequence}
    if not transaction.corrections:
        return f" AND lastSequence = :last AND attribute_not_exists({CORRECTIONS})", values
    uncorrected = f" AND {CORRECTIONS} = :corrections"
    values[":corrections"] = transaction.corrections
    return f" AND lastSequence = :last{uncorrected}", values


def ledger_key_from(item: Item) -> LedgerKey:
    """The key of the ledger row that an item describes."""
    session_id, epoch, _ = str(item["sessionKey"]).rsplit("#", 2)
    return LedgerKey(session_id, int(epoch), str(item["connectionId"]))


def ledger_row_from(item: Item) -> LedgerRow:
    """The ledger row that an item describes."""
    expires = item.get("ttl")
    return LedgerRow(
        state=State(str(item["state"])),
        version=int(str(item["v"])),
        target_language=str(item.get("targetLanguage", "")),
        from_sequence=int(str(item.get("fromSequence", 0))),
        wants_voice=item.get("voice") is True,
        left_at=None if expires is None else int(str(expires)) - TOMBSTONE_SECONDS,
    )


def partition_keys(session: SessionKey, buckets: int) -> Sequence[str]:
    """The keys of all partitions of a session."""
    return [_partition_key(session, bucket) for bucket in range(buckets)]


def key_item(key: LedgerKey, buckets: int) -> Mapping[str, str]:
    """The table's key of a ledger row."""
    bucket = zlib.crc32(key.connection_id.encode()) % buckets
    return {
        "sessionKey": _partition_key(key.session_key, bucket),
        "connectionId": key.connection_id,
    }


def _partition_key(session: SessionKey, bucket: int) -> str:
    return f"{session[0]}#{session[1]}#{bucket}"


def _listener(item: Mapping[str, Any]) -> _Listener:
    """A row of the roster, undecoded: 10,000 of them are read for a sentence."""
    since = item.get("fromSequence")
    return (
        item["targetLanguage"]["S"],
        item["connectionId"]["S"],
        0 if since is None else int(since["N"]),
        "voice" in item and item["voice"].get("BOOL") is True,
    )


def _attributes(row: LedgerRow) -> Mapping[str, Any]:
    is_in = row.state is State.IN
    return {
        "state": row.state.value,
        "v": row.version,
        "targetLanguage": row.target_language or None,
        "fromSequence": row.from_sequence or None,
        "voice": row.wants_voice or None,
        "ttl": None if is_in else int(time.time()) + TOMBSTONE_SECONDS,
    }
