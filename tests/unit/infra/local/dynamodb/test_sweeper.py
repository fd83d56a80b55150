"""Expired rows go, by deletes; all others stay."""

from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest
from moto import mock_aws
from types_boto3_dynamodb import DynamoDBClient

from infra.local.dynamodb.expiries import Expiries
from infra.local.dynamodb.sweeper import OLDEST_SECONDS, UnhurriedClock, sweep
from infra.local.dynamodb.tables import Table, ensure_tables

NOW = 1_800_000_000.5
TABLE = Table(
    "T",
    {
        "TableName": "T",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
    },
    ttl_attribute="ttl",
)

EXPIRIES = Expiries([])


@pytest.fixture
def client(aws_environment: None) -> Iterator[DynamoDBClient]:
    with mock_aws():
        client = boto3.client("dynamodb")
        ensure_tables(client, [TABLE])
        yield client


def put(client: DynamoDBClient, name: str, ttl: Mapping[str, Any] | None) -> None:
    row: dict[str, Any] = {"id": {"S": name}} | ({} if ttl is None else {"ttl": ttl})
    client.put_item(TableName="T", Item=row)


def left(client: DynamoDBClient) -> set[str]:
    return {row["id"]["S"] for row in client.scan(TableName="T")["Items"]}


def test_rows_whose_second_has_come_are_deleted(client: DynamoDBClient) -> None:
    put(client, "past", {"N": str(int(NOW) - 1)})
    put(client, "now", {"N": str(int(NOW))})
    put(client, "future", {"N": str(int(NOW) + 1)})
    assert sweep(client, TABLE, EXPIRIES, NOW) == 2
    assert left(client) == {"future"}


def test_rows_without_a_plausible_time_are_left_alone(client: DynamoDBClient) -> None:
    put(client, "none", None)
    put(client, "text", {"S": "1"})
    put(client, "milliseconds", {"N": str(int(NOW) * 1000)})
    put(client, "long ago", {"N": str(int(NOW) - OLDEST_SECONDS - 1)})
    assert sweep(client, TABLE, EXPIRIES, NOW) == 0
    assert left(client) == {"none", "text", "milliseconds", "long ago"}


def test_a_row_renewed_since_the_scan_stays(
    client: DynamoDBClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(client, "renewed", {"N": str(int(NOW) - 1)})
    delete = client.delete_item

    def renew_first(**request: Any) -> Any:
        put(client, "renewed", {"N": str(int(NOW) + 3600)})
        return delete(**request)

    monkeypatch.setattr(client, "delete_item", renew_first)
    assert sweep(client, TABLE, EXPIRIES, NOW) == 0
    assert left(client) == {"renewed"}


def test_a_clock_that_leaps_ahead_makes_nothing_expire_early() -> None:
    wall, own = 1_000.0, 50.0
    clock = UnhurriedClock(lambda: wall, lambda: own)
    wall, own = wall + 10, own + 10
    assert clock() == 1_010.0
    wall += 3 * 3600
    assert clock() == 1_010.0
    wall, own = 1_020.0, own + 10
    assert clock() == 1_020.0
    wall -= 3 * 3600
    assert clock() == 1_020.0 - 3 * 3600
