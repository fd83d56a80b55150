"""Lambda's Invoke operation over HTTP, for the gateway and for functions that call functions.

`POST /2015-03-31/functions/{name}/invocations` with X-Amz-Invocation-Type RequestResponse, Event
or DryRun (AWS Lambda API Reference, "Invoke"). The gateway also asks for the HTTP routes here
(`rest_api`).
"""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from collections.abc import Callable, Mapping
from typing import Final

from aiohttp import web

from infra.local.access.programs_only import programs_only
from infra.local.event_sources.failure_destination import FailureFile
from infra.local.functions import rest_api
from infra.local.functions.registry import Application
from infra.local.invocation import Function, Invoker, Result, timed_out

LOGGER = logging.getLogger(__name__)

LARGEST_REQUEST_BYTES: Final = 6 * 1024 * 1024
"""Lambda's quota for a synchronous payload."""
LARGEST_EVENT_BYTES: Final = 1024 * 1024
"""Lambda's quota for an asynchronous payload."""
RETRY_DELAYS: Final = (1.0, 2.0)
"""Seconds before the two retries of a failed asynchronous invocation: minutes on AWS."""
FUNCTION_ERROR: Final = "Unhandled"


class InvokeApi:
    """Serves the functions of an application; `after_call` runs after each invocation.

    The functions in `apart` have threads of their own: on AWS, none waits for another's either.
    """

    def __init__(
        self,
        application: Application,
        invoker: Invoker,
        failures: FailureFile,
        after_call: Callable[[], None],
        apart: Mapping[str, Invoker] | None = None,
    ) -> None:
        self._application = application
        self._invoker = invoker
        self._failures = failures
        self._after_call = after_call
        self._apart = apart or {}
        self._background: set[asyncio.Task[None]] = set()

    def web_application(self) -> web.Application:
        """The routes, for aiohttp to serve."""
        application = web.Application(
            client_max_size=LARGEST_REQUEST_BYTES, middlewares=[programs_only]
        )
        application.router.add_post("/2015-03-31/functions/{name}/invocations", self._invoke)
        application.router.add_get("/rest-api", self._describe)
        return application

    async def finish(self, seconds: float) -> None:
        """Let asynchronous invocations end, retries included, for at most so long."""
        if self._background:
            _, unfinished = await asyncio.wait(self._background, timeout=seconds)
            for task in unfinished:
                LOGGER.warning("%s was still being retried", task.get_name())
                task.cancel()

    async def _describe(self, _request: web.Request) -> web.Response:
        return web.json_response(rest_api.description(self._application.chalice))

    async def _invoke(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        function = self._application.function(name)
        if function is None:
            return _refused(404, "ResourceNotFoundException", f"Function not found: {name}")
        try:
            payload = await request.text() or "{}"
            json.loads(payload)
        except web.HTTPRequestEntityTooLarge:
            return _too_large(LARGEST_REQUEST_BYTES)
        except ValueError as error:
            message = f"Could not parse request body into json: {error}"
            return _refused(400, "InvalidRequestContentException", message)
        return await self._dispatch(request, function, payload)

    async def _dispatch(
        self, request: web.Request, function: Function, payload: str
    ) -> web.Response:
        kind = request.headers.get("X-Amz-Invocation-Type", "RequestResponse")
        if kind == "DryRun":
            return web.Response(status=204)
        if kind == "Event":
            return self._accept(function, payload)
        if kind != "RequestResponse":
            message = f"{kind} is not a type of invocation"
            return _refused(400, "InvalidParameterValueException", message)
        return _answer(await self._call(function, payload))

    def _accept(self, function: Function, payload: str) -> web.Response:
        if len(payload.encode()) > LARGEST_EVENT_BYTES:
            return _too_large(LARGEST_EVENT_BYTES)
        task = asyncio.create_task(self._call_with_retries(function, payload), name=function.name)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return web.Response(status=202, headers={"X-Amzn-RequestId": str(uuid.uuid4())})

    async def _call(self, function: Function, payload: str) -> Result:
        invoker = self._apart.get(function.name, self._invoker)
        future = asyncio.wrap_future(invoker.start(function, payload))
        done, _ = await asyncio.wait([future], timeout=function.timeout)
        self._after_call()
        return future.result() if done else timed_out(function)

    async def _call_with_retries(self, function: Function, payload: str) -> None:
        result = await self._call(function, payload)
        for delay in RETRY_DELAYS:
            if result.error is None:
                return
            await asyncio.sleep(delay)
            result = await self._call(function, payload)
        if result.error is not None:
            LOGGER.error("%s failed three times: %s", function.name, result.error)
            self._failures.put_event(function.name, payload, result.error)


def _answer(result: Result) -> web.Response:
    headers = {"X-Amzn-RequestId": result.request_id, "X-Amz-Executed-Version": "$LATEST"}
    if result.error is not None:
        headers["X-Amz-Function-Error"] = FUNCTION_ERROR
    return web.Response(text=result.payload, content_type="application/json", headers=headers)


def _refused(status: int, kind: str, message: str) -> web.Response:
    return web.json_response(
        {"Type": "User", "Message": message}, status=status, headers={"x-amzn-ErrorType": kind}
    )


def _too_large(limit: int) -> web.Response:
    message = f"Request must be smaller than {limit} bytes for the InvokeFunction operation"
    return _refused(413, "RequestEntityTooLargeException", message)
