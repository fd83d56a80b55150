"""The whole of the rosters, read for the reconciler: the only scans of this project.

They cost half a read unit for each 4 KB, every five minutes: 10,000 listeners are about 2 MB, or
260 read units, in Connections and half as much in Rosters; the sentences of ten talks are 600.
Nothing that a request or a stream record waits for scans anything. A malformed row is logged and
left out: one of them would keep all others from being corrected.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chalice_app.aws.dynamodb.connections import connection_from
from chalice_app.aws.dynamodb.rosters import (
    ROSTER_BUCKETS,
    key_item,
    ledger_key_from,
    ledger_row_from,
    partition_keys,
)
from chalice_app.aws.dynamodb.rows import readable_rows
from chalice_app.aws.dynamodb.sessions import LANGUAGE_PREFIX, REVISION, VOICE_PREFIX
from chalice_app.aws.dynamodb.table import Table
from chalice_app.domain.session import Connection
from chalice_app.rosters.ledger import (
    Deltas,
    LedgerKey,
    LedgerRow,
    SessionCounts,
    SessionKey,
    State,
)
from chalice_app.wire.attribute_values import Item, decode

_SUM = "listenerCount"
_ROW = ("state", "v", "targetLanguage", "voice")


@dataclass(frozen=True)
class DynamoDbSurvey:
    """`ports.RosterSurvey` on DynamoDB."""

    sessions: Table
    connections: Table
    rosters: Table
    buckets: int = ROSTER_BUCKETS

    def scan_connections(self) -> Iterator[Connection]:
        """Every connection."""
        return readable_rows(self.connections.scan(), connection_from)

    def scan_ledger(self) -> Iterator[tuple[LedgerKey, LedgerRow]]:
        """Every ledger row, tombstones included."""
        return readable_rows(self.rosters.scan(), _row_from)

    def scan_counts(self) -> Iterator[SessionCounts]:
        """The counts of every session; rows of sentences are paid for and left out."""
        return map(_counts_from, self.sessions.scan(where="attribute_exists(tokenHash)"))

    def read_counts(self, session_id: str) -> SessionCounts | None:
        """The counts of one session, by consistent read."""
        item = self.sessions.get(session_id)
        return _counts_from(item) if item is not None and "tokenHash" in item else None

    def scan_session(self, session: SessionKey) -> Iterator[LedgerRow]:
        """The rows that count in one session, by consistent reads of its partitions."""
        for partition in partition_keys(session, self.buckets):
            items = map(decode, self.rosters.query_partition(partition, _ROW))
            for row in readable_rows(items, ledger_row_from):
                if row.state is State.IN:
                    yield row

    def remove_tombstones(self, keys: Collection[LedgerKey]) -> None:
        """Deletes tombstones, 25 a call."""
        self.rosters.batch_delete_items(key_item(key, self.buckets) for key in sorted(keys))

    def correct_counts(self, seen: SessionCounts, deltas: Deltas) -> None:
        """Adds to the counts, while they are still as they were seen.

        ConditionFailed when anything has changed them since. Of the voices only those to be
        corrected are compared: they are in no sum, and a condition has 300 operators at most.
        """
        if seen.malformed:
            self._remove_malformed(seen)
        total = seen.total + sum(deltas.languages.values())
        added = _attributes(LANGUAGE_PREFIX, deltas.languages)
        added |= _attributes(VOICE_PREFIX, deltas.voices)
        standing = _attributes(LANGUAGE_PREFIX, seen.languages)
        standing |= {
            name: count
            for name, count in _attributes(VOICE_PREFIX, seen.voices).items()
            if name in added
        }
        update = {_SUM: total - (seen.listener_count or 0), REVISION: 1} | added
        expected = {"createdAt": seen.session_epoch} | standing
        absent = sorted(added.keys() - standing.keys())
        for name, value in ((_SUM, seen.listener_count), (REVISION, seen.revision)):
            if value is None:
                absent.append(name)
            else:
                expected[name] = value
        self.sessions.add(seen.session_id, update, expected, absent)

    def _remove_malformed(self, seen: SessionCounts) -> None:
        """Removes counts that are not numbers.

        ADD refuses them, so while they exist nobody can be counted; a missing one it takes as zero.
        The condition on the type spares a count that another run has corrected since.
        """
        names = {f"#n{n}": name for n, name in enumerate(seen.malformed)}
        self.sessions.update(
            seen.session_id,
            "REMOVE " + ", ".join(names),
            " AND ".join(
                ["createdAt = :epoch", *(f"NOT attribute_type({each}, :number)" for each in names)]
            ),
            "ALL_NEW",
            names,
            epoch=seen.session_epoch,
            number="N",
        )


def _row_from(item: Item) -> tuple[LedgerKey, LedgerRow]:
    return ledger_key_from(item), ledger_row_from(item)


def _counts_from(item: Item) -> SessionCounts:
    counts = {name: value for name, value in item.items() if _is_count(name)}
    numbers = {name: value for name, value in counts.items() if type(value) is int}
    return SessionCounts(
        session_id=str(item["sessionId"]),
        session_epoch=_number(item.get("createdAt")),
        listener_count=numbers.pop(_SUM, None),
        revision=numbers.pop(REVISION, None),
        languages=_by_language(numbers, LANGUAGE_PREFIX),
        voices=_by_language(numbers, VOICE_PREFIX),
        malformed=tuple(name for name, value in counts.items() if type(value) is not int),
    )


def _is_count(name: str) -> bool:
    return name in (_SUM, REVISION) or name.startswith((LANGUAGE_PREFIX, VOICE_PREFIX))


def _by_language(numbers: Mapping[str, int], prefix: str) -> dict[str, int]:
    return {
        name.removeprefix(prefix): count
        for name, count in numbers.items()
        if name.startswith(prefix)
    }


def _attributes(prefix: str, counts: Mapping[str, int]) -> dict[str, int]:
    return {prefix + language: count for language, count in counts.items()}


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0
