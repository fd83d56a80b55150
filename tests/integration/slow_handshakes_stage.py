"""A stage on which a listener's row is there long before its handshake is over.

`python -m tests.integration.slow_handshakes_stage` takes what `python -m infra.local` takes.
"""

import asyncio
import random
import sys
import threading
from collections.abc import Mapping

from aiohttp import web

from infra.local.__main__ import main
from tests.integration.faulty import SERVICES, Forwarder

HELD_SECONDS = 1.8
"""How late the answer of a listener's `$connect` is, which has written the row long before."""


class SlowHandshakes(Forwarder):
    """Where the gateway invokes functions; a listener's handshake waits for the answer."""

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        answer = await super()._serve(request)
        if "/functions/connect/" in request.path and b"targetLanguage" in await request.read():
            await asyncio.sleep(HELD_SECONDS)
        return answer


def _between(settings: Mapping[str, str]) -> Mapping[str, str]:
    service = SERVICES["functions"]
    forwarder = SlowHandshakes(service, settings[service.setting], random.Random(0))
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="slow", daemon=True).start()
    listening = asyncio.run_coroutine_threadsafe(forwarder.listen([]), loop)
    return {service.setting: listening.result()}


if __name__ == "__main__":
    sys.exit(main(None, _between))
