"""Where the gateway listens, and what each door shows to whom."""

import sys
from pathlib import Path

import pytest

from infra.local.gateway.doors import HALL, Door, Hall, Serves, loopback_doors
from tests.benchmarks.running_gateway import self_signed

LOCAL = {"127.0.0.1"}
SOCKETS = Serves.SOCKETS | Serves.MANAGEMENT
PAGES = Serves.PAGES | Serves.OPERATOR


def test_pages_and_sockets_have_a_port_each() -> None:
    ws, http = loopback_doors(8001, 8000, LOCAL)
    assert (ws.port, ws.serves, ws.guarded) == (8001, SOCKETS, False)
    assert (http.port, http.serves, http.guarded) == (8000, PAGES, False)


def test_where_another_serves_the_pages_there_is_one_door() -> None:
    (ws,) = loopback_doors(8001, None, LOCAL)
    assert ws.serves == SOCKETS


def test_in_a_hall_one_port_of_loopback_has_everything() -> None:
    (everything,) = loopback_doors(8000, 8000, LOCAL, in_hall=True)
    assert everything.serves == PAGES | SOCKETS | HALL
    ws, http = loopback_doors(8001, 8000, LOCAL, in_hall=True)
    assert (ws.port, ws.serves) == (8001, SOCKETS)
    assert http.serves == everything.serves


def test_the_hall_s_doors_are_guarded_and_show_nothing_of_the_inside(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path)
    doors = list(Hall("192.168.1.7", "hall.local", 8000, 8001, 8443, certificate).doors())
    assert [(door.port, door.serves) for door in doors] == [
        (8000, HALL),
        (8001, Serves.SOCKETS),
        (8443, HALL),
    ]
    assert all(door.guarded and door.address == "192.168.1.7" for door in doors)
    assert [door.tls is not None for door in doors] == [False, False, True]
    assert [door.url(door.port) for door in doors] == [
        "http://192.168.1.7:8000",
        "ws://192.168.1.7:8001",
        "https://192.168.1.7:8443",
    ]


@pytest.mark.parametrize(
    ("address", "name", "host", "known"),
    [
        ("192.168.1.7", None, "192.168.1.7:8000", True),
        ("192.168.1.7", None, "192.168.1.7", True),
        ("192.168.1.7", "Hall.local", "hall.local:8000", True),
        ("192.168.1.7", "Hall.local", "HALL.LOCAL", True),
        ("192.168.1.7", "hall.local", "192.168.1.7:8000", True),
        ("fd00::7", None, "[fd00::7]:8000", True),
        ("192.168.1.7", None, "hall.local", False),
        ("192.168.1.7", None, "127.0.0.1:8000", False),
        ("192.168.1.7", None, "localhost", False),
        ("192.168.1.7", None, "192.168.1.7.evil.example", False),
        ("192.168.1.7", None, "evil.example", False),
        ("192.168.1.7", None, "192.168.1.7:8000@evil.example", False),
        ("192.168.1.7", None, "", False),
        ("192.168.1.7", None, None, False),
    ],
)
def test_the_hall_answers_by_its_own_names_alone(
    address: str, name: str | None, host: str | None, known: bool
) -> None:
    (door,) = Hall(address, name, 8000).doors()
    assert door.knows(host) is known


def test_programs_of_this_machine_need_not_name_a_host() -> None:
    assert Door(0, LOCAL, PAGES).knows(None)


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/ops",
            "/ops/",
            "/ops/state",
            "//ops",
            "///ops//state",
            "/./ops",
            "/%6fps",
            "/%6F%70%73",
        ),
        *("/OPS", "/api/ops", "/api//ops/state", "/ops/anything", "/%2fops", "ops"),
        *(
            "/@connections/abc=",
            "/api/@connections/abc=",
            "/x/@connections/abc",
            "/%40connections/a",
        ),
        *("/@Connections/abc", "//@connections//abc", "/web/@connections/abc", "/@connections"),
    ],
)
def test_what_is_this_machine_s_alone_is_hidden_from_the_hall(path: str) -> None:
    (door,) = Hall("192.168.1.7", None, 8000).doors()
    assert door.forbids(path)
    (everything,) = loopback_doors(8000, 8000, LOCAL, in_hall=True)
    assert not everything.forbids(path)


@pytest.mark.parametrize(
    "path",
    ["/", "/web/ops.js", "/s/happy-ops-123", "/sessions", "/health", "/opsy", "/s/ops", "", "/api"],
)
def test_nothing_else_is_hidden(path: str) -> None:
    (door,) = Hall("192.168.1.7", None, 8000).doors()
    assert not door.forbids(path)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems need the address to be there")
@pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8::7"])
def test_a_gateway_comes_up_while_the_network_is_gone(address: str) -> None:
    (door,) = Hall(address, None, 0).doors()
    try:
        with door.listen() as listener:
            assert listener.getsockname()[0] == address
    except OSError as error:
        pytest.skip(f"this machine has no such network: {error}")


def test_a_port_that_is_taken_is_named() -> None:
    (door,) = Hall("127.0.0.1", None, 0).doors()
    with door.listen() as listener:
        port = listener.getsockname()[1]
        (again,) = Hall("127.0.0.1", None, port).doors()
        with pytest.raises(OSError, match=f"at 127.0.0.1, port {port}"):
            again.listen()
