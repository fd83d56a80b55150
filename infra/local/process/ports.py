"""Ports on loopback: whether one is free, and free ones to use."""

from __future__ import annotations

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


def parse_port(text: str) -> int:
    """A port as it is written; 0 picks a free one.

    Raises:
        PortError: it is not a port.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65_535):
        message = f"{text!r} is not a port: it must be 1 to 65535, or 0 for a free one"
        raise PortError(message)
    return int(text)


def is_free(port: int) -> bool:
    """Whether a server could listen on that port of loopback now."""
    with socket.socket() as probe:
        # As the servers do: the remains of closed connections do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def require_free(port: int) -> None:
    """Check a port that somebody chose.

    Raises:
        PortError: it is taken, or not ours to take.
    """
    if not is_free(port):
        message = f"port {port} of {LOOPBACK} is already in use"
        raise PortError(message)


def listening(port: int) -> socket.socket:
    """A socket that listens on that port of loopback.

    Raises:
        PortError: it is taken, or not ours to take.
    """
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        server.bind((LOOPBACK, port))
        server.listen()
    except OSError as error:
        server.close()
        message = f"port {port} of {LOOPBACK}: {error.strerror}"
        raise PortError(message) from error
    return server


def free_ports() -> Iterator[int]:
    """Distinct free ports, as many as are asked for.

    Two stages that start together choose at random, so that they seldom meet; if they do, the
    server that comes second says so and its stage ends.

    Raises:
        PortError: no free one was found.
    """
    candidates = random.sample(range(LOWEST, HIGHEST), _TRIES)
    yield from (port for port in candidates if is_free(port))
    message = f"no free port of {LOOPBACK} found between {LOWEST} and {HIGHEST}"
    raise PortError(message)
