"""`python -m infra.local.dynamodb`: the embedded DynamoDB with its streams.

ministack reads its settings from the environment. It saves its state only when it ends. The
`keeper` saves each write before it is answered, so that the next process goes on where a killed one
ended.

A line that begins with `notice` is for the user: the stage passes it on.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import resource
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack.app import app as ministack
from ministack.services import dynamodb

from infra.local.access.callers import is_program
from infra.local.dynamodb.journal import UnreadableStateError
from infra.local.dynamodb.keeper import Keeper

EXPRESSIONS: Final = 512
"""How many are remembered; the application has some sixty."""
KEEP_ALIVE_SECONDS: Final = 75.0
"""As ministack's own command has it."""
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


class Kept:
    """ministack's ASGI application while a keeper keeps what it answers."""

    def __init__(self, keeper: Keeper) -> None:
        """The keeper has loaded what there was."""
        self._keeper = keeper
        self._keeping: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the life of the server."""
        if scope["type"] == "lifespan":
            await ministack(scope, receive, self._with_keeper(send))
        else:
            await ministack(scope, receive, send)

    def _with_keeper(self, send: Send) -> Send:
        async def send_and_begin_or_end(message: Any) -> None:
            """As `send`; the keeper works from the server's start to its end."""
            if message["type"] == "lifespan.startup.complete":
                self._keeping = asyncio.create_task(self._keeper.run())
                print("ready", flush=True)
            elif message["type"] == "lifespan.shutdown.complete":
                await self._keeper.end()
                if self._keeping is not None:
                    await self._keeping
            await send(message)

        return send_and_begin_or_end


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


def read_expressions_once() -> None:
    """Remembers how an expression reads: ministack takes it apart again for each row it looks at.

    Both depend on the expression's text alone, and no caller changes what they return.
    """
    for name in ("_tokenize", "_condition_syntax_error"):
        setattr(dynamodb, name, lru_cache(maxsize=EXPRESSIONS)(getattr(dynamodb, name)))


def notice(text: str) -> None:
    """Have the user know."""
    print("notice", text, flush=True)


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.dynamodb")
    parser.add_argument("--outlives", action="store_true", help="STATE_DIR outlives the stage")
    parser.add_argument("--listen-fd", type=int, help="a socket that listens; none: one of its own")
    arguments = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with suppress(ValueError, OSError):  # macOS does not take "infinity" at its word
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    logging.basicConfig(stream=sys.stderr, format="dynamodb %(levelname)s %(message)s")
    read_expressions_once()
    keeper = Keeper(Path(os.environ["STATE_DIR"]), notice, outlives=arguments.outlives)
    try:
        keeper.load()
    except (UnreadableStateError, OSError) as error:
        sys.exit(f"{error}: start with another --data-dir, or remove this one")
    # ministack looks it up by its name at every request.
    setattr(dynamodb, "handle_request", keeper.keeping(dynamodb.handle_request))  # noqa: B010
    config = Config()
    config.bind = [f"{os.environ['BIND_HOST']}:{os.environ['GATEWAY_PORT']}"]
    if arguments.listen_fd is not None:
        config.bind = [f"fd://{arguments.listen_fd}"]
    config.keep_alive_timeout = KEEP_ALIVE_SECONDS
    config.loglevel = os.environ.get("LOG_LEVEL", "WARNING")
    asyncio.run(serve(ProgramsOnly(Kept(keeper)), config))


if __name__ == "__main__":
    main()
