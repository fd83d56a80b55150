"""The order of shards, and iterators that go stale."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local.event_sources.shards import Shard, ShardIterator, describe_shards, startable
from tests.unit.infra.local.event_sources.streams import FakeStreams, stream_record


def test_a_child_waits_for_its_parent() -> None:
    shards = [Shard("child", parent="parent"), Shard("parent"), Shard("other")]
    assert startable(shards, set(), set()) == [shards[1], shards[2]]
    assert startable(shards, {"parent", "other"}, set()) == []
    assert startable(shards, {"parent", "other"}, {"parent"}) == [shards[0]]


def test_a_trimmed_parent_is_not_waited_for() -> None:
    shards = [Shard("child", parent="gone")]
    assert startable(shards, set(), set()) == shards


def test_all_pages_of_shards_are_read() -> None:
    streams = FakeStreams({"a": [], "b": [], "c": []}, parents={"b": "a"}, page_size=1)
    assert describe_shards(streams.client, "arn") == [Shard("a"), Shard("b", "a"), Shard("c")]


def test_reading_goes_on_where_it_was() -> None:
    streams = FakeStreams({"s": [stream_record(number) for number in range(5)]})
    iterator = ShardIterator(streams.client, "arn", "s", after=None)
    pages = [iterator.read(limit=2) for _ in range(4)]
    assert [len(page) for page in pages] == [2, 2, 1, 0]
    assert pages[0][0]["dynamodb"]["SequenceNumber"] == "000"
    assert not iterator.closed


def test_reading_starts_behind_the_checkpoint() -> None:
    streams = FakeStreams({"s": [stream_record(number) for number in range(5)]})
    (record,) = ShardIterator(streams.client, "arn", "s", after="003").read(limit=9)
    assert record["dynamodb"]["SequenceNumber"] == "004"


def test_a_trimmed_checkpoint_means_the_beginning() -> None:
    streams = FakeStreams({"s": [stream_record(7)]})
    (record,) = ShardIterator(streams.client, "arn", "s", after="003").read(limit=9)
    assert record["dynamodb"]["SequenceNumber"] == "007"


def test_an_expired_iterator_is_replaced_without_loss_or_repetition() -> None:
    streams = FakeStreams({"s": [stream_record(number) for number in range(4)]})
    iterator = ShardIterator(streams.client, "arn", "s", after=None)
    read = iterator.read(limit=2)
    streams.expire_iterators()
    read += iterator.read(limit=2)
    read += iterator.read(limit=2)
    assert [record["dynamodb"]["SequenceNumber"] for record in read] == ["000", "001", "002", "003"]


def test_a_closed_shard_ends() -> None:
    streams = FakeStreams({"s": [stream_record(1)]}, closed={"s"})
    iterator = ShardIterator(streams.client, "arn", "s", after=None)
    assert len(iterator.read(limit=9)) == 1
    assert iterator.closed


def test_any_other_refusal_is_raised() -> None:
    streams: Any = FakeStreams({})
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        ShardIterator(streams.client, "arn", "s", after=None).read(limit=1)
