"""The embedded DynamoDB with empty tables, and clients of it: what the read benchmarks run over."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3

from chalice_app.aws.clients import Clients
from infra.local.dynamodb.tables import ensure_tables, read_tables, wait_for_endpoint
from tests.cache_stage import START_SECONDS, running_dynamodb, sdk_environment

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True)
class Store:
    """The application's clients, boto3's own, and the tables' names by logical id."""

    clients: Clients
    plain: "DynamoDBClient"
    names: dict[str, str]

    def cpu_seconds(self) -> float:
        """What the store's process has used so far: this process has no other child meanwhile."""
        ticks = 0
        for task in Path("/proc/self/task").iterdir():
            for pid in (task / "children").read_text().split():
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
                ticks += int(fields[11]) + int(fields[12])  # utime and stime, proc(5)
        return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def embedded_store() -> Iterator[Store]:
    """A store in a process of its own; this process talks to no other AWS afterwards."""
    with running_dynamodb() as address:
        os.environ.update(sdk_environment(address))
        clients = Clients("us-east-1")
        wait_for_endpoint(clients.dynamodb, START_SECONDS)
        tables = ensure_tables(clients.dynamodb, read_tables())
        plain = boto3.Session(region_name="us-east-1").client("dynamodb")
        names = {logical_id: table["name"] for logical_id, table in tables.items()}
        try:
            yield Store(clients, plain, names)
        finally:
            clients.dynamodb.close()
            plain.close()
