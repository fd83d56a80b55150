"""The HTTP routes of an application behind the gateway, and clients that misbehave."""

import gzip
import http.client
import json
import logging
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.access.callers import LOOPBACK_HOSTS, page_hosts
from infra.local.gateway.doors import Door, Serves
from infra.local.gateway.limits import GatewayLimits
from tests.hostile.http_request import WIRE
from tests.unit.infra.local.gateway.served_project import PATIENCE, raw, request, served_project

PAGES = Door(0, LOOPBACK_HOSTS, Serves.PAGES)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[int]:
    with served_project(tmp_path, [PAGES]) as (port,):
        yield port


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


@pytest.mark.parametrize(("path", "status"), [("/broken", 500), ("/worse", 502)])
def test_a_failing_view_tells_nothing_of_itself(
    served: int, path: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    answer = request(served, "GET", path)
    assert answer[0] == status
    assert b"secret" not in answer[1]
    assert b"Traceback" not in answer[1]


@pytest.mark.parametrize(("sent", "status"), WIRE.values(), ids=WIRE)
def test_a_bad_request_is_answered_in_json_and_closed(
    served: int, sent: bytes, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
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
            connection.sendall(
                b"POST /hello/a HTTP/1.1\r\nHost: [::1]\r\nContent-Length: 9\r\n\r\npart"
            )
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
    door = Door(0, page_hosts("https://tunnel.example"), Serves.PAGES)
    with served_project(tmp_path, [door]) as (port,):
        answer = request(port, "POST", "/hello/ana", headers={"Host": host}, body=b"{}")
    assert answer[0] == status


def test_whoever_sends_too_much_sees_why_it_is_refused(served: int) -> None:
    body = b"x" * (GatewayLimits().request_bytes + 1024 * 1024)
    assert request(served, "POST", "/hello/ana", body=body)[0] == 413


def test_a_compressed_body_is_refused_by_what_it_becomes(served: int) -> None:
    body = gzip.compress(b"x" * (GatewayLimits().request_bytes + 1))
    headers = {"Content-Encoding": "gzip"}
    assert request(served, "POST", "/hello/ana", body=body, headers=headers)[0] == 413


def test_more_than_lambda_takes_is_refused_as_too_large(served: int) -> None:
    body = b"x" * (8 * 1024 * 1024)
    assert request(served, "POST", "/hello/ana", body=body)[0] == 413


def test_a_client_that_asks_first_is_told_to_send_its_body(served: int) -> None:
    with socket.create_connection(("127.0.0.1", served), timeout=PATIENCE) as connection:
        connection.sendall(
            b"POST /hello/ana HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            b"Content-Length: 4\r\nExpect: 100-continue\r\n\r\n"
        )
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"ciao")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["body"] == "ciao"


def test_head_answers_without_a_body(served: int) -> None:
    answer = raw(
        served, b"HEAD /hello/ana HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 405 ")
    assert b"Allow: GET, POST" in head
    assert body == b""


def test_options_are_answered_by_the_gateway(served: int) -> None:
    for path, methods, origin in (
        ("/hello/ana", "OPTIONS", None),
        ("/shared", "GET,OPTIONS", "*"),
    ):
        connection = http.client.HTTPConnection("127.0.0.1", served, timeout=PATIENCE)
        connection.request("OPTIONS", path)
        response = connection.getresponse()
        assert (response.status, response.read()) == (200, b"")
        assert response.headers["Access-Control-Allow-Methods"] == methods
        assert response.headers["Access-Control-Allow-Origin"] == origin
        connection.close()


@pytest.mark.parametrize("body", [b"\xff\xfe", b"caf\xe9", bytes(range(256))])
def test_a_body_that_is_no_text_arrives_as_it_was_sent(served: int, body: bytes) -> None:
    for content_type in ("text/plain", "application/octet-stream"):
        headers = {"Content-Type": content_type, "Accept": "application/octet-stream"}
        assert request(served, "POST", "/bytes", body=body, headers=headers) == (200, body)


def test_every_request_wakes_what_waits_for_its_writes(tmp_path: Path) -> None:
    woken: list[None] = []
    with served_project(tmp_path, [PAGES], after_call=lambda: woken.append(None)) as (port,):
        request(port, "GET", "/hello/ana")
        request(port, "GET", "/nowhere")
    assert woken == [None]
