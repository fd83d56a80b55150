"""GetRecords' records in the shape that Lambda hands to a function."""

import json
from datetime import UTC, datetime

from infra.local.dynamodb.stream_records import lambda_record

ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/T/stream/1"
FROM_API = {
    "eventID": "1",
    "eventName": "MODIFY",
    "eventVersion": "1.1",
    "eventSource": "aws:dynamodb",
    "awsRegion": "us-east-1",
    "dynamodb": {
        "ApproximateCreationDateTime": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        "Keys": {"id": {"S": "a"}},
        "NewImage": {"id": {"S": "a"}, "raw": {"B": b"\x00\xff"}, "many": {"BS": [b"1", b"2"]}},
        "OldImage": {"id": {"S": "a"}, "list": {"L": [{"M": {"x": {"BOOL": True}}}]}},
        "SequenceNumber": "42",
        "SizeBytes": 12,
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    },
}


def test_times_are_epoch_seconds_and_binary_values_base64() -> None:
    shaped = lambda_record(FROM_API, ARN)
    assert shaped["dynamodb"]["ApproximateCreationDateTime"] == 1767323045
    assert shaped["dynamodb"]["NewImage"]["raw"] == {"B": "AP8="}
    assert shaped["dynamodb"]["NewImage"]["many"] == {"BS": ["MQ==", "Mg=="]}


def test_the_rest_is_as_the_stream_tells_it_with_the_arn_added() -> None:
    shaped = lambda_record(FROM_API, ARN)
    assert shaped["eventSourceARN"] == ARN
    assert shaped["dynamodb"]["OldImage"] == FROM_API["dynamodb"]["OldImage"]  # type: ignore[index]
    assert {key: shaped[key] for key in FROM_API if key != "dynamodb"} == {
        key: value for key, value in FROM_API.items() if key != "dynamodb"
    }
    assert json.loads(json.dumps(shaped)) == shaped


def test_who_deleted_an_expired_row_is_spelled_as_lambda_does() -> None:
    identity = {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}
    shaped = lambda_record(FROM_API | {"userIdentity": identity}, ARN)
    assert shaped["userIdentity"] == {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
