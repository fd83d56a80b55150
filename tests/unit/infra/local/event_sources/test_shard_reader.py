"""A shard's records reach the function in order, whatever the function and the stream do."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from infra.local.dynamodb.expiries import Expiries
from infra.local.event_sources.batches import BatchPolicy
from infra.local.event_sources.checkpoints import SHARD_END, Checkpoints
from infra.local.event_sources.event_source import EventSource
from infra.local.event_sources.failure_destination import FailureFile
from infra.local.event_sources.shard_reader import (
    BUSY_POLL_SECONDS,
    IDLE_POLL_SECONDS,
    EventSourceMapping,
    Pace,
)
from infra.local.invocation import Function, Invoker
from tests.unit.infra.local.event_sources.streams import FakeStreams, stream_record

PATIENCE = 10.0
ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/T/stream/1"
QUICK = BatchPolicy(
    batch_size=3, max_retries=2, bisected_retries=0, first_delay=0.001, longest_delay=0.01
)

Handler = Callable[[list[str]], Any]


class Source:
    """An event source over a stand-in stream, and what its function was called with."""

    def __init__(
        self, streams: FakeStreams, directory: Path, handler: Handler, policy: BatchPolicy
    ) -> None:
        self.events: list[dict[str, Any]] = []
        self.ages: list[float] = []
        self.failures = directory / "failures.jsonl"
        self.checkpoints = Checkpoints(directory / "checkpoints.json")
        self._handler = handler
        self._changed = threading.Condition()
        self.source = EventSource(
            EventSourceMapping(
                stream_arn=ARN,
                function=Function("effect", self._handle, timeout=5.0),
                policy=policy,
                client=streams.client,
                invoker=Invoker(4),
                checkpoints=self.checkpoints,
                failures=FailureFile(self.failures),
                expiries=Expiries([ARN]),
                note_age=self.ages.append,
                preview=lambda _: None,
            )
        )

    @property
    def batches(self) -> list[list[str]]:
        return [numbers(event) for event in self.events]

    def wait_for(self, condition: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, PATIENCE), self.batches

    def wait_for_checkpoint(self, wanted: str, shard: str = "s") -> None:
        deadline = time.monotonic() + PATIENCE
        while (found := self.checkpoints.position(ARN, shard)) != wanted:
            assert time.monotonic() < deadline, found
            time.sleep(0.005)

    def _handle(self, event: dict[str, Any], _context: object) -> Any:
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()
        return self._handler(numbers(event))


def numbers(event: dict[str, Any]) -> list[str]:
    return [record["dynamodb"]["SequenceNumber"] for record in event["Records"]]


def succeed(_: list[str]) -> None:
    return None


@contextmanager
def running(
    streams: FakeStreams, directory: Path, handler: Handler = succeed, policy: BatchPolicy = QUICK
) -> Iterator[Source]:
    source = Source(streams, directory, handler, policy)
    source.source.start()
    try:
        yield source
    finally:
        source.source.stop(time.monotonic() + PATIENCE)
        source.source.join(PATIENCE)
        assert not source.source.is_alive()


def shard(count: int) -> list[dict[str, Any]]:
    return [stream_record(number) for number in range(count)]


def test_records_arrive_in_order_in_batches_of_lambdas_shape(tmp_path: Path) -> None:
    with running(FakeStreams({"s": shard(7)}), tmp_path) as source:
        source.wait_for_checkpoint("006")
    assert source.batches == [["000", "001", "002"], ["003", "004", "005"], ["006"]]
    first = source.events[0]["Records"][0]
    assert first["eventSourceARN"] == ARN
    assert isinstance(first["dynamodb"]["ApproximateCreationDateTime"], float)


def test_the_age_of_each_batchs_last_record_is_measured(tmp_path: Path) -> None:
    errors = iter([RuntimeError("once")])
    written = datetime(2026, 1, 1, tzinfo=UTC)
    at_least = (datetime.now(UTC) - written).total_seconds() * 1000
    records = shard(4)
    future, unknown = stream_record(8), stream_record(9)
    future["dynamodb"]["ApproximateCreationDateTime"] = datetime.now(UTC) + timedelta(days=1)
    del unknown["dynamodb"]["ApproximateCreationDateTime"]

    def handler(_: list[str]) -> None:
        for error in errors:
            raise error

    one = BatchPolicy(batch_size=2, first_delay=0.001, longest_delay=0.01)
    streams = FakeStreams({"s": [*records, future, unknown]})
    with running(streams, tmp_path, handler, one) as source:
        source.wait_for_checkpoint("009")
    first, again, second, unmeasured = source.ages
    assert at_least <= first <= again <= second, "a batch that fails grows older"
    assert unmeasured == 0


def test_what_is_written_later_is_found(tmp_path: Path) -> None:
    streams = FakeStreams({"s": []})
    with running(streams, tmp_path) as source:
        streams.shards["s"].append(stream_record(0))
        source.source.wake()
        source.wait_for_checkpoint("000")


def test_a_reported_failure_is_the_checkpoint(tmp_path: Path) -> None:
    answers = iter([{"batchItemFailures": [{"itemIdentifier": "001"}]}])
    with running(FakeStreams({"s": shard(3)}), tmp_path, lambda _: next(answers, None)) as source:
        source.wait_for_checkpoint("002")
    assert source.batches == [["000", "001", "002"], ["001", "002"]]


def test_a_raised_error_is_retried_as_a_whole(tmp_path: Path) -> None:
    errors = iter([RuntimeError("once")])

    def handler(_: list[str]) -> None:
        for error in errors:
            raise error

    with running(FakeStreams({"s": shard(2)}), tmp_path, handler) as source:
        source.wait_for_checkpoint("001")
    assert source.batches == [["000", "001"], ["000", "001"]]


def test_a_poisonous_record_is_put_aside_and_the_rest_goes_on(tmp_path: Path) -> None:
    def handler(batch: list[str]) -> None:
        if "001" in batch:
            raise ValueError("poison")

    with running(FakeStreams({"s": shard(5)}), tmp_path, handler) as source:
        source.wait_for_checkpoint("004")
    delivered = {number for batch in source.batches if "001" not in batch for number in batch}
    assert delivered == {"000", "002", "003", "004"}
    (entry,) = map(json.loads, source.failures.read_text().splitlines())
    assert numbers(entry["payload"]) == ["001"]
    assert entry["responseContext"]["functionError"] == "ValueError: poison"


def test_a_restart_goes_on_behind_the_checkpoint(tmp_path: Path) -> None:
    streams = FakeStreams({"s": shard(3)})
    with running(streams, tmp_path) as source:
        source.wait_for_checkpoint("002")
    streams.shards["s"].append(stream_record(3))
    with running(streams, tmp_path) as source:
        source.wait_for_checkpoint("003")
    assert source.batches == [["003"]]


def test_a_child_shard_is_read_when_its_parent_is_done(tmp_path: Path) -> None:
    child = [stream_record(number) for number in (100, 101)]
    streams = FakeStreams(
        {"child": child, "parent": shard(4)}, parents={"child": "parent"}, closed={"parent"}
    )
    with running(streams, tmp_path) as source:
        source.wait_for_checkpoint("101", shard="child")
    assert [number for batch in source.batches for number in batch] == [
        *("000", "001", "002", "003"),
        *("100", "101"),
    ]
    assert source.checkpoints.position(ARN, "parent") == SHARD_END


def test_a_shard_that_had_ended_before_the_restart_is_not_read_again(tmp_path: Path) -> None:
    streams = FakeStreams({"parent": shard(2)}, closed={"parent"})
    with running(streams, tmp_path) as source:
        source.wait_for_checkpoint(SHARD_END, shard="parent")
    streams.shards["child"] = [stream_record(100)]
    with running(streams, tmp_path) as source:
        source.wait_for_checkpoint("100", shard="child")
    assert source.batches == [["100"]]


def test_what_the_stream_still_holds_is_handled_before_the_end(tmp_path: Path) -> None:
    slow = BatchPolicy(batch_size=100, window=3600.0)
    streams = FakeStreams({"s": []})
    with running(streams, tmp_path, policy=slow) as source:
        source.source.wake()
        streams.shards["s"] += shard(5)
    assert [number for batch in source.batches for number in batch] == numbers(
        {"Records": shard(5)}
    )


def test_an_outage_of_the_stream_is_survived(tmp_path: Path) -> None:
    streams = FakeStreams({"s": shard(1)})
    streams.outage = EndpointConnectionError(endpoint_url="http://127.0.0.1:1")
    with running(streams, tmp_path) as source:
        assert streams.met_outage.wait(PATIENCE)
        streams.outage = None
        source.wait_for_checkpoint("000")


def test_polls_are_frequent_while_there_is_work_and_rarer_at_rest() -> None:
    pace = Pace()
    pace.polled(found=True, now=10.0)
    assert pace.next_at == pytest.approx(10.0 + BUSY_POLL_SECONDS)
    for _ in range(20):
        pace.polled(found=False, now=20.0)
    assert pace.next_at == pytest.approx(20.0 + IDLE_POLL_SECONDS)


def test_a_hint_brings_the_next_poll_forward_but_never_too_soon() -> None:
    pace = Pace()
    for _ in range(20):
        pace.polled(found=False, now=20.0)
    pace.hint()
    pace.hint()
    assert pace.next_at == pytest.approx(20.0 + BUSY_POLL_SECONDS)
