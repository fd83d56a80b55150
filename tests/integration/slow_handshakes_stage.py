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
"""How late the answer to the write of a listener's row is: just below the SDK's time-out of 2 s."""


class SlowHandshakes(Forwarder):
    """DynamoDB's endpoint; `$connect` waits for the answers that are held back."""

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        answer = await super()._serve(request)
        body = await request.read()
        if request.headers.get("X-Amz-Target", "").endswith(".PutItem") and b"listener" in body:
            await asyncio.sleep(HELD_SECONDS)
        return answer


def _between(settings: Mapping[str, str]) -> Mapping[str, str]:
    service = SERVICES["dynamodb"]
    forwarder = SlowHandshakes(service, settings[service.setting], random.Random(0))
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="slow", daemon=True).start()
    listening = asyncio.run_coroutine_threadsafe(forwarder.listen([]), loop)
    return {service.setting: listening.result()}


if __name__ == "__main__":
    sys.exit(main(None, _between))
