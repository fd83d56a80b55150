"""A Wi-Fi in a full hall: packets come late, and some never.

There are two ways to have one: the kernel's own (`tc netem`), and a process between two interfaces
(`relay`). A kernel may lack either; `missing` says which.
"""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fcntl import ioctl
from pathlib import Path
from shutil import which
from typing import Final, Literal

from tests.network.hosts import WIFI, Host, HostError, Hosts, bare_hosts, hosts

Way = Literal["netem", "relay"]

_TUN: Final = Path("/dev/net/tun")
_TUNSETIFF: Final = 0x400454CA
_TAP_WITHOUT_HEADER: Final = 0x0002 | 0x1000  # IFF_TAP | IFF_NO_PI
_PROJECT: Final = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class BadLink:
    """Each way: so much later, and so many of a hundred packets never."""

    delay_ms: float
    loss_percent: float
    seed: int = 1


def missing(way: Way) -> str:
    """Why this machine cannot have that link; empty where it can."""
    if way == "relay":
        return "" if _TUN.exists() else f"a relay of packets needs {_TUN}"
    if which("tc") is None:
        return "a bad link by the kernel needs tc (Debian: iproute2)"
    with hosts(phones=1) as both:
        try:
            _worsen(both.laptop, BadLink(1, 1))
        except HostError as refusal:
            return f"this kernel has no netem: {refusal}"
    return ""


@contextmanager
def badly_linked_hosts(way: Way, link: BadLink, phones: int = 1) -> Iterator[Hosts]:
    """A laptop and phones, with such a Wi-Fi between them."""
    if way == "netem":
        with hosts(phones) as both:
            for host in (both.laptop, both.phones):
                _worsen(host, link)
            yield both
        return
    with bare_hosts() as both, _relayed(both, link):
        both.address_all(phones)
        yield both


def _worsen(host: Host, link: BadLink) -> None:
    disturbance = ("delay", f"{link.delay_ms}ms", "loss", f"{link.loss_percent}%")
    host.run("tc", "qdisc", "replace", "dev", WIFI, "root", "netem", *disturbance)


@contextmanager
def _relayed(both: Hosts, link: BadLink) -> Iterator[None]:
    taps = [_tap(host) for host in (both.laptop, both.phones)]
    words = [*taps, link.delay_ms, link.loss_percent, link.seed]
    try:
        with subprocess.Popen(  # noqa: S603 - this very project
            [sys.executable, "-m", "tests.network.relay", *map(str, words)],
            cwd=_PROJECT,
            pass_fds=taps,
            stdin=subprocess.PIPE,
        ) as relay:
            try:
                yield
            finally:
                assert relay.stdin is not None
                relay.stdin.close()
        assert relay.returncode == 0
    finally:
        for tap in taps:
            os.close(tap)


def _tap(host: Host) -> int:
    """An interface of the host whose packets this process carries."""
    with host.inside():
        tap = os.open(_TUN, os.O_RDWR)
        ioctl(tap, _TUNSETIFF, struct.pack("16sH", WIFI.encode(), _TAP_WITHOUT_HEADER))
    return tap
