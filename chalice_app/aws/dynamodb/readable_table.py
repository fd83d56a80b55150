"""One DynamoDB table, read in plain values."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalice_app.aws.clients import Clients
from chalice_app.aws.dynamodb.errors import errors_translated
from chalice_app.aws.dynamodb.retries import tries
from chalice_app.domain.errors import Unavailable
from chalice_app.wire.attribute_values import Item, decode, encode

BATCH_GET_KEYS = 100
"""BatchGetItem's limit."""


Key = str | Mapping[str, Any]
"""A row's key: its partition's, or where the table has a sort key the two attributes."""


@dataclass(frozen=True)
class ReadableTable:
    """One table, by name; `key` is its partition key, a string.

    Where the table has a sort key, too, keys are given as items.
    """

    clients: Clients
    name: str
    key: str

    def whole_key(self, key: Key) -> dict[str, Any]:
        """A key as DynamoDB takes it."""
        return {self.key: {"S": key}} if isinstance(key, str) else encode(key)

    def get(self, key: Key) -> Item | None:
        """The item by consistent read, or None."""
        with errors_translated():
            answer = self.clients.dynamodb.get_item(
                TableName=self.name, Key=self.whole_key(key), ConsistentRead=True
            )
        item = answer.get("Item")
        return decode(item) if item is not None else None

    def batch_get(self, keys: Iterable[str], consistent: bool) -> dict[str, Item]:
        """The items that exist, by key; keys that DynamoDB leaves unprocessed are asked again."""
        wanted = [{self.key: key} for key in dict.fromkeys(keys)]
        found = self.batch_get_items(wanted, consistent)
        return {str(item[self.key]): item for item in found}

    def batch_get_items(
        self, keys: Sequence[Mapping[str, Any]], consistent: bool
    ) -> Sequence[Item]:
        """The items that exist of different keys, in any order, as `batch_get` reads them."""
        found: list[Item] = []
        for start in range(0, len(keys), BATCH_GET_KEYS):
            found += self._batch_get_chunk(keys[start : start + BATCH_GET_KEYS], consistent)
        return found

    def _batch_get_chunk(
        self, keys: Sequence[Mapping[str, Any]], consistent: bool
    ) -> Sequence[Item]:
        asked: dict[str, Any] = {
            self.name: {"Keys": [encode(key) for key in keys], "ConsistentRead": consistent}
        }
        found: list[Item] = []
        for _ in tries():
            with errors_translated():
                answer = self.clients.dynamodb.batch_get_item(RequestItems=asked)
            found += map(decode, answer["Responses"].get(self.name, []))
            asked = dict(answer.get("UnprocessedKeys") or {})
            if not asked:
                return found
        raise Unavailable("the database is throttling reads")

    def query(self, index: str, condition: str, **values: Any) -> Iterator[Item]:
        """The items of one partition of an index (eventually consistent), page by page."""
        for page in self._query_pages(index, condition, values, {}):
            yield from map(decode, page)

    def query_partition(
        self,
        partition: str,
        attributes: Sequence[str],
        where: str | None = None,
        names: Mapping[str, str] | None = None,
        **values: Any,
    ) -> Iterator[Any]:
        """One partition of the table by consistent reads, item by item, undecoded.

        Nothing but the `attributes` is sent. `where` filters what the partition holds; what it
        leaves out is paid for. `names` are the filter's `#names`, `values` its `:names`.
        """
        # By way of aliases, for names that are reserved words.
        aliases = {f"#a{n}": name for n, name in enumerate(attributes)}
        request: dict[str, Any] = {
            "TableName": self.name,
            "ConsistentRead": True,
            "KeyConditionExpression": "#partition = :partition",
            "ProjectionExpression": ", ".join(aliases),
            "ExpressionAttributeNames": {"#partition": self.key, **aliases, **(names or {})},
            "ExpressionAttributeValues": expression_values({"partition": partition, **values}),
        }
        if where is not None:
            request["FilterExpression"] = where
        for page in _pages(self.clients.dynamodb.query, request):
            yield from page

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
            "ExpressionAttributeValues": expression_values(values),
            **more,
        }
        return _pages(self.clients.dynamodb.query, request)

    def scan(self, where: str | None = None) -> Iterator[Item]:
        """Every item of the table (eventually consistent), page by page.

        Items that `where` filters out are paid for, and are neither sent nor decoded.
        """
        request: dict[str, Any] = {"TableName": self.name, "ConsistentRead": False}
        if where is not None:
            request["FilterExpression"] = where
        for page in _pages(self.clients.dynamodb.scan, request):
            yield from map(decode, page)


def expression_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of an expression's `:names`."""
    return encode({f":{name}": value for name, value in values.items()})


def _pages(call: Callable[..., Any], request: dict[str, Any]) -> Iterator[Any]:
    """The items of each page, undecoded."""
    while True:
        with errors_translated():
            page = call(**request)
        yield page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]
