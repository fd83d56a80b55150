"""A stream's shards: their order, and reading one of them."""

from __future__ import annotations

import logging
from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from botocore.exceptions import ClientError

from infra.local.dynamodb.stream_records import Record, lambda_record, sequence_number

if TYPE_CHECKING:
    from types_boto3_dynamodbstreams import DynamoDBStreamsClient

LOGGER = logging.getLogger(__name__)

_STALE: Final = {"ExpiredIteratorException", "TrimmedDataAccessException"}


@dataclass(frozen=True)
class Shard:
    """A shard as DescribeStream describes it."""

    id: str
    parent: str | None = None


def startable(shards: Sequence[Shard], started: Set[str], finished: Set[str]) -> list[Shard]:
    """The shards whose reading may begin: a child waits until its parent is done.

    A parent that the stream no longer lists was trimmed, so its child need not wait.
    """
    known = {shard.id for shard in shards}
    return [
        shard
        for shard in shards
        if shard.id not in started
        and (shard.parent is None or shard.parent not in known or shard.parent in finished)
    ]


def describe_shards(client: DynamoDBStreamsClient, stream_arn: str) -> list[Shard]:
    """Every shard of the stream, all pages.

    Raises:
        ClientError: the stream does not exist.
    """
    page = client.describe_stream(StreamArn=stream_arn)["StreamDescription"]
    shards = list(page["Shards"])
    while last := page.get("LastEvaluatedShardId"):
        page = client.describe_stream(StreamArn=stream_arn, ExclusiveStartShardId=last)[
            "StreamDescription"
        ]
        shards += page["Shards"]
    return [Shard(shard["ShardId"], shard.get("ParentShardId")) for shard in shards]


class ShardIterator:
    """A position in a shard, moved by reading; it survives expired and trimmed iterators."""

    def __init__(
        self, client: DynamoDBStreamsClient, stream_arn: str, shard_id: str, after: str | None
    ) -> None:
        """Start after that sequence number, or at the trim horizon."""
        self._client = client
        self._stream_arn = stream_arn
        self._shard_id = shard_id
        self._after = after
        self._iterator: str | None = None
        self.closed = False

    def read(self, limit: int) -> list[Record]:
        """The next records, at most `limit`; `closed` is set once the shard will have no more.

        Raises:
            ClientError: any refusal but a stale iterator, which is replaced at the next call.
        """
        if self._iterator is None:
            self._iterator = self._position()
        try:
            page = self._client.get_records(ShardIterator=self._iterator, Limit=limit)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _STALE:
                raise
            LOGGER.info("%s: %s", self._shard_id, error)
            self._iterator = None
            return []
        records = [lambda_record(record, self._stream_arn) for record in page["Records"]]
        if records:
            self._after = sequence_number(records[-1])
        self._iterator = page.get("NextShardIterator")
        self.closed = self._iterator is None
        return records

    def _position(self) -> str:
        if self._after is not None:
            try:
                return self._get_iterator("AFTER_SEQUENCE_NUMBER", SequenceNumber=self._after)
            except ClientError as error:
                if error.response["Error"]["Code"] != "TrimmedDataAccessException":
                    raise
                LOGGER.info("%s: record %s was trimmed", self._shard_id, self._after)
        return self._get_iterator("TRIM_HORIZON")

    def _get_iterator(
        self, kind: Literal["TRIM_HORIZON", "AFTER_SEQUENCE_NUMBER"], **position: str
    ) -> str:
        answer = self._client.get_shard_iterator(
            StreamArn=self._stream_arn,
            ShardId=self._shard_id,
            ShardIteratorType=kind,
            **position,
        )
        return answer["ShardIterator"]
