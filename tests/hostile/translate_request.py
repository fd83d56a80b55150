"""What may be asked of the local Translate: the operation, the body, and Amazon's word for it."""

from collections.abc import Mapping
from typing import NamedTuple

_PREFIX = "AWSShineFrontendService_20170701."


class Bad(NamedTuple):
    """A request that is refused with 400."""

    target: str
    body: bytes
    kind: str


def _text(body: bytes, kind: str = "InvalidRequestException") -> Bad:
    return Bad(_PREFIX + "TranslateText", body, kind)


def _list(body: bytes) -> Bad:
    return Bad(_PREFIX + "ListLanguages", body, "InvalidParameterValueException")


REQUESTS: Mapping[str, Bad] = {
    "cut off": _text(b"{", "SerializationException"),
    "too deep": _text(b"[" * 200_000, "SerializationException"),
    "no UTF-8": _text(b"\xff", "SerializationException"),
    "a list": _text(b"[]", "SerializationException"),
    "no text": _text(b"{}"),
    "text empty": _text(b'{"Text":""}'),
    "text a number": _text(b'{"Text":7}'),
    "text half a surrogate pair": _text(rb'{"Text":"\ud83d"}'),
    "no languages": _text(b'{"Text":"a"}'),
    "a page of none": _list(b'{"MaxResults":0}'),
    "a token that is a number": _list(b'{"NextToken":7}'),
    "unknown operation": Bad(_PREFIX + "DeleteEverything", b"{}", "UnknownOperationException"),
    "no prefix": Bad("TranslateText", b"{}", "UnknownOperationException"),
    "no operation": Bad("", b"{}", "UnknownOperationException"),
}
