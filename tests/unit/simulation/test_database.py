"""The simulated DynamoDB keeps DynamoDB's promises, and refuses what it does not know."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalice_app.wire.attribute_values import encode
from tests.simulation.database import SimulatedDatabase
from tests.simulation.expressions import InvalidRequest
from tests.simulation.tables import CONNECTIONS
from tests.simulation.write_units import refused_units, write_units


@pytest.fixture
def database() -> SimulatedDatabase:
    return SimulatedDatabase(lambda *_: None, lambda: None, metered=True)


def put(key: str, condition: str | None = None, **attributes: Any) -> dict[str, Any]:
    item = {"sessionKey": "s0#1#0", "connectionId": key, **attributes}
    request = {"TableName": "Rosters", "Item": encode(item)}
    return request if condition is None else request | {"ConditionExpression": condition}


def read(database: SimulatedDatabase, key: str, consistent: bool = True) -> Any:
    key_item = encode({"sessionKey": "s0#1#0", "connectionId": key})
    request = {"TableName": "Rosters", "Key": key_item, "ConsistentRead": consistent}
    return database.perform("get_item", request).get("Item")


def test_a_transaction_is_done_whole_or_not_at_all(database: SimulatedDatabase) -> None:
    actions = [{"Put": put("c1")}, {"Put": put("c2", "attribute_exists(connectionId)")}]

    with pytest.raises(ClientError, match="TransactionCanceledException"):
        database.perform("transact_write_items", {"TransactItems": actions})

    assert read(database, "c1") is None


def test_a_transaction_sent_again_under_its_token_is_not_done_again(
    database: SimulatedDatabase,
) -> None:
    first = put("c1", "attribute_not_exists(connectionId)")
    request = {"TransactItems": [{"Put": first}], "ClientRequestToken": "1"}
    database.perform("transact_write_items", request)
    units = database.write_units

    database.perform("transact_write_items", request)

    assert database.write_units == units
    with pytest.raises(ClientError):
        database.perform("transact_write_items", request | {"ClientRequestToken": "2"})


def test_a_token_that_was_used_for_another_transaction_is_refused(
    database: SimulatedDatabase,
) -> None:
    request = {"TransactItems": [{"Put": put("c1")}], "ClientRequestToken": "1"}
    database.perform("transact_write_items", request)
    with pytest.raises(ClientError, match="IdempotentParameterMismatchException"):
        database.perform("transact_write_items", request | {"TransactItems": [{"Put": put("c2")}]})
    assert read(database, "c2") is None


def test_a_scan_comes_page_by_page_and_the_rows_change_between_the_pages(
    database: SimulatedDatabase,
) -> None:
    for key in ("c3", "c1", "c2"):
        database.perform("put_item", put(key))
    scan = {"TableName": "Rosters", "ConsistentRead": True}
    first = database.perform("scan", scan)
    database.perform("put_item", put("c4"))
    rest = database.perform("scan", {**scan, "ExclusiveStartKey": first["LastEvaluatedKey"]})

    keys = [item["connectionId"]["S"] for page in (first, rest) for item in page["Items"]]
    assert keys == ["c1", "c2", "c3", "c4"]
    assert "LastEvaluatedKey" not in rest


def test_only_reads_that_do_not_ask_for_consistency_lag(database: SimulatedDatabase) -> None:
    database.perform("put_item", put("c1", v=1))
    database.perform("put_item", put("c1", v=2))
    database.lag = 1

    assert read(database, "c1")["v"] == {"N": "2"}
    assert read(database, "c1", consistent=False)["v"] == {"N": "1"}
    database.lag = 2
    assert read(database, "c1", consistent=False) is None


QUERY = {
    "TableName": "Rosters",
    "ConsistentRead": True,
    "KeyConditionExpression": "sessionKey = :partition",
    "ProjectionExpression": "connectionId",
    "ExpressionAttributeValues": encode({":partition": "s0#1#0"}),
}


def test_a_partition_comes_page_by_page_and_alone(database: SimulatedDatabase) -> None:
    for key in ("c3", "c1", "c2"):
        database.perform("put_item", put(key))
    database.perform("put_item", put("c4", sessionKey="s0#2#0"))
    first = database.perform("query", QUERY)
    rest = database.perform("query", {**QUERY, "ExclusiveStartKey": first["LastEvaluatedKey"]})

    assert first["Items"] + rest["Items"] == [encode({"connectionId": f"c{n}"}) for n in (1, 2, 3)]
    assert "LastEvaluatedKey" not in rest


def test_only_a_consistent_query_of_a_partition_is_up_to_date(database: SimulatedDatabase) -> None:
    database.perform("put_item", put("c1"))
    database.lag = 1

    assert database.perform("query", QUERY)["Items"]
    assert database.perform("query", {**QUERY, "ConsistentRead": False})["Items"] == []


def test_a_batch_deletes_whether_or_not_the_rows_are_there(database: SimulatedDatabase) -> None:
    database.perform("put_item", put("c1"))
    keys = [encode({"sessionKey": "s0#1#0", "connectionId": key}) for key in ("c1", "c2")]
    deletes = [{"DeleteRequest": {"Key": key}} for key in keys]

    database.perform("batch_write_item", {"RequestItems": {"Rosters": deletes}})

    assert read(database, "c1") is None


def test_an_index_holds_the_rows_that_have_its_keys_and_lags(database: SimulatedDatabase) -> None:
    rows = (
        {"connectionId": "c1", "sessionId": "s0", "targetLanguage": "pt"},
        {"connectionId": "c2"},
    )
    for row in rows:
        database.perform("put_item", {"TableName": "Connections", "Item": encode(row)})
    query = {
        "TableName": "Connections",
        "IndexName": "sessionId-targetLanguage-index",
        "KeyConditionExpression": "sessionId = :session",
        "ExpressionAttributeValues": encode({":session": "s0"}),
    }

    found = database.perform("query", query)["Items"]
    database.lag = 1

    assert [item["connectionId"] for item in found] == [{"S": "c1"}]
    assert database.perform("query", query)["Items"] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"ConditionExpression": "size(connectionId) > :v"},
        {"ConditionExpression": "v = :v"},
        {"ExpressionAttributeValues": encode({":unused": 1})},
        {"ExpressionAttributeNames": {"#unused": "v"}},
    ],
)
def test_what_is_not_known_or_not_valid_is_refused(
    database: SimulatedDatabase, changes: dict[str, Any]
) -> None:
    with pytest.raises(InvalidRequest):
        database.perform("put_item", put("c1") | changes)


@pytest.mark.parametrize("update", ["SET v = v + :one", "DELETE v :one", "v :one"])
def test_unknown_updates_are_refused(database: SimulatedDatabase, update: str) -> None:
    request = {
        "TableName": "Rosters",
        "Key": encode({"sessionKey": "s0#1#0", "connectionId": "c1"}),
        "UpdateExpression": update,
        "ExpressionAttributeValues": encode({":one": 1}),
    }

    with pytest.raises(InvalidRequest):
        database.perform("update_item", request)


@pytest.mark.parametrize(
    ("method", "request_"),
    [
        ("describe_table", {"TableName": "Rosters"}),
        (
            "scan",
            {
                "TableName": "Connections",
                "IndexName": "sessionId-targetLanguage-index",
                "ConsistentRead": True,
            },
        ),
        (
            "query",
            {
                "TableName": "Connections",
                "IndexName": "sessionId-targetLanguage-index",
                "ConsistentRead": True,
                "KeyConditionExpression": "sessionId = :session",
            },
        ),
        ("batch_write_item", {"RequestItems": {"Rosters": []}}),
        ("transact_write_items", {"TransactItems": []}),
        ("transact_write_items", {"TransactItems": [{"Put": put(f"c{n}")} for n in range(101)]}),
        ("transact_write_items", {"TransactItems": [{"Put": put("c1")}, {"Put": put("c1")}]}),
        ("batch_get_item", {"RequestItems": {"Rosters": {"Keys": []}}}),
        ("batch_get_item", {"RequestItems": {"Rosters": {"Keys": [put("c1")["Item"]] * 2}}}),
    ],
)
def test_requests_beyond_the_limits_are_refused(
    database: SimulatedDatabase, method: str, request_: dict[str, Any]
) -> None:
    with pytest.raises(InvalidRequest):
        database.perform(method, request_)


IN = encode({"connectionId": "c1", "sessionId": "s0", "targetLanguage": "pt"})
ELSEWHERE = encode({"connectionId": "c1", "sessionId": "s0", "targetLanguage": "es"})
OUT = encode({"connectionId": "c1"})
LARGE = encode({"connectionId": "c1", "text": "x" * 1024})


@pytest.mark.parametrize(
    ("before", "after", "units"),
    [
        (None, IN, 2 + 1),
        (IN, ELSEWHERE, 2 + 2),
        (IN, OUT, 2 + 1),
        (IN, IN, 2),
        (OUT, None, 2),
        (LARGE, OUT, 4),
    ],
    ids=["put", "key change", "leaves the index", "unchanged", "not in the index", "over 1 KB"],
)
def test_a_transactional_write_costs_twice_and_its_index_entry_once(
    before: Any, after: Any, units: int
) -> None:
    assert write_units(CONNECTIONS, before, after, transactional=True) == units


def test_a_refused_write_costs_as_if_done_but_for_its_index() -> None:
    assert refused_units(None, IN, transactional=True) == 2
    assert refused_units(None, LARGE, transactional=False) == 2
