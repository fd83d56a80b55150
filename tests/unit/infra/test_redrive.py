"""Failed stream records, handed to their handlers again."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from chalice_app.aws.clients import Clients
from chalice_app.bootstrap import composed
from infra.redrive import Failure, fetch_records, read_file, redrive
from tests.fakes import SETTINGS, World, listener


def record(connection_id: str) -> dict[str, Any]:
    """An INSERT of Connections, as far as the roster handler looks at it."""
    return {
        "eventName": "INSERT",
        "dynamodb": {"SequenceNumber": "1", "Keys": {"connectionId": {"S": connection_id}}},
    }


def entry(*records: dict[str, Any]) -> str:
    return json.dumps({"DDBStreamBatchInfo": {}, "payload": {"Records": records}})


def test_a_record_that_was_put_aside_is_counted_once_it_is_redriven(world: World) -> None:
    session = world.open()
    world.tables.put_connection(listener(session, "a", "es"))
    with composed(world.app):
        assert redrive(Failure([record("a")])) == {"handled": 1, "failed": 0}
        assert redrive(Failure([record("a")])) == {"handled": 1, "failed": 0}
    assert world.now(session).languages == {"es": 1}


def test_one_that_fails_again_stops_no_other(world: World) -> None:
    session = world.open()
    for key in ("a", "b"):
        world.tables.put_connection(listener(session, key, "es"))
    world.tables.malformed.add("a")
    with composed(world.app):
        outcome = redrive(Failure([record("a"), record("b")]))
    assert outcome == {"handled": 1, "failed": 1}
    assert world.now(session).listener_count == 1


def test_a_file_holds_an_entry_a_line_and_those_without_records_are_passed_over(
    tmp_path: Path,
) -> None:
    path = tmp_path / "failures.jsonl"
    path.write_text(f'{entry(record("a"))}\n{{"requestPayload": "x"}}\n{entry(record("b"))}\n')
    keys = [
        each["dynamodb"]["Keys"]["connectionId"]["S"]
        for failure in read_file(path)
        for each in failure.records
    ]
    assert keys == ["a", "b"]


@pytest.fixture
def stream(tables: dict[str, dict[str, str]], clients: Clients) -> Any:
    """Moto's stream of Connections after three rows were put, and the position of the second."""
    for key in ("a", "b", "c"):
        clients.dynamodb.put_item(
            TableName=SETTINGS.connections_table, Item={"connectionId": {"S": key}}
        )
    streams = boto3.client("dynamodbstreams", region_name=SETTINGS.region)
    arn = tables["ConnectionsTable"]["stream"]
    (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    iterator = streams.get_shard_iterator(
        StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    second = streams.get_records(ShardIterator=iterator)["Records"][1]["dynamodb"]
    position = {
        "streamArn": arn,
        "shardId": shard["ShardId"],
        "startSequenceNumber": second["SequenceNumber"],
        "endSequenceNumber": second["SequenceNumber"],
        "batchSize": 1,
    }
    return streams, position


def test_a_position_is_enough_to_find_the_record_in_the_stream(stream: Any) -> None:
    streams, position = stream
    (found,) = fetch_records(streams, position)
    assert found["dynamodb"]["Keys"] == {"connectionId": {"S": "b"}}


def test_a_position_that_the_stream_no_longer_has_yields_nothing_and_says_so(
    stream: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    streams, position = stream
    with Stubber(streams) as stubbed:
        stubbed.add_client_error("get_shard_iterator", "TrimmedDataAccessException")
        assert fetch_records(streams, position) == []
    assert "no longer has it" in capsys.readouterr().err


def test_a_stream_that_cannot_be_read_now_is_not_taken_for_one_that_has_nothing(
    stream: Any,
) -> None:
    streams, position = stream
    with Stubber(streams) as stubbed:
        stubbed.add_client_error("get_shard_iterator", "ThrottlingException")
        with pytest.raises(ClientError):
            fetch_records(streams, position)
