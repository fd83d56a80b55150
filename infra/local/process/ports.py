"""Addresses and ports of this machine: how they are written, and which ports are free."""

from __future__ import annotations

import errno
import os
import random
import socket
from collections.abc import Iterator
from typing import Final

LOOPBACK: Final = "127.0.0.1"
LOWEST: Final = 20_000
HIGHEST: Final = 32_000
"""Below Linux' range for outgoing connections (32768-60999): no client takes a port from here."""
_TRIES: Final = 200


class PortError(Exception):
    """A port that was asked for is taken, or none is free."""


def url_host(address: str) -> str:
    """An IP address as URLs and `Host` have it."""
    return f"[{address}]" if ":" in address else address


def family_of(address: str) -> socket.AddressFamily:
    """What a socket for that IP address is made with."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def parse_port(text: str) -> int:
    """A port as it is written; 0 picks a free one.

    Raises:
        PortError: it is not a port.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65_535):
        message = f"{text!r} is not a port: it must be 1 to 65535, or 0 for a free one"
        raise PortError(message)
    return int(text)


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen on that port of an address now."""
    return _obstacle(port, host) is None


def require_free(port: int, host: str = LOOPBACK) -> None:
    """Check a port that somebody chose.

    Raises:
        PortError: it is taken, or not ours to take.
    """
    obstacle = _obstacle(port, host)
    if isinstance(obstacle, PermissionError):
        message = f"port {port} of {host} is root's alone on this machine: choose one from 1024 on"
        raise PortError(message)
    if obstacle is not None:
        message = f"port {port} of {host} is already in use"
        raise PortError(message)


def _obstacle(port: int, host: str) -> OSError | None:
    """What keeps a server from listening there; None: nothing."""
    with socket.socket(family_of(host)) as probe:
        # As the servers do: the remains of closed connections do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as obstacle:
            return obstacle
    return None


def listening(port: int) -> socket.socket:
    """A socket that listens on that port of loopback.

    Raises:
        PortError: it is taken, or not ours to take.
    """
    try:
        return socket.create_server((LOOPBACK, port))
    except OSError as error:
        message = f"port {port} of {LOOPBACK}: {os.strerror(error.errno or 0)}"
        raise PortError(message) from error


def free_ports(*hosts: str) -> Iterator[int]:
    """Distinct ports that are free on loopback and on these hosts, as many as are asked for.

    No two processes that choose by this are given the same one, until the first has ended: its
    servers listen only some time later (seen: a stage that ended because another, which started in
    the same second, had chosen one of its ports).

    Raises:
        PortError: no free one was found.
    """
    candidates = random.sample(range(LOWEST, HIGHEST), _TRIES)
    everywhere = (LOOPBACK, *hosts)
    for port in candidates:
        if all(is_free(port, host) for host in everywhere) and _reserve(port):
            yield port
    message = f"no free port of {' and '.join(everywhere)} found between {LOWEST} and {HIGHEST}"
    raise PortError(message)


def _reserve(port: int) -> bool:
    """Whether the port is this process's own; where a system knows no such names, all are.

    The name is an abstract socket's (unix(7)): the kernel gives it once in a network namespace, and
    takes it back at the end of the process.
    """
    name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        name.bind(f"\0translation-broadcaster/{port}")
    except OSError as obstacle:
        name.close()
        return obstacle.errno != errno.EADDRINUSE
    name.detach()  # open until the process ends
    return True
