"""API Gateway's REST API: an HTTP request becomes one invocation of the function behind the routes.

The gateway answers itself what API Gateway does: requests that it cannot pass on, unknown routes,
OPTIONS for CORS. A crowd waits here in a queue of its own, and lets messages go first.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

from aiohttp import web
from aiohttp.web_protocol import RequestPayloadError

from infra.local.access.callers import is_for
from infra.local.gateway.doors import Door
from infra.local.gateway.functions import (
    Functions,
    HostAbsent,
    InvocationError,
    PayloadTooLarge,
)
from infra.local.gateway.limits import GatewayLimits
from infra.local.gateway.rest_answers import (
    MalformedAnswer,
    Refusal,
    function_answer,
    gateway_answer,
)
from infra.local.gateway.rest_events import HttpRequest, request_event
from infra.local.gateway.rest_routes import Match, RestRoutes

log = logging.getLogger(__name__)

UNKNOWN_ROUTE = "Missing Authentication Token"
"""What API Gateway says of a route that it does not have."""
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class RestApi:
    """Answers requests for pages, files and the API."""

    def __init__(self, functions: Functions, limits: GatewayLimits) -> None:
        self._functions = functions
        self._limits = limits
        self._routes: RestRoutes | None = None
        self._under_way = 0

    async def serve(self, request: web.BaseRequest, door: Door) -> web.StreamResponse:
        """Answer one request."""
        objection = self._objection(request, door)
        if objection is not None:
            return Refusal(objection)
        try:
            async with self._turn(), asyncio.timeout(self._limits.invocation_timeout):
                return await self._answer(request)
        except HostAbsent as failure:
            self._routes = None  # the host that comes back may have others
            log.warning("HTTP: %s", failure)
            return gateway_answer(HTTPStatus.SERVICE_UNAVAILABLE)
        except PayloadTooLarge:
            return Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        except (InvocationError, MalformedAnswer) as failure:
            log.warning("HTTP: %s", failure)
            return gateway_answer(HTTPStatus.BAD_GATEWAY, "Internal server error")
        except TimeoutError:
            return gateway_answer(HTTPStatus.GATEWAY_TIMEOUT, "Endpoint request timed out")
        except (_TooManyError, _BodyError) as refused:
            return Refusal(refused.status)

    def _objection(self, request: web.BaseRequest, door: Door) -> HTTPStatus | None:
        """Why a request is refused by its head alone."""
        headers = request.headers
        if not is_for(door.hosts, headers.get("Host")):
            return HTTPStatus.FORBIDDEN
        if not request.raw_path.startswith("/"):  # the name in it would be one more Host
            return HTTPStatus.BAD_REQUEST
        if "Transfer-Encoding" in headers:
            return HTTPStatus.LENGTH_REQUIRED
        if int(headers.get("Content-Length", "0")) > self._limits.request_bytes:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        if not headers.get("Authorization", "").isascii():
            return HTTPStatus.BAD_REQUEST
        return None

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Counts the requests that are under way; those beyond the bound do not wait."""
        if self._under_way >= self._limits.waiting_requests:
            raise _TooManyError
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        routes = await self._known_routes()
        match = routes.match(request.raw_path.partition("?")[0])
        if match is None:
            return gateway_answer(HTTPStatus.FORBIDDEN, UNKNOWN_ROUTE)
        body = await self._body(request)
        if request.method == "OPTIONS" and match.resource.options is not None:
            return web.Response(headers=match.resource.options, content_type="application/json")
        return await self._invoke(request, match, routes, body)

    async def _known_routes(self) -> RestRoutes:
        if self._routes is None:
            try:
                self._routes = RestRoutes(await self._functions.rest_api())
            except (LookupError, TypeError, AttributeError) as malformed:
                raise InvocationError(f"the routes are not described: {malformed!r}") from malformed
        return self._routes

    async def _body(self, request: web.BaseRequest) -> bytes:
        """The whole body. One that was compressed is counted as what it becomes."""
        if not request.body_exists:
            return b""
        if request.headers.get("Expect", "").lower() == "100-continue":
            await request.writer.write(CONTINUE)
            request.writer.output_size = 0
        parts, left = [], self._limits.request_bytes
        try:
            while part := await request.content.readany():
                parts.append(part)
                left -= len(part)
                if left < 0:
                    raise _BodyError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        except (RequestPayloadError, ConnectionError) as broken:
            raise _BodyError(HTTPStatus.BAD_REQUEST) from broken
        return b"".join(parts)

    async def _invoke(
        self, request: web.BaseRequest, match: Match, routes: RestRoutes, body: bytes
    ) -> web.Response:
        asked = HttpRequest(
            request.method,
            request.raw_path,
            request.raw_headers,
            body,
            request.remote or "",
            request.scheme,
        )
        event = request_event(asked, match, routes.binary_types)
        answer = function_answer(await self._functions.api_handler.invoke(event))
        answer.headers["x-amzn-RequestId"] = event["requestContext"]["requestId"]
        return answer


class _TooManyError(Exception):
    status = HTTPStatus.TOO_MANY_REQUESTS


class _BodyError(Exception):
    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status)
        self.status = status
