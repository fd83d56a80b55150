"""Free ports and taken ones."""

import itertools
import socket
from collections.abc import Iterator

import pytest

from infra.local.ports import HIGHEST, LOWEST, PortError, free_ports, is_free, require_free


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_port_that_somebody_listens_on_is_refused(taken: int) -> None:
    assert not is_free(taken)
    with pytest.raises(PortError, match=f"port {taken} of 127.0.0.1 is already in use"):
        require_free(taken)


def test_a_port_taken_on_every_interface_is_refused() -> None:
    with socket.create_server(("", 0)) as server:
        assert not is_free(server.getsockname()[1])


def test_the_remains_of_a_closed_connection_do_not_count() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        accepted, _ = server.accept()
        accepted.close()  # the side that closes first keeps the port in TIME_WAIT
        assert client.recv(1) == b""
        client.close()
    require_free(port)


def test_free_ports_are_free_and_distinct_and_no_clients() -> None:
    ports = list(itertools.islice(free_ports(), 20))
    assert len(set(ports)) == 20
    assert all(LOWEST <= port < HIGHEST for port in ports)
    assert all(map(is_free, ports))
