"""Which address phones reach a machine by."""

import socket
from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from infra.local.hall.addresses import (
    MachineAddress,
    asked_address,
    find_address,
    look_up,
    machine_addresses,
)
from infra.local.hall.errors import HallError
from tests.unit.infra.local.hall.machines import (
    CABLE,
    DOCKER,
    LINK_LOCAL,
    LOOPBACK,
    NOBODY,
    ULA,
    VETH,
    WIFI,
    Names,
    address,
)


@pytest.mark.parametrize(
    ("machine", "host"),
    [
        ([*LOOPBACK, WIFI], "192.168.1.7"),
        ([*LOOPBACK, WIFI, *LINK_LOCAL, ULA], "192.168.1.7"),
        ([*LOOPBACK, WIFI, DOCKER], "192.168.1.7"),
        ([*LOOPBACK, VETH], "10.77.0.1"),
        ([*LOOPBACK, *LINK_LOCAL, ULA], "[fd00::7]"),
        ([*LOOPBACK, ULA, address("2001:db8::7")], "[fd00::7]"),
        ([*LOOPBACK, WIFI, address("10.0.0.5", "eth0", running=False)], "192.168.1.7"),
    ],
    ids=["wifi", "with ipv6", "with docker", "no hardware", "ipv6 only", "two of ipv6", "no cable"],
)
def test_the_address_is_found_where_there_is_one(
    machine: Sequence[MachineAddress], host: str
) -> None:
    found = find_address("", machine, NOBODY)
    assert found.host == host
    assert not found.is_asked_for


@pytest.mark.parametrize(
    "machine",
    [
        LOOPBACK,
        [*LOOPBACK, *LINK_LOCAL],
        [*LOOPBACK, address("192.168.1.7", running=False)],
    ],
    ids=["nothing", "link-local", "no carrier"],
)
def test_a_machine_without_a_network_is_told_to_get_one(machine: Sequence[MachineAddress]) -> None:
    with pytest.raises(HallError, match="no address that a phone could reach: connect it to the r"):
        find_address("", machine, NOBODY)


@pytest.mark.parametrize(
    ("machine", "listed", "first"),
    [
        ([WIFI, CABLE], "10.0.0.5 (eth0), 192.168.1.7 (wlan0)", "10.0.0.5"),
        ([WIFI, address("192.168.2.7")], "192.168.1.7 (wlan0), 192.168.2.7 (wlan0)", "192.168.1.7"),
        ([CABLE, ULA], "10.0.0.5 (eth0), fd00::7 (wlan0)", "10.0.0.5"),
    ],
)
def test_of_several_addresses_the_user_names_one(
    machine: Sequence[MachineAddress], listed: str, first: str
) -> None:
    with pytest.raises(HallError) as refused:
        find_address("", [*LOOPBACK, *machine], NOBODY)
    assert str(refused.value) == (
        f"this machine has several addresses: {listed}; name the one in the phones' network, "
        f"such as make hall ADDRESS={first}"
    )


@pytest.mark.parametrize("ip", ["10.0.0.5", "fd00::7", "172.17.0.1", "169.254.3.4"])
def test_an_address_of_this_machine_is_taken_as_it_is(ip: str) -> None:
    machine = [*LOOPBACK, WIFI, CABLE, ULA, DOCKER, *LINK_LOCAL]
    found = find_address(ip, machine, NOBODY)
    assert str(found.at.ip) == ip
    assert found.is_asked_for
    assert found.hosts == (found.host,)


@pytest.mark.parametrize(
    ("ip", "message"),
    [
        ("192.168.1.8", "192.168.1.8 is not an address of this machine, which has 192.168.1.7"),
        ("127.0.0.1", "no phone reaches 127.0.0.1: name this machine's address in the phones'"),
        ("::1", "no phone reaches ::1"),
        ("::", "no phone reaches ::"),
        ("fe80::7", "no phone reaches fe80::7"),
    ],
)
def test_an_address_that_phones_do_not_reach_is_refused(ip: str, message: str) -> None:
    with pytest.raises(HallError, match=message):
        find_address(ip, [*LOOPBACK, WIFI, *LINK_LOCAL], NOBODY)


def test_a_name_is_the_host_and_its_number_another() -> None:
    names = Names(hall_local=("fe80::7", "fd00::7", "192.168.1.7"))
    found = find_address("hall.local", [*LOOPBACK, WIFI, ULA, *LINK_LOCAL], names)
    assert found.at == WIFI
    assert found.host == "hall.local"
    assert found.hosts == ("hall.local", "192.168.1.7")


@pytest.mark.parametrize(
    ("led_to", "message"),
    [
        ((), "the name hall.local leads nowhere: this machine cannot find its address"),
        (("192.168.1.8",), "leads to 192.168.1.8, where no phone reaches this machine, which has"),
        (("127.0.1.1", "::1"), "leads to 127.0.1.1, ::1, where no phone reaches this machine"),
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(led_to: tuple[str, ...], message: str) -> None:
    machine = [*LOOPBACK, address("127.0.1.1", "lo", hardware=False), WIFI]
    with pytest.raises(HallError, match=message):
        find_address("hall.local", machine, Names(hall_local=led_to))


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("192.168.1.7", "192.168.1.7"),
        (" FD00:0::7 ", "fd00::7"),
        ("[fd00::7]", "fd00::7"),
        ("Hall.local", "hall.local"),
        ("my-laptop", "my-laptop"),
    ],
)
def test_an_address_is_read_as_people_write_it(text: str, asked: str) -> None:
    assert asked_address(text) == asked


@pytest.mark.parametrize(
    "text",
    [
        *("", "http://hall.local", "192.168.1.7:8000", "192.168.1", "1234", "192.168.1.256"),
        *("a b", "-x", "a..b", "é.local", "*.local", "hall_1", "x" * 64, "a,b", "fe80::7%wlan0"),
    ],
)
def test_nonsense_is_said_with_what_would_be_right(text: str) -> None:
    with pytest.raises(HallError, match=r"must be an address, such as 192\.168\.1\.7 or fd00::7"):
        asked_address(text)


def test_this_machine_has_loopback_and_what_it_has_there_is_not_for_phones() -> None:
    found = {str(each.ip): each for each in machine_addresses()}
    assert found["127.0.0.1"].is_running
    assert not found["127.0.0.1"].is_reachable


def test_names_are_looked_up_as_this_machine_does(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ip_address("127.0.0.1") in look_up("localhost")

    def nobody(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    assert look_up("hall.local") == ()
