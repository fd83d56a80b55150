"""One DynamoDB table, in plain values: what every table module builds upon.

botocore retries throttling and time-outs. It never retries TransactionConflict, which a single
write meets when a transaction holds its row, so that is done here.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from chalice_app.aws.dynamodb.errors import errors_translated
from chalice_app.aws.dynamodb.readable_table import Key, ReadableTable, expression_values
from chalice_app.aws.dynamodb.retries import tries
from chalice_app.domain.errors import Conflict, Unavailable
from chalice_app.wire.attribute_values import Item, decode, encode

BATCH_WRITE_ITEMS = 25
"""BatchWriteItem's limit."""

Returned = Literal["ALL_NEW", "ALL_OLD"]

_RESERVED = re.compile(r"#(\w+)")


@dataclass(frozen=True)
class Table(ReadableTable):
    """One table that is read and written."""

    def put(self, item: Mapping[str, Any], condition: str | None = None, **values: Any) -> None:
        """Writes an item whole; ConditionFailed, with the item found, when the condition fails."""
        request: dict[str, Any] = {"TableName": self.name, "Item": encode(item)}
        if condition:
            request["ConditionExpression"] = condition
            request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        if values:
            request["ExpressionAttributeValues"] = expression_values(values)
        self._write(partial(self.clients.dynamodb.put_item, **request))

    def batch_put(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Writes items whole and without conditions, 25 a call."""
        self._batch_write([{"PutRequest": {"Item": encode(item)}} for item in items])

    def batch_delete(self, keys: Iterable[str]) -> None:
        """Deletes items without conditions, 25 a call; missing ones are fine."""
        self.batch_delete_items({self.key: key} for key in keys)

    def batch_delete_items(self, keys: Iterable[Mapping[str, Any]]) -> None:
        """Deletes items by their whole keys, as `batch_delete` does."""
        self._batch_write([{"DeleteRequest": {"Key": encode(key)}} for key in keys])

    def _batch_write(self, requests: Sequence[Mapping[str, Any]]) -> None:
        for start in range(0, len(requests), BATCH_WRITE_ITEMS):
            self._batch_write_chunk({self.name: requests[start : start + BATCH_WRITE_ITEMS]})

    def _batch_write_chunk(self, asked: Any) -> None:
        for _ in tries():
            with errors_translated():
                answer = self.clients.dynamodb.batch_write_item(RequestItems=asked)
            asked = answer.get("UnprocessedItems")
            if not asked:
                return
        raise Unavailable("the database is throttling writes")

    def update(
        self,
        key: Key,
        update: str,
        condition: str,
        returned: Returned = "ALL_NEW",
        names: Mapping[str, str] | None = None,
        /,
        **values: Any,
    ) -> Item:
        """Updates an item and returns it; `names` and `values` are as `upsert` takes them.

        With `returned` ALL_OLD it is returned as it was before.
        ConditionFailed, with the item found, when the condition fails.
        """
        conditional = {
            "ConditionExpression": condition,
            "ReturnValues": returned,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        return self._update(key, update, conditional, names, values)

    def upsert(self, key: Key, update: str, names: Mapping[str, str], **values: Any) -> Item:
        """Updates an item, creating it where there is none; returns it as it is afterwards.

        `names` are the expression's `#names`, `values` its `:names`.
        """
        return self._update(key, update, {"ReturnValues": "ALL_NEW"}, names, values)

    def _update(
        self,
        key: Key,
        update: str,
        more: Mapping[str, Any],
        names: Mapping[str, str] | None,
        values: Mapping[str, Any],
    ) -> Item:
        """Updates an item; returns the attributes that were asked for."""
        request: dict[str, Any] = {
            "TableName": self.name,
            "Key": self.whole_key(key),
            "UpdateExpression": update,
            **more,
        }
        if names:
            request["ExpressionAttributeNames"] = dict(names)
        if values:
            request["ExpressionAttributeValues"] = expression_values(values)
        answer = self._write(partial(self.clients.dynamodb.update_item, **request))
        return decode(answer.get("Attributes", {}))

    def delete(self, key: Key, condition: str | None = None, **values: Any) -> None:
        """Deletes an item; one that is not there is fine, unless the condition says otherwise.

        In the condition `#name` stands for an attribute whose name is a reserved word.
        """
        request: dict[str, Any] = {"TableName": self.name, "Key": self.whole_key(key)}
        if condition:
            request["ConditionExpression"] = condition
            if reserved := _RESERVED.findall(condition):
                request["ExpressionAttributeNames"] = {f"#{name}": name for name in reserved}
            request["ExpressionAttributeValues"] = expression_values(values)
        self._write(partial(self.clients.dynamodb.delete_item, **request))

    def add(
        self,
        key: Key,
        additions: Mapping[str, int],
        expected: Mapping[str, int],
        absent: Iterable[str] = (),
    ) -> None:
        """Adds to numbers of an item, while others are as expected and some are absent.

        Raises:
            ConditionFailed: they are not.
        """
        names: dict[str, str] = {}

        def alias(name: str) -> str:
            return names.setdefault(name, f"#n{len(names)}")

        adds = [f"{alias(name)} :a{n}" for n, name in enumerate(additions)]
        holds = [f"{alias(name)} = :e{n}" for n, name in enumerate(expected)]
        holds += [f"attribute_not_exists({alias(name)})" for name in absent]
        values = {f":a{n}": value for n, value in enumerate(additions.values())}
        values |= {f":e{n}": value for n, value in enumerate(expected.values())}
        request: dict[str, Any] = {
            "TableName": self.name,
            "Key": self.whole_key(key),
            "UpdateExpression": "ADD " + ", ".join(adds),
            "ConditionExpression": " AND ".join(holds),
            "ExpressionAttributeNames": {placeholder: name for name, placeholder in names.items()},
            "ExpressionAttributeValues": encode(values),
        }
        self._write(partial(self.clients.dynamodb.update_item, **request))

    def _write(self, call: Callable[[], Any]) -> Any:
        for _ in tries():
            try:
                with errors_translated():
                    return call()
            except Conflict:
                continue
        raise Unavailable("the row is contended")
