"""The parts of an event that clients choose: headers and query, also odd ones."""

import json

from infra.local.gateway.events import Origin, connect_event

ORIGIN = Origin("L0SM9cOFvHcCIhw=", 1_700_000_000_000, "127.0.0.1:1", {"sourceIp": "127.0.0.1"})


def test_of_repeated_headers_all_are_kept_and_the_last_counts() -> None:
    fields = [(b"X-Tag", b"one"), (b"x-tag", b"two"), (b"Host", b"here")]
    event = connect_event(ORIGIN, fields, "")
    assert event["multiValueHeaders"]["X-Tag"] == ["one", "two"]
    assert event["headers"]["X-Tag"] == "two"
    assert event["headers"]["Host"] == "here"


def test_clients_cannot_say_where_they_come_from() -> None:
    event = connect_event(ORIGIN, [(b"x-forwarded-for", b"8.8.8.8")], "")
    assert event["multiValueHeaders"] == {"X-Forwarded-For": ["127.0.0.1"]}


def test_of_repeated_parameters_all_are_kept_and_the_last_counts() -> None:
    event = connect_event(ORIGIN, [], "a=1&a=2&b=&c=%C3%9F%20x+y")
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"], "b": [""], "c": ["ß x y"]}
    assert event["queryStringParameters"] == {"a": "2", "b": "", "c": "ß x y"}


def test_odd_bytes_leave_the_event_valid_utf_8() -> None:
    event = connect_event(ORIGIN, [(b"X-Odd", b"\xff\xfe")], "a=%FF&%ED%A0%80=b")
    text = json.dumps(event, ensure_ascii=False)
    assert json.loads(text.encode()) == event


def test_the_time_is_told_as_api_gateway_writes_it() -> None:
    context = connect_event(ORIGIN, [], "")["requestContext"]
    assert context["requestTime"] == "14/Nov/2023:22:13:20 +0000"
