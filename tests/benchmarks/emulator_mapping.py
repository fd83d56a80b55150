"""ministack's own event source mapping and alarms: `python -m tests.benchmarks.emulator_mapping`.

The figures behind the decision to keep `infra.local.event_sources` and `infra.local.cloudwatch`
(docs/decisions.md). To be run again with each release of ministack; about three minutes.
"""

from __future__ import annotations

import io
import json
import logging
import os
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from statistics import median
from typing import Any, Final

import boto3

from infra.local.dynamodb.expiries import Expiries
from infra.local.dynamodb.tables import wait_for_endpoint
from infra.local.event_sources.batches import BatchPolicy
from infra.local.event_sources.checkpoints import Checkpoints
from infra.local.event_sources.event_source import EventSource
from infra.local.event_sources.failure_destination import FailureFile
from infra.local.event_sources.shard_reader import EventSourceMapping
from infra.local.invocation import Function, Invoker
from infra.local.process.ports import free_ports
from infra.local.stage.environment import emulator_environment, url
from infra.local.stage.processes import Child, python
from tests.benchmarks.results import Figure

SERVICES: Final = "dynamodb,dynamodbstreams,lambda,sqs,iam,monitoring"
SAMPLES: Final = 40
WATCH_SECONDS: Final = 15.0
PATIENCE_SECONDS: Final = 20.0
RETRIES: Final = 2
FUNCTION: Final = """
import json, time

def handler(event, context):
    records = event["Records"]
    keys = [record["dynamodb"]["Keys"]["id"]["S"] for record in records]
    with open({log!r}, "a") as log:
        log.write(json.dumps([time.time(), keys]) + "\\n")
    if "poison" in keys:
        raise ValueError("poison")
    failed = [
        {{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}}
        for record, key in zip(records, keys) if key == "partial"
    ]
    return {{"batchItemFailures": failed}}
"""
"""Writes down what it was called with; reports one record, raises at another."""

Client = Callable[[str], Any]
PutAside = Callable[[], int]
"""How many entries the failure destination has."""


class Rows:
    """A table with a stream, and the function's log of what came to it."""

    def __init__(self, client: Client, name: str, directory: Path) -> None:
        self._dynamodb = client("dynamodb")
        self._name = name
        self.log = directory / f"{name}.jsonl"
        self.log.touch()
        table = self._dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
        )
        self.stream = str(table["TableDescription"]["LatestStreamArn"])

    def put(self, key: str) -> float:
        """Writes a row; returns when, in epoch seconds."""
        begun = time.time()
        self._dynamodb.put_item(TableName=self._name, Item={"id": {"S": key}})
        return begun

    def calls(self, key: str) -> list[tuple[float, list[str]]]:
        """The invocations whose batch held that row: epoch seconds, keys."""
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return [(at, keys) for at, keys in map(json.loads, lines) if key in keys]

    def latency_ms(self, key: str, after_put: Callable[[], None] = lambda: None) -> float:
        """From the beginning of a write to the function that it comes to."""
        begun = self.put(key)
        after_put()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (found := self.calls(key)):
            assert time.monotonic() < deadline, f"{key} never came to the function"
            time.sleep(0.002)
        return (found[0][0] - begun) * 1000


def latency_figures(
    who: str, rows: Rows, after_put: Callable[[], None] = lambda: None
) -> Iterator[Figure]:
    """A stream record to its function, each on an idle stream, as between two joins."""
    rows.latency_ms(f"{who} first", after_put)  # the function's process starts
    latencies = []
    for number in range(SAMPLES):
        time.sleep(0.3)
        latencies.append(rows.latency_ms(f"{who} {number}", after_put))
    yield Figure(f"{who}: record to function, median", median(latencies), "ms")
    yield Figure(f"{who}: record to function, slowest", max(latencies), "ms")


def failure_figures(who: str, rows: Rows, put_aside: PutAside) -> Iterator[Figure]:
    """A record that is reported as failed, then one at which the function raises."""
    rows.latency_ms("partial")
    time.sleep(WATCH_SECONDS)  # what is measured is what happens within it
    retries = len(rows.calls("partial")) - 1
    yield Figure(f"{who}: retries of a reported item, {RETRIES} allowed", retries, "")
    yield Figure(f"{who}: reported items put aside after them", put_aside(), "")
    for key in ("poison", "behind 1", "behind 2", "behind 3"):
        rows.put(key)
    time.sleep(WATCH_SECONDS)
    handled = sum(
        any("poison" not in keys for _, keys in rows.calls(f"behind {number}"))
        for number in (1, 2, 3)
    )
    yield Figure(f"{who}: calls with a poisoned record in 15 s", len(rows.calls("poison")), "")
    yield Figure(f"{who}: of 3 records behind it, handled", handled, "")
    yield Figure(f"{who}: records put aside in the end", put_aside(), "")


