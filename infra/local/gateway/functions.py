"""Lambda's Invoke protocol, as its caller.

`POST /2015-03-31/functions/{name}/invocations` with the event as JSON. The answer is 200 with the
function's result as JSON, also when the function failed: then `X-Amz-Function-Error` is set.
"""

import asyncio
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import Any

import aiohttp

from infra.local.gateway.events import Event
from infra.local.gateway.limits import GatewayLimits

# Idle connections are given up before servers usually do (5 s is the shortest default around): an
# invocation sent on a connection that the host is just closing would fail for no reason.
IDLE_CONNECTION_SECONDS = 4.0

LARGE = 1024 * 1024

HEADERS = {"Content-Type": "application/json", "X-Amz-Invocation-Type": "RequestResponse"}


class InvocationError(Exception):
    """The function raised, timed out or answered in the wrong form, or its host was not there."""


class HostAbsent(InvocationError):
    """Nobody answers where the functions' host should be."""


class TimedOut(InvocationError):
    """The function did not answer in time."""


class PayloadTooLarge(InvocationError):
    """The event is larger than Lambda takes."""


class Function:
    """One function; at most `parallel` invocations of it run at a time, the others wait.

    None begins while one of `before` runs, unless that takes longer than `patience` in seconds.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        parallel: int,
        before: "Function | None" = None,
        patience: float = 0.0,
    ) -> None:
        self._session = session
        self._url = url
        self._slots = asyncio.Semaphore(parallel)
        self._before = before
        self._patience = patience
        self._running = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def idle(self, seconds: float) -> None:
        """Return when none runs, at the latest after so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._idle.wait()

    async def invoke(self, event: Event) -> object:
        """The function's result, from JSON. Raises InvocationError."""
        payload = _sendable(json.dumps(event))
        async with self._slots:
            if self._before is not None:
                await self._before.idle(self._patience)
            with self._counted():
                status, error, body = await self._post(payload)
        if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            raise PayloadTooLarge(self._url)
        if status != 200 or error is not None:
            # The answer may repeat what was asked: the function's own log says more.
            raise InvocationError(f"{self._url}: {status} {error or ''} {_kind(body)}")
        try:
            return json.loads(body) if body else None
        except ValueError as malformed:
            raise InvocationError(
                f"{self._url}: the answer is not valid JSON, {len(body)} bytes"
            ) from malformed

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self._running += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._running -= 1
            if not self._running:
                self._idle.set()

    async def _post(self, payload: str | io.BytesIO) -> tuple[int, str | None, bytes]:
        try:
            async with self._session.post(self._url, data=payload, headers=HEADERS) as response:
                error = response.headers.get("X-Amz-Function-Error")
                return response.status, error, await response.read()
        except aiohttp.ClientConnectorError as absent:
            raise HostAbsent(f"{self._url}: {absent!r}") from absent
        except TimeoutError as late:
            raise TimedOut(f"{self._url}: {late!r}") from late
        except aiohttp.ClientError as failed:
            raise InvocationError(f"{self._url}: {failed!r}") from failed


def _sendable(payload: str) -> str | io.BytesIO:
    """What is large is sent piece by piece: whole, it would hold up everything else for a while."""
    return payload if len(payload) < LARGE else io.BytesIO(payload.encode())


def _kind(answer: bytes) -> str:
    """What kind of error a function answered, without its message."""
    try:
        return str(json.loads(answer)["errorType"])
    except (ValueError, TypeError, LookupError):
        return "(of unknown kind)"


class Functions:
    """`connect`, `message`, `disconnect` and `api_handler` on one host. To be closed after use."""

    def __init__(self, host: str, limits: GatewayLimits) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE_CONNECTION_SECONDS),
            timeout=aiohttp.ClientTimeout(total=limits.invocation_timeout),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

        def url(name: str) -> str:
            return f"{host.rstrip('/')}/2015-03-31/functions/{name}/invocations"

        def yielding(name: str, parallel: int) -> Function:
            patience = limits.yield_to_messages
            return Function(self._session, url(name), parallel, self.message, patience)

        self.message = Function(self._session, url("message"), limits.parallel_invocations)
        self.connect = yielding("connect", limits.parallel_crowd)
        self.disconnect = yielding("disconnect", limits.parallel_crowd)
        self.api_handler = yielding("api_handler", limits.parallel_requests)
        self._rest_api = f"{host.rstrip('/')}/rest-api"

    async def rest_api(self) -> Any:
        """The HTTP routes, as the host describes them. Raises InvocationError."""
        try:
            async with self._session.get(self._rest_api) as response:
                return await response.json()
        except aiohttp.ClientConnectorError as absent:
            raise HostAbsent(f"{self._rest_api}: {absent!r}") from absent
        except (aiohttp.ClientError, TimeoutError, ValueError) as failed:
            raise InvocationError(f"{self._rest_api}: {failed!r}") from failed

    async def close(self) -> None:
        """Give up the connections to the host."""
        await self._session.close()
