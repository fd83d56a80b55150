"""Which ports a stage takes: those that the user wants, and free ones for the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from infra.local.process.ports import LOOPBACK, PortError, free_ports, require_free
from infra.local.stage.environment import Ports

WS_PORT: Final = 8001


@dataclass(frozen=True, slots=True)
class WantedPorts:
    """What the user asks for; 0 is any free one.

    `http` is None where somebody else serves the HTTP routes, `ws` where the user does not care,
    `tls` where there is no certificate.
    """

    http: int | None
    ws: int | None
    tls: int | None = None


def choose_ports(
    wanted: WantedPorts, hall: str | None, *, can_dictate: bool, can_speak: bool
) -> Ports:
    """The ports, free on loopback and, in a hall, on its address.

    Raises:
        PortError: one that was asked for is taken, or was asked for twice.
    """
    _check_apart(wanted, in_hall=hall is not None)
    hosts = () if hall is None else (hall,)
    free = free_ports(*hosts)

    def chosen(port: int) -> int:
        for host in (LOOPBACK, *hosts) if port else ():
            require_free(port, host)
        return port or next(free)

    http = None if wanted.http is None else chosen(wanted.http)
    if hall is not None and http is not None and wanted.ws in {None, http}:
        ws = http
    else:
        ws = chosen(WS_PORT if wanted.ws is None else wanted.ws)
    return Ports(
        http=http,
        ws=ws,
        tls=None if wanted.tls is None else chosen(wanted.tls),
        dynamodb=next(free),
        translate=next(free),
        functions=next(free),
        transcribe=next(free) if can_dictate else None,
        polly=next(free) if can_speak else None,
        sounds=next(free) if can_speak else None,
    )


def _check_apart(wanted: WantedPorts, *, in_hall: bool) -> None:
    """In a hall HTTP and WebSockets may share a port; TLS has one of its own."""
    ws = WS_PORT if wanted.ws is None and not in_hall else wanted.ws
    if ws and ws == wanted.http and not in_hall:
        message = f"port {ws} is asked for twice: --http-port and --ws-port must differ"
        raise PortError(message)
    if wanted.tls and wanted.tls in {wanted.http, ws}:
        message = f"port {wanted.tls} is asked for twice: --tls-port must differ from the others"
        raise PortError(message)
