"""DynamoDB's attribute values (`{"S": "x"}`) to plain values and back; pure, standard library only.

Written here because boto3's own (de)serialiser turns every number into Decimal and would put boto3
into modules that only look at stream records.
"""

from base64 import b64decode
from collections.abc import Mapping
from typing import Any

AttributeValue = Mapping[str, Any]
Value = str | int | bool | bytes | None | list["Value"] | dict[str, "Value"]
Item = dict[str, Value]


def encode(item: Mapping[str, Any]) -> dict[str, AttributeValue]:
    """A plain item as DynamoDB takes it; None values are left out, as absent attributes are."""
    return {name: encode_value(value) for name, value in item.items() if value is not None}


def decode(item: Mapping[str, AttributeValue]) -> Item:
    """DynamoDB's item as plain values."""
    # Most are strings: a call for each would take half of the time.
    return {
        name: value["S"] if "S" in value else decode_value(value) for name, value in item.items()
    }


def encode_value(value: Any) -> AttributeValue:
    """One plain value as an attribute value.

    Raises:
        TypeError: for a type that no table of this project stores.
    """
    match value:
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case bytes():
            return {"B": value}
        case int():
            return {"N": str(value)}
        case Mapping():
            return {"M": encode(value)}
        case list() | tuple():
            return {"L": [encode_value(element) for element in value]}
    raise TypeError(f"no table stores a {type(value).__name__}")


def decode_value(attribute: AttributeValue) -> Value:
    """One attribute value as a plain value; a fraction is cut to its whole part.

    Bytes come as botocore gives them, or as base64 where an answer is taken as the JSON that it is.
    Sets, which no table of this project stores, are None: a row that somebody has put one into must
    not keep the others of a batch from being read.

    Raises:
        ValueError: it is of no type that DynamoDB has.
    """
    ((kind, value),) = attribute.items()
    match kind:
        case "S" | "BOOL":
            return value  # type: ignore[no-any-return]
        case "N":
            return int(value) if value.lstrip("-").isdigit() else int(float(value))
        case "M":
            return {name: decode_value(element) for name, element in value.items()}
        case "L":
            return [decode_value(element) for element in value]
        case "B":
            return value if isinstance(value, bytes) else b64decode(value, validate=True)
        case "NULL" | "SS" | "NS" | "BS":
            return None
    raise ValueError(f"DynamoDB has no attribute values of type {kind}")
