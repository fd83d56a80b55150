"""Stream records as GetRecords returns them -> the JSON that Lambda hands to a function."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any

Record = dict[str, Any]
"""A stream record in the shape that Lambda hands to a function."""


def sequence_number(record: Record) -> str:
    """A stream record's position in its shard."""
    return str(record["dynamodb"]["SequenceNumber"])


def lambda_record(record: Mapping[str, Any], stream_arn: str) -> Record:
    """One record of GetRecords in Lambda's shape.

    The API and Lambda differ in four ways: times are epoch seconds in Lambda's JSON, binary values
    are base64 text, `userIdentity` has lower-case keys, and `eventSourceARN` is added.
    """
    shaped: Record = {
        "eventID": record["eventID"],
        "eventName": record["eventName"],
        "eventVersion": record["eventVersion"],
        "eventSource": record["eventSource"],
        "awsRegion": record["awsRegion"],
        "dynamodb": _json_value(record["dynamodb"]),
        "eventSourceARN": stream_arn,
    }
    if identity := record.get("userIdentity"):
        shaped["userIdentity"] = {
            "type": identity["Type"],
            "principalId": identity["PrincipalId"],
        }
    return shaped


def _json_value(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_json_value(item) for item in value]
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode("ascii")
    return value
