"""The Connections table: the truth about who is connected. Its stream derives the rest.

Key: `connectionId`. Attributes: sessionId, sessionEpoch (the session's createdAt), role,
connectedAt (ms), ttl (epoch seconds), v (raised by every change), and for listeners targetLanguage
and, where they returned, came late or were put off, lastSequence; firstSequence where they came
late; resumeToken where they came with one; replayDue where they are counted although what was
spoken since is not sent yet; voice where they also want to hear the language.
Index `sessionId-targetLanguage-index` (all attributes): only listeners carry targetLanguage, so it
holds them alone.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from chalice_app.aws.dynamodb.rows import number, number_or_none, read_rows
from chalice_app.aws.dynamodb.table import Table
from chalice_app.domain.errors import ConditionFailed
from chalice_app.domain.session import Connection, Role
from chalice_app.observability.logs import ContextThreads
from chalice_app.wire.attribute_values import Item

LISTENERS_INDEX = "sessionId-targetLanguage-index"

_DELETES_AT_ONCE = 16


@dataclass(frozen=True)
class ConnectionsTable:
    """`ports.ConnectionStore` on DynamoDB."""

    table: Table

    def put_connection(self, connection: Connection) -> None:
        """Stores a new connection; a row that is there stays as it is.

        The SDK repeats a write whose answer is late. A copy that comes last would undo a change of
        language, and with the version also the ledger's notice of it.
        """
        row = {
            "connectionId": connection.connection_id,
            "sessionId": connection.session_id,
            "sessionEpoch": connection.session_epoch,
            "role": connection.role.value,
            "connectedAt": connection.connected_at,
            "ttl": connection.ttl,
            "v": connection.version,
            "targetLanguage": connection.target_language,
            "lastSequence": connection.last_sequence,
            "firstSequence": connection.first_sequence or None,
            "resumeToken": connection.resume_token,
            "voice": connection.wants_voice or None,
        }
        with suppress(ConditionFailed):
            self.table.put(row, "attribute_not_exists(connectionId)")

    def get_connection(self, connection_id: str) -> Connection | None:
        """The connection by consistent read."""
        item = self.table.get(connection_id)
        return connection_from(item) if item is not None else None

    def get_connections(self, connection_ids: Iterable[str]) -> Mapping[str, Connection]:
        """The connections that exist, by consistent reads."""
        found = self.table.batch_get(connection_ids, consistent=True)
        return read_rows(found, connection_from)

    def change_language(
        self,
        connection_id: str,
        target_language: str,
        highest_version: int,
        wants_voice: bool | None = None,
    ) -> None:
        """Changes the language and, unless it is None, the wish for its voice; raises `v`.

        ConditionFailed when the row is gone, or `v` higher.
        """
        values: dict[str, str | int | bool] = {
            "language": target_language,
            "one": 1,
            "highest": highest_version,
        }
        wish = ""
        if wants_voice:
            wish = ", voice = :voice"
            values["voice"] = True
        elif wants_voice is not None:
            wish = " REMOVE voice"
        self.table.update(
            connection_id,
            f"SET targetLanguage = :language{wish} ADD v :one",
            "v <= :highest",
            **values,
        )

    def put_off(
        self, connection_id: str, last_sequence: int | None, is_replay_due: bool = False
    ) -> None:
        """Raises `v` and notes the last sequence; ConditionFailed when the row is gone."""
        values: dict[str, int | bool] = {"one": 1}
        notes = []
        if last_sequence is not None:
            notes.append("lastSequence = :last")
            values["last"] = last_sequence
        if is_replay_due:
            notes.append("replayDue = :due")
            values["due"] = True
        self.table.update(
            connection_id,
            (f"SET {', '.join(notes)} " if notes else "") + "ADD v :one",
            "attribute_exists(connectionId)",
            **values,
        )

    def end_replay(self, connection_id: str) -> None:
        """Removes `replayDue`; ConditionFailed when the row is gone."""
        self.table.update(connection_id, "REMOVE replayDue", "attribute_exists(connectionId)")

    def delete_connection(self, connection_id: str) -> None:
        """Deletes the row, if it is there."""
        self.table.delete(connection_id)

    def delete_expired(self, connection_id: str, now_seconds: int) -> None:
        """Deletes the row if its ttl has passed: DynamoDB itself may take days."""
        with suppress(ConditionFailed):
            self.table.delete(connection_id, "#ttl <= :now", now=now_seconds)

    def delete_gone(self, connection_ids: Iterable[str], connected_before: int) -> None:
        """Deletes the rows of sockets that are gone, but none that connected after that time (ms).

        One conditional delete each, several at once: BatchWriteItem takes no conditions.
        """
        with ContextThreads(_DELETES_AT_ONCE) as threads:
            for _ in threads.map(
                lambda connection_id: self._delete_if_older(connection_id, connected_before),
                connection_ids,
            ):
                pass

    def _delete_if_older(self, connection_id: str, connected_before: int) -> None:
        try:
            self.table.delete(connection_id, "connectedAt < :before", before=connected_before)
        except ConditionFailed:
            return

    def query_listeners(self, session_id: str) -> Iterable[Connection]:
        """The listeners of a session, by the index."""
        items = self.table.query(LISTENERS_INDEX, "sessionId = :session", session=session_id)
        return map(connection_from, items)


def connection_from(item: Item) -> Connection:
    """The connection that a row describes."""
    return Connection(
        connection_id=str(item["connectionId"]),
        session_id=str(item["sessionId"]),
        session_epoch=number(item, "sessionEpoch"),
        role=Role(str(item["role"])),
        connected_at=number(item, "connectedAt"),
        ttl=number(item, "ttl"),
        target_language=_optional_str(item.get("targetLanguage")),
        version=number(item, "v"),
        last_sequence=number_or_none(item, "lastSequence"),
        first_sequence=number_or_none(item, "firstSequence") or 0,
        is_replay_due=item.get("replayDue") is True,
        resume_token=_optional_str(item.get("resumeToken")),
        wants_voice=item.get("voice") is True,
    )


def _optional_str(value: object) -> str | None:
    return None if value is None else str(value)
