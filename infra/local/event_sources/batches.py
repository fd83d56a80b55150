"""One shard's records on their way to a handler: batches, retries, bisection, checkpoint.

The rules are those of Lambda's event source mappings with partial-batch responses and bisection
switched on (AWS Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB"). This module has
no AWS client, no thread and no clock: its caller passes the time. Every `..._at` and `now` is in
monotonic seconds.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from infra.local.dynamodb.stream_records import Record, sequence_number


@dataclass(frozen=True)
class BatchPolicy:
    """How one mapping batches and retries. Times are seconds.

    On AWS the project's mappings allow 20 retries within six hours. A laptop's shard should not be
    blocked for that long by one poisonous record, so the caps are lower: a batch that fails for
    about ten seconds is bisected, and its parts get fewer tries.
    """

    batch_size: int
    window: float = 0.0
    max_retries: int = 8
    bisected_retries: int = 2
    first_delay: float = 0.05
    longest_delay: float = 5.0

    def delay(self, attempts: int, jitter: float) -> float:
        """The pause after that many failed attempts; `jitter` is drawn from [0, 1)."""
        exponential = self.first_delay * 2.0 ** min(attempts - 1, 30)
        return min(self.longest_delay, exponential) * (0.5 + jitter / 2)


@dataclass(frozen=True)
class _Batch:
    records: Sequence[Record]
    attempts: int = 0
    bisected: bool = False


@dataclass
class ShardBatches:
    """What has been read from a shard and not yet been handled, oldest first.

    `checkpoint` is the sequence number of the last record that is done: handled, or put aside.
    """

    policy: BatchPolicy
    checkpoint: str | None = None
    randomness: random.Random = field(default_factory=random.Random)
    _waiting: deque[Record] = field(default_factory=deque)
    _waiting_since: float = 0.0
    _batches: list[_Batch] = field(default_factory=list)
    _retry_at: float = 0.0

    @property
    def pending(self) -> int:
        """How many records have been read and are not done."""
        return len(self._waiting) + sum(len(batch.records) for batch in self._batches)

    @property
    def room(self) -> int:
        """How many records may be offered now: none while a batch is under way."""
        return 0 if self._batches else self.policy.batch_size - len(self._waiting)

    def offer(self, records: Sequence[Record], now: float) -> None:
        """Take records just read, in the shard's order."""
        if records and not self._waiting:
            self._waiting_since = now
        self._waiting.extend(records)

    def due(self, now: float, *, flush: bool = False) -> Sequence[Record]:
        """The batch to hand to the handler now, or nothing; `flush` ends the batching window."""
        if not self._batches and self._complete(now, flush=flush):
            size = min(self.policy.batch_size, len(self._waiting))
            self._batches.append(_Batch([self._waiting.popleft() for _ in range(size)]))
            self._retry_at = now
        if self._batches and now >= self._retry_at:
            return self._batches[0].records
        return ()

    def due_in(self, now: float) -> float | None:
        """Seconds until `due` will have something if nothing more is offered; None: never."""
        if self._batches:
            return max(0.0, self._retry_at - now)
        if self._waiting:
            return max(0.0, self._waiting_since + self.policy.window - now)
        return None

    def record_outcome(self, first_failed: int | None, now: float) -> Record | None:
        """Record the outcome of the batch that was due.

        Args:
            first_failed: index of the first record to deliver again, None when all are done.
            now: the time the outcome was known.

        Returns:
            A record that has used up its tries and must be put aside; the shard goes on after it.
        """
        batch = self._batches.pop(0)
        done = len(batch.records) if first_failed is None else first_failed
        if done:
            self.checkpoint = sequence_number(batch.records[done - 1])
        self._retry_at = now
        rest = batch.records[done:]
        if not rest:
            return None
        # Progress resets the count of attempts: the record that fails now is another one.
        return self._retry(_Batch(rest, 0 if done else batch.attempts, batch.bisected), now)

    def _retry(self, failed: _Batch, now: float) -> Record | None:
        attempts = failed.attempts + 1
        allowed = self.policy.bisected_retries if failed.bisected else self.policy.max_retries
        if attempts <= allowed:
            self._batches.insert(0, _Batch(failed.records, attempts, failed.bisected))
            self._retry_at = now + self.policy.delay(attempts, self.randomness.random())
            return None
        if len(failed.records) == 1:
            self.checkpoint = sequence_number(failed.records[0])
            return failed.records[0]
        half = len(failed.records) // 2
        parts = failed.records[:half], failed.records[half:]
        self._batches[:0] = [_Batch(part, bisected=True) for part in parts]
        return None

    def _complete(self, now: float, *, flush: bool) -> bool:
        full = len(self._waiting) >= self.policy.batch_size
        expired = now - self._waiting_since >= self.policy.window
        return bool(self._waiting) and (full or expired or flush)


def first_failure(response: object, records: Sequence[Record]) -> int | None:
    """Where a handler's partial-batch response says that the batch must be resumed.

    An empty response or list is success. A response of another shape, or an identifier that is
    empty or not in the batch, fails the whole batch: index 0.
    """
    if response is None:
        return None
    if not isinstance(response, Mapping):
        return 0
    failures = response.get("batchItemFailures")
    if not failures:
        return None
    if not isinstance(failures, list):
        return 0
    positions = {sequence_number(record): index for index, record in enumerate(records)}
    return min(_position(failure, positions) for failure in failures)


def _position(failure: object, positions: Mapping[str, int]) -> int:
    identifier = failure.get("itemIdentifier") if isinstance(failure, Mapping) else None
    return positions.get(identifier, 0) if isinstance(identifier, str) else 0
