"""The events that API Gateway sends for a WebSocket API, field for field as it sends them.

Two traits of recorded events matter to handlers: a $default event has no headers and no query,
and a $disconnect event has only four headers, none of them the client's own.
"""

import base64
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from chalice_app.observability.logs import connection_name

STAGE = "api"
API_ID = "local"

Event = Mapping[str, Any]


class Ending(NamedTuple):
    """How a connection ended: a close code (RFC 6455, 7.4; 1005 and 1006 stay local) and why."""

    code: int
    reason: str


GOING_AWAY = Ending(1001, "Going away")
"""API Gateway's reason when it ends a connection itself: idle, too old, or the stage ended."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a connection's events come from: what is the same in all of them."""

    connection_id: str
    connected_at_ms: int
    domain_name: str
    identity: Mapping[str, str]

    @property
    def log_name(self) -> str:
        """How a log names the connection. Not by its id: knowing an id is enough to post to it."""
        return connection_name(self.connection_id)


def new_id() -> str:
    """An id in API Gateway's form, 15 URL-safe characters and `=`: 88 random bits."""
    return base64.urlsafe_b64encode(secrets.token_bytes(11)).decode()


def now_ms() -> int:
    """The time in epoch milliseconds."""
    return time.time_ns() // 1_000_000


def connect_event(origin: Origin, fields: Iterable[tuple[bytes, bytes]], query: str) -> Event:
    """A handshake, with its header `fields` and `query` string as they came over the wire."""
    headers = multi_value_headers(fields, {"X-Forwarded-For": origin.identity["sourceIp"]})
    parameters = multi_value_parameters(query)
    return {
        "headers": last_values(headers),
        "multiValueHeaders": headers,
        "queryStringParameters": last_values(parameters) or None,
        "multiValueQueryStringParameters": parameters or None,
        "requestContext": _context(origin, "$connect", "CONNECT", origin.connected_at_ms),
        "isBase64Encoded": False,
    }


def message_event(origin: Origin, body: str | bytes, received_at_ms: int) -> Event:
    """One message; binary ones travel as base64. `received_at_ms` is epoch milliseconds."""
    context = _context(origin, "$default", "MESSAGE", received_at_ms)
    binary = isinstance(body, bytes)
    return {
        "requestContext": {**context, "messageId": new_id()},
        "body": base64.b64encode(body).decode() if isinstance(body, bytes) else body,
        "isBase64Encoded": binary,
    }


def disconnect_event(origin: Origin, ending: Ending) -> Event:
    """The end of a connection, stamped with the present."""
    headers = {
        "Host": [origin.domain_name],
        "x-api-key": [""],
        "X-Forwarded-For": [""],
        "x-restapi": [""],
    }
    context = _context(origin, "$disconnect", "DISCONNECT", now_ms())
    return {
        "headers": last_values(headers),
        "multiValueHeaders": headers,
        "requestContext": {
            **context,
            "disconnectStatusCode": ending.code,
            "disconnectReason": ending.reason,
        },
        "isBase64Encoded": False,
    }


def _context(origin: Origin, route_key: str, event_type: str, at_ms: int) -> dict[str, object]:
    request_id = new_id()
    return {
        "routeKey": route_key,
        "eventType": event_type,
        "extendedRequestId": request_id,
        "requestTime": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(at_ms // 1000)),
        "messageDirection": "IN",
        "stage": STAGE,
        "connectedAt": origin.connected_at_ms,
        "requestTimeEpoch": at_ms,
        "identity": origin.identity,
        "requestId": request_id,
        "domainName": origin.domain_name,
        "connectionId": origin.connection_id,
        "apiId": API_ID,
    }


def multi_value_headers(
    fields: Iterable[tuple[bytes, bytes]], own: Mapping[str, str]
) -> dict[str, list[str]]:
    """Headers as sent, one entry a name; `own` are the gateway's to say, whatever was sent."""
    headers: dict[str, list[str]] = {}
    spelling = {name.lower(): "" for name in own}
    for raw_name, raw_value in fields:
        # Latin-1 (RFC 9110, 5.5) never fails, so that odd bytes cannot break the event's JSON.
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        spelled = spelling.setdefault(name.lower(), name)
        if spelled:
            headers.setdefault(spelled, []).append(value)
    return headers | {name: [value] for name, value in own.items()}


def multi_value_parameters(query: str) -> dict[str, list[str]]:
    """The query's parameters, each with all its values."""
    parameters: dict[str, list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        parameters.setdefault(name, []).append(value)
    return parameters


def last_values(multi: Mapping[str, list[str]]) -> dict[str, str]:
    """The same with one value each."""
    return {name: values[-1] for name, values in multi.items()}
