"""Batches, retries, bisection and checkpoints of one shard, on a clock that the test moves."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.dynamodb.stream_records import Record, sequence_number
from infra.local.event_sources.batches import (
    BatchPolicy,
    ShardBatches,
    first_failure,
)


def record(number: int) -> Record:
    return {"dynamodb": {"SequenceNumber": f"{number:09d}"}}


def records(count: int, start: int = 0) -> list[Record]:
    return [record(number) for number in range(start, start + count)]


def numbers(batch: Sequence[Record]) -> list[int]:
    return [int(sequence_number(each)) for each in batch]


@dataclass
class Shard:
    """Drives a delivery over a shard's records as the reader does."""

    delivery: ShardBatches
    unread: list[Record]
    handler: Callable[[Sequence[Record]], int | None]
    batches: list[list[int]] = field(default_factory=list)
    put_aside: list[int] = field(default_factory=list)
    checkpoints: list[str | None] = field(default_factory=list)
    now: float = 0.0

    def run(self) -> None:
        while self.unread or self.delivery.pending:
            room = self.delivery.room
            offered, self.unread = self.unread[:room], self.unread[room:]
            self.delivery.offer(offered, self.now)
            batch = self.delivery.due(self.now)
            if batch:
                self._deliver(batch)
            else:
                wait = self.delivery.due_in(self.now)
                assert wait is not None
                self.now += max(wait, 0.001)

    def _deliver(self, batch: Sequence[Record]) -> None:
        self.batches.append(numbers(batch))
        given_up = self.delivery.record_outcome(self.handler(batch), self.now)
        self.checkpoints.append(self.delivery.checkpoint)
        if given_up is not None:
            self.put_aside += numbers([given_up])


class PoisonHandler:
    """Fails on some records: by raising, or by reporting the first of them."""

    def __init__(self, poison: set[int], *, reports: bool) -> None:
        self.handled: list[int] = []
        self._poison = poison
        self._reports = reports

    def __call__(self, batch: Sequence[Record]) -> int | None:
        each = numbers(batch)
        poisoned = [index for index, number in enumerate(each) if number in self._poison]
        if not poisoned:
            self.handled += each
            return None
        if not self._reports:
            return 0
        self.handled += each[: poisoned[0]]
        return poisoned[0]


policies = st.builds(
    BatchPolicy,
    batch_size=st.integers(1, 9),
    window=st.sampled_from([0.0, 0.5]),
    max_retries=st.integers(0, 3),
    bisected_retries=st.integers(0, 2),
)


@given(policies, st.integers(0, 40), st.sets(st.integers(0, 39)), st.booleans(), st.integers())
def test_every_record_is_handled_in_order_or_put_aside(
    policy: BatchPolicy, count: int, poison: set[int], reports: bool, seed: int
) -> None:
    handler = PoisonHandler(poison, reports=reports)
    shard = Shard(ShardBatches(policy, randomness=random.Random(seed)), records(count), handler)
    shard.run()
    assert handler.handled == [number for number in range(count) if number not in poison]
    assert shard.put_aside == sorted(number for number in poison if number < count)
    assert all(0 < len(batch) <= policy.batch_size for batch in shard.batches)


@given(policies, st.integers(1, 40), st.sets(st.integers(0, 39)), st.booleans(), st.integers())
def test_a_batch_is_contiguous_and_starts_behind_the_checkpoint(
    policy: BatchPolicy, count: int, poison: set[int], reports: bool, seed: int
) -> None:
    handler = PoisonHandler(poison, reports=reports)
    shard = Shard(ShardBatches(policy, randomness=random.Random(seed)), records(count), handler)
    shard.run()
    before: list[str | None] = [None, *shard.checkpoints[:-1]]
    for batch, checkpoint in zip(shard.batches, before, strict=True):
        first = 0 if checkpoint is None else int(checkpoint) + 1
        assert batch == list(range(first, first + len(batch)))
    assert shard.checkpoints[-1] == sequence_number(record(count - 1))


@given(policies, st.integers(1, 30), st.randoms(use_true_random=False))
def test_any_answer_at_all_ends_with_every_record_done(
    policy: BatchPolicy, count: int, randomness: random.Random
) -> None:
    def answers(batch: Sequence[Record]) -> int | None:
        return randomness.choice([None, randomness.randrange(len(batch))])

    shard = Shard(ShardBatches(policy, randomness=randomness), records(count), answers)
    shard.run()
    assert shard.delivery.checkpoint == sequence_number(record(count - 1))


