"""Which ports of a host answer: each of the 65,535 is tried, as a stranger in the Wi-Fi would."""

from __future__ import annotations

import select
import socket
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from errno import ECONNREFUSED, EINPROGRESS
from pathlib import Path
from typing import Final

from tests.network.hosts import Host

ALL_PORTS: Final = range(1, 65_536)
_AT_ONCE: Final = 500
_ANSWER_SECONDS: Final = 2.0
"""A host that is there refuses at once. What is silent for so long is tried a second time, for a
machine that was busy."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What was found: ports that answer, and those that neither answer nor refuse."""

    open: frozenset[int]
    silent: frozenset[int]


def scan_tcp(stranger: Host, address: str, ports: Sequence[int] = ALL_PORTS) -> Scan:
    """Opens a connection from that host to each port of the address."""
    return _scan(stranger, address, ports, socket.SOCK_STREAM, select.EPOLLOUT)


def scan_udp(stranger: Host, address: str, ports: Sequence[int] = ALL_PORTS) -> Scan:
    """Sends a byte from that host to each port of the address.

    A port that nobody has is refused by ICMP. A server need not answer a byte: one that is there is
    among the silent. The scanned host must not ration its refusals (`unration`).
    """
    return _scan(stranger, address, ports, socket.SOCK_DGRAM, select.EPOLLERR)


def unration(host: Host) -> None:
    """Has the host refuse as many datagrams as come: Linux rations that."""
    host.set("net.ipv4.icmp_ratelimit", 0)
    host.set("net.ipv6.icmp.ratelimit", 0)
    for name in ("icmp_msgs_per_sec", "icmp_msgs_burst"):
        host.set(f"net.ipv4.{name}", 1_000_000)


def _scan(stranger: Host, address: str, ports: Sequence[int], kind: int, interest: int) -> Scan:
    answering: set[int] = set()
    left: Sequence[int] = ports
    for _ in range(2):
        silent: list[int] = []
        for start in range(0, len(left), _AT_ONCE):
            found = _try(stranger, address, left[start : start + _AT_ONCE], kind, interest)
            answering |= found.open
            silent += found.silent
        left = silent
    return Scan(frozenset(answering), frozenset(left))


def _try(stranger: Host, address: str, ports: Collection[int], kind: int, interest: int) -> Scan:
    tried: dict[int, tuple[int, socket.socket]] = {}
    answers: dict[int, int] = {}
    with select.epoll() as waiting, stranger.inside():
        for port in ports:
            one = socket.socket(_family(address), kind | socket.SOCK_NONBLOCK)
            tried[one.fileno()] = (port, one)
            refused = one.connect_ex(_target(address, port))
            if kind == socket.SOCK_DGRAM and not refused:
                refused = _send(one)
            if refused not in (0, EINPROGRESS):
                answers[port] = refused
            waiting.register(one, interest)
        for number in _events(waiting, len(tried)):
            port, one = tried[number]
            answers.setdefault(port, one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
            waiting.unregister(one)
        for _, one in tried.values():
            one.close()
    answering = {port for port, error in answers.items() if error == 0}
    refusing = {port for port, error in answers.items() if error == ECONNREFUSED}
    return Scan(frozenset(answering), frozenset({*ports} - answering - refusing))


def _send(one: socket.socket) -> int:
    try:
        one.send(b"?")
    except OSError as error:
        return error.errno or ECONNREFUSED
    return 0


def _events(waiting: select.epoll, expected: int) -> Iterator[int]:
    """Sockets that have something to say, until all have or none does for too long."""
    while expected:
        events = waiting.poll(_ANSWER_SECONDS)
        if not events:
            return
        expected -= len(events)
        yield from (number for number, _ in events)


def _family(address: str) -> int:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _target(address: str, port: int) -> tuple[str, int] | tuple[str, int, int, int]:
    """An address of one interface names it behind a `%`."""
    host, _, interface = address.partition("%")
    return (host, port, 0, socket.if_nametoindex(interface)) if interface else (host, port)


@dataclass(frozen=True, slots=True, order=True)
class Listening:
    """A socket that waits for strangers."""

    protocol: str
    address: str
    port: int


_WAITING: Final = {"tcp": "0A", "udp": "07"}
"""How /proc/net says that a socket has no peer."""


def listening(host: Host) -> set[Listening]:
    """The sockets of a host that wait for strangers, as its kernel lists them."""
    found = set()
    for protocol, state in _WAITING.items():
        for version in ("", "6"):
            with host.inside():
                table = Path(f"/proc/thread-self/net/{protocol}{version}").read_text()
            for line in table.splitlines()[1:]:
                _, local, _, is_in, *_ = line.split()
                if is_in == state:
                    found.add(_listening(protocol, local))
    return found


def _listening(protocol: str, local: str) -> Listening:
    address, port = local.split(":")
    words = bytes.fromhex(address)
    # Each 32-bit word stands there as this machine has it in memory.
    packed = b"".join(words[start : start + 4][::-1] for start in range(0, len(words), 4))
    family = socket.AF_INET if len(packed) == 4 else socket.AF_INET6
    return Listening(protocol, socket.inet_ntop(family, packed), int(port, 16))
