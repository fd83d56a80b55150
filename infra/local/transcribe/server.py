"""The recogniser's process: `python -m infra.local.transcribe.server --port N`.

It listens on loopback (0 picks a free port), prints `ready http://127.0.0.1:N` at once, and ends
with SIGINT, SIGTERM or its parent. The model is in a process of its own, which it starts when
somebody dictates (`recogniser_process`).
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal

from aiohttp import web

from infra.local.process.parent import end_with_parent
from infra.local.process.ports import LOOPBACK
from infra.local.transcribe.api import application
from infra.local.transcribe.models import recognised_languages
from infra.local.transcribe.recogniser_process import RecogniserProcess

_LAST_ANSWERS_SECONDS = 0.5


async def serve(port: int) -> None:
    """Serve until SIGINT or SIGTERM, then end the worker."""
    stop = asyncio.Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signal_number, stop.set)
    recogniser = RecogniserProcess()
    app = application(recogniser, recognised_languages())
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_LAST_ANSWERS_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, LOOPBACK, port).start()
        print(f"ready http://{LOOPBACK}:{runner.addresses[0][1]}", flush=True)
        await stop.wait()
    finally:
        await recogniser.close()
        await runner.cleanup()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description="Amazon Transcribe's streaming protocol, offline")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    port = parser.parse_args().port
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    end_with_parent(os.getppid())
    asyncio.run(serve(port))


if __name__ == "__main__":
    main()
