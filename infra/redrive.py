"""`python -m infra.redrive --stage dev (--file FILE | --queue URL)`: failed stream records again.

A record that no retry could deliver is put aside at the mapping's failure destination, so that its
shard moves on. Once its cause is mended, this hands it to its function's handler again: handlers
read the truth and write what is missing, so doing it twice, or in any order, is harmless.

`--file` takes JSON lines that hold whole records, as the local stage and Lambda's S3 destination
write them. `--queue` takes an SQS queue, whose messages hold only a position in the stream:
DynamoDB keeps the record itself for 24 hours. What is older is the reconciler's.
"""

import argparse
import importlib
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from chalice_app.bootstrap import Application, aws_adapters, composed
from chalice_app.errors import BroadcasterError
from infra.stages import add_stage_options, stage_settings, use_endpoints

HANDLERS: Mapping[str, str] = {
    "connectionId": "streams.rosters",
    "cacheKey": "streams.cache_access",
}
"""The module whose `handler` takes the records of the table with that key."""

MESSAGES_AT_ONCE = 10
"""ReceiveMessage's limit."""


@dataclass(frozen=True)
class Failure:
    """One entry of a failure destination; `receipt` deletes it from its queue."""

    records: Sequence[Mapping[str, Any]]
    receipt: str | None = None


def read_file(path: Path) -> Iterator[Failure]:
    """The entries of a JSON-lines file; those of asynchronous invocations hold no records."""
    for line in path.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        yield Failure(entry.get("payload", {}).get("Records", []))


def read_queue(sqs: Any, streams: Any, url: str) -> Iterator[Failure]:
    """The entries of an SQS queue, each with its records fetched from the stream."""
    while True:
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=MESSAGES_AT_ONCE)
        messages = answer.get("Messages", [])
        if not messages:
            return
        for message in messages:
            position = json.loads(message["Body"])["DDBStreamBatchInfo"]
            yield Failure(fetch_records(streams, position), message["ReceiptHandle"])


def fetch_records(streams: Any, position: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The records at a position of a stream; none when the stream no longer has them."""
    try:
        iterator = streams.get_shard_iterator(
            StreamArn=position["streamArn"],
            ShardId=position["shardId"],
            ShardIteratorType="AT_SEQUENCE_NUMBER",
            SequenceNumber=position["startSequenceNumber"],
        )["ShardIterator"]
        found = streams.get_records(ShardIterator=iterator, Limit=int(position["batchSize"]))
    except (
        streams.exceptions.TrimmedDataAccessException,
        streams.exceptions.ResourceNotFoundException,
    ) as error:
        print(f"redrive: the stream no longer has it: {error}", file=sys.stderr)
        return []
    return [
        record
        for record in found["Records"]
        if int(record["dynamodb"]["SequenceNumber"]) <= int(position["endSequenceNumber"])
    ]


def redrive(failure: Failure) -> Mapping[str, int]:
    """Hands the records to their handlers, one at a time: one that fails again stops no other.

    Returns:
        How many were handled, and how many failed again.
    """
    outcomes: Counter[str] = Counter(handled=0, failed=0)
    for record in failure.records:
        key = next(iter(record["dynamodb"]["Keys"]))
        module = importlib.import_module(HANDLERS[key])
        answer = module.handler({"Records": [record]}, None)
        outcomes["failed" if answer["batchItemFailures"] else "handled"] += 1
    return outcomes


def main(arguments: Sequence[str] | None = None) -> int:
    """Redrives a destination; 1 when something failed again or could not be read."""
    parser = argparse.ArgumentParser(prog="python -m infra.redrive")
    add_stage_options(parser, "dynamodb", "gateway")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--file", type=Path, help="JSON lines of failed records")
    source.add_argument("--queue", help="URL of the SQS queue of failed positions")
    chosen = parser.parse_args(arguments)
    try:
        use_endpoints(chosen, os.environ)
        settings = stage_settings(chosen.stage, os.environ)
        with composed(Application(settings, aws_adapters(settings))):
            outcomes = _redrive_all(chosen)
    except (BroadcasterError, BotoCoreError, ClientError, OSError, ValueError) as failure:
        print(f"redrive: {failure}", file=sys.stderr)
        return 1
    print(f"{outcomes['handled']} records handled, {outcomes['failed']} failed again")
    return 1 if outcomes["failed"] else 0


def _redrive_all(chosen: argparse.Namespace) -> Mapping[str, int]:
    outcomes: Counter[str] = Counter(handled=0, failed=0)
    if chosen.file is not None:
        for failure in read_file(chosen.file):
            outcomes.update(redrive(failure))
        return outcomes
    sqs, streams = boto3.client("sqs"), boto3.client("dynamodbstreams")
    for failure in read_queue(sqs, streams, chosen.queue):
        outcome = redrive(failure)
        outcomes.update(outcome)
        if not outcome["failed"]:
            sqs.delete_message(QueueUrl=chosen.queue, ReceiptHandle=failure.receipt)
    return outcomes


if __name__ == "__main__":
    sys.exit(main())
