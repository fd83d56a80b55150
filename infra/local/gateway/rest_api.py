"""API Gateway's REST API: an HTTP request becomes one invocation of the function behind the routes.

The gateway answers itself what API Gateway does: requests that it cannot pass on, unknown routes,
OPTIONS for CORS. A crowd waits here in a queue of its own, and lets messages go first.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from aiohttp import web

from infra.local.gateway.compression import encoded, zipped
from infra.local.gateway.doors import Door
from infra.local.gateway.events import Event
from infra.local.gateway.functions import (
    Functions,
    HostAbsent,
    InvocationError,
    PayloadTooLarge,
    TimedOut,
)
from infra.local.gateway.kept_files import KeptFile, KeptFiles, not_modified
from infra.local.gateway.limits import GatewayLimits
from infra.local.gateway.rest_answers import (
    Content,
    MalformedAnswer,
    Refusal,
    function_answer,
    gateway_answer,
)
from infra.local.gateway.rest_events import HttpRequest, request_event
from infra.local.gateway.rest_requests import RequestRefused, read_body, require_fit
from infra.local.gateway.rest_routes import RestRoutes

log = logging.getLogger(__name__)

UNKNOWN_ROUTE = "Missing Authentication Token"
"""What API Gateway says of a route that it does not have."""


class RestApi:
    """Answers requests for pages, files and the API."""

    def __init__(self, functions: Functions, limits: GatewayLimits) -> None:
        self._functions = functions
        self._limits = limits
        self._routes: RestRoutes | None = None
        self._files = KeptFiles(limits.kept_file_bytes)
        self._turns = asyncio.Semaphore(limits.parallel_requests)
        self._under_way = 0
        self._sent_by: Counter[str] = Counter()

    async def serve(self, request: web.BaseRequest, door: Door) -> web.StreamResponse:
        """Answer one request."""
        try:
            require_fit(request, door, self._most_bytes(door))
            kept = self._kept(request)
            if kept is not None:
                return (await _for_client(kept, request)).response()
            return await self._answer(request, door)
        except RequestRefused as refused:
            return Refusal(refused.status)
        except HostAbsent as failure:
            self._routes = None  # the host that comes back may have others
            log.warning("HTTP: %s", failure)
            return gateway_answer(HTTPStatus.SERVICE_UNAVAILABLE)
        except PayloadTooLarge:
            return gateway_answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        except (TimedOut, TimeoutError):
            return gateway_answer(HTTPStatus.GATEWAY_TIMEOUT, "Endpoint request timed out")
        except (InvocationError, MalformedAnswer) as failure:
            log.warning("HTTP: %s", failure)
            return gateway_answer(HTTPStatus.BAD_GATEWAY, "Internal server error")

    def _kept(self, request: web.BaseRequest) -> KeptFile | None:
        return self._files.get(request.raw_path) if request.method == "GET" else None

    @contextmanager
    def _sending(self, request: web.BaseRequest, door: Door) -> Iterator[None]:
        """Counts the bodies that a visitor's address is sending; there is no room for too many."""
        if not request.body_exists:
            yield
            return
        address = request.remote or ""
        if door.guarded and self._sent_by[address] >= self._limits.visitor_bodies:
            raise RequestRefused(HTTPStatus.TOO_MANY_REQUESTS)
        self._sent_by[address] += 1
        try:
            yield
        finally:
            self._sent_by[address] -= 1
            if not self._sent_by[address]:
                del self._sent_by[address]

    @contextmanager
    def _counted(self) -> Iterator[None]:
        """Counts the requests that are under way; those beyond the bound do not wait."""
        if self._under_way >= self._limits.waiting_requests:
            raise RequestRefused(HTTPStatus.TOO_MANY_REQUESTS)
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1

    def _most_bytes(self, door: Door) -> int:
        limits = self._limits
        return limits.visitor_request_bytes if door.guarded else limits.request_bytes

    async def _answer(self, request: web.BaseRequest, door: Door) -> web.StreamResponse:
        routes = await self._known_routes()
        match = routes.match(request.raw_path.partition("?")[0])
        if match is None:
            return gateway_answer(HTTPStatus.FORBIDDEN, UNKNOWN_ROUTE)
        if request.method == "OPTIONS" and match.resource.options is not None:
            return web.Response(headers=match.resource.options, content_type="application/json")
        # Read before it counts as under way: a client that sends slowly delays itself alone.
        with self._sending(request, door):
            body = await read_body(
                request, self._most_bytes(door), self._limits.request_body_timeout
            )
        event = request_event(_asked(request, body), match, routes.binary_types)
        with self._counted():
            async with asyncio.timeout(self._limits.invocation_timeout):
                content = await self._content(request, event)
        answer = await _for_client(content, request)
        return answer.response(event["requestContext"]["requestId"])

    async def _known_routes(self) -> RestRoutes:
        if self._routes is None:
            try:
                self._routes = RestRoutes(await self._functions.rest_api())
            except (LookupError, TypeError, AttributeError) as malformed:
                raise InvocationError(f"the routes are not described: {malformed!r}") from malformed
        return self._routes

    async def _content(self, request: web.BaseRequest, event: Event) -> Content | KeptFile:
        async with self._turns:
            # While it waited, another's answer may have come.
            kept = self._kept(request)
            if kept is not None:
                return kept
            content = function_answer(await self._functions.api_handler.invoke(event))
        if request.method == "GET":
            self._files.keep(request.raw_path, content)
            return self._files.get(request.raw_path) or content
        return content


async def _for_client(answer: Content | KeptFile, request: web.BaseRequest) -> Content:
    content, zip_body = (
        (answer.content, answer.zipped) if isinstance(answer, KeptFile) else (answer, zipped)
    )
    headers = request.headers
    known = headers.get("If-None-Match", "")
    if content.status == HTTPStatus.OK and request.method == "GET":
        content = not_modified(content, known)
    return await encoded(content, headers.get("Accept-Encoding", ""), known, zip_body)


def _asked(request: web.BaseRequest, body: bytes) -> HttpRequest:
    return HttpRequest(
        request.method,
        request.raw_path,
        request.raw_headers,
        body,
        request.remote or "",
        request.scheme,
    )
