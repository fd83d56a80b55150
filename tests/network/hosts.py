"""Hosts with a network of their own on this machine: a laptop in a hall, and the phones there.

A host is a network namespace of the kernel, with its own interfaces, routes, ports and loopback. It
has no name that two runs could share: it lives as long as this process holds it open or something
runs in it. So nothing is left of it after `kill -9`, and nothing has to be swept.

A socket belongs to the host on which it was made, wherever it is used later. One event loop can
therefore hold sockets of all hosts. They are made in a block of `Host.inside`, in which no `await`
may stand.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

_CLONE_NEWNET: Final = 0x40000000
_OWN_NETWORK: Final = Path("/proc/thread-self/ns/net")
_PROGRAMS: Final = ("ip", "nsenter", "unshare", "mount")

LAPTOP, LAPTOP_IPV6 = "10.77.0.1", "fd77::1"
LAPTOP_ELSEWHERE = "10.77.0.9"
"""What a router may give the laptop when it comes back."""
PHONES: Final = tuple(f"10.77.{1 + n // 250}.{1 + n % 250}" for n in range(1000))
PHONES_IPV6: Final = "fd77::2"
PREFIX, PREFIX_IPV6 = 16, 64
WIFI: Final = "wifi0"
"""The interface that leads from each host to the other."""

# In its own view of the file system a program finds its host's interfaces in /sys, and names that
# only this host knows in /etc/hosts.
_ENTER: Final = (
    'mount -t sysfs sysfs /sys && { [ -z "$1" ] || mount --bind "$1" /etc/hosts; } && '
    'shift && exec "$@"'
)


class HostError(Exception):
    """The kernel did not do what a host needs."""


@cache
def missing() -> str:
    """Why this machine cannot have such hosts; empty where it can."""
    if not sys.platform.startswith("linux"):
        return "hosts of their own need Linux"
    if os.geteuid() != 0:
        return "hosts of their own need root"
    absent = [program for program in _PROGRAMS if shutil.which(program) is None]
    if absent:
        return f"hosts of their own need {', '.join(absent)} (Debian: iproute2, util-linux)"
    # In a thread of its own: one that may leave its network, but not come back, is lost.
    with ThreadPoolExecutor(1) as trying:
        return trying.submit(_refusal).result()


@dataclass(frozen=True, slots=True)
class Host:
    """One host; `network` is an open file of its namespace."""

    network: int

    @contextmanager
    def inside(self) -> Iterator[None]:
        """What this thread opens or starts in the block belongs to the host. No `await` in it."""
        before = os.open(_OWN_NETWORK, os.O_RDONLY)
        _enter(self.network)
        try:
            yield
        finally:
            _enter(before)
            os.close(before)

    def program(self, names: Path | None = None) -> list[str]:
        """What stands before a command for it to run on the host; its process id stays.

        `names` is a file that the program sees as /etc/hosts. To be changed in place.
        """
        network = f"--net=/proc/{os.getpid()}/fd/{self.network}"
        entering = ["unshare", "--mount", "sh", "-c", _ENTER, "sh", str(names or "")]
        return ["nsenter", network, *entering]

    def ip(self, *words: str) -> str:
        """Runs `ip` on the host; returns what it says."""
        return self.run("ip", *words)

    def run(self, *command: str, stdin: str = "") -> str:
        """Runs a short command on the host; returns what it says.

        Raises:
            HostError: with what the command had to say.
        """
        with self.inside():
            done = subprocess.run(  # noqa: S603 - tests name the programs
                command, input=stdin, capture_output=True, text=True, check=False, timeout=20
            )
        if done.returncode:
            message = f"{' '.join(command)}: {done.stderr.strip()}"
            raise HostError(message)
        return done.stdout

    def set(self, name: str, value: object) -> None:
        """Sets one of the kernel's values for this host (`net.ipv4...`)."""
        with self.inside():
            Path("/proc/sys", *name.split(".")).write_text(str(value))

    def add_addresses(self, *addresses: str, interface: str = WIFI) -> None:
        """Gives the host addresses at once; those that it has already stay."""
        lines = (_address("replace", each, interface) for each in addresses)
        self.run("ip", "-batch", "-", stdin="\n".join(lines))

    def remove_address(self, address: str, interface: str = WIFI) -> None:
        """Takes an address from it, as a router does whose lease is over."""
        self.run("ip", "-batch", "-", stdin=_address("del", address, interface))

    def up(self, interface: str = WIFI) -> None:
        """Its Wi-Fi is there."""
        self.ip("link", "set", interface, "up")

    def down(self, interface: str = WIFI) -> None:
        """Its Wi-Fi is gone; what it knows of addresses stays."""
        self.ip("link", "set", interface, "down")

    def link_local(self, interface: str = WIFI) -> str:
        """The address that an interface gave itself."""
        words = self.ip(
            "-6", "-brief", "address", "show", "dev", interface, "scope", "link"
        ).split()
        return words[2].partition("/")[0]

    def make_socket(
        self, address: str, source: str = "", kind: int = socket.SOCK_STREAM
    ) -> socket.socket:
        """A socket of the host that can reach an address, and does not wait."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with self.inside():
            made = socket.socket(family, kind | socket.SOCK_NONBLOCK)
        if source:
            made.bind((source, 0))
        return made

    async def connect(self, address: str, port: int, source: str = "") -> socket.socket:
        """A TCP connection of the host, from one of its addresses if one is named."""
        made = self.make_socket(address, source)
        try:
            await asyncio.get_running_loop().sock_connect(made, (address, port))
        except BaseException:
            made.close()
            raise
        return made


@dataclass(frozen=True, slots=True)
class Hosts:
    """The laptop and the phones, with a Wi-Fi between them: `10.77.0.0/16`, and `fd77::/64`."""

    laptop: Host
    phones: Host

    def cable(self, name: str = WIFI) -> None:
        """A further interface at both, without addresses."""
        self.laptop.ip(
            *("link", "add", name, "type", "veth", "peer", "name", name),
            *("netns", f"/proc/{os.getpid()}/fd/{self.phones.network}"),
        )

    def address_all(self, phones: int) -> None:
        """Gives everybody their addresses, and has the Wi-Fi come up."""
        for host in (self.laptop, self.phones):
            # Or else an IPv6 address could not be used for a second after it was given.
            host.set("net.ipv6.conf.all.accept_dad", 0)
            host.set(f"net.ipv6.conf.{WIFI}.accept_dad", 0)
            # A Wi-Fi that was down comes back with the addresses that it had, of both kinds.
            host.set("net.ipv6.conf.all.keep_addr_on_down", 1)
            host.up("lo")
            host.up()
        self.laptop.add_addresses(LAPTOP, LAPTOP_IPV6)
        self.phones.add_addresses(*PHONES[:phones], PHONES_IPV6)


@contextmanager
def bare_hosts() -> Iterator[Hosts]:
    """Two hosts, and nothing between them."""
    with bare_host() as laptop, bare_host() as phones:
        yield Hosts(laptop, phones)


@contextmanager
def hosts(phones: int = 300) -> Iterator[Hosts]:
    """A laptop and so many addresses of phones, with a cable between them that loses nothing."""
    with bare_hosts() as both:
        both.cable()
        both.address_all(phones)
        yield both


def _address(verb: str, address: str, interface: str) -> str:
    prefix = PREFIX_IPV6 if ":" in address else PREFIX
    return f"address {verb} {address}/{prefix} dev {interface}"


def _refusal() -> str:
    try:
        os.close(_new_network())
    except HostError as refusal:
        return f"the kernel gives this process no host of its own: {refusal}"
    return ""


@contextmanager
def bare_host() -> Iterator[Host]:
    """A host, and nothing at it."""
    network = _new_network()
    try:
        yield Host(network)
    finally:
        os.close(network)


def _new_network() -> int:
    """A namespace; this thread comes back to its own."""
    before = os.open(_OWN_NETWORK, os.O_RDONLY)
    try:
        _call("unshare", _CLONE_NEWNET)
        network = os.open(_OWN_NETWORK, os.O_RDONLY)
        _enter(before)
    finally:
        os.close(before)
    return network


def _enter(network: int) -> None:
    _call("setns", network, _CLONE_NEWNET)


def _call(name: str, *arguments: int) -> None:
    # `os.unshare` and `os.setns` come with Python 3.12.
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments) != 0:
        message = f"{name}: {os.strerror(ctypes.get_errno())}"
        raise HostError(message)
