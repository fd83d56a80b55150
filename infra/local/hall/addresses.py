"""Which address of this machine phones reach it by: found, or asked for and checked."""

from __future__ import annotations

import fcntl
import re
import socket
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from itertools import groupby
from pathlib import Path
from typing import Final

import ifaddr

from infra.local.hall.errors import HallError
from infra.local.process.ports import url_host

IpAddress = IPv4Address | IPv6Address
Lookup = Callable[[str], Sequence[IpAddress]]
"""The addresses that a name leads to; none when it leads nowhere."""

_SIOCGIFFLAGS: Final = 0x8913  # linux/sockios.h
_IFREQ: Final = struct.Struct("16sh22x")
_UP_AND_RUNNING: Final = 0x1 | 0x40  # linux/if.h: IFF_UP, IFF_RUNNING
_HARDWARE: Final = "/sys/class/net/{}/device"
_TEMPORARY: Final = 0x01  # linux/if_addr.h: IFA_F_TEMPORARY
_UNUSABLE: Final = 0x08 | 0x20 | 0x40  # IFA_F_DADFAILED, IFA_F_DEPRECATED, IFA_F_TENTATIVE
_NAME: Final = re.compile(
    r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z]([a-z0-9-]{0,61}[a-z0-9])?"
)


@dataclass(frozen=True, slots=True)
class MachineAddress:
    """One address of this machine, and what is known of its interface."""

    ip: IpAddress
    interface: str
    is_hardware: bool = True
    """The interface is a network card, and neither a bridge, a tunnel nor a container's link."""
    is_running: bool = True

    @property
    def is_reachable(self) -> bool:
        """Whether a phone could come in here; a browser takes no link-local address of IPv6."""
        return self.is_running and not (self.ip.is_loopback or self.ip.is_link_local)

    def __str__(self) -> str:
        """As it is listed for a person."""
        return f"{self.ip} ({self.interface})"


@dataclass(frozen=True, slots=True)
class HallAddress:
    """Where phones find the hall."""

    at: MachineAddress
    name: str = ""
    """What the user calls it, where that is a name."""
    is_asked_for: bool = False

    @property
    def host(self) -> str:
        """As it stands in a URL."""
        return self.name or url_host(str(self.at.ip))

    @property
    def hosts(self) -> Sequence[str]:
        """Everything that a browser may know it by."""
        return tuple(dict.fromkeys((self.host, url_host(str(self.at.ip)))))


def asked_address(text: str) -> str:
    """An address or a name as a user writes it, in the one form that is compared.

    Raises:
        HallError: it is neither.
    """
    bare = text.strip().lower()
    if bare.startswith("[") and bare.endswith("]"):
        bare = bare[1:-1]
    try:
        ip = ip_address(bare)
    except ValueError:
        if _NAME.fullmatch(bare):
            return bare
    else:
        # A zone (fe80::7%wlan0) means nothing to another machine, and no browser takes one.
        if "%" not in bare:
            return str(ip)
    raise HallError(
        f"{text!r} must be an address, such as 192.168.1.7 or fd00::7, or a name, such as "
        "hall.local"
    )


def find_address(asked: str, addresses: Sequence[MachineAddress], look_up: Lookup) -> HallAddress:
    """Where the hall is: at what the user asked for, else at the one address that phones reach.

    Raises:
        HallError: there is no such address, or there are several.
    """
    if not asked:
        return HallAddress(only_address(addresses))
    try:
        ip = ip_address(asked)
    except ValueError:
        return _named_address(asked, addresses, look_up(asked))
    return HallAddress(_own_address(ip, addresses), is_asked_for=True)


def only_address(addresses: Sequence[MachineAddress]) -> MachineAddress:
    """The one address that phones reach.

    Raises:
        HallError: there is none, or there are several.
    """
    candidates = reachable_addresses(addresses)
    if not candidates:
        raise HallError(
            "this machine has no address that a phone could reach: connect it to the router, by "
            "Wi-Fi or by cable"
        )
    if len(candidates) > 1:
        listed = ", ".join(map(str, candidates))
        raise HallError(
            f"this machine has several addresses: {listed}; name the one in the phones' network, "
            f"such as make hall ADDRESS={candidates[0].ip}"
        )
    return candidates[0]


