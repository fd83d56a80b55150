"""The hosts are what the tests of the hall take them for."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import get_args

import pytest

from tests.integration.client import TRIES, eventually
from tests.network.bad_links import BadLink, Way, badly_linked_hosts, missing
from tests.network.hosts import (
    LAPTOP,
    LAPTOP_IPV6,
    PHONES,
    WIFI,
    Host,
    HostError,
    Hosts,
    hosts,
)
from tests.network.scan import ALL_PORTS, Listening, listening, scan_tcp, scan_udp, unration

PORT = 8000
WAYS: tuple[Way, ...] = get_args(Way)


@pytest.fixture(scope="module")
def both() -> Iterator[Hosts]:
    with hosts(phones=3) as made:
        yield made


@contextmanager
def server(host: Host, address: str, port: int = PORT) -> Iterator[socket.socket]:
    """Somebody who listens there."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with host.inside():
        listener = socket.create_server((address, port), family=family)
    with closing(listener):
        yield listener


async def asked(host: Host, address: str, source: str = "") -> str:
    with closing(await host.connect(address, PORT, source)) as connection:
        own: str = connection.getsockname()[0]
        return own


def test_phones_reach_the_laptop_each_from_an_address_of_its_own(both: Hosts) -> None:
    with server(both.laptop, LAPTOP) as listener:
        seen = [asyncio.run(asked(both.phones, LAPTOP, phone)) for phone in PHONES[:3]]
        peers = []
        for _ in seen:
            connection, peer = listener.accept()
            connection.close()
            peers.append(peer[0])
    assert seen == peers == list(PHONES[:3])


def test_each_host_has_a_loopback_of_its_own(both: Hosts) -> None:
    with server(both.laptop, "127.0.0.1"):
        assert asyncio.run(asked(both.laptop, "127.0.0.1")) == "127.0.0.1"
        with pytest.raises(ConnectionRefusedError):
            asyncio.run(asked(both.phones, "127.0.0.1"))


def test_this_thread_is_back_on_its_own_host_after_the_block(both: Hosts) -> None:
    before = Path("/proc/thread-self/ns/net").readlink()
    with both.laptop.inside():
        assert Path("/proc/thread-self/ns/net").readlink() != before
    assert Path("/proc/thread-self/ns/net").readlink() == before


