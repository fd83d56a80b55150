"""A stage whose calls to Polly are counted: a forwarder on loopback stands in front of the voices.

`python -m tests.benchmarks.counted_polly --count-port N [...]` takes what `python -m infra.local`
takes, too. What is counted is what would be paid for: every `POST /v1/speech` that was answered.
"""

import argparse
import asyncio
import http.client
import json
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import aiohttp
from aiohttp import web

from infra.local.__main__ import main
from infra.local.process.ports import free_ports
from tests.integration.client import Stage, running_stage

LOOPBACK = "127.0.0.1"
SETTING = "AWS_ENDPOINT_URL_POLLY"
_OF_ONE_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}


class Counted:
    """The forwarder, in a thread of its own, and what it has counted."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._texts: list[str] = []
        self._polly = ""

    def start(self, settings: Mapping[str, str]) -> Mapping[str, str]:
        """Stands between the functions and the voices from now on; the setting that says so."""
        self._polly = settings[SETTING]
        started = threading.Event()
        thread = threading.Thread(target=self._serve, args=(started,), daemon=True)
        thread.start()
        started.wait()
        return {SETTING: f"http://{LOOPBACK}:{self._port}"}

    def _serve(self, started: threading.Event) -> None:
        async def serve() -> None:
            app = web.Application()
            app.router.add_get("/counted", self._counted)
            app.router.add_route("*", "/{path:.*}", self._forward)
            runner = web.AppRunner(app, access_log=None)
            await runner.setup()
            await web.TCPSite(runner, LOOPBACK, self._port).start()
            async with aiohttp.ClientSession(auto_decompress=False) as self._session:
                started.set()
                await asyncio.Event().wait()

        asyncio.run(serve())

    async def _counted(self, _: web.Request) -> web.Response:
        return web.json_response(self._texts)

    async def _forward(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name: value for name, value in request.headers.items() if _passes(name)}
        address = f"{self._polly}{request.rel_url}"
        async with self._session.request(request.method, address, data=body, headers=headers) as to:
            answer = await to.read()
        if request.path == "/v1/speech" and to.status == web.HTTPOk.status_code:
            self._texts.append(json.loads(body)["Text"])
        passed = {name: value for name, value in to.headers.items() if _passes(name)}
        return web.Response(status=to.status, body=answer, headers=passed)


def _passes(header: str) -> bool:
    return header.lower() not in _OF_ONE_CONNECTION


class Syntheses:
    """The texts that Polly was asked for, in their order."""

    def __init__(self, port: int) -> None:
        self._port = port

    def texts(self) -> list[str]:
        """All since the stage's start."""
        connection = http.client.HTTPConnection(LOOPBACK, self._port, timeout=20)
        try:
            connection.request("GET", "/counted")
            texts: list[str] = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        return texts


@contextmanager
def counted_stage(log: Path, *arguments: str, **settings: str) -> Iterator[tuple[Stage, Syntheses]]:
    """A stage as `running_stage` has it, and what it asked of Polly."""
    port = next(free_ports())
    own = ("--count-port", str(port), *arguments)
    with running_stage(log, *own, module=__name__, **settings) as stage:
        yield stage, Syntheses(port)


def _main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count-port", type=int, required=True)
    own, arguments = parser.parse_known_args()
    return main(arguments, Counted(own.count_port).start)


if __name__ == "__main__":
    sys.exit(_main())
