"""The Wi-Fi goes and comes back, with the address that it had or with another one."""

import logging
import threading
from collections.abc import Sequence

import pytest

from infra.local.hall.addresses import HallAddress, IpAddress, MachineAddress
from infra.local.hall.following import BackgroundLookup, Following
from tests.unit.infra.local.hall.machines import (
    CABLE,
    DOCKER,
    LOOPBACK,
    NOBODY,
    ULA,
    VETH,
    WIFI,
    WIFI_MOVED,
    Names,
    address,
    hall_at,
)


class Machine:
    """A machine that can be given other addresses."""

    def __init__(self, *addresses: MachineAddress) -> None:
        self.has(*addresses)

    def has(self, *addresses: MachineAddress) -> None:
        self.addresses: Sequence[MachineAddress] = [*LOOPBACK, *addresses]

    def __call__(self) -> Sequence[MachineAddress]:
        return self.addresses


@pytest.fixture(autouse=True)
def _every_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


def follow(machine: Machine, hall: HallAddress, names: Names = NOBODY) -> Following:
    return Following(hall, machine, names)


def test_nothing_is_said_while_nothing_changes(caplog: pytest.LogCaptureFixture) -> None:
    machine = Machine(WIFI)
    following = follow(machine, hall_at(WIFI))
    machine.has(WIFI, CABLE, DOCKER)
    assert [following.look() for _ in range(3)] == [None, None, None]
    assert caplog.messages == []


def test_a_loss_is_said_once_and_so_is_the_return(caplog: pytest.LogCaptureFixture) -> None:
    machine = Machine()
    following = follow(machine, hall_at(WIFI))
    assert [following.look() for _ in range(3)] == [None, None, None]
    machine.has(WIFI)
    assert [following.look() for _ in range(3)] == [None, None, None]
    loss, back = caplog.messages
    assert loss == (
        "192.168.1.7 (wlan0) is gone: phones cannot reach the hall until it is back, with this "
        "address or another; the talk goes on at this laptop"
    )
    assert back == "192.168.1.7 is back: phones reach the hall again"


def test_several_new_addresses_are_named_when_they_come(caplog: pytest.LogCaptureFixture) -> None:
    machine = Machine()
    following = follow(machine, hall_at(WIFI))
    assert following.look() is None
    machine.has(WIFI_MOVED, CABLE)
    assert [following.look() for _ in range(3)] == [None, None, None]
    _, several = caplog.messages
    assert f"this machine has {CABLE}, {WIFI_MOVED} now" in several
    assert f"make hall ADDRESS={CABLE.ip}" in several
    machine.has(WIFI_MOVED)
    moved = following.look()
    assert moved is not None
    assert moved.at == WIFI_MOVED


def test_an_interface_without_a_carrier_is_gone(caplog: pytest.LogCaptureFixture) -> None:
    machine = Machine(address("192.168.1.7", running=False))
    assert follow(machine, hall_at(WIFI)).look() is None
    assert len(caplog.messages) == 1


def test_the_hall_follows_to_another_address_once() -> None:
    machine = Machine()
    following = follow(machine, hall_at(WIFI))
    following.look()
    machine.has(WIFI_MOVED)
    assert following.look() == hall_at(WIFI_MOVED)
    assert following.look() is None
    machine.has(WIFI)
    assert following.look() == hall_at(WIFI)


def test_the_hall_follows_from_the_wifi_to_a_cable() -> None:
    assert follow(Machine(CABLE, DOCKER), hall_at(WIFI)).look() == hall_at(CABLE)


def test_the_bridge_of_containers_is_no_place_to_go() -> None:
    assert follow(Machine(DOCKER), hall_at(WIFI)).look() is None


def test_an_interface_without_hardware_is_followed_where_the_hall_began_there() -> None:
    moved = address("10.77.0.2", VETH.interface, hardware=False)
    assert follow(Machine(moved, DOCKER), hall_at(VETH)).look() == hall_at(moved)


def test_an_address_of_ipv6_that_stays_is_no_other_address(
    caplog: pytest.LogCaptureFixture,
) -> None:
    machine = Machine(ULA)
    following = follow(machine, hall_at(WIFI))
    assert following.look() is None
    machine.has(ULA, WIFI)
    assert following.look() is None
    assert len(caplog.messages) == 2


def test_where_several_addresses_came_nobody_guesses(caplog: pytest.LogCaptureFixture) -> None:
    assert follow(Machine(WIFI_MOVED, CABLE), hall_at(WIFI)).look() is None
    assert len(caplog.messages) == 1


def test_a_number_that_was_asked_for_is_not_replaced(caplog: pytest.LogCaptureFixture) -> None:
    machine = Machine(WIFI_MOVED)
    following = follow(machine, hall_at(WIFI, asked_for=True))
    assert [following.look() for _ in range(2)] == [None, None]
    (loss,) = caplog.messages
    assert loss == (
        "192.168.1.7 (wlan0) is gone: phones cannot reach the hall until it is back; this machine "
        "has 192.168.1.23 (wlan0)"
    )
    machine.has(WIFI)
    assert following.look() is None


def test_a_name_that_was_asked_for_is_looked_up_again() -> None:
    names = Names(hall_local=("192.168.1.7",))
    machine = Machine(WIFI)
    following = follow(machine, hall_at(WIFI, "hall.local"), names)
    machine.has(WIFI_MOVED)
    assert following.look() is None
    names.names["hall.local"] = ("192.168.1.23",)
    assert following.look() == hall_at(WIFI_MOVED, "hall.local")
    assert following.look() is None


def test_a_name_that_leads_to_an_interface_without_a_carrier_waits() -> None:
    machine = Machine(address("192.168.1.7", running=False))
    names = Names(hall_local=("192.168.1.7",))
    assert follow(machine, hall_at(WIFI, "hall.local"), names).look() is None


def test_a_slow_name_server_holds_nobody_up() -> None:
    asked, may_answer, answered = threading.Event(), threading.Event(), threading.Event()

    def slow(name: str) -> Sequence[IpAddress]:
        asked.set()
        may_answer.wait()
        answered.set()
        return NOBODY(name) or (WIFI.ip,)

    background = BackgroundLookup(slow)
    assert background("hall.local") == ()
    assert asked.wait(10)
    assert background("hall.local") == ()
    may_answer.set()
    assert answered.wait(10)
    while not background("hall.local"):
        threading.Event().wait(0.01)
    assert background("hall.local") == (WIFI.ip,)
