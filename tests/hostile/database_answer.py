"""What may come with status 200 in place of DynamoDB's answer."""

from collections.abc import Mapping

GARBAGE: Mapping[str, bytes] = {
    "nothing": b"",
    "a page": b"<html>",
    "no UTF-8": b"\xff",
    "cut off": b'{"Items": [',
    "a list": b"[]",
}
