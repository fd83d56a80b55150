"""One DynamoDB table, in plain values: what every table module builds upon.

DynamoDB's errors become this project's: ConditionFailed, Conflict and, for whatever else goes
wrong, Unavailable. botocore retries throttling and time-outs; it never retries TransactionConflict,
which a single write meets when a transaction holds its row, so that is done here.
"""

import logging
import random
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from chalice_app.aws.clients import Clients
from chalice_app.domain.errors import ConditionFailed, Conflict, MalformedRows, Unavailable
from chalice_app.wire.attribute_values import Item, decode, encode

BATCH_GET_KEYS = 100
"""BatchGetItem's limit."""

BATCH_WRITE_ITEMS = 25
"""BatchWriteItem's limit."""

_log = logging.getLogger(__name__)

_RESERVED = re.compile(r"#(\w+)")
Row = TypeVar("Row")
Returned = Literal["ALL_NEW", "ALL_OLD"]

_TRIES = 8
_BACKOFF_SECONDS = 0.02
_BACKOFF_LIMIT_SECONDS = 0.5


def backoff(attempt: int) -> float:
    """Seconds to wait before retry number `attempt` (from 0): exponential with full jitter.

    Source: https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
    """
    return random.uniform(0, min(_BACKOFF_LIMIT_SECONDS, _BACKOFF_SECONDS * 2**attempt))  # noqa: S311


def _tries() -> Iterator[None]:
    """The tries that a call gets, with a pause between one and the next."""
    yield
    for attempt in range(_TRIES - 1):
        time.sleep(backoff(attempt))
        yield


def read_rows(found: Mapping[str, Item], read: Callable[[Item], Row]) -> dict[str, Row]:
    """What the rows tell of, by key.

    Raises:
        MalformedRows: some are not what `read` expects.
    """
    rows: dict[str, Row] = {}
    malformed: list[str] = []
    for key, item in found.items():
        try:
            rows[key] = read(item)
        except (KeyError, TypeError, ValueError):
            _log.exception("a row of the table is malformed")
            malformed.append(key)
    if malformed:
        raise MalformedRows(malformed)
    return rows


def readable_rows(items: Iterable[Item], read: Callable[[Item], Row]) -> Iterator[Row]:
    """What the items tell of; those that are not what `read` expects are logged and passed over."""
    for item in items:
        try:
            yield read(item)
        except (KeyError, TypeError, ValueError):
            _log.exception("a row of the table is malformed")


@contextmanager
def errors_translated() -> Iterator[None]:
    """Turns botocore's errors into this project's."""
    try:
        yield
    except ClientError as error:
        raise _translated(error) from error
    except BotoCoreError as error:
        raise Unavailable("the database did not answer") from error


def _translated(error: ClientError) -> ConditionFailed | Conflict | Unavailable:
    match error.response["Error"]["Code"]:
        case "ConditionalCheckFailedException":
            # boto3's types know nothing of it: ReturnValuesOnConditionCheckFailure puts it there.
            found: dict[str, Any] = error.response.get("Item", {})  # type: ignore[assignment]
            return ConditionFailed("the row is not as expected", decode(found))
        case "TransactionCanceledException" | "TransactionConflictException":
            return Conflict("another writer was there first")
        case code:
            # The reason is for our logs: what a client is told says nothing of the tables.
            _log.warning("DynamoDB refused: %s", code)
            return Unavailable("the database refused")


