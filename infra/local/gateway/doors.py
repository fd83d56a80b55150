"""Where the gateway listens, whom it answers there, and with what.

The operator's page and `@connections` are for this machine alone. A door that does not serve them
refuses them whatever a request's headers say: by the port that it came in at.
"""

from __future__ import annotations

import socket
import ssl
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import Flag, auto
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from infra.local.access.callers import is_for
from infra.local.gateway.events import STAGE
from infra.local.process.ports import LOOPBACK, family_of, url_host

BACKLOG: Final = 4096
"""As many handshakes as a room full of phones starts together; the kernel caps it (somaxconn)."""

_IP_FREEBIND: Final = 15  # linux/in.h
_IPV6_FREEBIND: Final = 78  # linux/in6.h


class Serves(Flag):
    """What is behind a door."""

    PAGES = auto()
    """The HTTP routes of the application: pages, their files, the API."""

    OPERATOR = auto()
    """Those of them that begin with `/ops`."""

    SOCKETS = auto()
    """WebSockets, at any path."""

    MANAGEMENT = auto()
    """`@connections`, for programs."""

    SOUNDS = auto()
    """The bucket of sounds, to be read."""

    DICTATION = auto()
    """The recogniser's streams, for pages that were given a presigned address."""


HALL: Final = Serves.PAGES | Serves.SOCKETS | Serves.SOUNDS | Serves.DICTATION
"""What phones need."""


@dataclass(frozen=True)
class Door:
    """One address and port; 0 picks a free port. `hosts` are those that browsers may know it by.

    Where it is `guarded`, others than this machine may knock: requests must name one of the hosts,
    and nobody may keep connections open for nothing, or too many.
    """

    port: int
    hosts: Collection[str]
    serves: Serves
    address: str = LOOPBACK
    tls: ssl.SSLContext | None = None
    guarded: bool = False

    def listen(self) -> socket.socket:
        """The listening socket. Raises OSError if the port is taken."""
        if not self.guarded:
            return socket.create_server((self.address, self.port), backlog=BACKLOG)
        listener = socket.socket(family_of(self.address))
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            _bind_even_without_network(listener)
            listener.bind((self.address, self.port))
            listener.listen(BACKLOG)
        except OSError as error:
            listener.close()
            reason = f"{error.strerror} (at {self.address}, port {self.port})"
            raise OSError(error.errno, reason) from error
        return listener

    def knows(self, host: str | None) -> bool:
        """Whether a request with this `Host` may be for this door."""
        return is_for(self.hosts, host) and (host is not None or not self.guarded)

    def forbids(self, path: str) -> bool:
        """Whether a path, as it came, means what this door does not show."""
        path = unquote(path.partition("#")[0]).lower()
        parts = [part for part in path.split("/") if part not in ("", ".")]
        if "@connections" in parts and Serves.MANAGEMENT not in self.serves:
            return True
        # The stage's prefix is tolerated elsewhere.
        named = parts[1:2] if parts[:1] == [STAGE] else parts[:1]
        return named == ["ops"] and Serves.OPERATOR not in self.serves

    def url(self, port: int) -> str:
        """The door's address as browsers take it, with the port that it really got."""
        scheme = "http" if Serves.PAGES in self.serves else "ws"
        return f"{scheme}{'s' if self.tls else ''}://{url_host(self.address)}:{port}"


@dataclass(frozen=True)
class Hall:
    """Where the phones of a hall find the gateway: at an address of this machine, or its name.

    Without `ws_port` their WebSockets come in where the pages do. `certificate` is a PEM file with
    the key and the chain for `tls_port`.
    """

    address: str
    name: str | None
    port: int
    ws_port: int | None = None
    tls_port: int | None = None
    certificate: Path | None = None

    def doors(self) -> Iterator[Door]:
        """The hall's own; none of them shows what is this machine's alone."""
        hosts = frozenset({url_host(self.address), (self.name or self.address).lower()})

        def door(port: int, serves: Serves, tls: ssl.SSLContext | None = None) -> Door:
            return Door(port, hosts, serves, self.address, tls, guarded=True)

        yield door(self.port, HALL)
        if self.ws_port is not None:
            yield door(self.ws_port, Serves.SOCKETS)
        if self.tls_port is not None and self.certificate is not None:
            yield door(self.tls_port, HALL, _tls(self.certificate))


def loopback_doors(
    ws_port: int, http_port: int | None, hosts: Collection[str], *, in_hall: bool = False
) -> Iterator[Door]:
    """This machine's own. In a hall one of them has everything, also when the Wi-Fi is gone."""
    sockets = Serves.SOCKETS | Serves.MANAGEMENT
    pages = Serves.PAGES | Serves.OPERATOR
    if not in_hall or http_port != ws_port:
        yield Door(ws_port, hosts, sockets)
    if http_port is not None:
        yield Door(http_port, hosts, pages | sockets | HALL if in_hall else pages)


def _bind_even_without_network(listener: socket.socket) -> None:
    """A gateway that starts while the Wi-Fi is gone serves as soon as it is back."""
    if sys.platform != "linux":
        return
    if listener.family == socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, _IPV6_FREEBIND, 1)
    else:
        listener.setsockopt(socket.IPPROTO_IP, _IP_FREEBIND, 1)


def _tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate)
    except OSError as error:
        reason = f"{certificate}: {error.strerror}"
        raise OSError(reason) from error
    context.set_alpn_protocols(["http/1.1"])
    return context
