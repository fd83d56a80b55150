"""aiohttp applications on real loopback ports, in a thread of their own, for clients that block."""

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from aiohttp import web

from infra.local.process.ports import LOOPBACK
from tests.fakes.domain import PATIENCE

T = TypeVar("T")

# An accepted socket has its handler two turns of the loop later. Python 3.11's asyncio leaves it
# open if its server is closed in between; a browser's spare connection came at that moment in one
# of some thousand tests.
_TURNS_OF_AN_ACCEPT = 3
_SHUTDOWN_SECONDS = 0.1


class LoopThread:
    """An event loop in a thread of its own. It leaves no task and no connection behind."""

    def __init__(self, inside: Callable[[], AbstractContextManager[None]] = nullcontext) -> None:
        """`inside` is what the thread runs in, such as another host (`tests.network.hosts`)."""
        self._loop = asyncio.new_event_loop()
        self._inside = inside
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        with self._inside():
            self._loop.run_forever()

    @contextmanager
    def running(self) -> Iterator[Self]:
        """Runs until the end of the block, once."""
        self._thread.start()
        try:
            yield self
        finally:
            self.call(_end_other_tasks())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs a coroutine in the loop's thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)


@dataclass(frozen=True)
class Site:
    """An application that is served. Its methods are called in its loop."""

    runner: web.AppRunner
    listener: socket.socket

    @property
    def address(self) -> str:
        """Host and port, as an address has them."""
        return "{}:{}".format(*self.listener.getsockname()[:2])

    async def stop(self) -> None:
        """Serves no longer, and closes every connection."""
        asyncio.get_running_loop().remove_reader(self.listener)
        for _ in range(_TURNS_OF_AN_ACCEPT):
            await asyncio.sleep(0)
        await self.runner.cleanup()


class KeptPort:
    """A port that refuses connections, and that nobody else is given."""

    def __init__(self, address: str, port: int) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((address, port))

    def close(self) -> None:
        """It may be served on again."""
        self._socket.close()


async def start(app: web.Application, address: str = LOOPBACK, port: int = 0) -> Site:
    """Serves an application until its site is stopped."""
    runner = web.AppRunner(app, shutdown_timeout=_SHUTDOWN_SECONDS)
    await runner.setup()
    listener = socket.create_server((address, port))
    await web.SockSite(runner, listener).start()
    return Site(runner, listener)


@contextmanager
def serving(app: web.Application) -> Iterator[str]:
    """Serves an application on a free port until the end of the block; yields its origin."""
    with LoopThread().running() as loop:
        site = loop.call(start(app))
        try:
            yield f"http://{site.address}"
        finally:
            loop.call(site.stop())


async def _end_other_tasks() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for each in others:
        each.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_default_executor()
