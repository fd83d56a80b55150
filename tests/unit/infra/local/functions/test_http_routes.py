"""Chalice's local server, and clients that misbehave."""

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.access.callers import page_hosts
from infra.local.functions.http_routes import LARGEST_BODY_BYTES, HttpRoutes
from infra.local.functions.registry import load
from tests.hostile.http_request import WIRE
from tests.unit.infra.project import project

PATIENCE = 10


@pytest.fixture
def served(tmp_path: Path) -> Iterator[int]:
    with project(tmp_path) as directory:
        routes = HttpRoutes(load(directory), 0, lambda: None)
        routes.start()
        yield routes.port
        routes.stop()


def request(port: int, method: str, path: str, **kwargs: object) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request(method, path, **kwargs)  # type: ignore[arg-type]
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def raw(port: int, data: bytes) -> bytes:
    """What comes back on a connection until the server closes it."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(data)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_routes_are_served(served: int) -> None:
    status, body = request(served, "POST", "/hello/ana", body=b'{"a": 1}')
    assert (status, json.loads(body)) == (200, {"hello": "ana", "body": '{"a": 1}'})


def test_a_connection_serves_many_requests(served: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", served, timeout=PATIENCE)
    for name in ("ana", "ben"):
        connection.request("GET", f"/hello/{name}")
        assert json.loads(connection.getresponse().read())["hello"] == name
    connection.close()


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.1.7"])
def test_the_application_learns_the_client_s_own_address(served: int, address: str) -> None:
    connection = http.client.HTTPConnection(
        "127.0.0.1", served, timeout=PATIENCE, source_address=(address, 0)
    )
    connection.request("GET", "/address", headers={"X-Forwarded-For": "198.51.100.1"})
    assert json.loads(connection.getresponse().read()) == {"address": address}
    connection.close()


@pytest.mark.parametrize("path", ["/broken", "/worse"])
def test_a_failing_view_tells_nothing_of_itself(
    served: int, path: str, capfd: pytest.CaptureFixture[str]
) -> None:
    status, body = request(served, "GET", path)
    assert status == 500
    assert b"secret" not in body
    assert b"Traceback" not in body


@pytest.mark.parametrize(("sent", "status"), WIRE.values(), ids=WIRE)
def test_a_bad_request_is_answered_in_json_and_closed(
    served: int, sent: bytes, status: int
) -> None:
    answer = raw(served, sent)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.split(b" ", 2)[1] == str(status).encode()
    assert b"application/json" in head
    assert json.loads(body).keys() == {"message"}


def test_an_unknown_path_is_answered_as_api_gateway_does(served: int) -> None:
    status, body = request(served, "GET", "/nowhere")
    assert (status, json.loads(body)) == (403, {"message": "Missing Authentication Token"})


def test_a_client_that_goes_away_disturbs_nobody(
    served: int, capfd: pytest.CaptureFixture[str]
) -> None:
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", served)) as connection:
            connection.sendall(b"POST /hello/a HTTP/1.1\r\nContent-Length: 100\r\n\r\npart")
    assert request(served, "GET", "/hello/ana")[0] == 200
    assert capfd.readouterr() == ("", "")


def test_requests_at_the_same_time_keep_to_themselves(served: int) -> None:
    wrong: list[bytes] = []

    def ask(name: str) -> None:
        for _ in range(10):
            _, body = request(served, "POST", f"/hello/{name}", body=name.encode())
            if json.loads(body) != {"hello": name, "body": name}:
                wrong.append(body)

    threads = [threading.Thread(target=ask, args=(f"n{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize(
    ("host", "status"),
    [("localhost:8000", 200), ("tunnel.example", 200), ("evil.example:8000", 403)],
)
def test_a_name_that_was_made_to_lead_here_is_refused(
    tmp_path: Path, host: str, status: int
) -> None:
    with project(tmp_path) as directory:
        hosts = page_hosts("https://tunnel.example")
        routes = HttpRoutes(load(directory), 0, lambda: None, hosts)
        routes.start()
        answer = request(routes.port, "POST", "/hello/ana", headers={"Host": host}, body=b"{}")
        routes.stop()
    assert answer[0] == status


def test_whoever_sends_too_much_sees_why_it_is_refused(served: int) -> None:
    body = b"x" * (LARGEST_BODY_BYTES + 1024 * 1024)
    assert request(served, "POST", "/hello/ana", body=body)[0] == 413
