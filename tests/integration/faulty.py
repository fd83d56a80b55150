"""Faults between the processes of a stage: a forwarder on loopback in front of each service.

Whoever calls a service there meets, with a chosen probability, one of the `KINDS`: an answer that
is late, the service's own refusal for too many requests, its own internal error, a request that is
lost before the service has seen it, or an answer that is lost after it has done its work. Drawn by
a seeded generator, switchable while everything runs by `Faults`.
"""

import asyncio
import http.client
import json
import random
import threading
import zlib
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web
from yarl import URL

from tests.integration.lagging_indexes import LaggingIndexes

LOOPBACK = "127.0.0.1"
KINDS = ("slow", "throttled", "failing", "lost request", "lost answer")
SECONDS = 0.5
"""How late a slow answer is at the most, unless told otherwise."""

_OF_ONE_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-length"}
_CHECKSUM = "x-amz-crc32"


@dataclass(frozen=True)
class Refusal:
    """How a service refuses: its status, its headers, its body."""

    status: int
    headers: Mapping[str, str]
    body: Mapping[str, str]

    def response(self) -> web.Response:
        """As it goes over the wire."""
        headers = {"x-amzn-RequestId": "disturbed", **self.headers}
        return web.Response(status=self.status, headers=headers, body=json.dumps(self.body))


@dataclass(frozen=True)
class Service:
    """A service behind an endpoint: the setting that names it, and its refusals.

    The refusals are those of the services' API references: "Common Errors" and the errors of
    GetItem, GetRecords, TranslateText, PostToConnection and Invoke.
    """

    setting: str
    throttled: Refusal
    failing: Refusal


def _json_rpc(version: str, prefix: str, throttled: str, failing: str) -> tuple[Refusal, Refusal]:
    headers = {"Content-Type": f"application/x-amz-json-{version}"}
    return (
        Refusal(400, headers, {"__type": prefix + throttled, "message": "Rate exceeded"}),
        Refusal(500, headers, {"__type": prefix + failing, "message": "Internal error"}),
    )


def _rest(throttled: str, failing: str, status: int = 500) -> tuple[Refusal, Refusal]:
    def refusal(code: int, kind: str) -> Refusal:
        headers = {"Content-Type": "application/json", "x-amzn-ErrorType": kind}
        return Refusal(code, headers, {"message": "Rate exceeded" if code == 429 else "Error"})

    return refusal(429, throttled), refusal(status, failing)


_DYNAMODB = "com.amazonaws.dynamodb.v20120810#"
SERVICES = {
    "functions": Service(
        "AWS_ENDPOINT_URL_LAMBDA", *_rest("TooManyRequestsException", "ServiceException")
    ),
    "dynamodb": Service(
        "AWS_ENDPOINT_URL_DYNAMODB",
        *_json_rpc(
            "1.0", _DYNAMODB, "ProvisionedThroughputExceededException", "InternalServerError"
        ),
    ),
    "streams": Service(
        "AWS_ENDPOINT_URL_DYNAMODB_STREAMS",
        *_json_rpc("1.0", _DYNAMODB, "LimitExceededException", "InternalServerError"),
    ),
    "translate": Service(
        "AWS_ENDPOINT_URL_TRANSLATE",
        *_json_rpc("1.1", "", "TooManyRequestsException", "InternalServerException"),
    ),
    "connections": Service(
        "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI",
        *_rest("LimitExceededException", "InternalServerErrorException"),
    ),
}

VOICE_SERVICES = {
    "polly": Service(
        "AWS_ENDPOINT_URL_POLLY", *_rest("ThrottlingException", "ServiceFailureException")
    ),
    "sounds": Service("AWS_ENDPOINT_URL_S3", *_rest("SlowDown", "InternalError")),
}
"""What only voices need: a stage may have none."""


@dataclass
class _Disturbance:
    """What a service's callers meet at present: one of `kinds` for that share of the calls."""

    kinds: tuple[str, ...] = ()
    rate: float = 0.0
    seconds: float = SECONDS
    index_lag: float = 0.0
    """Seconds by which every index of the tables is behind."""


