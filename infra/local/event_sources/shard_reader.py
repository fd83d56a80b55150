"""Reads one shard of a stream and hands its records to a function, in order, until all are done.

Every `..._at` is in monotonic seconds.
"""

from __future__ import annotations

import json
import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from infra.local.dynamodb.expiries import Expiries
from infra.local.dynamodb.stream_records import Record, sequence_number
from infra.local.event_sources.batches import (
    BatchPolicy,
    ShardBatches,
    first_failure,
)
from infra.local.event_sources.checkpoints import SHARD_END, Checkpoints
from infra.local.event_sources.failure_destination import FailureFile
from infra.local.event_sources.shards import ShardIterator
from infra.local.invocation import Function, Invoker

if TYPE_CHECKING:
    from types_boto3_dynamodbstreams import DynamoDBStreamsClient

LOGGER = logging.getLogger(__name__)

BUSY_POLL_SECONDS: Final = 0.015
IDLE_POLL_SECONDS: Final = 0.1
"""A poll costs about two milliseconds of CPU here and in the emulator, so at rest ten a second."""
TROUBLE_SECONDS: Final = 1.0
"""The pause after an error of the emulator, or no answer."""
LARGEST_PAGE: Final = 1000
"""GetRecords returns no more."""


class Pace:
    """When to poll next: soon after records or a hint, ever later while nothing comes."""

    def __init__(self, busy: float = BUSY_POLL_SECONDS) -> None:
        """`busy` is the shortest interval in seconds."""
        self.next_at = 0.0  # monotonic seconds
        self._busy = busy
        self._interval = busy

    def polled(self, *, found: bool, now: float) -> None:
        """Enter a poll and whether it brought anything."""
        self._interval = self._busy if found else min(self._interval * 1.25, IDLE_POLL_SECONDS)
        self.next_at = now + self._interval

    def hint(self) -> None:
        """Something has probably been written: poll as soon as the shortest interval allows."""
        self.next_at -= self._interval - self._busy
        self._interval = self._busy


@dataclass(frozen=True)
class EventSourceMapping:
    """A stream, the function that its records go to, and what remembers how far they got."""

    stream_arn: str
    function: Function
    policy: BatchPolicy
    client: DynamoDBStreamsClient
    invoker: Invoker
    checkpoints: Checkpoints
    failures: FailureFile
    expiries: Expiries
    note_age: Callable[[float], None]
    """Called before each delivery with the age of the batch's last record in ms: IteratorAge."""
    preview: Callable[[Sequence[Record]], None]
    """Called with each batch before its delivery; it must neither wait nor raise."""


class ShardReader(threading.Thread):
    """Reads one shard from its checkpoint to its end, or until it is stopped."""

    def __init__(
        self, mapping: EventSourceMapping, shard_id: str, on_end: Callable[[], None]
    ) -> None:
        """Prepare to read from the checkpoint on; `on_end` runs when the shard itself has ended."""
        super().__init__(name=f"{mapping.function.name} {shard_id}", daemon=True)
        self._mapping = mapping
        self._shard_id = shard_id
        self._on_end = on_end
        checkpoint = mapping.checkpoints.position(mapping.stream_arn, shard_id)
        self._iterator = ShardIterator(mapping.client, mapping.stream_arn, shard_id, checkpoint)
        self._batches = ShardBatches(mapping.policy, checkpoint)
        # A mapping that waits for a batch to fill does not need quick polls.
        self._pace = Pace(IDLE_POLL_SECONDS if mapping.policy.window else BUSY_POLL_SECONDS)
        self._woken = threading.Event()
        self._stop_at: float | None = None
        self._drained = False

    def wake(self) -> None:
        """Poll now: something has probably been written."""
        self._woken.set()

    def stop(self, deadline: float) -> None:
        """Handle what the shard still holds, and end; give up at the deadline (monotonic)."""
        self._stop_at = deadline
        self._woken.set()

    def run(self) -> None:
        """Poll and deliver."""
        while not self._over():
            try:
                self._step()
            except (ClientError, BotoCoreError, OSError) as error:
                LOGGER.warning("%s: %s", self.name, error)
                self._woken.wait(TROUBLE_SECONDS)
                self._drained = self._stop_at is not None
        if self._batches.pending:
            LOGGER.error("%s: %s records not delivered", self.name, self._batches.pending)

    def _over(self) -> bool:
        if self._batches.pending:
            return self._stop_at is not None and time.monotonic() >= self._stop_at
        if self._iterator.closed:
            self._advance(SHARD_END)
            self._on_end()
            return True
        return self._stop_at is not None and (self._drained or time.monotonic() >= self._stop_at)

    def _step(self) -> None:
        now = time.monotonic()
        if self._batches.room and not self._iterator.closed and now >= self._pace.next_at:
            records = self._iterator.read(min(self._batches.room, LARGEST_PAGE))
            marked = [self._mapping.expiries.marked(record) for record in records]
            self._batches.offer(marked, now)
            self._pace.polled(found=bool(records), now=now)
            self._drained = self._stop_at is not None and not records
        batch = self._batches.due(now, flush=self._stop_at is not None)
        if batch:
            self._deliver(batch)
        else:
            self._rest(now)

    def _rest(self, now: float) -> None:
        waits = [self._batches.due_in(now)]
        if self._batches.room and not self._iterator.closed:
            waits.append(self._pace.next_at - now)
        seconds = min((wait for wait in waits if wait is not None), default=IDLE_POLL_SECONDS)
        if self._woken.wait(max(0.0, seconds)):
            self._woken.clear()
            self._pace.hint()

    def _deliver(self, batch: Sequence[Record]) -> None:
        mapping = self._mapping
        mapping.note_age(_age_ms(batch[-1]))
        mapping.preview(batch)
        result = mapping.invoker.call(mapping.function, json.dumps({"Records": batch}))
        first_failed = 0 if result.error else first_failure(json.loads(result.payload), batch)
        reason = result.error or "reported as a batch item failure"
        if first_failed is not None:
            first = sequence_number(batch[first_failed])
            LOGGER.warning("%s: to be retried from record %s: %s", self.name, first, reason)
        given_up = self._batches.record_outcome(first_failed, time.monotonic())
        if given_up is not None:
            LOGGER.error("%s: put aside record %s", self.name, sequence_number(given_up))
            mapping.failures.put_record(mapping.function.name, self._shard_id, given_up, reason)
        if self._batches.checkpoint is not None:
            self._advance(self._batches.checkpoint)

    def _advance(self, position: str) -> None:
        self._mapping.checkpoints.advance(self._mapping.stream_arn, self._shard_id, position)


def _age_ms(record: Record) -> float:
    """How long ago the stream took the record; records carry whole seconds, as on AWS."""
    created = float(record["dynamodb"].get("ApproximateCreationDateTime", math.inf))
    return max(0.0, (time.time() - created) * 1000)
