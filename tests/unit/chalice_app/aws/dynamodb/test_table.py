"""One table in plain values: calls that DynamoDB leaves undone are made again."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.stub import Stubber

from chalice_app.aws.clients import Clients
from chalice_app.aws.dynamodb.table import Table
from chalice_app.domain.errors import ConditionFailed, Unavailable

TRIES = 8


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What would have been waited for, in seconds."""
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    return waited


@pytest.fixture
def table(clients: Clients) -> Table:
    return Table(clients, "Things", "id")


@pytest.fixture
def dynamodb(clients: Clients) -> Iterator[Stubber]:
    """Answers in the given order, each expected; nothing leaves the process."""
    with Stubber(clients.dynamodb) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def item(key: str) -> dict[str, dict[str, str]]:
    return {"id": {"S": key}}


def batch(*keys: str) -> dict[str, Any]:
    return {"Things": {"Keys": [item(key) for key in keys], "ConsistentRead": True}}


def puts(*keys: str) -> dict[str, Any]:
    return {"Things": [{"PutRequest": {"Item": item(key)}} for key in keys]}


# --- What is left undone -------------------------------------------------------------------------


def test_keys_that_were_not_processed_are_asked_again(
    table: Table, dynamodb: Stubber, waits: list[float]
) -> None:
    dynamodb.add_response(
        "batch_get_item",
        {"Responses": {"Things": [item("a")]}, "UnprocessedKeys": batch("b", "c")},
        {"RequestItems": batch("a", "b", "c")},
    )
    dynamodb.add_response(
        "batch_get_item",
        {"Responses": {}, "UnprocessedKeys": batch("b", "c")},
        {"RequestItems": batch("b", "c")},
    )
    dynamodb.add_response(
        "batch_get_item",
        {"Responses": {"Things": [item("c")]}},
        {"RequestItems": batch("b", "c")},
    )
    assert table.batch_get(["a", "b", "c"], consistent=True) == {"a": {"id": "a"}, "c": {"id": "c"}}
    assert len(waits) == 2


def test_keys_that_are_never_processed_are_unavailable(
    table: Table, dynamodb: Stubber, waits: list[float]
) -> None:
    for _ in range(TRIES):
        dynamodb.add_response("batch_get_item", {"Responses": {}, "UnprocessedKeys": batch("a")})
    with pytest.raises(Unavailable):
        table.batch_get(["a"], consistent=True)


def test_a_hundred_keys_go_in_one_call_and_each_key_once(table: Table, dynamodb: Stubber) -> None:
    keys = [f"k{n}" for n in range(101)]
    for chunk in (keys[:100], keys[100:]):
        dynamodb.add_response("batch_get_item", {"Responses": {}}, {"RequestItems": batch(*chunk)})
    assert table.batch_get([*keys, *keys], consistent=True) == {}


def test_items_that_were_not_processed_are_written_again(
    table: Table, dynamodb: Stubber, waits: list[float]
) -> None:
    dynamodb.add_response(
        "batch_write_item", {"UnprocessedItems": puts("b")}, {"RequestItems": puts("a", "b")}
    )
    dynamodb.add_response("batch_write_item", {"UnprocessedItems": {}}, {"RequestItems": puts("b")})
    table.batch_put([{"id": "a"}, {"id": "b"}])
    assert len(waits) == 1


def test_items_that_are_never_processed_are_unavailable(
    table: Table, dynamodb: Stubber, waits: list[float]
) -> None:
    for _ in range(TRIES):
        dynamodb.add_response("batch_write_item", {"UnprocessedItems": puts("a")})
    with pytest.raises(Unavailable):
        table.batch_put([{"id": "a"}])


def test_25_items_go_in_one_call(table: Table, dynamodb: Stubber) -> None:
    keys = [f"k{n}" for n in range(26)]
    for chunk in (keys[:25], keys[25:]):
        dynamodb.add_response("batch_write_item", {}, {"RequestItems": puts(*chunk)})
    table.batch_put({"id": key} for key in keys)


def test_a_query_goes_on_page_by_page(table: Table, dynamodb: Stubber) -> None:
    request = {
        "TableName": "Things",
        "IndexName": "by-kind",
        "KeyConditionExpression": "kind = :kind",
        "ExpressionAttributeValues": {":kind": {"S": "x"}},
    }
    dynamodb.add_response("query", {"Items": [item("a")], "LastEvaluatedKey": item("a")}, request)
    dynamodb.add_response("query", {"Items": [], "LastEvaluatedKey": item("b")})
    dynamodb.add_response(
        "query", {"Items": [item("c")]}, {**request, "ExclusiveStartKey": item("b")}
    )
    found = table.query("by-kind", "kind = :kind", kind="x")
    assert list(found) == [{"id": "a"}, {"id": "c"}]


# --- Contention ----------------------------------------------------------------------------------

WRITES = [
    ("put_item", lambda table: table.put({"id": "a"})),
    ("update_item", lambda table: table.update("a", "SET x = :x", "attribute_exists(id)", x=1)),
    ("delete_item", lambda table: table.delete("a")),
]
write_calls = pytest.mark.parametrize(("operation", "write"), WRITES, ids=[w[0] for w in WRITES])


@write_calls
def test_a_write_that_meets_a_transaction_is_tried_again(
    table: Table, dynamodb: Stubber, waits: list[float], operation: str, write: Any
) -> None:
    for _ in range(TRIES - 1):
        dynamodb.add_client_error(operation, "TransactionConflictException")
    dynamodb.add_response(operation, {})
    write(table)
    assert len(waits) == TRIES - 1


@write_calls
def test_a_write_that_meets_transactions_without_end_is_unavailable(
    table: Table, dynamodb: Stubber, waits: list[float], operation: str, write: Any
) -> None:
    for _ in range(TRIES):
        dynamodb.add_client_error(operation, "TransactionConflictException")
    with pytest.raises(Unavailable):
        write(table)


@write_calls
def test_a_condition_that_does_not_hold_is_not_tried_again(
    table: Table, dynamodb: Stubber, waits: list[float], operation: str, write: Any
) -> None:
    dynamodb.add_client_error(operation, "ConditionalCheckFailedException")
    with pytest.raises(ConditionFailed):
        write(table)
    assert waits == []


def test_nobody_waits_after_the_last_try(
    table: Table, dynamodb: Stubber, waits: list[float]
) -> None:
    for _ in range(TRIES):
        dynamodb.add_client_error("delete_item", "TransactionConflictException")
    with pytest.raises(Unavailable):
        table.delete("a")
    assert len(waits) == TRIES - 1