class Forwarder:
    """One service's endpoint: what comes is sent on to `upstream`, unless it meets a fault."""

    def __init__(self, service: Service, upstream: str, chance: random.Random) -> None:
        self.disturbance = _Disturbance()
        self.seen: Counter[str] = Counter()
        self.indexes = LaggingIndexes()
        self._service, self._upstream, self._chance = service, upstream, chance
        self._session: aiohttp.ClientSession | None = None

    async def listen(self, runners: list[web.ServerRunner]) -> str:
        """Serve on a free port; returns the address."""
        self._session = aiohttp.ClientSession(
            auto_decompress=False,
            # Given up before a server gives it up: or a call would be lost without a fault.
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=2.0),
            timeout=aiohttp.ClientTimeout(total=60),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return await _listen(web.Server(self._serve, access_log=None), runners)

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        match self._drawn():
            case "throttled":
                return self._service.throttled.response()
            case "failing":
                return self._service.failing.response()
            case "slow":
                await asyncio.sleep(self._chance.uniform(0, self.disturbance.seconds))
            case "lost request":
                return _cut(request)
            case "lost answer":
                await self._forward(request, body)
                return _cut(request)
        return await self._forward(request, body) or _cut(request)

    def _drawn(self) -> str | None:
        disturbance = self.disturbance
        if not disturbance.kinds or self._chance.random() >= disturbance.rate:
            return None
        kind = self._chance.choice(disturbance.kinds)
        self.seen[kind] += 1
        return kind

    async def _forward(self, request: web.BaseRequest, body: bytes) -> web.Response | None:
        """The service's answer; None while there is no such service."""
        assert self._session is not None
        url = URL(self._upstream + request.raw_path, encoded=True)
        headers = _end_to_end(request.headers)
        with suppress(aiohttp.ClientError, TimeoutError):
            async with self._session.request(
                request.method, url, data=body, headers=headers, skip_auto_headers=["User-Agent"]
            ) as answer:
                original = await answer.read()
                content = self._as_indexed(request, body, original)
                head = _end_to_end(answer.headers)
                if content is not original and _CHECKSUM in head:
                    head[_CHECKSUM] = str(zlib.crc32(content))
                return web.Response(status=answer.status, headers=head, body=content)
        return None

    def _as_indexed(self, request: web.BaseRequest, body: bytes, answer: bytes) -> bytes:
        """The answer, without what an index that is behind does not show yet."""
        _, _, operation = request.headers.get("X-Amz-Target", "").partition("DynamoDB_20120810.")
        if not operation:
            return answer
        asked = json.loads(body)
        self.indexes.seconds = self.disturbance.index_lag
        self.indexes.passed(operation, asked)
        return self.indexes.answer(operation, asked, answer)


def _end_to_end(headers: Mapping[str, str]) -> dict[str, str]:
    return {k: v for k, v in headers.items() if k.lower() not in _OF_ONE_CONNECTION}


def _cut(request: web.BaseRequest) -> web.Response:
    """Ends the connection as a lost network does; what is returned goes nowhere."""
    if isinstance(request.transport, asyncio.Transport):
        request.transport.abort()
    return web.Response()


async def _listen(server: web.Server, runners: list[web.ServerRunner], port: int = 0) -> str:
    runner = web.ServerRunner(server)
    await runner.setup()
    runners.append(runner)
    site = web.TCPSite(runner, LOOPBACK, port, backlog=512)
    await site.start()
    return f"http://{LOOPBACK}:{runner.addresses[0][1]}"


@dataclass
class Forwarders:
    """A forwarder for each service, and their control on `port`, in a thread of their own."""

    port: int
    seed: int
    _forwarders: dict[str, Forwarder] = field(default_factory=dict)
    _runners: list[web.ServerRunner] = field(default_factory=list)

    def start(self, settings: Mapping[str, str]) -> Mapping[str, str]:
        """Stand before the endpoints that the settings name; returns the settings to use instead.

        They serve until the process ends.
        """
        loop = asyncio.new_event_loop()
        threading.Thread(target=loop.run_forever, name="faults", daemon=True).start()
        return asyncio.run_coroutine_threadsafe(self._listen(settings), loop).result()

    async def _listen(self, settings: Mapping[str, str]) -> Mapping[str, str]:
        instead = {}
        present = {
            name: service
            for name, service in (SERVICES | VOICE_SERVICES).items()
            if service.setting in settings
        }
        for name, service in present.items():
            chance = random.Random(f"{self.seed} {name}")
            forwarder = Forwarder(service, settings[service.setting], chance)
            self._forwarders[name] = forwarder
            instead[service.setting] = await forwarder.listen(self._runners)
        await _listen(web.Server(self._control, access_log=None), self._runners, self.port)
        return instead

    async def _control(self, request: web.BaseRequest) -> web.Response:
        """`PUT /` sets the disturbances by service; any answer tells the faults seen so far."""
        if request.method == "PUT":
            wanted = json.loads(await request.read())
            for name, forwarder in self._forwarders.items():
                forwarder.disturbance = _Disturbance(**wanted.get(name, {}))
        return web.json_response(
            {
                name: {**each.seen, "hidden rows": each.indexes.hidden}
                for name, each in self._forwarders.items()
            }
        )


@dataclass(frozen=True)
class Faults:
    """Switches the faults of a stage that was started with forwarders."""

    port: int

    def set(self, services: Mapping[str, Mapping[str, object]]) -> None:
        """From now on these services' callers meet these faults, those of all others none.

        By service: `kinds` of faults, the `rate` of calls that meet one, and, for slow answers,
        the `seconds` that they may be late by.
        """
        self._call("PUT", {name: {**each} for name, each in services.items()})

    def disturb(self, service: str, *kinds: str, rate: float, seconds: float = SECONDS) -> None:
        """Faults of these kinds at one service, and none at the others."""
        self.set({service: {"kinds": kinds, "rate": rate, "seconds": seconds}})

    def delay_indexes(self, seconds: float) -> None:
        """From now on every index is so far behind its table, and nothing else is wrong."""
        self.set({"dynamodb": {"index_lag": seconds}})

    def stop(self) -> None:
        """From now on everything works."""
        self.set({})

    def seen(self) -> Mapping[str, Mapping[str, int]]:
        """How many faults there have been, by service and kind."""
        answer: Mapping[str, Mapping[str, int]] = self._call("GET", {})
        return answer

    def have_met(self, service: str, kind: str) -> bool:
        """Whether a call of that service has met a fault of that kind so far."""
        return kind in self.seen()[service]

    def _call(self, method: str, body: object) -> Any:
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=10)
        try:
            connection.request(method, "/", json.dumps(body))
            return json.load(connection.getresponse())
        finally:
            connection.close()
