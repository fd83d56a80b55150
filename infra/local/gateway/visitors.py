"""How many connections a hall's doors have, together and from each address.

When there is no room for one more, the oldest that has not brought a request goes, or else the one
whose last answer is the oldest. So whoever opens thousands for nothing keeps nobody out: real ones
bring their request in milliseconds, and browsers open a connection again.
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
_CUT = "the oldest idle ones are closed"


class Visit(ABC):
    """One connection at a hall's door."""

    __slots__ = ()

    @abstractmethod
    def cut(self) -> None:
        """Close it at once: another needs the place."""


class _Idle:
    """Connections that nobody uses now, the oldest first."""

    def __init__(self) -> None:
        # An ordinary dict looks for its first entry ever longer when the first ones are removed.
        self._all: OrderedDict[Visit, str] = OrderedDict()
        self._at: dict[str, OrderedDict[Visit, None]] = {}

    def add(self, visit: Visit, address: str) -> None:
        """The youngest one."""
        self._all[visit] = address
        self._at.setdefault(address, OrderedDict())[visit] = None

    def remove(self, visit: Visit) -> None:
        """If it is one of them."""
        address = self._all.pop(visit, None)
        if address is None:
            return
        own = self._at[address]
        del own[visit]
        if not own:
            del self._at[address]

    def oldest(self) -> Visit | None:
        """Of all."""
        return next(iter(self._all), None)

    def oldest_at(self, address: str) -> Visit | None:
        """Of this address."""
        return next(iter(self._at.get(address, ())), None)


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
        self._silent = _Idle()
        """Those without a request yet."""
        self._answered = _Idle()
        """Those that are kept alive for a further one."""
        self._warned_at: dict[str, float] = {}

    def enter(self, visit: Visit, address: str) -> bool:
        """One more from this address; returns whether there is room for it."""
        if not self._has_room(address):
            self._warn(address, _REFUSED)
            return False
        self._addresses[visit] = address
        self._by_address[address] += 1
        self._silent.add(visit, address)
        return True

    def brings_request(self, visit: Visit) -> None:
        """It is in use, and is not closed for another's sake."""
        self._silent.remove(visit)
        self._answered.remove(visit)

    def is_answered(self, visit: Visit) -> None:
        """It is in use no more, until its next request."""
        address = self._addresses.get(visit)
        if address is not None:
            self._answered.add(visit, address)

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
        """For one of this address, if need be in place of another."""
        if self._by_address[address] >= self._limits.visitors_per_address:
            oldest = self._silent.oldest_at(address) or self._answered.oldest_at(address)
        elif len(self._addresses) >= self._limits.visitors:
            oldest = self._silent.oldest() or self._answered.oldest()
        else:
            return True
        if oldest is None:
            return False
        self._warn(address, _CUT)
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
