"""Free ports and taken ones."""

import errno
import itertools
import random
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from infra.local.__main__ import main
from infra.local.process import ports
from infra.local.process.ports import (
    HIGHEST,
    LOWEST,
    PortError,
    free_ports,
    is_free,
    listening,
    parse_port,
    require_free,
    url_host,
)


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_port_that_somebody_listens_on_is_refused(taken: int) -> None:
    assert not is_free(taken)
    with pytest.raises(PortError, match=f"port {taken} of 127.0.0.1 is already in use"):
        require_free(taken)


def test_a_port_is_a_number_that_a_socket_takes() -> None:
    assert [parse_port(text) for text in ("0", "8000", "65535")] == [0, 8000, 65535]


@pytest.mark.parametrize("text", ["abc", "", "-1", "65536", "8_000", " 80", "9" * 5000])
def test_what_is_no_port_is_said_with_what_is_one(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(
        PortError, match="is not a port: it must be 1 to 65535, or 0 for a free one"
    ):
        parse_port(text)
    with pytest.raises(SystemExit) as ended:
        main([f"--http-port={text}"])
    assert ended.value.code == 2
    assert (
        f"argument --http-port: {text!r} is not a port: it must be 1 to" in capsys.readouterr().err
    )


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


def test_a_port_of_another_address_is_another_port(taken: int) -> None:
    assert is_free(taken, "127.0.0.2")
    with socket.create_server(("127.0.0.2", taken)):
        with pytest.raises(PortError, match=f"port {taken} of 127.0.0.2 is already in use"):
            require_free(taken, "127.0.0.2")
        assert not is_free(taken, "127.0.0.2")


def test_a_port_of_ipv6_is_looked_at_as_such() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        assert not is_free(server.getsockname()[1], "::1")


def test_a_port_that_only_root_may_have_is_said_to_be_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(PortError, match=r"port 80 of 127\.0\.0\.1 is root's alone on this machine"):
        require_free(80)


def test_free_ports_of_a_hall_are_free_at_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []

    def look(_: int, host: str) -> bool:
        looked.append(host)
        return True

    monkeypatch.setattr(ports, "is_free", look)
    next(free_ports("192.168.1.7"))
    assert looked == ["127.0.0.1", "192.168.1.7"]


def test_free_ports_are_free_and_distinct_and_no_clients() -> None:
    found = list(itertools.islice(free_ports(), 20))
    assert len(set(found)) == 20
    assert all(LOWEST <= port < HIGHEST for port in found)
    assert all(map(is_free, found))


CHOOSER = """
import random, sys
from infra.local.process.ports import free_ports
random.sample = lambda *_: [int(port) for port in sys.argv[1:]]
print(next(free_ports()), flush=True)
sys.stdin.read()
"""


def test_a_port_is_chosen_by_one_process_until_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    here = itertools.islice(free_ports(), 2)
    candidates = [next(here), next(here), 19_999]
    with subprocess.Popen(  # noqa: S603 - this project, beside itself
        [sys.executable, "-c", CHOOSER, *map(str, candidates)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert int(other.stdout.readline()) == 19_999
        monkeypatch.setattr(random, "sample", lambda *_: [19_999])
        with pytest.raises(PortError, match="no free port"):
            next(free_ports())
        other.communicate()
    assert next(free_ports()) == 19_999


def test_where_a_system_knows_no_reserved_names_ports_are_chosen_without(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bind = socket.socket.bind

    def refuse(own: socket.socket, address: object) -> None:
        if own.family is socket.AF_UNIX:
            raise OSError(errno.ENOENT, "No such file or directory")
        bind(own, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "bind", refuse)
    assert is_free(next(free_ports()))


def test_a_socket_that_listens_keeps_its_port_for_whoever_inherits_it() -> None:
    port = next(free_ports())
    with listening(port):
        with socket.create_connection(("127.0.0.1", port)):
            pass  # nobody accepts yet, and nobody is refused
        with pytest.raises(PortError, match=f"port {port} of 127.0.0.1"):
            listening(port)


@pytest.mark.parametrize(("address", "host"), [("10.0.0.1", "10.0.0.1"), ("fd00::7", "[fd00::7]")])
def test_an_address_as_browsers_write_it(address: str, host: str) -> None:
    assert url_host(address) == host
