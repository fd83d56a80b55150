"""The voices' process: `python -m infra.local.polly.server --port N --sounds-port M --sounds DIR`.

It listens on loopback (0 picks a free port): Polly's protocol at the first port, S3's for the
bucket of sounds at the second. It prints `ready http://127.0.0.1:N http://127.0.0.1:M` at once, and
ends with SIGINT, SIGTERM or its parent. Each voice is in a process of its own, which starts when
its language is first asked for.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
from pathlib import Path

from aiohttp import web

from infra.local.access.callers import page_hosts, page_origins
from infra.local.polly.api import application
from infra.local.polly.engines import installed_voices
from infra.local.polly.voices import Voices
from infra.local.process.parent import end_with_parent
from infra.local.process.ports import LOOPBACK
from infra.local.sounds.api import sounds_application
from infra.local.sounds.signatures import Credentials
from infra.local.sounds.store import SoundStore

_LAST_ANSWERS_SECONDS = 0.5
_UNUSED_SECONDS = 300.0
"""A voice that was not used for so long ends and gives its memory back (60 to 230 MB). A sentence
uses it, and `voice_warmup` once a minute for listeners who stay."""
_UNUSED_CHECK_SECONDS = 30.0
_SWEEP_SECONDS = 60.0


async def serve(arguments: argparse.Namespace) -> None:
    """Serve until SIGINT or SIGTERM, then end the workers.

    Raises:
        OSError: a port is taken, or the folder of sounds cannot be used.
    """
    stop = asyncio.Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signal_number, stop.set)
    voices = Voices(installed_voices())
    store = SoundStore(arguments.sounds)
    credentials = Credentials(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
    pages = os.environ.get("ALLOWED_ORIGINS", "")
    # Where any page is let in (`*`), no host is named there.
    hosts = page_hosts(f"{pages},{os.environ.get('SOUNDS_ENDPOINT_URL', '')}")
    sounds = sounds_application(store, arguments.bucket, credentials, page_origins(pages), hosts)
    polly = _runner(application(voices))
    s3 = _runner(sounds)
    housekeeping = [
        asyncio.create_task(_close_unused(voices)),
        asyncio.create_task(_sweep(store)),
    ]
    try:
        urls = [
            await _listen(polly, arguments.port),
            await _listen(s3, arguments.sounds_port),
        ]
        print("ready", *urls, flush=True)
        await stop.wait()
    finally:
        for task in housekeeping:
            task.cancel()
        await voices.close()
        await asyncio.gather(polly.cleanup(), s3.cleanup())


def _runner(app: web.Application) -> web.AppRunner:
    return web.AppRunner(app, access_log=None, shutdown_timeout=_LAST_ANSWERS_SECONDS)


async def _listen(runner: web.AppRunner, port: int) -> str:
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, port).start()
    return f"http://{LOOPBACK}:{runner.addresses[0][1]}"


async def _close_unused(voices: Voices) -> None:
    while True:
        await asyncio.sleep(_UNUSED_CHECK_SECONDS)
        voices.close_unused(_UNUSED_SECONDS)


async def _sweep(store: SoundStore) -> None:
    while True:
        await asyncio.to_thread(store.sweep)
        await asyncio.sleep(_SWEEP_SECONDS)


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description="Amazon Polly's protocol, offline")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--sounds-port", type=int, default=0, help="of S3's protocol")
    parser.add_argument("--sounds", type=Path, required=True, help="where sounds are kept")
    parser.add_argument("--bucket", default=os.environ.get("SOUNDS_BUCKET_NAME"))
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    end_with_parent(os.getppid())
    asyncio.run(serve(arguments))


if __name__ == "__main__":
    main()
