"""What botocore's parser is spared, and what is left to it; over HTTP, from a scripted database."""

import http.server
import json
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest

from chalice_app.aws.clients import Clients
from chalice_app.aws.dynamodb.lean_responses import GarbledAnswer, take_json_as_it_is
from chalice_app.aws.dynamodb.table import Table
from chalice_app.domain.errors import Unavailable
from tests.hostile.database_answer import GARBAGE


class Database(http.server.ThreadingHTTPServer):
    """Answers every operation with its status and body."""

    answers: Mapping[str, tuple[int, bytes]]


class Answering(http.server.BaseHTTPRequestHandler):
    """One connection to it."""

    protocol_version = "HTTP/1.1"
    server: Database

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        operation = self.headers["X-Amz-Target"].partition(".")[2]
        status, body = self.server.answers[operation]
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-amzn-RequestId", "request-1")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def database(aws_environment: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    server = Database(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", url)
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def table(database: Database) -> Iterator[Table]:
    clients = Clients("us-east-1")
    yield Table(clients, "Things", "id")
    clients.dynamodb.close()


ITEM = {
    "id": {"S": "año"},
    "n": {"N": "-12"},
    "b": {"BOOL": True},
    "m": {"M": {"l": {"L": [{"S": "x"}, {"N": "1"}]}, "null": {"NULL": True}}},
}
ANSWERS: Mapping[str, tuple[str, Mapping[str, Any], Mapping[str, Any]]] = {
    "GetItem": ("get_item", {"Key": {"id": {"S": "a"}}}, {"Item": ITEM}),
    "BatchGetItem": (
        "batch_get_item",
        {"RequestItems": {"Things": {"Keys": [{"id": {"S": "a"}}]}}},
        {"Responses": {"Things": [ITEM]}, "UnprocessedKeys": {}},
    ),
    "Query": (
        "query",
        {"KeyConditionExpression": "id = :i", "ExpressionAttributeValues": {":i": {"S": "a"}}},
        {"Items": [ITEM], "Count": 1, "ScannedCount": 1, "LastEvaluatedKey": {"id": {"S": "a"}}},
    ),
    "Scan": ("scan", {}, {"Items": [], "Count": 0, "ScannedCount": 0}),
}


@pytest.mark.parametrize("operation", ANSWERS)
def test_an_answer_is_what_botocore_would_make_of_it(
    database: Database, table: Table, operation: str
) -> None:
    method, request, answer = ANSWERS[operation]
    if operation != "BatchGetItem":
        request = {"TableName": "Things", **request}
    database.answers = {operation: (200, json.dumps(answer).encode())}
    plain = boto3.Session(region_name="us-east-1").client("dynamodb")
    expected = getattr(plain, method)(**request)
    plain.close()
    found = getattr(table.clients.dynamodb, method)(**request)
    for each in (found, expected):
        del each["ResponseMetadata"]["HTTPHeaders"]["date"]
    assert found == expected
    assert found["ResponseMetadata"]["RequestId"] == "request-1"


@pytest.mark.parametrize("status", [400, 500])
def test_a_refusal_is_botocores_to_read(
    database: Database, table: Table, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    # Its pauses before the three further tries took up to seven seconds.
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    refusal = {"__type": "com.amazon.coral.service#ResourceNotFoundException", "message": "no"}
    database.answers = {"Query": (status, json.dumps(refusal).encode())}
    with pytest.raises(Unavailable, match="refused"):
        list(table.query("index", "id = :i", i="a"))
    assert len(pauses) == {400: 0, 500: 3}[status]


@pytest.mark.parametrize("body", GARBAGE.values(), ids=GARBAGE)
def test_garbage_is_no_answer(database: Database, table: Table, body: bytes) -> None:
    database.answers = {"Query": (200, body)}
    with pytest.raises(Unavailable):
        list(table.query("index", "id = :i", i="a"))


def test_a_partition_is_read_undecoded(database: Database, table: Table) -> None:
    database.answers = {"Query": (200, b'{"Items":[{"id":{"S":"a="}},{"id":{"S":"b"}}]}')}
    asked = list(table.query_partition("a", ("id",)))
    assert [item["id"]["S"] for item in asked] == ["a=", "b"]


def test_a_garbled_answer_says_what_it_is() -> None:
    assert str(GarbledAnswer()) == "the answer is not a JSON object"


def test_the_answers_to_reads_alone_are_taken_as_they_are() -> None:
    registered: list[str] = []

    class Noted:
        def register(self, event_name: str, handler: Any) -> None:
            registered.append(event_name)

    take_json_as_it_is(Noted())
    assert registered == [
        f"before-parse.dynamodb.{each}" for each in ("GetItem", "BatchGetItem", "Query", "Scan")
    ]
