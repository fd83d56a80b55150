"""Lambda's Invoke operation over HTTP."""

import asyncio
import io
import json
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer

from infra.local.event_sources.failure_destination import FailureFile
from infra.local.functions import lambda_api
from infra.local.functions.lambda_api import LARGEST_EVENT_BYTES, LARGEST_REQUEST_BYTES, InvokeApi
from infra.local.functions.registry import load
from infra.local.invocation import Function, Invoker
from tests.unit.infra.project import project


@dataclass
class Host:
    """A served application."""

    client: TestClient[Any, Any]
    api: InvokeApi
    failures: Path
    calls: list[None]

    async def invoke(self, name: str, payload: object, kind: str | None = None) -> ClientResponse:
        data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        headers = {"X-Amz-Invocation-Type": kind} if kind else {}
        path = f"/2015-03-31/functions/{name}/invocations"
        response: ClientResponse = await self.client.post(
            path, data=io.BytesIO(data), headers=headers
        )
        return response


@asynccontextmanager
async def serving(directory: Path) -> AsyncIterator[Host]:
    failures = directory / "failures.jsonl"
    calls: list[None] = []
    with project(directory):
        api = InvokeApi(
            load(directory), Invoker(2), FailureFile(failures), lambda: calls.append(None)
        )
        async with TestClient(TestServer(api.web_application())) as client:
            yield Host(client, api, failures, calls)


def on_host(test: Callable[[Host], Coroutine[Any, Any, None]]) -> Callable[[Path], None]:
    """Runs a test with a host."""

    def run(tmp_path: Path) -> None:
        async def with_host() -> None:
            async with serving(tmp_path) as host:
                await test(host)

        asyncio.run(with_host())

    run.__name__ = test.__name__
    return run


@on_host
async def test_the_answer_is_the_handlers_with_lambdas_headers(host: Host) -> None:
    response = await host.invoke("echo", {"text": "ñ"})
    answer = await response.json()
    assert response.status == 200
    assert response.headers["X-Amz-Executed-Version"] == "$LATEST"
    assert response.headers["X-Amzn-RequestId"]
    assert "X-Amz-Function-Error" not in response.headers
    assert answer["event"] == {"text": "ñ"}
    assert 0 < answer["remaining"] <= 5_000
    assert host.calls == [None]


@on_host
async def test_a_failing_function_answers_200_with_its_error(host: Host) -> None:
    response = await host.invoke("echo", {"fail": "no good"})
    assert response.status == 200
    assert response.headers["X-Amz-Function-Error"] == "Unhandled"
    answer = await response.json()
    assert (answer["errorMessage"], answer["errorType"]) == ("no good", "ValueError")
    assert "Traceback" not in await response.text()


@on_host
async def test_an_unknown_function_is_not_found(host: Host) -> None:
    response = await host.invoke("nobody", {})
    assert response.status == 404
    assert response.headers["x-amzn-ErrorType"] == "ResourceNotFoundException"


@on_host
async def test_a_payload_that_is_not_json_is_refused(host: Host) -> None:
    for payload in (b"{", b"\xff", b"nope"):
        response = await host.invoke("echo", payload)
        assert response.status == 400
        assert response.headers["x-amzn-ErrorType"] == "InvalidRequestContentException"


@on_host
async def test_no_payload_is_an_empty_event(host: Host) -> None:
    response = await host.invoke("echo", b"")
    assert (await response.json())["event"] == {}


@on_host
async def test_payloads_over_the_quota_are_refused(host: Host) -> None:
    for size, kind in ((LARGEST_REQUEST_BYTES, "RequestResponse"), (LARGEST_EVENT_BYTES, "Event")):
        response = await host.invoke("echo", {"text": "x" * size}, kind)
        assert response.status == 413
        assert response.headers["x-amzn-ErrorType"] == "RequestEntityTooLargeException"


@on_host
async def test_a_dry_run_calls_nothing(host: Host) -> None:
    assert (await host.invoke("echo", {}, "DryRun")).status == 204
    assert host.calls == []


@on_host
async def test_an_unknown_type_is_refused(host: Host) -> None:
    assert (await host.invoke("echo", {}, "Perhaps")).status == 400


@on_host
async def test_an_event_is_accepted_at_once_and_runs_in_the_background(host: Host) -> None:
    response = await host.invoke("echo", {}, "Event")
    assert response.status == 202
    assert await response.read() == b""
    await host.api.finish(10)
    assert host.calls == [None]


def test_a_failed_event_is_tried_three_times_and_then_put_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lambda_api, "RETRY_DELAYS", (0.0, 0.0))

    @on_host
    async def run(host: Host) -> None:
        await host.invoke("echo", {"fail": "no good"}, "Event")
        await host.api.finish(10)
        assert len(host.calls) == 3
        (entry,) = map(json.loads, host.failures.read_text().splitlines())
        assert entry["requestContext"]["functionName"] == "echo"
        assert json.loads(entry["requestPayload"]) == {"fail": "no good"}

    run(tmp_path)


@on_host
async def test_many_at_once_all_get_their_own_answer(host: Host) -> None:
    responses = await asyncio.gather(*(host.invoke("echo", {"n": n}) for n in range(40)))
    answers = [(await response.json())["event"]["n"] for response in responses]
    assert answers == list(range(40))


@on_host
async def test_a_web_page_calls_nothing(host: Host) -> None:
    path = "/2015-03-31/functions/echo/invocations"
    for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
        response = await host.client.post(path, data="{}", headers=headers)
        assert response.status == 403
    assert host.calls == []


def test_a_function_with_threads_of_its_own_waits_for_no_other(tmp_path: Path) -> None:
    release = threading.Event()
    busy, own = Invoker(1), Invoker(1)

    async def scenario() -> None:
        with project(tmp_path):
            application = load(tmp_path)
            held = Function("held", lambda _event, _context: release.wait(30), 30.0, 128)
            busy.start(held, "{}")
            failures = FailureFile(tmp_path / "failures.jsonl")
            api = InvokeApi(application, busy, failures, lambda: None, {"echo": own})
            async with TestClient(TestServer(api.web_application())) as client:
                path = "/2015-03-31/functions/echo/invocations"
                async with asyncio.timeout(20):
                    response = await client.post(path, data='{"text": "ñ"}')
                    assert (await response.json())["event"] == {"text": "ñ"}

    try:
        asyncio.run(scenario())
    finally:
        release.set()
    assert busy.finish(20) == own.finish(20) == 0
