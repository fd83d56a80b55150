"""A hall at its address: what browsers know it by, whoever asks from wherever."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from infra.local.hall.addresses import HallAddress
from infra.local.hall.certificate import Certificate
from infra.local.process.ports import LOOPBACK

_USUAL_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class HallPlace:
    """Where the hall is now. Its address may change; its ports stay."""

    address: HallAddress
    http_port: int
    ws_port: int | None = None
    """A port for sockets alone, where the user wants one."""
    tls_port: int | None = None
    certificate: Certificate | None = None

    @property
    def http_url(self) -> str:
        """The hall's address without TLS."""
        return origin("http", self.address.host, self.http_port)

    @property
    def tls_url(self) -> str:
        """The hall's address with TLS; empty where it has none."""
        if self.tls_port is None:
            return ""
        return origin("https", self.address.host, self.tls_port)

    @property
    def listeners_url(self) -> str:
        """Where phones are led: never to a certificate that their browsers would warn of."""
        is_known = self.certificate is not None and self.certificate.is_given
        return self.tls_url if is_known else self.http_url

    @property
    def ws_url(self) -> str:
        """Where WebSockets are served."""
        return origin("ws", self.address.host, self.ws_port or self.http_port)

    @property
    def speaker_url(self) -> str:
        """The speaker's page on this machine, whose browser lends it the microphone."""
        return origin("http", LOOPBACK, self.http_port)

    @property
    def origins(self) -> Sequence[str]:
        """The pages' origins, as browsers send them."""
        doors = [("http", self.http_port)]
        doors += [] if self.tls_port is None else [("https", self.tls_port)]
        return [origin(scheme, host, port) for host in self.address.hosts for scheme, port in doors]


def origin(scheme: str, host: str, port: int) -> str:
    """An origin to the letter as browsers send it: without the scheme's usual port."""
    usual = _USUAL_PORTS.get(scheme.replace("ws", "http"))
    return f"{scheme}://{host}" if port == usual else f"{scheme}://{host}:{port}"
