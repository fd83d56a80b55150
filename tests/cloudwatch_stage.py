"""The local stage's CloudWatch on a port of its own, over metrics and a clock of the test's."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from infra.local.cloudwatch.api import CloudWatch
from infra.local.cloudwatch.metrics import Metrics
from tests.fakes.domain import PATIENCE, FakeClock


@contextmanager
def serving(metrics: Metrics, clock: FakeClock) -> Iterator[str]:
    """Serves until the end of the block; yields the endpoint."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    application = web.Application()
    CloudWatch(metrics, clock.now_ms).add_routes(application)
    runner = web.AppRunner(application, shutdown_timeout=0.1)

    async def start() -> int:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port: int = runner.addresses[0][1]
        return port

    async def stop() -> None:
        await runner.cleanup()
        await loop.shutdown_default_executor()

    try:
        port = asyncio.run_coroutine_threadsafe(start(), loop).result(PATIENCE)
        yield f"http://127.0.0.1:{port}"
    finally:
        asyncio.run_coroutine_threadsafe(stop(), loop).result(PATIENCE)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
