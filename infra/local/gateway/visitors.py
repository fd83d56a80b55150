"""How many connections a hall's doors have, together and from each address."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable

from infra.local.gateway.limits import GatewayLimits

log = logging.getLogger(__name__)

_WARNING_SECONDS = 60.0


class Visitors:
    """Counts the connections that are open, and says which one is too many."""

    def __init__(self, limits: GatewayLimits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._by_address: Counter[str] = Counter()
        self._all = 0
        self._warned_at = clock() - _WARNING_SECONDS

    def enter(self, address: str) -> bool:
        """One more from this address. Whatever the answer, `leave` is called when it is closed."""
        self._by_address[address] += 1
        self._all += 1
        if (
            self._by_address[address] <= self._limits.visitors_per_address
            and self._all <= self._limits.visitors
        ):
            return True
        self._warn(address)
        return False

    def leave(self, address: str) -> None:
        """One less from this address."""
        self._all -= 1
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]

    def _warn(self, address: str) -> None:
        now = self._clock()
        if now - self._warned_at >= _WARNING_SECONDS:
            self._warned_at = now
            own = self._by_address[address] - 1
            log.warning(
                "%d connections, %d of %s: further ones are refused", self._all - 1, own, address
            )
