"""Which handshakes come to their $connect, and when: a crowd must not delay open connections.

`..._at` is in seconds of the clock that is passed.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from infra.local.gateway.limits import GatewayLimits


class Refused(Exception):
    """More handshakes than API Gateway takes in a second, or than can be answered in time."""


class Admission:
    """A token bucket, and a queue of bounded length behind it."""

    def __init__(self, limits: GatewayLimits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._tokens = float(limits.new_connections)
        self._filled_at = clock()
        self._waiting = 0
        self._turns = asyncio.Semaphore(limits.parallel_crowd)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn and hold it while the block runs. Raises Refused without waiting."""
        full = self._turns.locked() and self._waiting >= self._limits.waiting_handshakes
        if full or not self._take():
            raise Refused
        self._waiting += 1
        try:
            await self._turns.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._turns.release()

    def _take(self) -> bool:
        now, rate = self._clock(), self._limits.new_connections
        self._tokens = min(float(rate), self._tokens + (now - self._filled_at) * rate)
        self._filled_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
