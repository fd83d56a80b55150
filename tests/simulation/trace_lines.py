"""Calls to the database as lines of a trace.

`T12` is the twelfth second of the run, `T12.345` a moment within it: session epochs are moments,
and so are the ends of lives.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from chalice_app.wire.attribute_values import decode
from tests.simulation.database import Answer, Request
from tests.simulation.virtual_time import START

_MOMENT = re.compile(rf"{START // 100_000}(\d{{5}})(\d{{3}})?\b")


def call_line(method: str, request: Request, answer: Answer | Exception) -> str:
    """A call and its answer."""
    words = f"{method} {'; '.join(_asked(method, request))} -> {_answered(method, answer)}"
    return _MOMENT.sub(_moment, words)


def _moment(found: re.Match[str]) -> str:
    seconds, milliseconds = int(found[1]), found[2]
    return f"T{seconds}" if milliseconds in (None, "000") else f"T{seconds}.{milliseconds}"


def _asked(method: str, request: Request) -> Iterator[str]:
    for action in request.get("TransactItems", ()):
        ((kind, details),) = action.items()
        yield f"{kind} {_written(details)}"
    for table, wanted in request.get("RequestItems", {}).items():
        reads = method == "batch_get_item"
        asked = wanted["Keys"] if reads else [each["DeleteRequest"]["Key"] for each in wanted]
        keys = [value.get("S") or value["N"] for key in asked for value in key.values()]
        consistent = "" if not reads or wanted["ConsistentRead"] else " eventually consistent"
        yield f"{table} {' '.join(keys)}{consistent}"
    if "TableName" in request:
        yield _written(request)
    if "seconds" in request:
        yield f"{request['seconds']:g} s"
    if "connection" in request:
        yield f"{request['connection']} {_message(request['message'])}"
    if "connection_ids" in request:
        yield f"{request['part']} {' '.join(request['connection_ids'])}"


def _message(message: Mapping[str, Any] | None) -> str:
    """A message to a socket."""
    shown = ("type", "sequence", "language", "lastSequence", "languages")
    return " ".join(str(message[name]) for name in shown if name in message) if message else ""


def _written(request: Request) -> str:
    """A write, a query or one key's read: what, and on which condition."""
    item = request.get("Item") or request.get("Key")
    plain = _plain(item) if item else ""
    update = _filled(request.get("UpdateExpression", ""), request)
    condition = _filled(request.get("ConditionExpression", ""), request)
    found = _filled(request.get("KeyConditionExpression", ""), request)
    words = [request["TableName"], request.get("IndexName", ""), plain, update]
    words += [f"if {condition}"] if condition else []
    words += [f"where {found}"] if found else []
    words += ["eventually consistent"] if request.get("ConsistentRead") is False else []
    return " ".join(filter(None, words))


def _filled(expression: str, request: Request) -> str:
    """The expression with its placeholders' values."""
    names: Mapping[str, str] = request.get("ExpressionAttributeNames", {})
    values = decode(request.get("ExpressionAttributeValues", {}))
    for placeholder, value in sorted({**names, **values}.items(), reverse=True):
        expression = expression.replace(placeholder, str(value))
    return expression


def _answered(method: str, answer: Answer | Exception) -> str:
    if isinstance(answer, ClientError):
        return answer.response["Error"]["Code"]
    if isinstance(answer, Exception):
        return "no answer"
    if "status" in answer:
        return str(answer["status"])
    if method not in ("get_item", "batch_get_item", "query", "scan"):
        return "done"
    items = [item for found in answer.get("Responses", {}).values() for item in found]
    items += answer.get("Items", [answer["Item"]] if "Item" in answer else [])
    return ", ".join(map(_plain, items)) or "nothing"


def _plain(item: Mapping[str, Any]) -> str:
    left_out = {"ttl", "tokenHash", "connectedAt", "role", "sourceLanguage"}
    values = {name: value for name, value in decode(item).items() if name not in left_out}
    return "{" + " ".join(f"{name}={value!s}" for name, value in values.items()) + "}"
