"""The hall's address over time: the Wi-Fi goes, and comes back, perhaps with another address.

Servers that listen on an address keep it while it is gone, and serve again when it is back. Only
another address is a change.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Final

from infra.local.hall.addresses import (
    HallAddress,
    IpAddress,
    Lookup,
    MachineAddress,
    find_address,
    only_address,
    reachable_addresses,
)
from infra.local.hall.errors import HallError

LOGGER = logging.getLogger(__name__)

LOOK_SECONDS: Final = 2.0


class Following:
    """Looks where the hall is, whenever it is asked to."""

    def __init__(
        self,
        address: HallAddress,
        machine_addresses: Callable[[], Sequence[MachineAddress]],
        look_up: Lookup,
    ) -> None:
        """`look_up` must not wait: `BackgroundLookup`."""
        self._address = address
        self._machine_addresses = machine_addresses
        self._look_up = look_up
        self._told = ""
        """Of the loss, the last; empty while the address is there."""

    def look(self) -> HallAddress | None:
        """The hall's new address; None while it has none, or the one that it had."""
        addresses = self._machine_addresses()
        if any(each.is_running and each.ip == self._address.at.ip for each in addresses):
            if self._told:
                LOGGER.info("%s is back: phones reach the hall again", self._address.at.ip)
            self._told = ""
            return None
        moved = self._other(addresses)
        if moved is not None:
            self._address, self._told = moved, ""
        elif (loss := self._loss(addresses)) != self._told:
            self._told = loss
            LOGGER.warning("%s", loss)
        return moved

    def _other(self, addresses: Sequence[MachineAddress]) -> HallAddress | None:
        """Where else the hall may be; a number that the user asked for is not replaced."""
        try:
            if self._address.name:
                found = find_address(self._address.name, addresses, self._look_up)
                return found if found.at.is_running else None
            if not self._address.is_asked_for:
                return HallAddress(only_address(self._alike(addresses)))
        except HallError:
            pass
        return None

    def _alike(self, addresses: Sequence[MachineAddress]) -> Sequence[MachineAddress]:
        """What could take the address's place.

        Not the bridges of containers, which are all that is left when the Wi-Fi goes. And not the
        IPv6 address that an interface keeps while a router renews its IPv4 address: the hall would
        go there for good, and phones wait for it at the address that they know.
        """
        was = self._address.at
        return [
            each
            for each in addresses
            if each.ip.version == was.ip.version
            and (each.interface == was.interface or each.is_hardware)
        ]

    def _loss(self, addresses: Sequence[MachineAddress]) -> str:
        gone = f"{self._address.at} is gone: phones cannot reach the hall until it is back"
        if self._address.is_asked_for and not self._address.name:
            others = ", ".join(str(each) for each in addresses if each.is_reachable)
            return f"{gone}; this machine has {others or 'no other address'}"
        several = [] if self._address.name else reachable_addresses(self._alike(addresses))
        if len(several) > 1:
            listed = ", ".join(map(str, several))
            return (
                f"{gone}; this machine has {listed} now: start again with the one in the phones' "
                f"network, such as make hall ADDRESS={several[0].ip}"
            )
        return f"{gone}, with this address or another; the talk goes on at this laptop"


class BackgroundLookup:
    """Looks names up in a thread.

    Without a network that may take half a minute, in which the stage could not end.
    """

    def __init__(self, look_up: Lookup) -> None:
        """Nothing is looked up before it is asked for."""
        self._look_up = look_up
        self._found: Sequence[IpAddress] = ()
        self._thread: threading.Thread | None = None

    def __call__(self, name: str) -> Sequence[IpAddress]:
        """What was found the last time; the next look-up begins."""
        found = self._found
        if self._thread is None or not self._thread.is_alive():
            # A daemon: the stage's end waits for nobody's name server.
            self._thread = threading.Thread(target=self._run, args=(name,), daemon=True)
            self._thread.start()
        return found

    def _run(self, name: str) -> None:
        self._found = self._look_up(name)
