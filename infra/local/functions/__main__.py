"""The functions' host: Lambda, its event sources, and what CloudWatch sees of them.

`python -m infra.local.functions --port N --state-dir DIR [--project DIR]` imports the project's
`app.py` and runs what it declares. When it listens it prints `ready http://127.0.0.1:N`.
SIGTERM or SIGINT: no new invocations, then what the streams still hold is handled, then the end.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Final

from aiohttp import web

from chalice_app.bootstrap import process
from chalice_app.observability import logs
from infra.local.cloudwatch.api import CloudWatch
from infra.local.cloudwatch.metrics import FunctionsOutput, Metrics
from infra.local.event_sources.failure_destination import FailureFile
from infra.local.functions.background import background
from infra.local.functions.lambda_api import InvokeApi
from infra.local.functions.registry import API_HANDLER, Application, load
from infra.local.invocation import Invoker
from infra.local.process import memory
from infra.local.process.ports import LOOPBACK

LOGGER = logging.getLogger(__name__)

PROJECT: Final = Path(__file__).parents[3]

DRAIN_SECONDS: Final = 1.5
"""What the streams and the asynchronous invocations get to come to an end, together."""

VOICE_THREADS: Final = 12
"""Threads of the voice function: apart, so that a voice that hangs holds up no caption."""

TRANSCRIPT_THREADS: Final = 2
"""Threads of the transcript function: it takes minutes, and nobody else may wait for it."""

API_THREADS: Final = 16
"""Threads of the HTTP routes: apart, so that a crowd that loads the page holds up no caption."""

GIVE_BACK_SECONDS: Final = 20.0


async def serve(application: Application, arguments: argparse.Namespace, metrics: Metrics) -> int:
    """Serve until SIGTERM or SIGINT.

    Returns:
        How many invocations had to be left unfinished.

    Raises:
        OSError: a port is taken.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    failures = FailureFile(arguments.state_dir / "failures.jsonl")
    invoker = Invoker()
    voices = Invoker(VOICE_THREADS)
    transcripts = Invoker(TRANSCRIPT_THREADS)
    behind = background(application, invoker, failures, arguments.state_dir, metrics)
    requests = Invoker(API_THREADS)
    apart = {"voice": voices, "transcript": transcripts, API_HANDLER: requests}
    api = InvokeApi(application, invoker, failures, behind.wake, apart)
    served = api.web_application()
    CloudWatch(metrics).add_routes(served)
    runner = web.AppRunner(served, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    try:
        site = web.TCPSite(runner, LOOPBACK, arguments.port)
        await site.start()
        behind.start()
        print(f"ready http://{LOOPBACK}:{runner.addresses[0][1]}", flush=True)
        giving_back = asyncio.create_task(_give_back())
        await stop.wait()
        giving_back.cancel()
        deadline = time.monotonic() + DRAIN_SECONDS
        await asyncio.to_thread(process.close)
        await asyncio.to_thread(behind.stop, DRAIN_SECONDS)
        await api.finish(max(0.0, deadline - time.monotonic()))
    finally:
        await runner.cleanup()
    voices.finish(0.0)  # what is not spoken by now is not missed
    transcripts.finish(0.0)  # whoever asks again has the rest translated
    late = requests.finish(max(0.0, deadline - time.monotonic()))
    return late + invoker.finish(max(0.0, deadline - time.monotonic()))


async def _give_back() -> None:
    await asyncio.sleep(GIVE_BACK_SECONDS)
    memory.keep()  # by now the clients have loaded their models
    while True:
        memory.release_unused()
        await asyncio.sleep(GIVE_BACK_SECONDS)


def main() -> None:
    """Run the host as a process of its own."""
    arguments = _parse_arguments()
    logging.basicConfig(stream=sys.stderr)
    logs.install()
    threading.excepthook = _end_with_thread
    metrics = Metrics()
    sys.stdout = FunctionsOutput(sys.stdout, metrics)
    try:
        application = load(arguments.project)
        unfinished = asyncio.run(serve(application, arguments, metrics))
    except OSError as error:
        sys.exit(f"functions: {error}")
    if unfinished:
        LOGGER.warning("%s invocations cut off", unfinished)
    # The interpreter itself would wait for every thread that a handler has left busy.
    _leave(0)


def _end_with_thread(failure: threading.ExceptHookArgs) -> None:
    """A thread that fails ends the host: a shard without its reader would look like an idle one."""
    LOGGER.critical("%s failed", failure.thread and failure.thread.name, exc_info=failure.exc_value)
    _leave(1)


def _leave(code: int) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.local.functions")
    parser.add_argument("--port", type=int, required=True, help="of the Invoke API; 0: a free one")
    parser.add_argument("--state-dir", type=Path, required=True, help="checkpoints and failures")
    parser.add_argument("--project", type=Path, default=PROJECT, help="where app.py is")
    return parser.parse_args()


if __name__ == "__main__":
    main()
