"""A hall's doors on real sockets: what phones get there, and what nobody does."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
import websockets

from infra.local.access.callers import LOOPBACK_HOSTS
from infra.local.gateway.doors import Hall, loopback_doors
from infra.local.gateway.limits import GatewayLimits
from infra.local.gateway.server import gateway
from tests.benchmarks.running_gateway import self_signed
from tests.unit.infra.local.gateway.stage import (
    PATIENCE,
    Event,
    FakeFunctions,
    Reply,
    fake_functions,
    receive,
)

ADDRESS = "127.0.0.2"
"""The hall's, of this machine; loopback's own door is at 127.0.0.1."""
ROUTES = {path: ["GET"] for path in ("/", "/s/{session_id}", "/ops", "/ops/state")}
UPGRADE = (
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)


SMUGGLED = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.2\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n"
    b"\r\n0\r\n\r\nGET /ops HTTP/1.1\r\nHost: 127.0.0.2\r\n\r\n"
)


class InHall:
    """A gateway with a hall: its ports, and what its functions were asked."""

    def __init__(self, functions: FakeFunctions, own: int, ports: list[int]) -> None:
        self.functions = functions
        self.own = own
        self.ports = ports

    @property
    def port(self) -> int:
        return self.ports[0]

    async def raw(self, data: bytes, port: int | None = None) -> bytes:
        """What the hall's door answers until it closes the connection."""
        reader, writer = await asyncio.open_connection(ADDRESS, port or self.port)
        writer.write(data)
        async with asyncio.timeout(PATIENCE):
            answer = await reader.read()
        writer.close()
        return answer

    async def get(self, head: bytes) -> bytes:
        """The answer to a request of these lines, which closes after it."""
        host = b"" if b"Host:" in head else b"Host: %s\r\n" % ADDRESS.encode()
        return await self.raw(head + host + b"Connection: close\r\n\r\n")


async def page(event: Event) -> Reply:
    return Reply({"statusCode": 200, "body": event["resource"]})


@asynccontextmanager
async def in_hall(
    limits: GatewayLimits | None = None, certificate: Path | None = None, name: str | None = None
) -> AsyncIterator[InHall]:
    tls_port = 0 if certificate else None
    doors = [
        *loopback_doors(0, 0, LOOPBACK_HOSTS, in_hall=True),
        *Hall(ADDRESS, name, 0, None, tls_port, certificate).doors(),
    ]
    async with (
        fake_functions(ROUTES) as (functions, url),
        gateway(url, doors, limits or GatewayLimits()) as ports,
    ):
        functions.behaviour["api_handler"] = page
        yield InHall(functions, ports[0], list(ports[1:]))


def test_phones_get_pages_and_sockets_at_one_port() -> None:
    async def scenario() -> None:
        async with in_hall() as at, aiohttp.ClientSession() as http:
            async with http.get(f"http://{ADDRESS}:{at.port}/s/a-b-100") as response:
                assert await response.text() == "/s/{session_id}"
            async with websockets.connect(f"ws://{ADDRESS}:{at.port}/", proxy=None) as phone:
                event = await at.functions.next("connect")
                connection_id = event["requestContext"]["connectionId"]
                assert event["requestContext"]["domainName"] == f"127.0.0.1:{at.own}"
                # The functions post on loopback.
                url = f"http://127.0.0.1:{at.own}/@connections/{connection_id}"
                async with http.post(url, data="a caption") as response:
                    assert response.status == 200
                assert await receive(phone) == "a caption"

    asyncio.run(scenario())


def test_the_laptop_has_everything_at_one_port_of_loopback() -> None:
    async def scenario() -> None:
        async with in_hall() as at, aiohttp.ClientSession() as http:
            for path in ("/", "/ops", "/ops/state"):
                async with http.get(f"http://127.0.0.1:{at.own}{path}") as response:
                    assert await response.text() == path
            async with websockets.connect(f"ws://127.0.0.1:{at.own}/ops", proxy=None):
                await at.functions.next("connect")

    asyncio.run(scenario())


