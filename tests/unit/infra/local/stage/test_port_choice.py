"""Which ports a stage takes."""

import socket
from collections.abc import Iterator

import pytest

from infra.local.process.ports import PortError
from infra.local.stage.environment import Ports
from infra.local.stage.port_choice import WantedPorts, choose_ports

HALL = "127.0.0.2"
"""Loopback's second address stands for the hall's: another address of this machine."""


@pytest.fixture
def free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def taken_in_hall() -> Iterator[int]:
    with socket.create_server((HALL, 0)) as server:
        yield server.getsockname()[1]


def choose(wanted: WantedPorts, hall: str | None = None, *, speaks: bool = True) -> Ports:
    return choose_ports(wanted, hall, can_dictate=speaks, can_speak=speaks)


def test_outside_a_hall_pages_and_sockets_have_a_port_each() -> None:
    ports = choose(WantedPorts(http=0, ws=0))
    assert ports.http != ports.ws
    assert ports.tls is None


def test_in_a_hall_one_port_serves_both(free: int) -> None:
    assert choose(WantedPorts(http=free, ws=None), HALL).ws == free
    assert choose(WantedPorts(http=free, ws=free), HALL).ws == free
    found = choose(WantedPorts(http=0, ws=None), HALL)
    assert found.http == found.ws


def test_in_a_hall_sockets_may_have_a_port_of_their_own() -> None:
    ports = choose(WantedPorts(http=0, ws=0, tls=0), HALL)
    assert len({ports.http, ports.ws, ports.tls}) == 3


def test_what_a_stage_cannot_do_has_no_port() -> None:
    ports = choose(WantedPorts(http=0, ws=0), speaks=False)
    assert (ports.transcribe, ports.polly, ports.sounds) == (None, None, None)


def test_every_port_is_another_one() -> None:
    ports = choose(WantedPorts(http=0, ws=0, tls=0), HALL)
    taken = [value for value in vars(ports).values() if value is not None]
    assert len(set(taken)) == len(taken) == 9


def test_a_port_that_is_taken_in_the_hall_alone_is_taken(taken_in_hall: int) -> None:
    assert choose(WantedPorts(http=taken_in_hall, ws=0)).http == taken_in_hall
    for wanted in (
        WantedPorts(http=taken_in_hall, ws=None),
        WantedPorts(http=0, ws=taken_in_hall),
        WantedPorts(http=0, ws=None, tls=taken_in_hall),
    ):
        with pytest.raises(PortError, match=f"port {taken_in_hall} of {HALL} is already in use"):
            choose(wanted, HALL)


@pytest.mark.parametrize(
    ("wanted", "hall"),
    [
        (WantedPorts(http=8001, ws=None), None),
        (WantedPorts(http=8000, ws=8000), None),
        (WantedPorts(http=8000, ws=None, tls=8000), HALL),
        (WantedPorts(http=8000, ws=8443, tls=8443), HALL),
    ],
)
def test_a_port_is_not_asked_for_twice(wanted: WantedPorts, hall: str | None) -> None:
    with pytest.raises(PortError, match=r"is asked for twice: .* must differ"):
        choose(wanted, hall)
