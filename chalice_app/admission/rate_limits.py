"""How often an address may ask to come in, and how many sessions an owner may open.

Each address has a row of counts a minute (each owner a row an hour), which all functions share. An
address over its limit is refused from this process's memory until the minute is over, so a flood
costs one write a container. An address is stored as a hash. There are only 2**32 of them, so the
hash hides it from a glance and not from an attacker; the row is deleted by its time to live.
"""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address, ip_network

from chalice_app.admission.limits import AdmissionLimits
from chalice_app.admission.ports import CounterStore
from chalice_app.domain.clock import Clock
from chalice_app.domain.errors import ConditionFailed, RateLimited, Unavailable

_log = logging.getLogger(__name__)

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS

_REMEMBERED = 4_096
"""Refused addresses that a process remembers: half a megabyte."""

_ROW_SECONDS = 60
"""A row outlives its window by as much as two machines' clocks may differ, and more."""

_IPV6_SUBSCRIBER = 64
"""A subscriber has a /64 of addresses at the least. Source: RFC 6177."""


@dataclass(slots=True)
class RateLimits:
    """Refuses addresses and owners over a limit, with `retryAfterMs` until its window ends."""

    counters: CounterStore
    clock: Clock
    limits: AdmissionLimits
    _over: set[tuple[str, ...]] = field(default_factory=set)

    def admit_handshake(self, address: str, is_listener: bool) -> None:
        """Counts a handshake, and a listener's as a join too, whether or not it then succeeds.

        When the counters fail, listeners are admitted: a talk goes on.

        Raises:
            RateLimited: too many in this minute.
        """
        self._count_address(address, self._of_handshakes(is_listener))

    def admit_guess(self, address: str) -> None:
        """Counts a join code that is tried over HTTP, as `admit_handshake` does a join."""
        self._count_address(address, {"guesses": self.limits.joins_per_minute})

    def admit_session(self, address: str, subject: str | None = None) -> None:
        """Counts a session that is opened, by its owner: the verified subject, or the address.

        When the counters fail, the session is not opened: sessions cost money.

        Raises:
            RateLimited: too many in this hour.
            Unavailable: the counters cannot be reached.
        """
        owner = self._limited(address) if subject is None else f"subject {subject}"
        if owner is None:
            return
        try:
            self._count("owner", owner, {"opened": self.limits.sessions_per_hour}, HOUR_MS)
        except Unavailable:
            raise Unavailable(
                "the limit on sessions cannot be looked up, so the session is not opened; try again"
            ) from None

    def check_join(self, address: str) -> None:
        """Looks whether a refused handshake was over a limit; counts nothing.

        Raises:
            RateLimited: the address is over its limit now.
        """
        who = self._limited(address)
        if who is None:
            return
        key, left_ms = self._window("address", who, MINUTE_MS)
        try:
            counts = self.counters.get_counts(key)
        except Unavailable:
            return
        most = self._of_handshakes(is_listener=True)
        if any(0 < limit <= counts.get(name, 0) for name, limit in most.items()):
            raise _refusal(left_ms)

    def _of_handshakes(self, is_listener: bool) -> Mapping[str, int]:
        most = {"connects": self.limits.connects_per_minute}
        return most | ({"joins": self.limits.joins_per_minute} if is_listener else {})

    def _count_address(self, address: str, most: Mapping[str, int]) -> None:
        who = self._limited(address)
        if who is None:
            return
        try:
            self._count("address", who, most, MINUTE_MS)
        except Unavailable:
            _log.warning("the limits of an address cannot be looked up: it is admitted")

    def _limited(self, address: str) -> str | None:
        """What an address is counted as; None where no limit holds for it."""
        try:
            ip = ip_address(address)
        except ValueError:
            return address or None
        if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        if any(ip in network for network in self.limits.unlimited_addresses):
            return None
        return str(ip if ip.version == 4 else ip_network((int(ip), _IPV6_SUBSCRIBER), strict=False))

    def _count(self, kind: str, who: str, most: Mapping[str, int], window_ms: int) -> None:
        held = {name: limit for name, limit in most.items() if limit}
        if not held:
            return
        key, left_ms = self._window(kind, who, window_ms)
        refused = (key, *held)
        if refused in self._over:
            raise _refusal(left_ms)
        end = (self.clock.now_ms() + left_ms) // 1000
        try:
            self.counters.count(key, held, end + _ROW_SECONDS)
        except ConditionFailed:
            if len(self._over) >= _REMEMBERED:
                self._over.clear()
            self._over.add(refused)
            raise _refusal(left_ms) from None

    def _window(self, kind: str, who: str, window_ms: int) -> tuple[str, int]:
        """The key of this window's counts, and how long the window still lasts (ms)."""
        number, past_ms = divmod(self.clock.now_ms(), window_ms)
        digest = hashlib.sha256(f"{who}#{number}".encode()).hexdigest()[:32]
        return f"limit#{kind}#{digest}", window_ms - past_ms


def _refusal(left_ms: int) -> RateLimited:
    return RateLimited("too many requests from here, try again later", retryAfterMs=left_ms)