@pytest.mark.parametrize("headers", [b"", b"Upgrade: h2c\r\n", UPGRADE], ids=["", "h2c", "socket"])
@pytest.mark.parametrize(
    "line",
    [
        *(b"GET /ops HTTP/1.1", b"GET /ops/ HTTP/1.1", b"GET /ops/state HTTP/1.1"),
        *(b"GET //ops HTTP/1.1", b"GET /%6fps HTTP/1.1", b"GET /api/ops HTTP/1.1"),
        *(b"GET /ops?x=1 HTTP/1.1", b"GET /ops#/ HTTP/1.1", b"GET /./ops HTTP/1.1"),
        *(b"HEAD /ops HTTP/1.1", b"OPTIONS /ops HTTP/1.1", b"GET /ops HTTP/1.0"),
        *(b"POST /@connections/abc= HTTP/1.1", b"GET /x/@connections/abc= HTTP/1.1"),
        *(b"DELETE /api/%40connections/abc%3D HTTP/1.1", b"POST //@connections/abc= HTTP/1.1"),
    ],
)
def test_what_is_the_machine_s_own_is_refused(line: bytes, headers: bytes) -> None:
    async def scenario() -> None:
        async with in_hall() as at:
            for host in (b"", b"Host: 127.0.0.1\r\n", b"Host: localhost\r\n"):
                answer = await at.get(line + b"\r\n" + headers + host)
                assert answer[:12] in (b"HTTP/1.1 403", b"HTTP/1.0 403")
                if not line.startswith(b"HEAD"):
                    assert answer.endswith(b'{"message":"Forbidden"}')
            assert at.functions.calls == {}

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost:8000\r\n",
        b"GET / HTTP/1.1\r\nHost: evil.example\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.2.evil.example\r\n",
        b"GET / HTTP/1.1\r\nHost: \r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + UPGRADE,
        b"GET / HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: 127.0.0.2\r\n",
    ],
)
def test_a_phone_that_claims_to_be_elsewhere_is_refused(head: bytes) -> None:
    async def scenario() -> None:
        async with in_hall() as at:
            assert (await at.get(head)).startswith(b"HTTP/1.1 403 ")
            assert at.functions.calls == {}

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.2\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET http://127.0.0.1/ops HTTP/1.1\r\nHost: 127.0.0.2\r\n\r\n",
        b"GET http://127.0.0.1/ HTTP/1.1\r\nHost: 127.0.0.2\r\n\r\n",
        b"GET ops HTTP/1.1\r\nHost: 127.0.0.2\r\n\r\n",
        b"CONNECT 127.0.0.1:8000 HTTP/1.1\r\nHost: 127.0.0.2\r\n\r\n",
        SMUGGLED,
    ],
)
def test_a_request_without_one_clear_address_is_refused(
    data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with in_hall() as at:
            answer = await at.raw(data)
            assert answer[9:12] in (b"400", b"403"), answer
            assert answer.count(b"HTTP/") == 1
            assert at.functions.calls == {}

    caplog.set_level(logging.CRITICAL)
    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET / HTTP/1.1\r\n", 200),
        (b"GET /nothing HTTP/1.1\r\n", 403),
        (b"GET /ops HTTP/1.1\r\n", 403),
        (b"GET / HTTP/1.1\r\nHost: evil.example\r\n", 403),
        (b"GET / HTTP/1.1\r\nHost: 127.0.0.2\r\nUpgrade: websocket\r\n", 426),
        (b"GET / HTTP/1.1\r\n" + UPGRADE.replace(b"Connection: Upgrade\r\n", b""), 426),
        (b"nonsense\r\n", 400),
    ],
)
def test_strangers_are_not_told_which_programs_answer(
    head: bytes, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with in_hall() as at:
            answer = await at.get(head)
            assert answer[8:13] == b" %d " % status
            assert b"\r\nserver:" not in answer.lower()
            assert b"aiohttp" not in answer

    caplog.set_level(logging.CRITICAL)
    asyncio.run(scenario())


def test_nor_are_those_whose_websocket_is_accepted() -> None:
    async def scenario() -> None:
        async with in_hall() as at:
            url = f"ws://{ADDRESS}:{at.port}/"
            async with websockets.connect(url, proxy=None) as phone:
                assert phone.response is not None
                assert "Server" not in phone.response.headers

    asyncio.run(scenario())


def test_the_hall_s_name_is_known_beside_its_address() -> None:
    async def scenario() -> None:
        async with in_hall(name="hall.local") as at:
            for host in (b"hall.local", b"HALL.local:8000", ADDRESS.encode()):
                answer = await at.get(b"GET / HTTP/1.1\r\nHost: %s\r\n" % host)
                assert answer.startswith(b"HTTP/1.1 200 ")

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HT",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.2\r\nX-Slow: ",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.2\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.2\r\n\r\nGET /",
    ],
    ids=["nothing", "half a line", "half a head", "one request", "one and a half"],
)
def test_a_connection_that_brings_no_request_is_closed(sent: bytes) -> None:
    async def scenario() -> None:
        limits = GatewayLimits(visitor_idle_timeout=0.1, visitor_first_head_timeout=0.1)
        async with in_hall(limits) as at:
            answer = await at.raw(sent)
            assert answer.count(b"HTTP/1.1 200 OK") == sent.count(b"\r\n\r\n")

    asyncio.run(scenario())


