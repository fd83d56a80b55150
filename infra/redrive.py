"""`python -m infra.redrive --stage dev (--file FILE | --queue URL)`: failed stream records again.

A record that no retry could deliver is put aside at the mapping's failure destination, so that its
shard moves on. Once the cause is removed, this hands it to its function's handler again: handlers
read the truth and write what is missing, so doing it twice, or in any order, is harmless.

`--file` takes JSON lines that hold whole records, as the local stage and Lambda's S3 destination
write them. `--queue` takes an SQS queue, whose messages hold only a position in the stream:
DynamoDB keeps the record itself for 24 hours. What is older is the reconciler's.

Batches of sentences that could not be sent are put aside there, too. They are let go: a sentence is
worth nothing after ten seconds. An entry that cannot be read is named, and no other waits for it.
"""

import argparse
import importlib
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from chalice_app.bootstrap.adapters import aws_adapters
from chalice_app.bootstrap.application import Application
from chalice_app.bootstrap.process import composed
from chalice_app.domain.errors import BroadcasterError
from chalice_app.observability.logs import FunctionFailed
from infra.interruption import run_command
from infra.stage_options import (
    add_stage_options,
    error_line,
    log_to_stderr,
    stage_settings,
    use_endpoints,
)
from streams.batch import BatchFailed
from streams.records import parse_record

HANDLERS: Mapping[str, str] = {
    "connectionId": "streams.rosters",
    "cacheKey": "streams.cache_access",
}
"""The module whose `handler` takes the records of the table with that key."""

MESSAGES_AT_ONCE = 10
"""ReceiveMessage's limit."""


Records = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Failure:
    """One entry of a failure destination; `receipt` deletes it from its queue.

    `records` is None where the entry does not say what was put aside; `batches` are a sentence's
    and are dropped.
    """

    records: Records | None
    receipt: str | None = None
    batches: int = 0


def read_file(path: Path) -> Iterator[Failure]:
    """The entries of a JSON-lines file that holds whole records."""
    # Not splitlines: what was put aside may hold U+2028, which does not end a line of JSON lines.
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").split("\n"), 1):
        if line.strip():
            yield read_entry(f"line {number} of {path}", line, lambda entry: entry["payload"])


def read_entry(
    name: str, text: str, payload: Callable[[Any], Mapping[str, Any]], receipt: str | None = None
) -> Failure:
    """An entry as Lambda or the local stage has written it; says so when it is none."""
    try:
        entry = json.loads(text)
        if "requestPayload" in entry:
            return Failure((), receipt, batches=1)
        records = payload(entry)["Records"]
        for record in records:
            parse_record(record)
            _handler_module(record)
    except (ValueError, LookupError, TypeError, StopIteration, RecursionError, OverflowError):
        _say(f"{name} is not an entry of a failure destination, and is left as it is")
        return Failure(None, receipt)
    return Failure(records, receipt)


def read_queue(sqs: Any, streams: Any, url: str) -> Iterator[Failure]:
    """The entries of an SQS queue, each with its records fetched from the stream."""
    while True:
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=MESSAGES_AT_ONCE)
        messages = answer.get("Messages", [])
        if not messages:
            return
        for message in messages:
            yield read_entry(
                f"the message {message['MessageId']}",
                message["Body"],
                lambda entry: {"Records": fetch_records(streams, entry["DDBStreamBatchInfo"])},
                message["ReceiptHandle"],
            )


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
        _say(f"the stream no longer has it: {error}")
        return []
    return [
        record
        for record in found["Records"]
        if int(record["dynamodb"]["SequenceNumber"]) <= int(position["endSequenceNumber"])
    ]


def redrive(failure: Failure) -> Mapping[str, int]:
    """Hands the records to their handlers, one at a time: one that fails again stops no other.

    Returns:
        How many were handled, how many failed again or could not be read, and batches let go.
    """
    outcomes = Counter(handled=0, failed=int(failure.records is None), batches=failure.batches)
    for record in failure.records or ():
        outcomes["handled" if _is_handled(record) else "failed"] += 1
    return outcomes


def _is_handled(record: Mapping[str, Any]) -> bool:
    module = importlib.import_module(_handler_module(record))
    try:
        answer = module.handler({"Records": [record]}, None)
    except FunctionFailed as failed:
        number, reason = record["dynamodb"]["SequenceNumber"], failed.__context__
        _say(f"record {number} made its handler fail: {reason!r}")
        return False
    except BatchFailed:
        return False
    return not answer["batchItemFailures"]


def _handler_module(record: Mapping[str, Any]) -> str:
    return HANDLERS[next(iter(record["dynamodb"]["Keys"]))]


def main(arguments: Sequence[str] | None = None) -> int:
    """Redrives a destination; 1 when something failed again or could not be read."""
    parser = argparse.ArgumentParser(prog="python -m infra.redrive")
    add_stage_options(parser)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--file", type=Path, help="JSON lines of failed records: failures.jsonl")
    source.add_argument("--queue", help="URL of the SQS queue of failed positions")
    chosen = parser.parse_args(arguments)
    log_to_stderr("redrive")
    outcomes: Counter[str] = Counter()
    stopped = False
    try:
        use_endpoints(chosen, os.environ)
        settings = stage_settings(chosen.stage, os.environ)
        with composed(Application(settings, aws_adapters(settings))):
            _redrive_all(chosen, settings.region, outcomes)
    except (BroadcasterError, BotoCoreError, ClientError, OSError, ValueError) as failure:
        _say(error_line(failure))
        stopped = True
    if stopped and not outcomes.total():
        return 1
    done = f"{outcomes['handled']} records handled, {outcomes['failed']} failed again"
    batches = outcomes["batches"]
    print(f"{done}; batches of old sentences let go: {batches}" if batches else done)
    return 1 if stopped or outcomes["failed"] else 0


def _redrive_all(chosen: argparse.Namespace, region: str, outcomes: Counter[str]) -> None:
    if chosen.file is not None:
        for failure in read_file(chosen.file):
            outcomes.update(redrive(failure))
        return
    sqs = boto3.client("sqs", region_name=region)
    streams = boto3.client("dynamodbstreams", region_name=region)
    for failure in read_queue(sqs, streams, chosen.queue):
        outcome = redrive(failure)
        outcomes.update(outcome)
        if not outcome["failed"]:
            sqs.delete_message(QueueUrl=chosen.queue, ReceiptHandle=failure.receipt)


def _say(text: str) -> None:
    print(f"redrive: {text}", file=sys.stderr)


if __name__ == "__main__":
    run_command("redrive", main, "what was not handled is still where it was")
