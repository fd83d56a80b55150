"""The event of an HTTP request, as API Gateway's REST API sends it (Lambda proxy integration)."""

from __future__ import annotations

import base64
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from infra.local.gateway.events import (
    API_ID,
    STAGE,
    Event,
    last_values,
    multi_value_headers,
    multi_value_parameters,
    now_ms,
)
from infra.local.gateway.rest_routes import Match


@dataclass(frozen=True)
class HttpRequest:
    """A request as it came: `target` is path and query, still encoded, `scheme` http or https."""

    method: str
    target: str
    fields: Iterable[tuple[bytes, bytes]]
    body: bytes
    source_ip: str
    scheme: str


def request_event(request: HttpRequest, match: Match, binary_types: frozenset[str]) -> Event:
    """What the function behind the routes is given."""
    path, _, query = request.target.partition("?")
    # Only what the gateway itself knows: a client could make these up.
    own = {"X-Forwarded-For": request.source_ip, "X-Forwarded-Proto": request.scheme}
    headers = multi_value_headers(request.fields, own)
    last = last_values(headers)
    parameters = multi_value_parameters(query)
    body, is_base64 = _body(request.body, _content_type(last) in binary_types)
    return {
        "resource": match.resource.path,
        "path": path,
        "httpMethod": request.method,
        "headers": last,
        "multiValueHeaders": headers,
        "queryStringParameters": last_values(parameters) or None,
        "multiValueQueryStringParameters": parameters or None,
        "pathParameters": match.parameters or None,
        "stageVariables": None,
        "requestContext": _context(request, match, path, last),
        "body": body,
        "isBase64Encoded": is_base64,
    }


def _context(
    request: HttpRequest, match: Match, path: str, headers: dict[str, str]
) -> dict[str, object]:
    at_ms, request_id = now_ms(), str(uuid.uuid4())
    spelled = {name.lower(): value for name, value in headers.items()}
    return {
        "resourcePath": match.resource.path,
        "httpMethod": request.method,
        "path": path,
        "stage": STAGE,
        "apiId": API_ID,
        "protocol": "HTTP/1.1",
        "domainName": spelled.get("host", ""),
        "requestTime": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(at_ms // 1000)),
        "requestTimeEpoch": at_ms,
        "requestId": request_id,
        "extendedRequestId": request_id,
        "identity": {"sourceIp": request.source_ip, "userAgent": spelled.get("user-agent")},
    }


def _content_type(headers: dict[str, str]) -> str:
    named = (value for name, value in headers.items() if name.lower() == "content-type")
    return next(named, "").partition(";")[0].strip().lower()


def _body(body: bytes, is_binary: bool) -> tuple[str | None, bool]:
    """Text as it is; what is binary, or not UTF-8, as base64: so none of its bytes is lost."""
    if not body:
        return None, False
    if not is_binary:
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(body).decode(), True
