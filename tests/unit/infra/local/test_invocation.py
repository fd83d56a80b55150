"""One invocation, as a handler and its caller see it."""

import json
import threading
import time
from typing import Any

import pytest

from infra.local.invocation import Context, Function, Invoker, invoke


def function(handler: Any, **settings: Any) -> Function:
    return Function("effect", handler, **settings)


def test_a_handler_gets_the_event_and_a_context_and_answers_in_json() -> None:
    def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
        return {
            "got": event,
            "request": context.aws_request_id,
            "name": context.function_name,
            "arn": context.invoked_function_arn,
            "memory": context.memory_limit_in_mb,
            "remaining": context.get_remaining_time_in_millis(),
        }

    result = invoke(function(handler, timeout=7.0, memory=256), '{"ñ": 1}', "r-1")
    answer = json.loads(result.payload)
    assert result.error is None
    assert answer.pop("arn").endswith(":function:effect")
    assert 6_000 < answer.pop("remaining") <= 7_000
    assert answer == {"got": {"ñ": 1}, "request": "r-1", "name": "effect", "memory": "256"}


@pytest.mark.parametrize("error", [ValueError("no good"), SystemExit("no good")])
def test_what_a_handler_raises_is_told_without_a_traceback(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    def handler(_event: object, _context: object) -> None:
        raise error

    result = invoke(function(handler), "{}", "r-1")
    kind = type(error).__name__
    assert result.error == f"{kind}: no good"
    assert json.loads(result.payload) == {
        "errorMessage": "no good",
        "errorType": kind,
        "requestId": "r-1",
    }
    assert "Traceback" in caplog.text


def test_an_answer_that_is_not_json_is_a_failure() -> None:
    result = invoke(function(lambda _event, _context: {1, 2}), "{}", "r-1")
    assert json.loads(result.payload)["errorType"] == "Runtime.MarshalError"


def test_a_caller_waits_no_longer_than_the_function_may_take() -> None:
    release = threading.Event()
    invoker = Invoker(1)
    begun = time.monotonic()
    result = invoker.call(function(lambda _event, _context: release.wait(30), timeout=0.05), "{}")
    assert result.error == "Sandbox.Timedout: Task timed out after 0.05 seconds"
    assert time.monotonic() - begun < 10
    assert invoker.finish(0.0) == 1
    release.set()


def test_the_end_waits_for_what_runs() -> None:
    begun = threading.Event()
    ended = threading.Event()

    def handler(_event: object, _context: object) -> None:
        begun.set()
        ended.wait(10)

    invoker = Invoker(1)
    future = invoker.start(function(handler), "{}")
    assert begun.wait(10)
    threading.Timer(0.05, ended.set).start()
    assert invoker.finish(10) == 0
    assert future.done()
