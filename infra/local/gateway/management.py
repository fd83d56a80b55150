"""The management API: POST, GET and DELETE of `/@connections/{id}`, as the AWS model has them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus

from aiohttp import web

from infra.local.access.callers import is_program
from infra.local.gateway.answers import Answer, error_answer, json_answer
from infra.local.gateway.connection import DELETED, Connection, PostOutcome
from infra.local.gateway.limits import MAX_MESSAGE_BYTES

GONE = error_answer(HTTPStatus.GONE, "GoneException")
TOO_LARGE = error_answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "PayloadTooLargeException")
NOT_ALLOWED = error_answer(HTTPStatus.METHOD_NOT_ALLOWED, "ForbiddenException")
FORBIDDEN = error_answer(HTTPStatus.FORBIDDEN, "ForbiddenException")
NO_CONTENT = Answer(HTTPStatus.NO_CONTENT)

POSTED = {
    PostOutcome.SENT: Answer(HTTPStatus.OK),
    PostOutcome.GONE: GONE,
    # In the model's words: "... or the WebSocket client side buffer is full".
    PostOutcome.FULL: error_answer(HTTPStatus.TOO_MANY_REQUESTS, "LimitExceededException"),
}


class Management:
    """Answers requests about the connections that are open."""

    def __init__(self, connections: Mapping[str, Connection]) -> None:
        self._connections = connections

    async def answer(self, request: web.BaseRequest, connection_id: str) -> Answer:
        """Do what the request's method says with that connection."""
        if not is_program(request.headers.get("Host"), request.headers.get("Origin")):
            return FORBIDDEN
        connection = self._connections.get(connection_id)
        if connection is None or connection.ending is not None:
            return GONE
        if request.method == "POST":
            return await _post(connection, request)
        if request.method == "GET":
            return _describe(connection)
        if request.method == "DELETE":
            connection.close(DELETED)
            return NO_CONTENT
        return NOT_ALLOWED


async def _post(connection: Connection, request: web.BaseRequest) -> Answer:
    content = request.content
    try:
        # Mostly the body came with the head: taking it without waiting saves a tenth of a post's
        # time.
        body = content.read_nowait() if content.is_eof() else await request.read()
    except web.HTTPRequestEntityTooLarge:
        return TOO_LARGE
    except ConnectionError:
        return GONE  # the poster has left, so this answer is not read
    if len(body) > MAX_MESSAGE_BYTES:
        return TOO_LARGE
    return POSTED[connection.post(_as_text(body))]


def _as_text(body: bytes) -> bytes:
    """The body if it is UTF-8; else with U+FFFD for what is not, as API Gateway sends it."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return body.decode(errors="replace").encode()
    return body


def _describe(connection: Connection) -> Answer:
    return json_answer(
        HTTPStatus.OK,
        {
            "connectedAt": _iso_8601(connection.origin.connected_at_ms),
            "lastActiveAt": _iso_8601(connection.last_active_ms()),
            "identity": connection.origin.identity,
        },
    )


def _iso_8601(epoch_ms: int) -> str:
    instant = datetime.fromtimestamp(epoch_ms / 1000, UTC)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
