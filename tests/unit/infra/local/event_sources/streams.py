"""A stand-in for DynamoDB Streams: shards as lists, iterators that can expire."""

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from botocore.exceptions import ClientError
from types_boto3_dynamodbstreams import DynamoDBStreamsClient


def stream_record(number: int, **image: Any) -> dict[str, Any]:
    """A record as GetRecords returns it; its sequence number has three digits."""
    return {
        "eventID": str(number),
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": {
            "ApproximateCreationDateTime": datetime(2026, 1, 1, tzinfo=UTC),
            "Keys": {"id": {"S": str(number)}},
            "NewImage": image,
            "SequenceNumber": f"{number:03d}",
        },
    }


class FakeStreams:
    """The four operations, on shards that the test may extend while they are read."""

    def __init__(
        self,
        shards: dict[str, list[dict[str, Any]]],
        *,
        parents: Mapping[str, str] | None = None,
        closed: set[str] | None = None,
        page_size: int = 100,
    ) -> None:
        """`page_size` is how many shards one DescribeStream tells."""
        self.shards = shards
        self.closed = closed or set()
        self.outage: Exception | None = None
        self.met_outage = threading.Event()
        self._parents = parents or {}
        self._page_size = page_size
        self._epoch = 0

    @property
    def client(self) -> DynamoDBStreamsClient:
        """This, as the type that its readers ask for."""
        return cast(DynamoDBStreamsClient, self)

    def expire_iterators(self) -> None:
        """As after fifteen minutes."""
        self._epoch += 1

    def describe_stream(self, **request: Any) -> Any:
        """Pages of shards."""
        names = list(self.shards)
        after = request.get("ExclusiveStartShardId")
        names = names[names.index(after) + 1 :] if after else names
        page = names[: self._page_size]
        shards = [
            {"ShardId": name}
            | ({"ParentShardId": self._parents[name]} if name in self._parents else {})
            for name in page
        ]
        more = {"LastEvaluatedShardId": page[-1]} if len(page) < len(names) else {}
        return {"StreamDescription": {"Shards": shards, **more}}

    def get_shard_iterator(self, **request: Any) -> Any:
        """TRIM_HORIZON or AFTER_SEQUENCE_NUMBER."""
        shard = request["ShardId"]
        if shard not in self.shards:
            raise refusal("ResourceNotFoundException", "GetShardIterator")
        position = 0
        if request["ShardIteratorType"] == "AFTER_SEQUENCE_NUMBER":
            numbers = [record["dynamodb"]["SequenceNumber"] for record in self.shards[shard]]
            if request["SequenceNumber"] not in numbers:
                raise refusal("TrimmedDataAccessException", "GetShardIterator")
            position = numbers.index(request["SequenceNumber"]) + 1
        return {"ShardIterator": f"{shard}/{position}/{self._epoch}"}

    def get_records(self, **request: Any) -> Any:
        """A page, and no next iterator at the end of a closed shard."""
        if self.outage is not None:
            self.met_outage.set()
            raise self.outage
        shard, position, epoch = request["ShardIterator"].split("/")
        if int(epoch) != self._epoch:
            raise refusal("ExpiredIteratorException", "GetRecords")
        end = min(int(position) + request["Limit"], len(self.shards[shard]))
        answer: dict[str, Any] = {"Records": self.shards[shard][int(position) : end]}
        if shard not in self.closed or end < len(self.shards[shard]):
            answer["NextShardIterator"] = f"{shard}/{end}/{epoch}"
        return answer


def refusal(code: str, operation: str) -> ClientError:
    """What botocore raises for an error of the service."""
    return ClientError({"Error": {"Code": code, "Message": code}}, operation)
