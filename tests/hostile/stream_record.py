"""What may come from a stream, stand in the row that a record is of, or be kept as a failure."""

import json
from collections.abc import Mapping
from typing import Any

from chalice_app.domain.session import Session
from chalice_app.wire.attribute_values import encode
from tests.fakes.domain import session

HERE: Session = session()
ROW: Mapping[str, Any] = {
    "connectionId": "poison",
    "sessionId": HERE.session_id,
    "sessionEpoch": HERE.created_at,
    "role": "listener",
    "connectedAt": HERE.created_at,
    "ttl": HERE.expires_at_seconds,
    "v": 1,
    "targetLanguage": "es",
}
"""A row of Connections with nothing wrong in it."""

CONNECTIONS: Mapping[str, Mapping[str, Any]] = {
    "unknown role": {**ROW, "role": "heckler"},
    "epoch of another type": {**ROW, "sessionEpoch": "yesterday"},
    "no session": {name: value for name, value in ROW.items() if name != "sessionId"},
    "role a set": {**ROW, "role": {"listener"}},
    "keys alone": {"connectionId": "poison"},
}
"""Rows of Connections that cannot be read."""


def record(number: int, change: str = "INSERT", **more: Any) -> dict[str, Any]:
    """A record of the stream, with keys alone unless `more` brings images."""
    return {"eventName": change, "dynamodb": {"SequenceNumber": str(number), **more}}


def of(key: str) -> dict[str, Any]:
    """The keys of a connection's record."""
    return {"Keys": encode({"connectionId": key})}


MALFORMED: Mapping[str, Mapping[str, Any]] = {
    "nothing": {},
    "no content": {"eventName": "INSERT"},
    "content null": {"eventName": "INSERT", "dynamodb": None},
    "no sequence number": {"eventName": "INSERT", "dynamodb": {"Keys": {}}},
    "no keys": record(2),
    "a key of no type": record(2, Keys={"a": {}}),
    "a key of an unknown type": record(2, Keys={"a": {"Q": 1}}),
    "a key that is no number": record(2, Keys={"a": {"N": "x"}}),
    "a number that is too large": record(2, Keys={"connectionId": {"N": "1e400"}}),
    "keys a list": record(2, Keys=["a"]),
    "no change of a table": record(2, "UPSERT", **of("a")),
    "no change of a table and no keys": record(2, "UPSERT", Keys={}),
    "an identity that is a word": {**record(2, "REMOVE", **of("a")), "userIdentity": "someone"},
}
"""They cannot be read."""

RECORDS: Mapping[str, Mapping[str, Any]] = {
    **MALFORMED,
    "keys alone": record(2, **of("a")),
    "images of nothing": record(2, "MODIFY", **of("a"), NewImage={}, OldImage={}),
    "an image of a heckler": record(2, **of("a"), NewImage=encode({**ROW, "role": "heckler"})),
    "a set in the image": record(2, **of("a"), NewImage={"lastSequence": {"NS": ["1"]}}),
    "of nobody": record(2, "REMOVE", **of("never-came")),
    "of another table": record(2, Keys=encode({"cacheKey": "en:es:0"})),
    "a key that is a number": record(2, Keys=encode({"connectionId": 7})),
}
"""They are passed over: what they say is not so, or cannot be read at all."""


def entry(*records: Mapping[str, Any]) -> str:
    """What Lambda keeps of a batch that has failed."""
    return json.dumps({"DDBStreamBatchInfo": {}, "payload": {"Records": records}})


ENTRIES: Mapping[str, str] = {
    "cut off": "{",
    "a list": "[]",
    "a number": "7",
    "a string": '"requested"',
    "nothing in it": "{}",
    "too deep": "[" * 100_000,
    "a record of nothing": '{"payload": {"Records": [{}]}}',
    "a record without keys": '{"payload": {"Records": [{"dynamodb": {"Keys": {}}}]}}',
    "a record of another table": entry(record(1, **of("a"))).replace("connectionId", "sessionId"),
    "a record of no change": entry(record(1, "APPEAR", **of("a"))),
    "too large a number": entry(record(1, Keys={"n": {"N": "1e400"}})),
}
"""No entries."""
