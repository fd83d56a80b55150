"""The Translate server's process: `python -m infra.local.translate.server --port N`.

It listens on loopback (0 picks a free port), prints `ready http://127.0.0.1:N` once the engine is
loaded, and ends with SIGINT, SIGTERM or its parent, together with every process of the engine.
"""

import argparse
import asyncio
import os
import signal
from concurrent.futures import ThreadPoolExecutor

from aiohttp import web

from infra.local.process.parent import end_with_parent
from infra.local.process.ports import LOOPBACK
from infra.local.translate.api import Translator, application
from infra.local.translate.engine.routes import installed_engine

_LAST_ANSWERS_SECONDS = 0.5
_UNUSED_SECONDS = 300.0
"""An engine that was not used for so long ends and gives its memory back (40 to 170 MB). A sentence
and a joining listener use it; `engine_warmup` uses it once a minute for listeners who stay."""
_THREADS = 16
"""More than a sentence has languages: a thread that waits for a chain to load delays no other."""
_UNUSED_CHECK_SECONDS = 30.0


async def serve(engine: Translator, port: int) -> None:
    """Serve until SIGINT or SIGTERM, then end every thread and process."""
    stop = asyncio.Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signal_number, stop.set)
    workers = ThreadPoolExecutor(_THREADS, thread_name_prefix="translate")
    app = application(engine, workers)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_LAST_ANSWERS_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, LOOPBACK, port).start()
        print(f"ready http://{LOOPBACK}:{runner.addresses[0][1]}", flush=True)
        closing = asyncio.create_task(_close_unused(engine))
        await stop.wait()
        closing.cancel()
    finally:
        engine.close()
        await runner.cleanup()
        workers.shutdown(cancel_futures=True)


async def _close_unused(engine: Translator) -> None:
    while True:
        await asyncio.sleep(_UNUSED_CHECK_SECONDS)
        await asyncio.to_thread(engine.close_unused, _UNUSED_SECONDS)


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description="Amazon Translate's protocol, offline")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    port = parser.parse_args().port
    end_with_parent(os.getppid())
    asyncio.run(serve(installed_engine(), port))


if __name__ == "__main__":
    main()
