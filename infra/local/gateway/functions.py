"""Lambda's Invoke protocol, as its caller.

`POST /2015-03-31/functions/{name}/invocations` with the event as JSON. The answer is 200 with the
function's result as JSON, also when the function failed: then `X-Amz-Function-Error` is set.
"""

import asyncio
import json
from dataclasses import dataclass

import aiohttp

from infra.local.gateway.events import Event
from infra.local.gateway.limits import Limits

# Idle connections are given up before servers usually do (5 s is the shortest default around): an
# invocation sent on a connection that the host is just closing would fail for no reason.
IDLE_CONNECTION_SECONDS = 4.0

HEADERS = {"Content-Type": "application/json", "X-Amz-Invocation-Type": "RequestResponse"}


class InvocationError(Exception):
    """The function raised, took too long, answered nonsense, or its host was not there."""


class Function:
    """One function; so many invocations of it run at once, the others wait their turn."""

    def __init__(self, session: aiohttp.ClientSession, url: str, parallel: int) -> None:
        self._session = session
        self._url = url
        self._slots = asyncio.Semaphore(parallel)

    async def invoke(self, event: Event) -> object:
        """The function's result, from JSON. Raises InvocationError."""
        payload = json.dumps(event)
        async with self._slots:
            status, error, body = await self._post(payload)
        if status != 200 or error is not None:
            raise InvocationError(f"{self._url}: {status} {error}: {body[:500]!r}")
        try:
            return json.loads(body) if body else None
        except ValueError as malformed:
            raise InvocationError(f"{self._url}: no JSON: {body[:500]!r}") from malformed

    async def _post(self, payload: str) -> tuple[int, str | None, bytes]:
        try:
            async with self._session.post(self._url, data=payload, headers=HEADERS) as response:
                error = response.headers.get("X-Amz-Function-Error")
                return response.status, error, await response.read()
        except (aiohttp.ClientError, TimeoutError) as absent:
            raise InvocationError(f"{self._url}: {absent!r}") from absent


@dataclass(frozen=True, slots=True)
class FunctionNames:
    """What the functions behind the three routes are called."""

    connect: str = "connect"
    message: str = "message"
    disconnect: str = "disconnect"


class Functions:
    """The functions behind the three routes, on one host. To be closed after use."""

    def __init__(self, host: str, names: FunctionNames, limits: Limits) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE_CONNECTION_SECONDS),
            timeout=aiohttp.ClientTimeout(total=limits.invocation_timeout),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

        def function(name: str) -> Function:
            url = f"{host.rstrip('/')}/2015-03-31/functions/{name}/invocations"
            return Function(self._session, url, limits.parallel_invocations)

        self.connect = function(names.connect)
        self.message = function(names.message)
        self.disconnect = function(names.disconnect)

    async def close(self) -> None:
        """Give up the connections to the host."""
        await self._session.close()
