"""What nobody in the hall may reach, and what no web site may use a browser of the hall for."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.network.halls import PORT, Hall, hall
from tests.network.hosts import LAPTOP, LAPTOP_IPV6, WIFI, Hosts, hosts
from tests.network.people import FORBIDDEN, open_session
from tests.network.scan import Scan, listening, scan_tcp, scan_udp, unration

HTTP, WS = f"http://{LAPTOP}:{PORT}", f"ws://{LAPTOP}:{PORT}"
KEPT = ("/ops", "/ops/state", "/@connections/L0SM9cOFvHcCIhw%3D", "/local/@connections/x")

HOSTS: Mapping[str, Mapping[str, str]] = {
    "the hall's": {},
    "loopback's": {"Host": "127.0.0.1"},
    "loopback's with the port": {"Host": f"127.0.0.1:{PORT}"},
    "localhost": {"Host": f"localhost:{PORT}"},
    "loopback of IPv6": {"Host": f"[::1]:{PORT}"},
    "by a proxy's word": {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": "127.0.0.1"},
    "by another proxy's word": {"Forwarded": "for=127.0.0.1;host=127.0.0.1", "X-Real-IP": "::1"},
    "by a rewriting proxy's word": {"X-Original-URL": "/ops", "X-Rewrite-URL": "/ops"},
    "as a program": {"User-Agent": "Boto3/1.44", "Authorization": "AWS4-HMAC-SHA256 Credential=x"},
}
"""Headers of whoever pretends to be at the laptop."""


@pytest.mark.parametrize("path", KEPT)
@pytest.mark.parametrize("pretence", HOSTS)
def test_a_phone_never_gets_behind_the_operators_doors(
    open_hall: Hall, path: str, pretence: str
) -> None:
    for method in ("GET", "POST", "DELETE", "PUT", "HEAD"):
        answer = open_hall.phone().request(HTTP + path, method, headers=HOSTS[pretence])
        assert answer.status == 403, method
        assert method == "HEAD" or answer.json == FORBIDDEN[1]


SPELLINGS = (
    *("/ops/", "//ops", "/ops//state", "/ops/state/", "/ops;/state", "/OPS", "/Ops/State"),
    *("/%6fps", "/%6Fps/state", "/ops%2Fstate", "/ops%2fstate", "/o%70s?x=1", "/ops?", "/ops#x"),
    *("/./ops", "/web/../ops", "/web/%2e%2e/ops", "/s/../ops", "/%2e/ops/state"),
    *("/%40connections/x", "/@connections%2Fx", "/x/%40connections/x", "//@connections/x"),
    *("/@connections/", "/@connections", "/@connections/../ops", "/%2540connections/x"),
    f"http://127.0.0.1:{PORT}/ops",
    f"http://{LAPTOP}:{PORT}/ops/state",
    "http://localhost/@connections/x",
    "ops",
    "*",
)


ADDRESSED_TO = (f"Host: {LAPTOP}:{PORT}\r\n", f"Host: 127.0.0.1:{PORT}\r\n", "")


@pytest.mark.parametrize("target", SPELLINGS)
def test_no_spelling_leads_behind_them(open_hall: Hall, target: str) -> None:
    own = open_hall.laptop.request(f"{open_hall.at_home.http}/ops").body
    for method, version, to in product(("GET", "POST"), ("1.1", "1.0"), ADDRESSED_TO):
        head = f"{method} {target} HTTP/{version}\r\n{to}"
        request = head + "Content-Length: 0\r\nConnection: close\r\n\r\n"
        answer = open_hall.phone().send(HTTP, request.encode())
        assert answer[9:10] == b"4", (request, answer[:200])
        assert own not in answer
        assert b"listenerCount" not in answer


def test_the_hall_is_no_proxy(open_hall: Hall) -> None:
    inner = urlsplit(open_hall.in_the_hall.dynamodb).netloc
    for line in (f"CONNECT {inner} HTTP/1.1", f"GET http://{inner}/ HTTP/1.1"):
        request = f"{line}\r\nHost: {inner}\r\nConnection: close\r\n\r\n".encode()
        assert open_hall.phone().send(HTTP, request)[9:10] == b"4"


def test_a_second_request_on_a_connection_is_looked_at_like_the_first(open_hall: Hall) -> None:
    first = f"GET /health HTTP/1.1\r\nHost: {LAPTOP}:{PORT}\r\n\r\n"
    second = f"GET /ops/state HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\nConnection: close\r\n\r\n"
    answers = open_hall.phone().send(HTTP, (first + second).encode())
    assert answers.startswith(b"HTTP/1.1 200")
    assert b"HTTP/1.1 403" in answers
    assert b"listenerCount" not in answers


def test_a_handshake_opens_none_of_them(open_hall: Hall) -> None:
    for path in KEPT:
        assert asyncio.run(open_hall.phone().refusal(WS + path)) in {400, 403, 404}


def test_the_laptop_has_them_all(open_hall: Hall) -> None:
    laptop, at_home = open_hall.laptop, open_hall.at_home.http
    assert laptop.request(f"{at_home}/ops").status == 200
    assert "sessions" in laptop.request(f"{at_home}/ops/state").json
    posted = laptop.request(f"{at_home}/@connections/L0SM9cOFvHcCIhw%3D", "POST", b"x", {})
    assert posted.status == 410


@pytest.mark.parametrize(
    "host", ["evil.example", f"evil.example:{PORT}", "10.77.0.1.evil.example", "127.0.0.1", "[::1]"]
)
def test_another_name_that_leads_here_is_refused(open_hall: Hall, host: str) -> None:
    phone, headers = open_hall.phone(), {"Host": host}
    for path in ("/", "/languages", "/web/base.css", "/health", "/sounds-local/x"):
        answer = phone.request(HTTP + path, headers=headers)
        assert (answer.status, answer.json) == FORBIDDEN, path
    opened = phone.request(f"{HTTP}/sessions", "POST", {"sourceLanguage": "en"}, headers)
    assert opened.status == 403
    session = open_session(phone, open_hall.in_the_hall)
    # In the phone's network the name leads to the laptop, as an attacker's name server says.
    renamed = replace(session, url=f"ws://{host}")
    assert asyncio.run(phone.refusal(renamed.address(targetLanguage="pt"), at=HTTP)) == 403


@pytest.mark.parametrize(
    "origin", ["https://evil.example", f"https://{LAPTOP}:{PORT}", f"http://{LAPTOP}", "null"]
)
def test_another_sites_page_cannot_join(open_hall: Hall, origin: str) -> None:
    phone = open_hall.phone()
    session = open_session(phone, open_hall.in_the_hall)
    address = session.address(targetLanguage="pt")
    assert asyncio.run(phone.refusal(address, Origin=origin)) == 403
    assert asyncio.run(phone.refusal(address, Origin=HTTP)) == 101
    assert asyncio.run(phone.refusal(address, Origin=open_hall.at_home.http)) == 101


def test_what_a_foreign_page_asks_over_http_it_cannot_read(open_hall: Hall) -> None:
    foreign = {"Origin": "https://evil.example"}
    answer = open_hall.phone().request(f"{HTTP}/languages", headers=foreign)
    assert answer.headers.get("Access-Control-Allow-Origin") != "*"
    assert answer.headers.get("Access-Control-Allow-Origin") != foreign["Origin"]


PORTS_OF: Mapping[str, tuple[tuple[str, ...], set[int]]] = {
    "one port": (("--http-port", "8000"), {8000}),
    "sockets of their own": (("--http-port", "8000", "--ws-port", "8001"), {8000, 8001}),
    "a certificate": (("--http-port", "8000", "--certificate"), {8000, 8443}),
    "everything elsewhere": (
        ("--http-port", "80", "--ws-port", "81", "--certificate", "--tls-port", "443"),
        {80, 81, 443},
    ),
}


@pytest.mark.parametrize("kind", PORTS_OF)
def test_exactly_the_ports_that_are_meant_are_open(kind: str, tmp_path: Path) -> None:
    ports, meant = PORTS_OF[kind]
    with hosts(phones=2) as both, hall(both, tmp_path, ports=ports):
        assert scan_tcp(both.phones, LAPTOP) == Scan(frozenset(meant), frozenset())
        _check_only_meant_and_loopback(both, meant)


def test_no_port_of_other_kinds_is_open_at_all(tmp_path: Path) -> None:
    nothing = Scan(frozenset(), frozenset())
    with hosts(phones=2) as both, hall(both, tmp_path):
        assert scan_tcp(both.phones, LAPTOP_IPV6) == nothing
        assert scan_tcp(both.phones, f"{both.laptop.link_local()}%{WIFI}") == nothing
        unration(both.laptop)
        for address in (LAPTOP, LAPTOP_IPV6):
            assert scan_udp(both.phones, address) == nothing


def _check_only_meant_and_loopback(both: Hosts, meant: set[int]) -> None:
    """As the laptop's kernel lists what listens; and a route into its loopback leads nowhere."""
    waiting = listening(both.laptop)
    at_home = {each for each in waiting if each.address in {"127.0.0.1", "::1"}}
    assert {(each.address, each.port) for each in waiting - at_home} == {
        (LAPTOP, port) for port in meant
    }
    assert len(at_home) > 5, "the stage's own servers"
    both.phones.set("net.ipv4.conf.all.route_localnet", 1)
    both.phones.ip("route", "del", "local", "127.0.0.0/8", "dev", "lo", "table", "local")
    both.phones.ip("route", "add", "127.0.0.0/8", "via", LAPTOP)
    found = scan_tcp(both.phones, "127.0.0.1", sorted({each.port for each in at_home}))
    assert found.open == frozenset()


def test_refusals_say_nothing_of_the_machine(open_hall: Hall) -> None:
    for path in ("/nowhere", "/web/nothing.js", "/sounds-local/nothing"):
        answer = open_hall.phone().request(HTTP + path)
        assert 400 <= answer.status < 500
        assert b"127.0.0.1" not in answer.body