def test_a_head_that_comes_byte_by_byte_does_not_keep_its_connection() -> None:
    async def scenario() -> None:
        async with in_hall(GatewayLimits(visitor_first_head_timeout=0.3)) as at:
            reader, writer = await asyncio.open_connection(ADDRESS, at.port)
            writer.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.2\r\nX-Slow: ")
            closed = asyncio.create_task(reader.read())
            async with asyncio.timeout(PATIENCE):
                while not closed.done():
                    writer.write(b"X")
                    await asyncio.wait([closed], timeout=0.01)
            assert closed.exception() is not None or closed.result() == b""
            writer.close()

    asyncio.run(scenario())


def test_a_body_that_comes_too_slowly_is_refused() -> None:
    async def scenario() -> None:
        async with in_hall(GatewayLimits(request_body_timeout=0.05)) as at:
            head = b"POST / HTTP/1.1\r\nHost: 127.0.0.2\r\nContent-Length: 100\r\n\r\nslow"
            assert (await at.raw(head)).startswith(b"HTTP/1.1 408 ")

    asyncio.run(scenario())


def test_who_sends_slowly_takes_nobody_s_place() -> None:
    async def scenario() -> None:
        async with in_hall(GatewayLimits(waiting_requests=2, visitor_bodies=2)) as at:
            head = b"POST / HTTP/1.1\r\nHost: 127.0.0.2\r\nContent-Length: 100\r\n"
            slow = [await asyncio.open_connection(ADDRESS, at.port) for _ in range(2)]
            for reader, writer in slow:
                writer.write(head + b"Expect: 100-continue\r\n\r\n")
                assert (await reader.readline()).startswith(b"HTTP/1.1 100 ")
            assert (await at.raw(head + b"\r\nslow")).startswith(b"HTTP/1.1 429 ")
            assert (await at.get(b"GET / HTTP/1.1\r\n")).startswith(b"HTTP/1.1 200 ")
            for _, writer in slow:
                writer.close()

    asyncio.run(scenario())


def test_a_body_has_a_lower_bound_than_on_loopback() -> None:
    async def scenario() -> None:
        async with in_hall() as at:
            size = GatewayLimits().visitor_request_bytes + 1
            head = b"POST / HTTP/1.1\r\nHost: 127.0.0.2\r\nContent-Length: %d\r\n\r\n" % size
            assert (await at.raw(head)).startswith(b"HTTP/1.1 413 ")

    asyncio.run(scenario())


