"""DynamoDB's attribute values, checked against boto3's own serialiser."""

from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from chalice_app.wire.attribute_values import decode, decode_value, encode, encode_value

# DynamoDB keeps 38 digits, and boto3 refuses more.
NUMBERS = st.integers(-(10**37), 10**37)
VALUES = st.recursive(
    st.text() | st.booleans() | NUMBERS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
ITEMS = st.dictionaries(st.text(min_size=1), VALUES, max_size=6)


@given(ITEMS)
def test_what_is_stored_is_read_back(item: dict[str, Any]) -> None:
    assert decode(encode(item)) == item


@given(VALUES)
def test_values_are_spelt_as_boto3_spells_them(value: Any) -> None:
    assert encode_value(value) == TypeSerializer().serialize(value)


@given(VALUES)
def test_what_boto3_wrote_is_read_as_boto3_reads_it(value: Any) -> None:
    written = TypeSerializer().serialize(value)
    assert decode_value(written) == TypeDeserializer().deserialize(written)


@given(st.booleans())
def test_a_truth_value_is_no_number(value: bool) -> None:
    assert encode_value(value) == {"BOOL": value}
    assert decode_value({"BOOL": value}) is value


def test_an_absent_value_is_an_absent_attribute() -> None:
    assert encode({"a": None, "b": {"c": None, "d": 1}}) == {"b": {"M": {"d": {"N": "1"}}}}


def test_null_is_read_as_none() -> None:
    assert decode({"a": {"NULL": True}}) == {"a": None}


@pytest.mark.parametrize(
    ("text", "number"), [("7", 7), ("-7", -7), ("7.9", 7), ("-7.9", -7), ("1E+3", 1000), ("0", 0)]
)
def test_a_number_is_read_as_its_whole_part(text: str, number: int) -> None:
    assert decode_value({"N": text}) == number


def test_tuples_are_lists() -> None:
    assert encode_value(("a", 1)) == {"L": [{"S": "a"}, {"N": "1"}]}


@pytest.mark.parametrize("value", [1.5, {1, 2}, Decimal(1), object()])
def test_a_type_that_no_table_stores_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        encode_value(value)


@pytest.mark.parametrize("attribute", [{"SS": ["x"]}, {"NS": ["1"]}, {"BS": [b"x"]}])
def test_a_type_that_no_table_stores_is_nothing(attribute: dict[str, Any]) -> None:
    assert decode_value(attribute) is None


def test_bytes_are_read_from_botocore_and_from_json() -> None:
    assert encode_value(b"\x00x") == {"B": b"\x00x"}
    assert decode_value({"B": b"\x00x"}) == decode_value({"B": "AHg="}) == b"\x00x"


@pytest.mark.parametrize("attribute", [{"Q": "x"}, {}])
def test_what_is_no_attribute_value_is_not_read(attribute: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode_value(attribute)
