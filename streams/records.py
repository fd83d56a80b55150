"""A DynamoDB stream record, deserialised.

Chalice's own record class gives raw attribute values and no userIdentity, so records are read from
the event as Lambda delivers it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from chalice_app.wire.attribute_values import Item, decode

_TTL_PRINCIPAL = "dynamodb.amazonaws.com"


class Change(StrEnum):
    """What happened to the row."""

    INSERT = "INSERT"
    MODIFY = "MODIFY"
    REMOVE = "REMOVE"


class MalformedRecord(ValueError):
    """The record lacks something that every record of a stream has."""


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """One change of one row.

    `sequence_number` orders a shard and names the record in a partial-batch response. Images are
    None where the stream or the change has none.
    """

    sequence_number: str
    change: Change
    keys: Item
    new_image: Item | None = None
    old_image: Item | None = None
    is_ttl_expiry: bool = False


def parse_record(record: Mapping[str, Any]) -> StreamRecord:
    """One entry of the event's `Records`.

    Raises:
        MalformedRecord: it is not a DynamoDB stream record.
    """
    try:
        change = record["dynamodb"]
        return StreamRecord(
            sequence_number=str(change["SequenceNumber"]),
            change=Change(record["eventName"]),
            keys=decode(change["Keys"]),
            new_image=_image(change.get("NewImage")),
            old_image=_image(change.get("OldImage")),
            is_ttl_expiry=_is_ttl_expiry(record),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise MalformedRecord(f"not a DynamoDB stream record: {error!r}") from error


def _image(image: Mapping[str, Any] | None) -> Item | None:
    return None if image is None else decode(image)


def _is_ttl_expiry(record: Mapping[str, Any]) -> bool:
    identity = record.get("userIdentity") or {}
    return (
        record.get("eventName") == Change.REMOVE
        and identity.get("type") == "Service"
        and identity.get("principalId") == _TTL_PRINCIPAL
    )