@pytest.mark.parametrize("coding", [b"gzip", b"deflate", b"br"])
def test_a_compressed_body_is_not_unpacked(coding: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with in_hall() as at:
            head = b"POST / HTTP/1.1\r\nHost: 127.0.0.2\r\nContent-Encoding: %s\r\n" % coding
            answer = await at.raw(head + b"Content-Length: 3\r\n\r\nabc")
            assert answer.startswith(b"HTTP/1.1 415 ")

    asyncio.run(scenario())
    assert caplog.text == ""


def test_a_quiet_listener_is_no_idle_connection() -> None:
    async def scenario() -> None:
        limits = GatewayLimits(visitor_idle_timeout=0.05, visitor_first_head_timeout=0.05)
        async with in_hall(limits) as at:
            url = f"ws://{ADDRESS}:{at.port}/"
            async with websockets.connect(url, proxy=None) as phone:
                await at.raw(b"")  # closed as idle; so were the listener, if it counted as such
                await phone.send("still here")
                assert (await at.functions.next("message"))["body"] == "still here"

    asyncio.run(scenario())


def test_one_address_has_so_many_connections_and_no_more(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scenario() -> None:
        async with in_hall(GatewayLimits(visitors_per_address=2)) as at:
            url = f"ws://{ADDRESS}:{at.port}/"
            one = await websockets.connect(url, proxy=None)
            two = await websockets.connect(url, proxy=None)
            with pytest.raises((OSError, EOFError, websockets.InvalidMessage)):
                await websockets.connect(url, proxy=None)
            # This machine's own door has no bound.
            async with websockets.connect(f"ws://127.0.0.1:{at.own}/", proxy=None):
                pass
            await one.close()
            await at.functions.next("disconnect")
            three = await _connected(url)
            await two.close()
            await three.close()

    asyncio.run(scenario())
    assert "further ones are refused" in caplog.text


def test_who_opens_connections_for_nothing_keeps_nobody_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scenario() -> None:
        async with in_hall(GatewayLimits(visitors=6)) as at:
            url = f"ws://{ADDRESS}:{at.port}/"
            listener = await websockets.connect(url, proxy=None)
            reader, writer = await asyncio.open_connection(ADDRESS, at.port)
            get = b"GET / HTTP/1.1\r\nHost: 127.0.0.2\r\n\r\n"
            writer.write(get)
            answer = await reader.readuntil(b"\r\n\r\n")
            silent = [await asyncio.open_connection(ADDRESS, at.port) for _ in range(20)]
            for _ in range(10):
                answer = await at.get(b"GET / HTTP/1.1\r\n")
                assert answer.startswith(b"HTTP/1.1 200 ")
            await listener.send("still here")
            assert (await at.functions.next("message"))["body"] == "still here"
            await reader.readexactly(len("/"))
            writer.write(get)
            assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
            oldest, _ = silent[0]
            async with asyncio.timeout(PATIENCE):
                assert await oldest.read() == b""
            for _, each in silent:
                each.close()
            writer.close()
            await listener.close()

    asyncio.run(scenario())
    assert "the oldest idle ones are closed" in caplog.text
    assert "further ones are refused" not in caplog.text


def test_nor_does_who_keeps_answered_ones_open() -> None:
    async def scenario() -> None:
        async with in_hall(GatewayLimits(visitors=4)) as at:
            url = f"ws://{ADDRESS}:{at.port}/"
            listener = await websockets.connect(url, proxy=None)
            idle = []
            for _ in range(3):
                reader, writer = await asyncio.open_connection(ADDRESS, at.port)
                writer.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.2\r\n\r\n")
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
                idle.append((reader, writer))
            phones = [await websockets.connect(url, proxy=None) for _ in range(3)]
            for reader, writer in idle:
                async with asyncio.timeout(PATIENCE):
                    assert await reader.read() == b"/"
                writer.close()
            # Nobody is idle any more.
            assert await at.raw(b"") == b""
            for phone in (listener, *phones):
                await phone.send("still here")
                assert (await at.functions.next("message"))["body"] == "still here"
                await phone.close()

    asyncio.run(scenario())


async def _connected(
    url: str, trusted: ssl.SSLContext | None = None
) -> websockets.ClientConnection:
    """As soon as the one that left has been noticed."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await websockets.connect(url, proxy=None, ssl=trusted)
            except (OSError, EOFError, websockets.InvalidMessage):
                await asyncio.sleep(0.01)


def test_a_certificate_opens_a_door_of_its_own(tmp_path: Path) -> None:
    async def scenario() -> None:
        certificate = self_signed(tmp_path)
        trusted = ssl.create_default_context(cafile=str(certificate))
        trusted.check_hostname = False
        async with in_hall(certificate=certificate) as at, aiohttp.ClientSession() as http:
            address = f"{ADDRESS}:{at.ports[1]}"
            async with http.get(f"https://{address}/", ssl=trusted) as response:
                assert response.status == 200
            (event,) = at.functions.calls["api_handler"]
            assert event["headers"]["X-Forwarded-Proto"] == "https"
            for path in ("/ops", "/@connections/a="):
                async with http.get(f"https://{address}{path}", ssl=trusted) as response:
                    assert response.status == 403
            async with http.get(
                f"https://{address}/", ssl=trusted, headers={"Host": "127.0.0.1"}
            ) as response:
                assert response.status == 403
            async with http.ws_connect(f"wss://{address}/", ssl=trusted) as phone:
                event = await at.functions.next("connect")
                connection_id = event["requestContext"]["connectionId"]
                url = f"http://127.0.0.1:{at.own}/@connections/{connection_id}"
                async with http.post(url, data="a caption") as response:
                    assert response.status == 200
                assert await phone.receive_str(timeout=PATIENCE) == "a caption"

    asyncio.run(scenario())


def test_handshakes_that_are_never_finished_are_counted(tmp_path: Path) -> None:
    async def scenario() -> None:
        certificate = self_signed(tmp_path)
        trusted = ssl.create_default_context(cafile=str(certificate))
        trusted.check_hostname = False
        async with in_hall(GatewayLimits(visitors_per_address=2), certificate) as at:
            silent = [await asyncio.open_connection(ADDRESS, at.ports[1]) for _ in range(2)]
            url = f"wss://{ADDRESS}:{at.ports[1]}/"
            phones = []
            for reader, writer in silent:
                phones.append(await websockets.connect(url, proxy=None, ssl=trusted))
                async with asyncio.timeout(PATIENCE):
                    assert await reader.read() == b""  # for the phone's sake
                writer.close()
            assert await at.raw(b"", at.ports[1]) == b""
            for phone in phones:
                await phone.send("still here")
                await at.functions.next("message")
                await phone.close()

    asyncio.run(scenario())


def test_handshakes_that_are_never_finished_end_with_the_gateway(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with in_hall(certificate=self_signed(tmp_path)) as at:
            reader, writer = await asyncio.open_connection(ADDRESS, at.ports[1])
        async with asyncio.timeout(PATIENCE):
            assert await reader.read() == b""
        writer.close()

    asyncio.run(scenario())


def test_plain_http_at_the_tls_door_disturbs_nobody(tmp_path: Path) -> None:
    async def scenario() -> None:
        certificate = self_signed(tmp_path)
        async with in_hall(GatewayLimits(tls_handshake_timeout=0.1), certificate) as at:
            assert await at.raw(b"GET / HTTP/1.1\r\n\r\n", at.ports[1]) in (b"", b"\x15\x03\x01")
            assert await at.raw(b"", at.ports[1]) == b""
            answer = await at.get(b"GET / HTTP/1.1\r\n")
            assert answer.startswith(b"HTTP/1.1 200 ")

    asyncio.run(scenario())
