"""`python -m infra.local.dynamodb`: the embedded DynamoDB with its streams.

ministack reads its settings from the environment and saves its state when it ends. With
`--save-while-running` that is done all along, so that a `kill -9` takes no more than the last few
seconds with it.

It holds every stream record in memory for 24 hours, as DynamoDB does: 3.8 KB each with both images,
140 MB an hour of a busy hall. Here the readers are milliseconds behind, and a stage that ends has
handled what its streams held; `reconcile` corrects what an hour was not enough for.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack.app import app as ministack
from ministack.core.persistence import save_state
from ministack.services import dynamodb

from infra.local.access.callers import is_program

STREAM_RETENTION_SECONDS: Final = 3600
SAVE_SECONDS: Final = 2.0
BUSY_SHARE: Final = 0.02
"""The largest share of its time for saving: a save grows with the tables, and requests wait."""
EXPRESSIONS: Final = 512
"""How many are remembered; the application has some sixty."""
KEEP_ALIVE_SECONDS: Final = 75.0
"""As ministack's own command has it."""
_READS: Final = (b"Get", b"BatchGet", b"TransactGet", b"Query", b"Scan", b"Describe", b"List")
_CORS: Final = b"access-control-"

Scope = Any
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
"""ASGI's: its own types are in a package that only type checkers need."""


class ProgramsOnly:
    """An ASGI application for the SDKs of this machine; web pages get 403, and no CORS headers."""

    def __init__(self, application: Application) -> None:
        """`application` serves the requests that are let in."""
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the life of the server."""
        if scope["type"] == "lifespan":
            await self._application(scope, receive, send)
        elif scope["type"] == "http" and _is_of_program(scope):
            await self._application(scope, receive, _without_cors(send))
        elif scope["type"] == "http":
            await send({"type": "http.response.start", "status": 403, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        else:  # DynamoDB has no WebSockets; closed before it is accepted, a handshake gets 403
            await send({"type": "websocket.close"})


class SavedWhileRunning:
    """ministack's ASGI application, and the task that saves its state whenever it has changed."""

    def __init__(self) -> None:
        """Nothing is saved before it is served."""
        self._changed = False
        self._ended = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the life of the server."""
        if scope["type"] == "lifespan":
            saving = asyncio.create_task(self._save_until_ended())
            await ministack(scope, self._before_shutdown(receive, saving), send)
            return
        await ministack(scope, receive, send)
        self._changed = self._changed or _may_change(scope)

    async def _save_until_ended(self) -> None:
        pause = SAVE_SECONDS
        while not await self._ends_within(pause):
            if self._changed:
                self._changed = False
                begun = time.monotonic()
                # Requests are handled in this thread: none is under way while the copy is made.
                state = dynamodb.get_state()
                await asyncio.to_thread(save_state, "dynamodb", state)
                pause = max(SAVE_SECONDS, (time.monotonic() - begun) / BUSY_SHARE)

    async def _ends_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ended.wait()
        return self._ended.is_set()

    def _before_shutdown(self, receive: Receive, saving: asyncio.Task[None]) -> Receive:
        """Ends the saving before ministack does its own, to the same file."""

        async def receive_or_end() -> Any:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                self._ended.set()
                await saving
            return message

        return receive_or_end


def _is_of_program(scope: Scope) -> bool:
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    return is_program(headers.get(b"host"), headers.get(b"origin"))


def _without_cors(send: Send) -> Send:
    """For ministack lets any page read any answer."""

    async def send_without(message: Any) -> None:
        if message["type"] == "http.response.start":
            headers = message.get("headers", ())
            kept = [each for each in headers if not each[0].lower().startswith(_CORS)]
            message = {**message, "headers": kept}
        await send(message)

    return send_without


def _may_change(scope: Scope) -> bool:
    target = dict(scope.get("headers", ())).get(b"x-amz-target", b"")
    return not bytes(target).rpartition(b".")[2].startswith(_READS)


def read_expressions_once() -> None:
    """Remembers how an expression reads: ministack takes it apart again for each row it looks at.

    Both depend on the expression's text alone, and no caller changes what they return.
    """
    for name in ("_tokenize", "_condition_syntax_error"):
        setattr(dynamodb, name, lru_cache(maxsize=EXPRESSIONS)(getattr(dynamodb, name)))


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.dynamodb")
    parser.add_argument("--save-while-running", action="store_true")
    dynamodb._STREAM_RETENTION_SECONDS = STREAM_RETENTION_SECONDS  # noqa: SLF001 - no setting
    read_expressions_once()
    saved = parser.parse_args().save_while_running
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with suppress(ValueError, OSError):  # macOS does not take "infinity" at its word
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    config = Config()
    config.bind = [f"{os.environ['BIND_HOST']}:{os.environ['GATEWAY_PORT']}"]
    config.keep_alive_timeout = KEEP_ALIVE_SECONDS
    config.loglevel = os.environ.get("LOG_LEVEL", "WARNING")
    served = ProgramsOnly(SavedWhileRunning() if saved else ministack)
    asyncio.run(serve(served, config))


if __name__ == "__main__":
    main()
