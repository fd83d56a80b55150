"""Disconnects the connections of a former run: their sockets are gone, their rows are not.

`python -m infra.local.gateway.stale_connections` runs once, before a stage with kept data is ready.
It invokes `disconnect` for each row of Connections, prints `ready` and how many there were. The
emulator's streams end with it, where DynamoDB's would go on. So it also invokes `reconcile`, which
finds the changes that the streams still held.
"""

from __future__ import annotations

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

import boto3

from infra.local.event_sources.schedules import scheduled_event
from infra.local.gateway.events import GOING_AWAY, Origin, disconnect_event

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_lambda import LambdaClient

AT_ONCE: Final = 16


def connection_rows(client: DynamoDBClient, table: str) -> list[dict[str, Any]]:
    """Every row of Connections, as DynamoDB spells attributes."""
    pages = client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return [row for page in pages for row in page["Items"]]


def disconnect(client: LambdaClient, row: dict[str, Any]) -> bool:
    """Invoke `disconnect` for a connection; returns whether the function did its work."""
    event = disconnect_event(
        Origin(
            connection_id=row["connectionId"]["S"],
            connected_at_ms=int(row.get("connectedAt", {}).get("N", "0")),
            domain_name="127.0.0.1",
            identity={"sourceIp": "127.0.0.1"},
        ),
        GOING_AWAY,
    )
    answer = client.invoke(FunctionName="disconnect", Payload=json.dumps(event))
    return "FunctionError" not in answer


def main() -> None:
    """Disconnect all connections, `AT_ONCE` at a time."""
    rows = connection_rows(boto3.client("dynamodb"), os.environ["CONNECTIONS_TABLE_NAME"])
    functions = boto3.client("lambda")
    with ThreadPoolExecutor(AT_ONCE) as threads:
        done = sum(threads.map(lambda row: disconnect(functions, row), rows))
    if done < len(rows):
        sys.exit(f"{len(rows) - done} of {len(rows)} connections could not be disconnected")
    event = json.dumps(scheduled_event("reconcile"))
    functions.invoke(FunctionName="reconcile", InvocationType="Event", Payload=event)
    print("ready", done)


if __name__ == "__main__":
    main()
