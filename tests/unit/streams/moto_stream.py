"""A stream of moto's, read as the local stage reads the emulator's: each record once."""

from types_boto3_dynamodbstreams import DynamoDBStreamsClient

from infra.local.dynamodb.stream_records import Record
from infra.local.event_sources.shards import ShardIterator, describe_shards


class MotoStream:
    """The records of a stream so far, in the form that Lambda hands to a function.

    Those read before are kept: reading the stream from its start took longer with each record.
    """

    def __init__(self, client: DynamoDBStreamsClient, arn: str) -> None:
        (shard,) = describe_shards(client, arn)
        self._shard = ShardIterator(client, arn, shard.id, None)
        self._so_far: list[Record] = []

    def records(self) -> list[Record]:
        """Everything so far; a list of the caller's own."""
        self._so_far += self._shard.read(1_000)
        return list(self._so_far)
