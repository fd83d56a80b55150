"""What API Gateway makes of the functions behind $connect, $default and $disconnect."""

import asyncio
import json
import logging
from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web

from infra.local.gateway.answers import json_answer
from infra.local.gateway.connection import Connection
from infra.local.gateway.events import (
    Ending,
    Event,
    Origin,
    connect_event,
    disconnect_event,
    message_event,
)
from infra.local.gateway.functions import Functions, InvocationError
from infra.local.gateway.limits import GatewayLimits
from infra.local.gateway.message_queue import Message

log = logging.getLogger(__name__)


class Routes:
    """The three routes of the API."""

    def __init__(self, functions: Functions, limits: GatewayLimits) -> None:
        self._functions = functions
        self._disconnect_retries = limits.disconnect_retries

    async def connect(self, origin: Origin, request: web.BaseRequest) -> web.StreamResponse | None:
        """Ask whether to accept a handshake: None says yes, else it is the refusal to answer with.

        A function that fails, or answers no status, refuses with 502.
        """
        event = connect_event(origin, request.raw_headers, request.raw_path.partition("?")[2])
        try:
            status, body = _proxy_answer(await self._functions.connect.invoke(event))
        except InvocationError as failure:
            log.warning("$connect of %s: %s", origin.log_name, failure)
            return json_answer(HTTPStatus.BAD_GATEWAY, _apology(event))
        if 200 <= status < 300:
            return None
        return web.Response(status=status, text=body)

    async def message(self, connection: Connection, message: Message) -> None:
        """Have one message handled. The answer is dropped: the API has no route responses.

        When the function fails, the client receives the error that API Gateway would send.
        """
        event = message_event(connection.origin, message.body, message.received_at_ms)
        try:
            await self._functions.message.invoke(event)
        except InvocationError as failure:
            log.warning("message of %s: %s", connection.origin.log_name, failure)
            connection.post(json.dumps(_apology(event)).encode())

    async def disconnect(self, origin: Origin, ending: Ending) -> None:
        """Invoke the function with how the connection ended; after a few retries log an error."""
        event = disconnect_event(origin, ending)
        for pause in (0.0, *self._disconnect_retries):
            await asyncio.sleep(pause)
            try:
                await self._functions.disconnect.invoke(event)
            except InvocationError as failure:
                log.warning("$disconnect of %s: %s", origin.log_name, failure)
            else:
                return
        log.error("$disconnect of %s is given up", origin.log_name)


def _proxy_answer(answer: object) -> tuple[int, str]:
    """The status and body of a Lambda proxy answer. Raises InvocationError if it is none."""
    if isinstance(answer, Mapping):
        status, body = answer.get("statusCode"), answer.get("body")
        if isinstance(status, int) and 200 <= status <= 599:
            return status, body if isinstance(body, str) else ""
    raise InvocationError(f"malformed Lambda proxy response: {type(answer).__name__}")


def _apology(event: Event) -> dict[str, object]:
    """What clients get when a function fails, without a word on why."""
    context = event["requestContext"]
    return {
        "message": "Internal server error",
        "connectionId": context["connectionId"],
        "requestId": context["requestId"],
    }