def test_a_full_batch_does_not_wait_for_its_window() -> None:
    delivery = ShardBatches(BatchPolicy(batch_size=2, window=10.0))
    delivery.offer(records(1), now=0.0)
    assert not delivery.due(9.0)
    assert delivery.due_in(9.0) == 1.0
    delivery.offer(records(1, start=1), now=9.0)
    assert numbers(delivery.due(9.0)) == [0, 1]


def test_the_window_ends_for_the_oldest_record_or_when_flushed() -> None:
    delivery = ShardBatches(BatchPolicy(batch_size=5, window=10.0))
    delivery.offer(records(1), now=0.0)
    delivery.offer(records(1, start=1), now=6.0)
    assert not delivery.due(9.9)
    assert numbers(delivery.due(9.9, flush=True)) == [0, 1]


def test_nothing_is_read_while_a_batch_is_under_way() -> None:
    delivery = ShardBatches(BatchPolicy(batch_size=3))
    delivery.offer(records(2), now=0.0)
    assert delivery.room == 1
    delivery.due(0.0)
    assert delivery.room == 0
    assert delivery.pending == 2
    delivery.record_outcome(None, 0.0)
    assert (delivery.room, delivery.pending, delivery.due_in(0.0)) == (3, 0, None)


def test_a_retry_waits_longer_each_time_up_to_the_longest_delay() -> None:
    policy = BatchPolicy(batch_size=1, first_delay=0.1, longest_delay=1.0)
    longest = [policy.delay(attempts, jitter=1.0) for attempts in (1, 2, 3, 4, 5, 1000)]
    assert longest == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.0, 1.0])
    assert policy.delay(1, jitter=0.0) == pytest.approx(0.05)


def test_a_retry_is_not_due_before_its_time() -> None:
    delivery = ShardBatches(BatchPolicy(batch_size=1, first_delay=2.0), randomness=random.Random(1))
    delivery.offer(records(1), now=0.0)
    delivery.due(0.0)
    delivery.record_outcome(0, 5.0)
    wait = delivery.due_in(5.0)
    assert wait is not None
    assert 1.0 <= wait <= 2.0
    assert not delivery.due(5.0 + wait - 0.01)
    assert numbers(delivery.due(5.0 + wait)) == [0]


def test_progress_starts_the_count_of_retries_anew() -> None:
    policy = BatchPolicy(batch_size=4, max_retries=1, bisected_retries=0)
    failures = iter([1, 1, 1, None])
    shard = Shard(ShardBatches(policy), records(4), lambda _: next(failures))
    shard.run()
    assert shard.batches == [[0, 1, 2, 3], [1, 2, 3], [2, 3], [3]]
    assert shard.put_aside == []


def test_a_batch_out_of_retries_is_bisected_until_one_record_is_put_aside() -> None:
    policy = BatchPolicy(batch_size=4, max_retries=1, bisected_retries=0)
    shard = Shard(ShardBatches(policy), records(4), PoisonHandler({2}, reports=False))
    shard.run()
    assert shard.batches == [[0, 1, 2, 3], [0, 1, 2, 3], [0, 1], [2, 3], [2], [3]]
    assert shard.put_aside == [2]


@pytest.mark.parametrize(
    "response", [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}]
)
def test_an_empty_response_is_success(response: object) -> None:
    assert first_failure(response, records(3)) is None


def test_the_lowest_reported_record_is_where_the_batch_resumes() -> None:
    reported = [{"itemIdentifier": sequence_number(record(number))} for number in (2, 1)]
    assert first_failure({"batchItemFailures": reported}, records(3)) == 1


@pytest.mark.parametrize(
    "failure",
    [
        {"itemIdentifier": ""},
        {"itemIdentifier": None},
        {"itemIdentifier": "000000099"},
        {"identifier": sequence_number(record(1))},
        "000000001",
    ],
)
def test_an_identifier_that_makes_no_sense_fails_the_whole_batch(failure: object) -> None:
    known = {"itemIdentifier": sequence_number(record(2))}
    assert first_failure({"batchItemFailures": [known, failure]}, records(3)) == 0


@pytest.mark.parametrize("response", ["done", ["000000001"], {"batchItemFailures": "all"}])
def test_a_response_of_another_shape_fails_the_whole_batch(response: object) -> None:
    assert first_failure(response, records(3)) == 0
