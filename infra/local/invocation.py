"""One invocation of a function as Lambda makes it: JSON in, a context, JSON or an error out."""

from __future__ import annotations

import json
import logging
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, Final

LOGGER = logging.getLogger(__name__)

ACCOUNT: Final = "000000000000"
REGION: Final = "us-east-1"
THREADS: Final = 32
"""Handlers that may run at a time; further invocations wait for their turn instead of a 429."""


@dataclass(frozen=True)
class Function:
    """A function as its stage configures it; `timeout` in seconds, `memory` in MB."""

    name: str
    handler: Callable[[Any, Any], Any]
    timeout: float = 60.0
    memory: int = 128

    @property
    def arn(self) -> str:
        """The name by which AWS would know it."""
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.name}"


class Context:
    """What Lambda's Python runtime passes as a handler's second argument."""

    function_version = "$LATEST"
    identity = None
    client_context = None

    def __init__(self, function: Function, request_id: str) -> None:
        self.aws_request_id = request_id
        self.function_name = function.name
        self.invoked_function_arn = function.arn
        self.memory_limit_in_mb = str(function.memory)
        self.log_group_name = f"/aws/lambda/{function.name}"
        self.log_stream_name = "local"
        self._deadline = time.monotonic() + function.timeout

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the invocation's time is up."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))


@dataclass(frozen=True)
class Result:
    """What an invocation answers: JSON text, and in `error` the reason when the function failed."""

    request_id: str
    payload: str
    error: str | None = None


class Invoker:
    """Runs invocations on a bounded pool of threads and knows how many are under way."""

    def __init__(self, threads: int = THREADS) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="function")
        self._running: set[Future[Result]] = set()
        self._lock = threading.Lock()

    def start(self, function: Function, payload: str) -> Future[Result]:
        """Begin an invocation; its future never raises what the handler raised."""
        future = self._pool.submit(invoke, function, payload, str(uuid.uuid4()))
        with self._lock:
            self._running.add(future)
        future.add_done_callback(self._forget)
        return future

    def call(self, function: Function, payload: str) -> Result:
        """Invoke and wait, no longer than the function may take.

        A handler that is out of time goes on in its thread, as an AWS one may have gone on outside
        of Lambda's sight: its caller no longer waits for it.
        """
        future = self.start(function, payload)
        done, _ = wait([future], timeout=function.timeout)
        return future.result() if done else timed_out(function)

    def finish(self, seconds: float) -> int:
        """Wait for what runs, at most so long; returns how many invocations are still running."""
        with self._lock:
            running = set(self._running)
        _, unfinished = wait(running, timeout=seconds)
        self._pool.shutdown(wait=False, cancel_futures=True)
        return len(unfinished)

    def _forget(self, future: Future[Result]) -> None:
        with self._lock:
            self._running.discard(future)


def invoke(function: Function, payload: str, request_id: str) -> Result:
    """Run the handler in this thread on JSON text.

    Whatever it raises, SystemExit included, is the answer's `errorMessage` and `errorType`; the
    traceback goes to the log alone.
    """
    try:
        response = function.handler(json.loads(payload), Context(function, request_id))
    except (Exception, SystemExit) as error:
        LOGGER.exception("%s failed (request %s)", function.name, request_id)
        return _failed(request_id, str(error), type(error).__name__)
    try:
        return Result(request_id, json.dumps(response, ensure_ascii=False))
    except (TypeError, ValueError) as error:
        LOGGER.exception("%s returned what is not JSON (request %s)", function.name, request_id)
        message = f"Unable to marshal response: {error}"
        return _failed(request_id, message, "Runtime.MarshalError")


def timed_out(function: Function) -> Result:
    """The answer of Lambda when a function's time is up."""
    LOGGER.error("%s timed out after %.2f seconds", function.name, function.timeout)
    message = f"Task timed out after {function.timeout:.2f} seconds"
    return _failed(str(uuid.uuid4()), message, "Sandbox.Timedout")


def _failed(request_id: str, message: str, kind: str) -> Result:
    answer = {"errorMessage": message, "errorType": kind, "requestId": request_id}
    return Result(request_id, json.dumps(answer, ensure_ascii=False), f"{kind}: {message}")
