"""How many connections a hall's doors have, together and from each address.

When there is no room for one more, the oldest that has not brought a request goes. So whoever opens
thousands for nothing keeps nobody out: real ones bring their request in milliseconds.
"""

from __future__ import annotations

import logging
import time
from abc import ABC, abstractmethod
from collections import Counter, OrderedDict
from collections.abc import Callable

from infra.local.gateway.leftovers import Leftovers
from infra.local.gateway.limits import GatewayLimits

log = logging.getLogger(__name__)

_WARNING_SECONDS = 60.0
_REFUSED = "further ones are refused"
_CUT = "the oldest without a request are closed"


class Visit(ABC):
    """One connection at a hall's door."""

    __slots__ = ()

    @abstractmethod
    def cut(self) -> None:
        """Close it at once: another needs the place."""


class Visitors:
    """Counts the connections that are open, and says which one is too many."""

    def __init__(
        self,
        limits: GatewayLimits,
        leftovers: Leftovers,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = limits
        self._leftovers = leftovers
        self._clock = clock
        self._addresses: dict[Visit, str] = {}
        self._by_address: Counter[str] = Counter()
        # An ordinary dict looks for its first entry ever longer when the first ones are removed.
        self._silent: OrderedDict[Visit, None] = OrderedDict()
        """Those without a request yet, the oldest first."""
        self._silent_at: dict[str, OrderedDict[Visit, None]] = {}
        self._warned_at: dict[str, float] = {}

    def enter(self, visit: Visit, address: str) -> bool:
        """One more from this address; returns whether there is room for it."""
        if not self._has_room(address):
            self._warn(address, _REFUSED)
            return False
        self._addresses[visit] = address
        self._by_address[address] += 1
        self._silent[visit] = None
        self._silent_at.setdefault(address, OrderedDict())[visit] = None
        return True

    def brings_request(self, visit: Visit) -> None:
        """From now on it is not closed for another's sake."""
        if visit not in self._silent:
            return
        del self._silent[visit]
        address = self._addresses[visit]
        own = self._silent_at[address]
        del own[visit]
        if not own:
            del self._silent_at[address]

    def leave(self, visit: Visit) -> None:
        """One less, if it was let in and has not left yet."""
        self.brings_request(visit)
        address = self._addresses.pop(visit, None)
        if address is None:
            return
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]
        self._leftovers.ended(len(self._addresses))

    def _has_room(self, address: str) -> bool:
        if self._by_address[address] >= self._limits.visitors_per_address:
            return self._cut_oldest(address, self._silent_at.get(address))
        if len(self._addresses) >= self._limits.visitors:
            return self._cut_oldest(address, self._silent)
        return True

    def _cut_oldest(self, address: str, silent: OrderedDict[Visit, None] | None) -> bool:
        """Make room for one of this address; returns whether that could be done."""
        if not silent:
            return False
        self._warn(address, _CUT)
        oldest = next(iter(silent))
        self.leave(oldest)
        oldest.cut()
        return True

    def _warn(self, address: str, consequence: str) -> None:
        now = self._clock()
        if now - self._warned_at.get(consequence, now - _WARNING_SECONDS) >= _WARNING_SECONDS:
            self._warned_at[consequence] = now
            log.warning(
                "%d connections, %d of %s: %s",
                len(self._addresses),
                self._by_address[address],
                address,
                consequence,
            )
