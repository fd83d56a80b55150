"""Deletes of expired rows look as DynamoDB's own; all others do not."""

from typing import Any

from infra.local.dynamodb.expiries import SERVICE, Expiries

ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/T/stream/1"
KEY = {"id": {"S": "a"}, "range": {"N": "1"}}


def record(name: str = "REMOVE", key: Any = None) -> dict[str, Any]:
    return {"eventName": name, "eventSourceARN": ARN, "dynamodb": {"Keys": key or KEY}}


def test_the_delete_of_an_expired_row_is_marked_once() -> None:
    expiries = Expiries([ARN])
    expiries.expect("T", dict(reversed(KEY.items())))
    assert expiries.marked(record()) == record() | {"userIdentity": SERVICE}
    assert expiries.marked(record()) == record()


def test_other_records_are_left_as_they_are() -> None:
    expiries = Expiries([ARN])
    expiries.expect("T", KEY)
    expiries.expect("Another", {"id": {"S": "b"}})
    for other in (record("MODIFY"), record(key={"id": {"S": "b"}})):
        assert expiries.marked(other) == other


def test_a_row_that_stayed_is_not_marked_later() -> None:
    expiries = Expiries([ARN])
    expiries.expect("T", KEY)
    expiries.withdraw("T", KEY)
    assert expiries.marked(record()) == record()