def emulator_figures(client: Client, directory: Path) -> Iterator[Figure]:
    """Ministack's own Lambda and event source mapping."""
    rows = Rows(client, "Emulator", directory)
    sqs, functions = client("sqs"), client("lambda")
    queue_url = sqs.create_queue(QueueName="aside")["QueueUrl"]
    functions.create_function(
        FunctionName="mapped",
        Runtime="python3.11",
        Role="arn:aws:iam::000000000000:role/r",
        Handler="mapped.handler",
        Code={"ZipFile": _zipped(FUNCTION.format(log=str(rows.log)))},
    )
    functions.create_event_source_mapping(
        EventSourceArn=rows.stream,
        FunctionName="mapped",
        StartingPosition="TRIM_HORIZON",
        BatchSize=100,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=RETRIES,
        DestinationConfig={
            "OnFailure": {"Destination": "arn:aws:sqs:us-east-1:000000000000:aside"}
        },
    )

    def put_aside() -> int:
        counted = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["All"])
        return int(counted["Attributes"]["ApproximateNumberOfMessages"])

    yield from latency_figures("ministack", rows)
    yield from failure_figures("ministack", rows, put_aside)


def own_figures(client: Client, directory: Path) -> Iterator[Figure]:
    """`infra.local.event_sources` on the same emulator's streams."""
    rows = Rows(client, "Own", directory)
    failures = directory / "failures.jsonl"
    namespace: dict[str, Any] = {}
    exec(FUNCTION.format(log=str(rows.log)), namespace)  # noqa: S102 - the text above
    source = EventSource(
        EventSourceMapping(
            stream_arn=rows.stream,
            function=Function("own", namespace["handler"]),
            policy=BatchPolicy(100, max_retries=RETRIES, bisected_retries=RETRIES),
            client=client("dynamodbstreams"),
            invoker=Invoker(1),
            checkpoints=Checkpoints(directory / "checkpoints.json"),
            failures=FailureFile(failures),
            expiries=Expiries([rows.stream]),
            note_age=lambda _: None,
            preview=lambda _: None,
        )
    )
    source.start()

    def put_aside() -> int:
        return len(failures.read_text(encoding="utf-8").splitlines()) if failures.exists() else 0

    yield from latency_figures("own, woken", rows, source.wake)
    yield from latency_figures("own, polled", rows)
    logging.disable(logging.CRITICAL)  # of the failures that follow
    yield from failure_figures("own", rows, put_aside)
    source.stop(time.monotonic())
    source.join()


def alarm_figures(cloudwatch: Any) -> Iterator[Figure]:
    """Two alarms that one bad value must not fire: another metric's, and one of two periods."""
    for name, stage in (("another dimension's value", "other"), ("one bad period of two", "probe")):
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            Namespace="Probe",
            MetricName="Failed",
            Dimensions=[{"Name": "Stage", "Value": stage}],
            Statistic="Average",
            Period=300,
            EvaluationPeriods=2,
            Threshold=10,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="notBreaching",
        )
    value = {"MetricName": "Failed", "Value": 11, "Timestamp": datetime.now(UTC)}
    probed = {**value, "Dimensions": [{"Name": "Stage", "Value": "probe"}]}
    cloudwatch.put_metric_data(Namespace="Probe", MetricData=[probed])
    for alarm in cloudwatch.describe_alarms()["MetricAlarms"]:
        fired = float(alarm["StateValue"] == "ALARM")
        yield Figure(f"ministack: alarms fired by {alarm['AlarmName']}", fired, "")


def _zipped(source: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("mapped.py", source)
    return data.getvalue()


@contextmanager
def running_emulator(directory: Path) -> Iterator[Client]:
    """Ministack with all the services of the experiment; gives a maker of clients."""
    port = next(free_ports())
    environment = {**emulator_environment(os.environ, port, directory), "SERVICES": SERVICES}
    child = Child("ministack", python("ministack"), environment, directory / "ministack.log")

    def client(service: str) -> Any:
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=url(port),
            region_name="us-east-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )

    try:
        wait_for_endpoint(client("dynamodb"), PATIENCE_SECONDS)
        yield client
    finally:
        child.terminate()
        child.wait(time.monotonic() + PATIENCE_SECONDS)
        child.kill()


def main() -> None:
    """Measures and prints."""
    with tempfile.TemporaryDirectory() as name, running_emulator(Path(name)) as client:
        for figure in chain(
            emulator_figures(client, Path(name)),
            own_figures(client, Path(name)),
            alarm_figures(client("cloudwatch")),
        ):
            print(figure.row(), flush=True)


if __name__ == "__main__":
    main()
