"""Which stream records stand for an expiry: those of the rows that the sweeper deleted.

DynamoDB marks the deletes of its own time-to-live by the record's `userIdentity`; the emulator
cannot know that a delete stands for one, so it is added here.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping
from typing import Any, Final

from infra.local.dynamodb.stream_records import Record

SERVICE: Final = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


class Expiries:
    """The expiry deletes whose stream records are unread; tables without a stream have none."""

    def __init__(self, stream_arns: Iterable[str]) -> None:
        """Know the tables by the streams that are read."""
        self._tables = {_table(arn) for arn in stream_arns}
        self._unread: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def expect(self, table: str, key: Mapping[str, Any]) -> None:
        """A row is about to be deleted because its time is over."""
        if table in self._tables:
            with self._lock:
                self._unread.add((table, _canonical(key)))

    def withdraw(self, table: str, key: Mapping[str, Any]) -> None:
        """It was not deleted."""
        with self._lock:
            self._unread.discard((table, _canonical(key)))

    def marked(self, record: Record) -> Record:
        """The record as Lambda would see it, marked if it stands for an expiry."""
        if record["eventName"] != "REMOVE":
            return record
        row = (_table(record["eventSourceARN"]), _canonical(record["dynamodb"]["Keys"]))
        with self._lock:
            expired = row in self._unread
            self._unread.discard(row)
        return {**record, "userIdentity": SERVICE} if expired else record


def _table(stream_arn: str) -> str:
    """The table in `arn:aws:dynamodb:REGION:ACCOUNT:table/NAME/stream/LABEL`."""
    return stream_arn.split("/")[1]


def _canonical(key: Mapping[str, Any]) -> str:
    return json.dumps(key, sort_keys=True)
