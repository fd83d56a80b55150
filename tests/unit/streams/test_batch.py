"""The record loop: a batch in, the numbers of the records that failed out."""

from collections.abc import Collection, Sequence
from typing import Any

import pytest

from chalice_app.domain.retrying import TRIES, retry_pending
from streams.batch import BatchFailed, handle_batch
from streams.records import StreamRecord


def event(*numbers: str) -> dict[str, Any]:
    return {"Records": [raw(number) for number in numbers]}


def raw(number: str, of: str | None = None) -> dict[str, Any]:
    """A record, of an item of its own unless another is given."""
    keys = {"connectionId": {"S": of or f"item {number}"}}
    return {"eventName": "INSERT", "dynamodb": {"SequenceNumber": number, "Keys": keys}}


class Effect:
    """Keeps what it was given, and fails the records that it is to fail."""

    def __init__(self, *failing: str) -> None:
        self.failing = failing
        self.given: list[str] = []

    def __call__(self, records: Sequence[StreamRecord]) -> Collection[StreamRecord]:
        self.given += [record.sequence_number for record in records]
        return [record for record in records if record.sequence_number in self.failing]


def test_the_effect_gets_the_records_in_the_order_of_the_shard() -> None:
    effect = Effect()
    assert handle_batch(event("3", "1", "2"), effect) == {"batchItemFailures": []}
    assert effect.given == ["3", "1", "2"]


def test_the_records_that_failed_are_reported() -> None:
    assert handle_batch(event("1", "2", "3"), Effect("2", "3")) == {
        "batchItemFailures": [{"itemIdentifier": "2"}, {"itemIdentifier": "3"}]
    }


def test_a_record_that_cannot_be_read_is_skipped_and_holds_nobody_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    effect = Effect()
    batch = {"Records": [raw("1"), {"eventName": "NONSENSE"}, raw("2")]}
    assert handle_batch(batch, effect) == {"batchItemFailures": []}
    assert effect.given == ["1", "2"]
    assert "skipped" in caplog.text


def test_an_effect_that_breaks_breaks_the_batch() -> None:
    # Lambda then delivers the whole batch again; an empty list would drop it.
    def broken(_: Sequence[StreamRecord]) -> Collection[StreamRecord]:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError):
        handle_batch(event("1"), broken)


@pytest.mark.parametrize(
    ("records", "failing"),
    [
        ([raw("1")], ["1"]),
        ([raw("1"), raw("2")], ["1", "2"]),
        ([raw("1", of="a"), raw("2", of="b"), raw("3", of="a")], ["1", "2"]),
        ([raw("1"), {"eventName": "NONSENSE"}], ["1"]),
    ],
    ids=["one", "two", "the first record of each item", "beside a skipped one"],
)
def test_a_batch_of_which_nothing_succeeded_raises(
    records: list[dict[str, Any]], failing: list[str]
) -> None:
    # A mapping without ReportBatchItemFailures would ignore the answer and drop the records.
    with pytest.raises(BatchFailed):
        handle_batch({"Records": records}, Effect(*failing))


def test_an_empty_batch_is_a_success() -> None:
    assert handle_batch({"Records": []}, Effect()) == {"batchItemFailures": []}


def test_what_another_writer_held_up_is_tried_again_alone_and_after_a_pause() -> None:
    tried: list[Collection[str]] = []
    waits: list[float] = []

    def try_once(pending: Collection[str]) -> Collection[str]:
        tried.append(pending)
        return {"b"} if len(tried) < 3 else set()

    assert retry_pending({"a", "b"}, try_once, waits.append) == set()
    assert tried == [{"a", "b"}, {"b"}, {"b"}]
    assert len(waits) == 2


def test_what_is_held_up_at_every_try_stays_pending() -> None:
    waits: list[float] = []
    assert retry_pending({"a"}, lambda pending: pending, waits.append) == {"a"}
    assert len(waits) == TRIES - 1
