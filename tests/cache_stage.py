"""The cache on the embedded DynamoDB: a table, its stream, and the functions that it drives.

For integration tests and benchmarks. Time is a clock that the caller moves; records are delivered
when the caller says so, in this thread.
"""

import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3

from chalice_app.aws.clients import Clients
from chalice_app.aws.dynamodb.cached_translations import CachedTranslationsTable
from chalice_app.bootstrap.adapters import aws_adapters
from chalice_app.bootstrap.application import Application
from chalice_app.bootstrap.process import composed
from chalice_app.cache.lookup import TranslationCache
from infra.local.dynamodb.tables import ensure_tables, read_tables, wait_for_endpoint
from infra.local.event_sources.shards import ShardIterator, describe_shards
from infra.local.process.ports import free_ports
from infra.local.stage.environment import emulator_environment, url
from infra.local.stage.processes import Child, python
from streams import cache_access
from tests.fakes.domain import PATIENCE, FakeClock
from tests.fakes.observability import RecordingMetrics
from tests.fakes.translation import StubTranslator
from tests.fakes.world import SETTINGS

START_SECONDS = 20.0
STOP_SECONDS = 10.0

Record = dict[str, Any]


@dataclass
class Calls:
    """Every call of DynamoDB that this process makes: operation and parameters."""

    made: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def watch(self, clients: Clients) -> None:
        """Sees the calls of these clients from now on."""
        clients.dynamodb.meta.events.register("provide-client-params.dynamodb", self._note)

    def _note(self, params: Mapping[str, Any], model: Any, **_: Any) -> None:
        self.made.append((model.name, dict(params)))

    def names(self) -> Counter[str]:
        """How often each operation was called."""
        return Counter(name for name, _ in self.made)


@contextmanager
def running_dynamodb() -> Iterator[str]:
    """A process of its own on a free port of loopback; its address."""
    with tempfile.TemporaryDirectory() as name:
        directory, port = Path(name), next(free_ports())
        environment = emulator_environment(os.environ, port, directory)
        log = directory / "dynamodb.log"
        child = Child("dynamodb", python("infra.local.dynamodb"), environment, log)
        try:
            yield url(port)
        finally:
            child.terminate()
            child.wait(time.monotonic() + STOP_SECONDS)
            child.kill()


def sdk_environment(dynamodb: str) -> Mapping[str, str]:
    """What makes the SDK talk to it and to nothing else."""
    return {
        "AWS_ENDPOINT_URL": dynamodb,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": SETTINGS.region,
        "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


class _PatientApplication(Application):
    """Waits for the cache however busy the machine is: one that is late counts as a miss."""

    @cached_property
    def cache(self) -> TranslationCache:
        """As it is in production, but for its time-outs."""
        return replace(super().cache, lookup_seconds=PATIENCE, write_seconds=PATIENCE)


class CacheStage:
    """One application over the table of one stage, and the stream that it is driven by.

    The environment must be `sdk_environment`'s before.
    """

    def __init__(self, stage: str, limit: int = 10_000, ttl_seconds: int = 3600) -> None:
        self.clock = FakeClock()
        self.metrics = RecordingMetrics()
        self.translator = StubTranslator()
        self.calls = Calls()
        clients = Clients(SETTINGS.region)
        self.dynamodb = clients.dynamodb
        wait_for_endpoint(self.dynamodb, START_SECONDS)
        tables = [
            table
            for table in read_tables(stage=stage)
            if table.logical_id == "CachedTranslationsTable"
        ]
        made = ensure_tables(self.dynamodb, tables)["CachedTranslationsTable"]
        self.table_name = made["name"]
        self.settings = replace(
            SETTINGS,
            cached_translations_table=self.table_name,
            max_cache_entries=limit,
            cache_ttl_seconds=ttl_seconds,
            # There is no other table here in which a budget could be kept.
            limits=replace(SETTINGS.limits, character_budget=0),
        )
        self.app = self.container()
        streams = boto3.client("dynamodbstreams")
        self._shards = [
            ShardIterator(streams, made["stream"], shard.id, None)
            for shard in describe_shards(streams, made["stream"])
        ]

    def container(self) -> Application:
        """A further container of the application, with a hit buffer of its own."""
        real = aws_adapters(self.settings)
        assert isinstance(real.cache, CachedTranslationsTable)
        self.calls.watch(real.cache.table.clients)
        adapters = replace(
            real,
            clock=self.clock,
            metrics=self.metrics,
            translator=self.translator,
        )
        return _PatientApplication(self.settings, adapters)

    def records(self) -> list[Record]:
        """What the stream has that was not read yet."""
        return [record for shard in self._shards for record in shard.read(1000)]

    def deliver(self, records: list[Record]) -> dict[str, Any]:
        """Hands records to the function, as Lambda does."""
        with composed(self.app):
            answer: dict[str, Any] = cache_access.handler({"Records": records}, None)
        return answer

    def settle(self) -> list[Record]:
        """Delivers until the stream is at rest; returns every record there was."""
        seen: list[Record] = []
        while records := self.records():
            seen += records
            answer = self.deliver(records)
            assert answer == {"batchItemFailures": []}, answer
        return seen