def reachable_addresses(addresses: Sequence[MachineAddress]) -> Sequence[MachineAddress]:
    """Those that phones may reach: of network cards, where one of these has any.

    An interface's address of IPv6 counts where it has none of IPv4, which every phone can type.
    """
    candidates = [each for each in addresses if each.is_reachable]
    candidates = [each for each in candidates if each.is_hardware] or candidates
    candidates.sort(key=lambda each: each.interface)
    chosen: list[MachineAddress] = []
    for _, group in groupby(candidates, key=lambda each: each.interface):
        of_interface = list(group)
        chosen += [each for each in of_interface if each.ip.version == 4] or of_interface[:1]
    return chosen


def _own_address(ip: IpAddress, addresses: Sequence[MachineAddress]) -> MachineAddress:
    if ip.is_loopback or ip.is_unspecified or (ip.version == 6 and ip.is_link_local):
        message = f"no phone reaches {ip}: name this machine's address in the phones' network"
        raise HallError(message)
    for each in addresses:
        if each.ip == ip:
            return each
    message = f"{ip} is not an address of this machine, which has {_listed(addresses)}"
    raise HallError(message)


def _named_address(
    name: str, addresses: Sequence[MachineAddress], found: Sequence[IpAddress]
) -> HallAddress:
    if not found:
        message = (
            f"the name {name} leads nowhere: this machine cannot find its address; "
            "is it spelt right, and does the router know it?"
        )
        raise HallError(message)
    own = [each for ip in found for each in addresses if each.ip == ip and _can_be_named(each)]
    if not own:
        led_to = ", ".join(map(str, found))
        message = (
            f"the name {name} leads to {led_to}, where no phone reaches this machine, "
            f"which has {_listed(addresses)}"
        )
        raise HallError(message)
    return HallAddress(min(own, key=lambda each: each.ip.version), name, is_asked_for=True)


def _can_be_named(address: MachineAddress) -> bool:
    return not (address.ip.is_loopback or address.ip.is_link_local)


def _listed(addresses: Sequence[MachineAddress]) -> str:
    listed = ", ".join(map(str, reachable_addresses(addresses)))
    return listed or "no address that a phone could reach"


def look_up(name: str) -> Sequence[IpAddress]:
    """Every address that a name leads to, as this machine finds it."""
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple(dict.fromkeys(ip_address(str(to[0]).partition("%")[0]) for *_, to in found))


def machine_addresses() -> Sequence[MachineAddress]:
    """Every address that this machine has now, the better ones of an interface first."""
    flags = _ipv6_flags()
    found = []
    for adapter in ifaddr.get_adapters():
        # An alias such as eth0:1 is an address more of eth0.
        interface = adapter.name.partition(":")[0]
        running, hardware = _is_running(interface), Path(_HARDWARE.format(interface)).exists()
        for each in adapter.ips:
            ip = ip_address(each.ip if isinstance(each.ip, str) else each.ip[0])
            if not flags.get(ip, 0) & _UNUSABLE:
                found.append(MachineAddress(ip, interface, hardware, running))
    # Of IPv6, those that are the router's own business (ULA) and do not change with the day.
    found.sort(key=lambda each: (bool(flags.get(each.ip, 0) & _TEMPORARY), not each.ip.is_private))
    return found


def _is_running(interface: str) -> bool:
    """Whether it is up and has a carrier; one that has just gone has neither."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            answer = fcntl.ioctl(probe, _SIOCGIFFLAGS, _IFREQ.pack(interface.encode(), 0))
        except OSError:
            return False
    return bool(_IFREQ.unpack(answer)[1] & _UP_AND_RUNNING == _UP_AND_RUNNING)


def _ipv6_flags() -> dict[IpAddress, int]:
    """What the kernel says of each address of IPv6; empty where it has none."""
    try:
        lines = Path("/proc/net/if_inet6").read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return {}
    rows = [line.split() for line in lines]
    return {IPv6Address(int(row[0], 16)): int(row[4], 16) for row in rows}
