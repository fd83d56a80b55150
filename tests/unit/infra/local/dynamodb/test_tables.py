"""The stage's tables are those of `infra/tables.yaml`."""

import dataclasses
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError
from moto import mock_aws
from types_boto3_dynamodb import DynamoDBClient

from infra.local.dynamodb.tables import (
    Table,
    TableShapeError,
    ensure_tables,
    read_tables,
    require_no_former_tables,
    wait_for_endpoint,
)


@pytest.fixture
def client(aws_environment: None) -> Iterator[DynamoDBClient]:
    with mock_aws():
        yield boto3.client("dynamodb")


def test_every_table_of_the_template_is_made_as_it_is_described(client: DynamoDBClient) -> None:
    found = ensure_tables(client, read_tables())
    assert {table["name"] for table in found.values()} == {
        "Sessions-local",
        "Connections-local",
        "CachedTranslations-local",
        "SessionRosters-local",
        "Sentences-local",
    }
    for table in read_tables():
        made: Any = client.describe_table(TableName=table.name)["Table"]
        assert made["KeySchema"] == table.request["KeySchema"]
        assert made["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
        indexes = {index["IndexName"] for index in made.get("GlobalSecondaryIndexes", [])}
        wanted = table.request.get("GlobalSecondaryIndexes", [])
        assert indexes == {index["IndexName"] for index in wanted}


def test_streams_are_told_where_the_template_has_them(client: DynamoDBClient) -> None:
    found = ensure_tables(client, read_tables())
    for logical_id in ("ConnectionsTable", "CachedTranslationsTable"):
        table: Any = client.describe_table(TableName=found[logical_id]["name"])["Table"]
        assert table["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
        assert found[logical_id]["stream"] == table["LatestStreamArn"]
    assert "stream" not in found["RostersTable"]


def test_tables_that_are_there_stay(client: DynamoDBClient) -> None:
    first = ensure_tables(client, read_tables())
    client.put_item(
        TableName="SessionRosters-local",
        Item={"sessionKey": {"S": "a#1#0"}, "connectionId": {"S": "kept"}},
    )
    assert ensure_tables(client, read_tables()) == first
    assert client.scan(TableName="SessionRosters-local")["Count"] == 1


def test_a_kept_table_of_another_shape_is_refused(client: DynamoDBClient) -> None:
    (table,) = (each for each in read_tables() if each.name == "Connections-local")
    unindexed = {
        **{name: value for name, value in table.request.items() if not name.startswith("Global")},
        "AttributeDefinitions": [{"AttributeName": "connectionId", "AttributeType": "S"}],
    }
    ensure_tables(client, [dataclasses.replace(table, request=unindexed)])
    with pytest.raises(TableShapeError, match="Connections-local"):
        ensure_tables(client, [table])


def test_rosters_of_a_former_key_are_refused(client: DynamoDBClient) -> None:
    (table,) = (each for each in read_tables() if each.name == "SessionRosters-local")
    former = {
        **table.request,
        "KeySchema": [{"AttributeName": "connectionId", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "connectionId", "AttributeType": "S"}],
    }
    ensure_tables(client, [dataclasses.replace(table, request=former)])
    with pytest.raises(TableShapeError, match="SessionRosters-local"):
        ensure_tables(client, [table])


def test_a_table_of_a_former_version_is_refused(client: DynamoDBClient) -> None:
    require_no_former_tables(client)
    (table,) = (each for each in read_tables() if each.name == "SessionRosters-local")
    former = {**table.request, "TableName": "Rosters-local"}
    ensure_tables(client, [dataclasses.replace(table, request=former)])
    with pytest.raises(TableShapeError, match="Rosters-local"):
        require_no_former_tables(client)


def test_expiry_is_left_to_the_sweeper() -> None:
    tables: dict[str, Table] = {table.name: table for table in read_tables(stage="x")}
    assert {name: table.ttl_attribute for name, table in tables.items()} == {
        "Sessions-x": "expiresAt",
        "Connections-x": "ttl",
        "CachedTranslations-x": "ttl",
        "SessionRosters-x": "ttl",
        "Sentences-x": "expiresAt",
    }
    assert all("TimeToLiveSpecification" not in table.request for table in tables.values())


class Forwarder(BaseHTTPRequestHandler):
    """Cuts the first requests, as long as what it stands before is not there yet."""

    cuts = 0

    def do_POST(self) -> None:
        if type(self).cuts > 0:
            type(self).cuts -= 1
            return
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture
def forwarded(aws_environment: None) -> Iterator[DynamoDBClient]:
    server = HTTPServer(("127.0.0.1", 0), Forwarder)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    serving.start()
    client = boto3.client(
        "dynamodb",
        endpoint_url=f"http://127.0.0.1:{server.server_port}",
        config=Config(retries={"total_max_attempts": 1}),
    )
    yield client
    client.close()
    server.shutdown()
    serving.join()
    server.server_close()


def test_an_emulator_behind_a_forwarder_is_waited_for(forwarded: DynamoDBClient) -> None:
    Forwarder.cuts = 3
    wait_for_endpoint(forwarded, 30.0)
    assert Forwarder.cuts == 0


def test_an_emulator_that_never_comes_is_told(forwarded: DynamoDBClient) -> None:
    Forwarder.cuts = 10**6
    with pytest.raises(ConnectionClosedError):
        wait_for_endpoint(forwarded, 0.0)
