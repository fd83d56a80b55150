"""The HTTP routes of an application behind the gateway, and clients that misbehave."""

import asyncio
import gzip
import http.client
import json
import logging
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from infra.local.access.callers import LOOPBACK_HOSTS, page_hosts
from infra.local.gateway.doors import Door, Serves
from infra.local.gateway.limits import GatewayLimits
from infra.local.gateway.server import gateway
from tests.hostile.http_request import WIRE
from tests.unit.infra.local.gateway.served_project import PATIENCE, raw, request, served_project
from tests.unit.infra.local.gateway.stage import Event, Reply, fake_functions

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


def fetch(port: int, path: str, **headers: str) -> tuple[int, http.client.HTTPMessage, bytes]:
    """Status, headers and body of a GET."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("GET", path, headers=fields)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, response.headers, body


def test_a_file_that_never_changes_costs_the_functions_one_call(tmp_path: Path) -> None:
    calls: list[None] = []
    with served_project(tmp_path, [PAGES], after_call=lambda: calls.append(None)) as (port,):
        for _ in range(3):
            status, headers, body = fetch(port, "/web/base?v=1")
            assert (status, body) == (200, b"base" * 400)
            assert headers["ETag"] == '"tag"'
            status, headers, body = fetch(port, "/web/base?v=1", Accept_Encoding="gzip")
            assert (status, gzip.decompress(body)) == (200, b"base" * 400)
            assert headers["ETag"] == 'W/"tag"'
            status, headers, body = fetch(
                port, "/web/base?v=1", Accept_Encoding="gzip", If_None_Match='W/"tag"'
            )
            assert (status, headers["ETag"], body) == (304, 'W/"tag"', b"")
            assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert headers["Vary"] == "Accept-Encoding"
        assert len(calls) == 1
        for _ in range(2):
            assert fetch(port, "/web/base")[0] == 200
        assert fetch(port, "/web/base", If_None_Match='"tag"')[0] == 304
        assert len(calls) == 4


def test_a_crowd_that_asks_for_one_file_has_it_made_a_few_times_alone(tmp_path: Path) -> None:
    calls: list[None] = []
    limits = GatewayLimits(parallel_requests=2)
    with served_project(tmp_path, [PAGES], limits, lambda: calls.append(None)) as (port,):
        threads = [threading.Thread(target=fetch, args=(port, "/web/base?v=1")) for _ in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert 1 <= len(calls) <= 2


def test_the_event_is_api_gateways(served: int) -> None:
    path = "/event/caf%C3%A9%2F1?x=1&x=2&y="
    event = json.loads(fetch(served, path, X_Forwarded_Proto="https", User_Agent="phone")[2])
    context = event.pop("requestContext")
    assert (event["resource"], event["path"]) == ("/event/{name}", "/event/caf%C3%A9%2F1")
    assert event["pathParameters"] == {"name": "café/1"}
    assert event["queryStringParameters"] == {"x": "2", "y": ""}
    assert event["multiValueQueryStringParameters"] == {"x": ["1", "2"], "y": [""]}
    assert event["headers"]["X-Forwarded-Proto"] == "http"
    assert event["headers"]["X-Forwarded-For"] == "127.0.0.1"
    assert event["headers"]["Host"] == f"127.0.0.1:{served}"
    assert (event["body"], event["isBase64Encoded"]) == (None, False)
    assert context["identity"] == {"sourceIp": "127.0.0.1", "userAgent": "phone"}
    assert (context["resourcePath"], context["path"]) == ("/event/{name}", "/event/caf%C3%A9%2F1")
    assert context["requestId"]


@pytest.mark.parametrize(
    "path",
    ["/hello/ana/", "/hello/ana?x=1"],
)
def test_one_slash_at_the_end_does_not_matter(served: int, path: str) -> None:
    assert fetch(served, path)[0] == 200


@pytest.mark.parametrize(
    "path", ["/hello//", "/hello/", "//hello/ana", "/%68ello/ana", "/hello/a/b", "/hello%2Fana"]
)
def test_a_path_is_compared_as_it_came(served: int, path: str) -> None:
    assert fetch(served, path)[0] == 403


def test_a_body_that_does_not_come_is_not_waited_for(tmp_path: Path) -> None:
    limits = GatewayLimits(request_body_timeout=0.05)
    with served_project(tmp_path, [PAGES], limits) as (port,):
        answer = raw(
            port, b"POST /hello/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\npart"
        )
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_more_requests_than_may_wait_are_refused(tmp_path: Path) -> None:
    with served_project(tmp_path, [PAGES], GatewayLimits(waiting_requests=0)) as (port,):
        assert request(port, "GET", "/hello/ana")[0] == 429


def test_without_functions_the_answer_is_json(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with fake_functions() as (_, url):
            pass
        async with (
            gateway(url, [PAGES], GatewayLimits()) as (port,),
            aiohttp.ClientSession() as http_client,
            http_client.get(f"http://127.0.0.1:{port}/s/x?token=secret") as response,
        ):
            assert response.status == 503
            assert await response.json() == {"message": "Service Unavailable"}
        assert "secret" not in caplog.text

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (Reply({"statusCode": 200, "body": "fine"}), 200),
        (Reply({"statusCode": 200}), 200),
        (Reply({"errorMessage": "secret"}, error="Unhandled"), 502),
        (Reply({}, status=500), 502),
        (Reply({}, status=413), 413),
        (Reply(None), 502),
        (Reply({"statusCode": "200"}), 502),
        (Reply({"statusCode": 101}), 502),
        (Reply({"statusCode": 200, "body": {"a": 1}}), 502),
        (Reply({"statusCode": 200, "body": "!", "isBase64Encoded": True}), 502),
        (Reply({"statusCode": 200, "headers": {"X": "a\r\nSet-Cookie: b"}}), 502),
        (Reply({"statusCode": 200, "headers": [1]}), 502),
    ],
)
def test_what_a_function_returns_becomes_the_answer(
    reply: Reply, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def behave(_event: Event) -> Reply:
        return reply

    async def scenario() -> None:
        async with (
            fake_functions({"/": ["GET"]}) as (functions, url),
            gateway(url, [PAGES], GatewayLimits()) as (port,),
            aiohttp.ClientSession() as http_client,
        ):
            functions.behaviour["api_handler"] = behave
            async with http_client.get(f"http://127.0.0.1:{port}/") as response:
                assert response.status == status
                assert "secret" not in await response.text()

    caplog.set_level(logging.CRITICAL)
    asyncio.run(scenario())


def test_a_function_that_takes_too_long_answers_504() -> None:
    async def scenario() -> None:
        forever = asyncio.Event()

        async def hang(_event: Event) -> Reply:
            await forever.wait()
            return Reply()

        async with (
            fake_functions({"/": ["GET"]}) as (functions, url),
            gateway(url, [PAGES], GatewayLimits(invocation_timeout=0.05)) as (port,),
            aiohttp.ClientSession() as http_client,
        ):
            functions.behaviour["api_handler"] = hang
            async with http_client.get(f"http://127.0.0.1:{port}/") as response:
                assert response.status == 504
                assert await response.json() == {"message": "Endpoint request timed out"}
            forever.set()

    asyncio.run(scenario())