def test_a_program_runs_on_its_host_with_its_interfaces_and_names(
    both: Hosts, tmp_path: Path
) -> None:
    names = tmp_path / "hosts"
    names.write_text(f"{LAPTOP} hall.example\n")
    script = "ls /sys/class/net; getent hosts hall.example; ip -brief address show dev wifi0"
    seen = subprocess.run(  # noqa: S603
        [*both.laptop.program(names), "sh", "-c", script],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert seen.split()[:2] == ["lo", WIFI]
    assert "hall.example" in seen
    assert f"{LAPTOP}/16" in seen
    assert "hall.example" not in Path("/etc/hosts").read_text()


def test_a_mistake_in_a_command_is_told(both: Hosts) -> None:
    with pytest.raises(HostError, match="nowhere"):
        both.laptop.ip("link", "set", "nowhere", "up")


@pytest.mark.parametrize("address", [LAPTOP, LAPTOP_IPV6])
def test_a_scan_finds_the_open_port_among_all(both: Hosts, address: str) -> None:
    with ExitStack() as servers:
        for port in (ALL_PORTS[0], PORT, ALL_PORTS[-1]):
            servers.enter_context(server(both.laptop, address, port))
        servers.enter_context(server(both.laptop, "127.0.0.1", 9000))
        found = scan_tcp(both.phones, address)
    assert found.open == {ALL_PORTS[0], PORT, ALL_PORTS[-1]}
    assert found.silent == frozenset()


def test_a_scan_reaches_the_address_that_an_interface_gave_itself(both: Hosts) -> None:
    with server(both.laptop, "::"):
        address = f"{both.laptop.link_local()}%{WIFI}"
        assert scan_tcp(both.phones, address, range(PORT - 5, PORT + 5)).open == {PORT}


def test_a_server_of_datagrams_is_silent_where_all_others_refuse(both: Hosts) -> None:
    unration(both.laptop)
    with both.laptop.inside():
        listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with closing(listener):
        listener.bind((LAPTOP, 5353))
        found = scan_udp(both.phones, LAPTOP, range(5300, 5400))
    assert found.open == frozenset()
    assert found.silent == {5353}


def test_the_kernel_lists_who_waits_for_strangers(both: Hosts) -> None:
    with server(both.laptop, LAPTOP), server(both.laptop, "::1", 9000):
        assert listening(both.laptop) == {
            Listening("tcp", LAPTOP, PORT),
            Listening("tcp", "::1", 9000),
        }
    assert listening(both.laptop) == set()


def test_an_address_is_taken_and_given_back_and_a_link_goes_and_comes(both: Hosts) -> None:
    with server(both.laptop, LAPTOP) as listener:
        laptop = both.laptop
        changes: list[tuple[Callable[[], None], Callable[[], None]]] = [
            (partial(laptop.remove_address, LAPTOP), partial(laptop.add_addresses, LAPTOP)),
            (laptop.down, laptop.up),
        ]
        for lose, regain in changes:
            lose()
            with pytest.raises((OSError, TimeoutError)):
                asyncio.run(asyncio.wait_for(asked(both.phones, LAPTOP), 0.5))
            regain()
            assert asyncio.run(asyncio.wait_for(asked(both.phones, LAPTOP), 20))
            listener.accept()[0].close()


@pytest.mark.parametrize("way", WAYS)
def test_a_bad_link_is_late_and_loses_what_tcp_sends_again(way: Way) -> None:
    if reason := missing(way):
        pytest.skip(reason)
    sent = os.urandom(200_000)
    with badly_linked_hosts(way, BadLink(delay_ms=20, loss_percent=5)) as both:
        # A kernel sends such a text in few pieces, of which none may be lost by chance.
        for _ in range(TRIES):
            came, first_answer_seconds = asyncio.run(_carried(both, sent))
            assert came == sent
            assert first_answer_seconds >= 0.04, "there and back"
            if _sent_again(both.laptop):
                return
    raise AssertionError("nothing was lost")


def _sent_again(host: Host) -> int:
    """How many segments the host's TCP has sent a second time."""
    table = host.run("cat", "/proc/net/snmp")
    names, values = (line.split() for line in table.splitlines() if line.startswith("Tcp:"))
    return int(values[names.index("RetransSegs")])


async def _carried(both: Hosts, data: bytes) -> tuple[bytes, float]:
    """What a phone gets of what the laptop sends, and how long its connection took."""
    loop = asyncio.get_running_loop()
    with server(both.laptop, LAPTOP) as listener:
        listener.setblocking(False)
        begun = loop.time()
        accepting = asyncio.create_task(loop.sock_accept(listener))
        phone = await both.phones.connect(LAPTOP, PORT)
        took = loop.time() - begun
        connection, _ = await accepting
    with closing(connection), closing(phone):
        sending = asyncio.create_task(loop.sock_sendall(connection, data))
        came = b""
        async with asyncio.timeout(60):
            while len(came) < len(data):
                came += await loop.sock_recv(phone, 65_536)
        await sending
    return came, took


def test_nothing_is_left_of_hosts_whose_process_was_killed() -> None:
    code = (
        "import os, subprocess, sys, time\n"
        "from tests.network.bad_links import *\n"
        "with badly_linked_hosts('relay', BadLink(1, 0)) as both:\n"
        "    print(os.getpid(), both.laptop.run('readlink', '/proc/self/ns/net'), flush=True)\n"
        "    time.sleep(60)\n"
    )
    if reason := missing("relay"):
        pytest.skip(reason)
    project = Path(__file__).parents[2]
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", code], cwd=project, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        _, network = process.stdout.readline().split()
        process.kill()
    asyncio.run(eventually(lambda: network in set(_networks()), False))


def _networks() -> Iterator[str]:
    """The namespace of every process that runs."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            yield str((process / "ns" / "net").readlink())
        except OSError:
            continue
