"""The stage's tables, created from `infra/tables.yaml` by CreateTable.

CloudFormation in the emulator would do it too, but loading that service costs more time and memory
than all the rest of it, and it ignores time-to-live silently. `python -m
infra.local.dynamodb.tables` prints `ready` and the names and streams of the tables as JSON, which
is how the stage learns them.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError

from infra.cloudformation import Template

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

TEMPLATE: Final = Path(__file__).parents[2] / "tables.yaml"
STAGE: Final = "local"
_AS_THEY_ARE: Final = (
    "TableName",
    "AttributeDefinitions",
    "KeySchema",
    "BillingMode",
    "ProvisionedThroughput",
    "GlobalSecondaryIndexes",
    "LocalSecondaryIndexes",
    "DeletionProtectionEnabled",
    "TableClass",
    "Tags",
)
"""Properties that AWS::DynamoDB::Table and CreateTable spell alike."""


FORMER_NAMES: Final = ("Rosters",)
"""Tables of former versions: a data directory that holds one was written by such a version."""


class TableShapeError(Exception):
    """A table kept from a former run has other keys, indexes or streams than the template now."""


@dataclass(frozen=True)
class Table:
    """A table of the template: CreateTable's request, and the attribute that expires its rows."""

    logical_id: str
    request: Mapping[str, Any]
    ttl_attribute: str | None

    @property
    def name(self) -> str:
        """The table's name on this stage."""
        return str(self.request["TableName"])

    @property
    def keys(self) -> list[str]:
        """The attributes of the primary key."""
        return [key["AttributeName"] for key in self.request["KeySchema"]]


def read_tables(stage: str = STAGE) -> list[Table]:
    """The tables that the template makes for a stage.

    Raises:
        TemplateError: the template uses something that is not resolved here.
    """
    template = Template.read(TEMPLATE, {"Stage": stage})
    declared = template.resources("AWS::DynamoDB::Table")
    return [_table(logical_id, properties) for logical_id, properties in declared.items()]


def ensure_tables(client: DynamoDBClient, tables: Iterable[Table]) -> dict[str, dict[str, str]]:
    """Create the tables that are missing.

    Returns:
        `{logical id: {"name": ..., "stream": ARN}}`, without a stream where the table has none.

    Raises:
        TableShapeError: a table exists in another shape.
    """
    return {table.logical_id: _ensure(client, table) for table in tables}


def require_no_former_tables(client: DynamoDBClient, stage: str = STAGE) -> None:
    """Look for tables of a former version: what they hold is not read any more.

    Raises:
        TableShapeError: there is one.
    """
    there = client.list_tables()["TableNames"]
    for name in FORMER_NAMES:
        if f"{name}-{stage}" in there:
            raise TableShapeError(f"the kept table {name}-{stage} is one of a former version")


def wait_for_endpoint(client: DynamoDBClient, seconds: float) -> None:
    """Return when DynamoDB answers; a forwarder before it cuts the connection until then.

    Raises:
        EndpointConnectionError: it did not within the time.
        ConnectionClosedError: the same, behind a forwarder.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            client.list_tables(Limit=1)
        except (EndpointConnectionError, ConnectionClosedError):
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _table(logical_id: str, properties: Mapping[str, Any]) -> Table:
    request = {name: properties[name] for name in _AS_THEY_ARE if name in properties}
    if "StreamSpecification" in properties:
        request["StreamSpecification"] = {
            "StreamEnabled": True,
            "StreamViewType": properties["StreamSpecification"]["StreamViewType"],
        }
    ttl = properties.get("TimeToLiveSpecification", {})
    # Time-to-live is the sweeper's: the emulator's own deletes leave no stream record.
    return Table(logical_id, request, ttl.get("AttributeName") if ttl.get("Enabled") else None)


def _ensure(client: DynamoDBClient, table: Table) -> dict[str, str]:
    try:
        found: Mapping[str, Any] = client.create_table(**table.request)["TableDescription"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceInUseException":
            raise
        found = client.describe_table(TableName=table.name)["Table"]
        if _shape(found) != _shape(table.request):
            message = f"the kept table {table.name} has another shape than tables.yaml gives it"
            raise TableShapeError(message) from error
    stream = {"stream": found["LatestStreamArn"]} if "LatestStreamArn" in found else {}
    return {"name": table.name, **stream}


def _shape(table: Mapping[str, Any]) -> object:
    """What cannot be changed without recreating the table, in a form that compares."""
    indexes = [
        (index["IndexName"], index["KeySchema"], index["Projection"]["ProjectionType"])
        for index in table.get("GlobalSecondaryIndexes", [])
    ]
    view = table.get("StreamSpecification", {}).get("StreamViewType")
    return table["KeySchema"], sorted(indexes), view


def main() -> None:
    """Wait for the emulator, create what is missing, print the names and streams."""
    retries = Config(retries={"total_max_attempts": 1})
    client = boto3.client("dynamodb", config=retries)
    wait_for_endpoint(client, seconds=10)
    try:
        require_no_former_tables(client)
        found = ensure_tables(client, read_tables())
    except TableShapeError as error:
        sys.exit(f"{error}: start with another --data-dir, or remove this one")
    print("ready", json.dumps(found))


if __name__ == "__main__":
    main()