@dataclass(frozen=True)
class Table:
    """One table, by name; its key is one string attribute."""

    clients: Clients
    name: str
    key: str

    def get(self, key: str) -> Item | None:
        """The item by consistent read, or None."""
        with errors_translated():
            answer = self.clients.dynamodb.get_item(
                TableName=self.name, Key={self.key: {"S": key}}, ConsistentRead=True
            )
        item = answer.get("Item")
        return decode(item) if item is not None else None

    def batch_get(self, keys: Iterable[str], consistent: bool) -> dict[str, Item]:
        """The items that exist, by key; keys that DynamoDB leaves unprocessed are asked again."""
        wanted = list(dict.fromkeys(keys))
        found: dict[str, Item] = {}
        for start in range(0, len(wanted), BATCH_GET_KEYS):
            found |= self._batch_get_chunk(wanted[start : start + BATCH_GET_KEYS], consistent)
        return found

    def _batch_get_chunk(self, keys: Sequence[str], consistent: bool) -> dict[str, Item]:
        asked: dict[str, Any] = {
            self.name: {
                "Keys": [{self.key: {"S": key}} for key in keys],
                "ConsistentRead": consistent,
            }
        }
        found: dict[str, Item] = {}
        for _ in _tries():
            with errors_translated():
                answer = self.clients.dynamodb.batch_get_item(RequestItems=asked)
            for item in answer["Responses"].get(self.name, []):
                plain = decode(item)
                found[str(plain[self.key])] = plain
            asked = dict(answer.get("UnprocessedKeys") or {})
            if not asked:
                return found
        raise Unavailable("the database is throttling reads")

    def put(self, item: Mapping[str, Any], condition: str | None = None, **values: Any) -> None:
        """Writes an item whole; ConditionFailed, with the item found, when the condition fails."""
        request: dict[str, Any] = {"TableName": self.name, "Item": encode(item)}
        if condition:
            request["ConditionExpression"] = condition
            request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        if values:
            request["ExpressionAttributeValues"] = _values(values)
        self._write(partial(self.clients.dynamodb.put_item, **request))

    def batch_put(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Writes items whole and without conditions, 25 a call."""
        requests = [{"PutRequest": {"Item": encode(item)}} for item in items]
        for start in range(0, len(requests), BATCH_WRITE_ITEMS):
            self._batch_write_chunk({self.name: requests[start : start + BATCH_WRITE_ITEMS]})

    def batch_delete(self, keys: Iterable[str]) -> None:
        """Deletes items without conditions, 25 a call; those that are not there are fine."""
        requests = [{"DeleteRequest": {"Key": encode({self.key: key})}} for key in keys]
        for start in range(0, len(requests), BATCH_WRITE_ITEMS):
            self._batch_write_chunk({self.name: requests[start : start + BATCH_WRITE_ITEMS]})

    def _batch_write_chunk(self, asked: Any) -> None:
        for _ in _tries():
            with errors_translated():
                answer = self.clients.dynamodb.batch_write_item(RequestItems=asked)
            asked = answer.get("UnprocessedItems")
            if not asked:
                return
        raise Unavailable("the database is throttling writes")

    def update(
        self,
        key: str,
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

    def upsert(self, key: str, update: str, names: Mapping[str, str], **values: Any) -> Item:
        """Updates an item, creating it where there is none; returns it as it is afterwards.

        `names` are the expression's `#names`, `values` its `:names`.
        """
        return self._update(key, update, {"ReturnValues": "ALL_NEW"}, names, values)

    def _update(
        self,
        key: str,
        update: str,
        more: Mapping[str, Any],
        names: Mapping[str, str] | None,
        values: Mapping[str, Any],
    ) -> Item:
        """Updates an item; returns the attributes that were asked for."""
        request: dict[str, Any] = {
            "TableName": self.name,
            "Key": {self.key: {"S": key}},
            "UpdateExpression": update,
            **more,
        }
        if names:
            request["ExpressionAttributeNames"] = dict(names)
        if values:
            request["ExpressionAttributeValues"] = _values(values)
        answer = self._write(partial(self.clients.dynamodb.update_item, **request))
        return decode(answer.get("Attributes", {}))

    def delete(self, key: str, condition: str | None = None, **values: Any) -> None:
        """Deletes an item; one that is not there is fine, unless the condition says otherwise.

        In the condition `#name` stands for an attribute whose name is a reserved word.
        """
        request: dict[str, Any] = {"TableName": self.name, "Key": {self.key: {"S": key}}}
        if condition:
            request["ConditionExpression"] = condition
            if reserved := _RESERVED.findall(condition):
                request["ExpressionAttributeNames"] = {f"#{name}": name for name in reserved}
            request["ExpressionAttributeValues"] = _values(values)
        self._write(partial(self.clients.dynamodb.delete_item, **request))

    def query(self, index: str, condition: str, **values: Any) -> Iterator[Item]:
        """The items of one partition of an index (eventually consistent), page by page."""
        for page in self._query_pages(index, condition, values, {}):
            yield from map(decode, page)

    def query_keys(
        self, index: str, condition: str, where: str | None = None, **values: Any
    ) -> Iterator[str]:
        """The keys alone of the items that `query` finds: nothing else is sent or decoded.

        `where` filters what the condition has found.
        """
        # By way of an alias, for a key whose name is a reserved word.
        wanted: dict[str, Any] = {
            "ProjectionExpression": "#key",
            "ExpressionAttributeNames": {"#key": self.key},
        }
        if where is not None:
            wanted["FilterExpression"] = where
        for page in self._query_pages(index, condition, values, wanted):
            for item in page:
                yield item[self.key]["S"]

    def query_last_keys(
        self, index: str, condition: str, limit: int, **values: Any
    ) -> Sequence[str]:
        """The keys of the last items of one partition of an index, last first, from one page."""
        more = {"Limit": limit, "ScanIndexForward": False}
        page = next(self._query_pages(index, condition, values, more))
        return [item[self.key]["S"] for item in page]

    def _query_pages(
        self, index: str, condition: str, values: Mapping[str, Any], more: Mapping[str, Any]
    ) -> Iterator[Any]:
        request: dict[str, Any] = {
            "TableName": self.name,
            "IndexName": index,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": _values(values),
            **more,
        }
        while True:
            with errors_translated():
                page = self.clients.dynamodb.query(**request)
            yield page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def scan(
        self, index: str | None = None, *, consistent: bool = False, where: str | None = None
    ) -> Iterator[Item]:
        """Every item of the table or of an index, page by page; no index reads consistently.

        What `where` filters out is paid for, and is neither sent nor decoded.
        """
        request: dict[str, Any] = {"TableName": self.name, "ConsistentRead": consistent}
        if index is not None:
            request["IndexName"] = index
        if where is not None:
            request["FilterExpression"] = where
        while True:
            with errors_translated():
                page = self.clients.dynamodb.scan(**request)
            yield from map(decode, page["Items"])
            if "LastEvaluatedKey" not in page:
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def add(
        self,
        key: str,
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
            "Key": {self.key: {"S": key}},
            "UpdateExpression": "ADD " + ", ".join(adds),
            "ConditionExpression": " AND ".join(holds),
            "ExpressionAttributeNames": {placeholder: name for name, placeholder in names.items()},
            "ExpressionAttributeValues": encode(values),
        }
        self._write(partial(self.clients.dynamodb.update_item, **request))

    def _write(self, call: Callable[[], Any]) -> Any:
        for _ in _tries():
            try:
                with errors_translated():
                    return call()
            except Conflict:
                continue
        raise Unavailable("the row is contended")


def _values(values: Mapping[str, Any]) -> dict[str, Any]:
    return encode({f":{name}": value for name, value in values.items()})
