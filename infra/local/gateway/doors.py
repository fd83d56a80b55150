"""Where the gateway listens, whom it answers there, and with what."""

from __future__ import annotations

import socket
from collections.abc import Collection
from dataclasses import dataclass
from enum import Flag, auto

from infra.local.process.ports import LOOPBACK

BACKLOG = 4096
"""As many handshakes as a room full of phones starts together; the kernel caps it (somaxconn)."""


class Serves(Flag):
    """What is behind a door."""

    PAGES = auto()
    """The HTTP routes of the application: pages, their files, the API."""

    SOCKETS = auto()
    """WebSockets, at any path."""

    MANAGEMENT = auto()
    """`@connections`, for programs."""


@dataclass(frozen=True)
class Door:
    """One address and port; 0 picks a free port. `hosts` are those that browsers may know it by."""

    port: int
    hosts: Collection[str]
    serves: Serves
    address: str = LOOPBACK

    def listen(self) -> socket.socket:
        """The listening socket. Raises OSError if the port is taken."""
        return socket.create_server((self.address, self.port), backlog=BACKLOG)
