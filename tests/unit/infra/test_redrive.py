"""Failed stream records, handed to their handlers again."""

import json
import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from chalice_app.aws.clients import Clients
from chalice_app.bootstrap.process import composed
from infra.redrive import Failure, fetch_records, main, read_file, read_queue, redrive
from tests.fakes.domain import listener
from tests.fakes.world import SETTINGS, World
from tests.hostile import stream_record
from tests.hostile.stream_record import ENTRIES, entry


def record(connection_id: str) -> dict[str, Any]:
    """An INSERT of Connections, as far as the roster handler looks at it."""
    return stream_record.record(1, **stream_record.of(connection_id))


def test_a_record_that_was_put_aside_is_counted_once_it_is_redriven(world: World) -> None:
    session = world.open()
    world.tables.put_connection(listener(session, "a", "es"))
    with composed(world.app):
        assert redrive(Failure([record("a")])) == {"handled": 1, "failed": 0, "batches": 0}
        assert redrive(Failure([record("a")])) == {"handled": 1, "failed": 0, "batches": 0}
    assert world.now(session).languages == {"es": 1}


def test_one_that_fails_again_stops_no_other(world: World) -> None:
    session = world.open()
    for key in ("a", "b"):
        world.tables.put_connection(listener(session, key, "es"))
    world.tables.malformed.add("a")
    with composed(world.app):
        outcome = redrive(Failure([record("a"), record("b")]))
    assert outcome == {"handled": 1, "failed": 1, "batches": 0}
    assert world.now(session).listener_count == 1


def test_one_whose_handler_breaks_is_told_and_stops_no_other(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    session = world.open()
    world.tables.put_connection(listener(session, "b", "es"))
    world.tables.before_commit = [lambda: 1 / 0]
    with composed(world.app):
        world.tables.put_connection(listener(session, "a", "es"))
        outcome = redrive(Failure([record("a"), record("b")]))
    assert outcome == {"handled": 1, "failed": 1, "batches": 0}
    assert "record 1 made its handler fail: ZeroDivisionError(" in capsys.readouterr().err


def connections(failures: Iterable[Failure]) -> list[str]:
    return [
        each["dynamodb"]["Keys"]["connectionId"]["S"]
        for failure in failures
        for each in failure.records or ()
    ]


def test_a_file_holds_an_entry_a_line_and_slices_of_sentences_are_let_go(tmp_path: Path) -> None:
    path = tmp_path / "failures.jsonl"
    path.write_text(f'{entry(record("a"))}\n{{"requestPayload": "x"}}\n\n{entry(record("b"))}\n')
    failures = list(read_file(path))
    assert connections(failures) == ["a", "b"]
    assert [failure.batches for failure in failures] == [0, 1, 0]


def test_an_entry_may_hold_what_ends_a_line_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "failures.jsonl"
    whole = {**record("a"), "said": "one\u2028two\u0085three"}
    entries = [
        json.dumps({"payload": {"Records": [each]}}, ensure_ascii=False) for each in (whole,)
    ]
    path.write_text("\ufeff" + "\n".join([*entries, entry(record("b"))]) + "\n")
    assert connections(read_file(path)) == ["a", "b"]


@pytest.mark.parametrize("name", ENTRIES)
def test_a_line_that_is_no_entry_is_named_and_stops_no_other(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "failures.jsonl"
    path.write_text(f"{entry(record('a'))}\n{ENTRIES[name]}\n{entry(record('b'))}\n")
    failures = list(read_file(path))
    assert connections(failures) == ["a", "b"]
    assert failures[1].records is None
    assert redrive(failures[1]) == {"handled": 0, "failed": 1, "batches": 0}
    (told,) = capsys.readouterr().err.splitlines()
    assert told.startswith(f"redrive: line 2 of {path} is not an entry")


def test_a_file_that_is_not_there_is_all_that_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("os.environ", dict(os.environ))
    monkeypatch.setattr(logging.root, "handlers", [])
    missing = tmp_path / "none.jsonl"
    endpoint = ("--stage", "local", "--dynamodb", "http://127.0.0.1:1")
    assert main([*endpoint, "--file", str(missing)]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == f"redrive: [Errno 2] No such file or directory: '{missing}'\n"


class Queue:
    """SQS, as far as it is read: each message once."""

    def __init__(self, *bodies: str) -> None:
        self._messages = [
            {"MessageId": f"m{number}", "Body": body, "ReceiptHandle": f"r{number}"}
            for number, body in enumerate(bodies)
        ]

    def receive_message(self, **_: Any) -> dict[str, Any]:
        messages, self._messages = self._messages, []
        return {"Messages": messages}


def test_a_queue_s_slices_are_let_go_and_what_is_no_entry_stays(
    capsys: pytest.CaptureFixture[str],
) -> None:
    queue = Queue('{"requestPayload": {"text": "old"}}', "no entry")
    let_go, stays = read_queue(queue, None, "url")
    assert redrive(let_go) == {"handled": 0, "failed": 0, "batches": 1}
    assert redrive(stays) == {"handled": 0, "failed": 1, "batches": 0}
    assert (let_go.receipt, stays.receipt) == ("r0", "r1")
    assert "the message m1 is not an entry" in capsys.readouterr().err


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
