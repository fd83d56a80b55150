"""A record of a DynamoDB stream, as Lambda delivers it, read into plain values."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.records import Change, MalformedRecord, StreamRecord, parse_record
from tests.hostile.stream_record import MALFORMED

TTL = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


def raw(change: str = "INSERT", **more: Any) -> dict[str, Any]:
    """A record of the Connections stream."""
    return {
        "eventID": "7de3041dd709b024af6f29e4fa13d34c",
        "eventName": change,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": {
            "ApproximateCreationDateTime": 1780000000.0,
            "Keys": {"connectionId": {"S": "c1"}},
            "NewImage": {"connectionId": {"S": "c1"}, "v": {"N": "1"}},
            "SequenceNumber": "4421584500000000017450439091",
            "SizeBytes": 26,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN": "arn:aws:dynamodb:us-east-1:123456789012:table/Connections-dev/stream/x",
        **more,
    }


def test_a_record_is_read_into_plain_values() -> None:
    assert parse_record(raw()) == StreamRecord(
        sequence_number="4421584500000000017450439091",
        change=Change.INSERT,
        keys={"connectionId": "c1"},
        new_image={"connectionId": "c1", "v": 1},
        old_image=None,
        is_ttl_expiry=False,
    )


@pytest.mark.parametrize("change", list(Change))
def test_every_change_is_known(change: Change) -> None:
    assert parse_record(raw(change.value)).change is change


def test_a_stream_of_keys_alone_has_no_images() -> None:
    record = raw("MODIFY")
    del record["dynamodb"]["NewImage"]
    parsed = parse_record(record)
    assert (parsed.new_image, parsed.old_image) == (None, None)


def test_a_sequence_number_keeps_every_digit() -> None:
    record = raw()
    record["dynamodb"]["SequenceNumber"] = "0" * 3 + "9" * 40
    assert parse_record(record).sequence_number == "0" * 3 + "9" * 40


@pytest.mark.parametrize(
    ("change", "identity", "expired"),
    [
        ("REMOVE", TTL, True),
        ("REMOVE", None, False),
        ("REMOVE", {}, False),
        ("REMOVE", {"type": "Service", "principalId": "someone"}, False),
        ("REMOVE", {"type": "User", "principalId": "dynamodb.amazonaws.com"}, False),
        ("MODIFY", TTL, False),
    ],
)
def test_only_what_time_to_live_removed_has_expired(
    change: str, identity: dict[str, str] | None, expired: bool
) -> None:
    assert parse_record(raw(change, userIdentity=identity)).is_ttl_expiry is expired


@pytest.mark.parametrize("record", MALFORMED.values(), ids=MALFORMED)
def test_what_is_no_record_is_malformed(record: Mapping[str, Any]) -> None:
    with pytest.raises(MalformedRecord):
        parse_record(record)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "eventName": st.sampled_from(Change) | JSON,
            "userIdentity": JSON,
            "dynamodb": JSON
            | st.fixed_dictionaries(
                {"SequenceNumber": JSON, "Keys": JSON}, optional={"NewImage": JSON}
            ),
        },
    )
)
def test_nothing_but_a_malformed_record_is_ever_raised(record: dict[str, Any]) -> None:
    try:
        parsed = parse_record(record)
    except MalformedRecord:
        parsed = None
    assert parsed is None or isinstance(parsed, StreamRecord)
