"""Indexes that lag, as DynamoDB's may.

A change of a table shows in its indexes later, typically within a second. The emulator's show it at
once. Here a row that was written a moment ago is left out of every answer that an index gives.
Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html
"""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.integration.dynamodb_faults import KEYS

_READS = {"Query", "Scan"}
_WRITES = {"PutItem", "UpdateItem", "DeleteItem"}

RowKey = tuple[str, str]
"""A table, and the key of a row as JSON."""


@dataclass
class LaggingIndexes:
    """Knows when each row was written last, as far as requests that passed here tell."""

    seconds: float = 0.0
    """How far the indexes are behind."""
    hidden: int = 0
    """Rows that were left out so far."""
    _written_at: dict[RowKey, float] = field(default_factory=dict)

    def passed(self, operation: str, request: Mapping[str, Any]) -> None:
        """A request has been carried out."""
        now = time.monotonic()
        for table, row in _written(operation, request):
            self._written_at[_key(table, row)] = now

    def answer(self, operation: str, request: Mapping[str, Any], answer: bytes) -> bytes:
        """The answer as an index gives it that is so far behind."""
        if operation not in _READS or "IndexName" not in request:
            return answer
        content = json.loads(answer)
        shown = [row for row in content.get("Items", ()) if self._shows(request["TableName"], row)]
        self.hidden += len(content.get("Items", ())) - len(shown)
        return json.dumps({**content, "Items": shown, "Count": len(shown)}).encode()

    def _shows(self, table: str, row: Mapping[str, Any]) -> bool:
        written_at = self._written_at.get(_key(table, row))
        return written_at is None or time.monotonic() - written_at >= self.seconds


def _key(table: str, row: Mapping[str, Any]) -> RowKey:
    key = {name: row.get(name) for name in KEYS[table.partition("-")[0]]}
    return table, json.dumps(key, sort_keys=True)


def _written(operation: str, request: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The tables and rows (or their keys) that a request writes."""
    if operation in _WRITES:
        yield request["TableName"], request.get("Item") or request["Key"]
    elif operation == "TransactWriteItems":
        for action in request["TransactItems"]:
            for each in action.values():
                yield each["TableName"], each.get("Item") or each["Key"]
    elif operation == "BatchWriteItem":
        for table, writes in request["RequestItems"].items():
            for each in (each for write in writes for each in write.values()):
                yield table, each.get("Item") or each["Key"]
