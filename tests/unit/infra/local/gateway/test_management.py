"""POST, GET and DELETE of `@connections`: what arrives, in which order, and what it answers."""

import asyncio
import json
import socket
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import boto3
import pytest
import websockets
from botocore.config import Config

from infra.local.gateway.limits import MAX_MESSAGE_BYTES, GatewayLimits
from tests.unit.infra.local.gateway.stage import PATIENCE, Event, Reply, Stage, receive, stage

Headers = Mapping[str, str]


def test_a_post_reaches_its_connection_as_a_text_message() -> None:
    async def scenario() -> None:
        async with stage() as at:
            one, one_id = await at.connect()
            two, two_id = await at.connect()
            assert await at.post(one_id, "für eins".encode()) == 200
            assert await at.post(two_id, b"for two") == 200
            assert await receive(one) == "für eins"
            assert await receive(two) == "for two"
            await one.close()
            await two.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536, MAX_MESSAGE_BYTES])
def test_posts_of_every_frame_length_arrive_whole(size: int) -> None:
    async def scenario() -> None:
        async with stage() as at:
            client, connection_id = await at.connect()
            assert await at.post(connection_id, b"x" * size) == 200
            assert await receive(client) == "x" * size
            await client.close()

    asyncio.run(scenario())


def test_what_is_not_utf_8_is_replaced() -> None:
    async def scenario() -> None:
        async with stage() as at:
            client, connection_id = await at.connect()
            assert await at.post(connection_id, b"caf\xe9!") == 200
            assert await receive(client) == "caf�!"
            await client.close()

    asyncio.run(scenario())


def test_posts_keep_the_order_in_which_they_arrive() -> None:
    async def scenario() -> None:
        async with stage() as at:
            client, connection_id = await at.connect()
            numbers = [str(number) for number in range(200)]
            for number in numbers:
                assert await at.post(connection_id, number.encode()) == 200
            assert [await receive(client) for _ in numbers] == numbers
            await client.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("prefix", ["", "/api", "/_aws/execute-api/local/api"])
@pytest.mark.parametrize("spelling", [lambda i: i, lambda i: i.replace("=", "%3D")])
def test_prefixes_and_both_spellings_of_an_id_are_understood(
    prefix: str, spelling: Callable[[str], str]
) -> None:
    async def scenario() -> None:
        async with stage() as at:
            client, connection_id = await at.connect()
            for path in (f"{prefix}/@connections/", f"{prefix}/%40connections/"):
                answer = await raw_post(at, path + spelling(connection_id), b"hello")
                assert answer.startswith(b"HTTP/1.1 200 ")
                assert await receive(client) == "hello"
            await client.close()

    asyncio.run(scenario())


async def raw_post(at: Stage, target: str, body: bytes, version: str = "1.1") -> bytes:
    """Everything that comes back until the gateway closes the HTTP connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", at.port)
    head = f"POST {target} HTTP/{version}\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    answer = await asyncio.wait_for(reader.read(), PATIENCE)
    writer.close()
    return answer


def test_an_old_http_client_gets_its_answer_and_the_end() -> None:
    async def scenario() -> None:
        async with stage() as at:
            client, connection_id = await at.connect()
            answer = await raw_post(at, f"/@connections/{connection_id}", b"hello", version="1.0")
            assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
            await client.close()

    asyncio.run(scenario())


def test_nothing_is_deliverable_before_connect_has_returned() -> None:
    async def scenario() -> None:
        async with stage() as at:
            statuses: list[int] = []

            async def post_from_within(event: Event) -> Reply:
                statuses.append(await at.post(event["requestContext"]["connectionId"], b"early"))
                return Reply()

            at.functions.behaviour["connect"] = post_from_within
            client, connection_id = await at.connect()
            assert statuses == [410]
            assert await at.post(connection_id, b"in time") == 200
            assert await receive(client) == "in time"
            await client.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
def test_a_connection_that_is_not_there_is_gone(method: str) -> None:
    async def scenario() -> None:
        async with stage() as at:
            status, headers, body = await at.request(method, "L0SM9cOFvHcCIhw=", b"hello")
            assert status == 410
            assert headers["x-amzn-ErrorType"] == "GoneException"
            assert json.loads(body) == {"message": "GoneException"}

    asyncio.run(scenario())


def test_a_cut_connection_is_gone_while_its_last_message_is_still_handled() -> None:
    async def scenario() -> None:
        async with stage() as at:
            released = asyncio.Event()

            async def wait(_event: Event) -> Reply:
                await released.wait()
                return Reply()

            at.functions.behaviour["message"] = wait
            client, connection_id = await at.connect()
            await client.send("slow")
            await at.functions.next("message")
            client.transport.abort()
            while await at.post(connection_id, b"hello") != 410:
                pass
            assert at.functions.calls["disconnect"] == []
            released.set()
            await at.functions.next("disconnect")

    asyncio.run(scenario())


def test_a_post_over_128_kb_is_refused() -> None:
    async def scenario() -> None:
        async with stage() as at:
            client, connection_id = await at.connect()
            too_big = b"x" * (MAX_MESSAGE_BYTES + 1)
            status, headers, _ = await at.request("POST", connection_id, too_big)
            assert status == 413
            assert headers["x-amzn-ErrorType"] == "PayloadTooLargeException"
            assert await at.post(connection_id, b"small") == 200
            assert await receive(client) == "small"
            await client.close()

    asyncio.run(scenario())


def test_get_tells_about_a_connection() -> None:
    async def scenario() -> None:
        async with stage() as at:
            client, connection_id = await at.connect(user_agent_header="test/1")
            context = at.functions.calls["connect"][0]["requestContext"]
            status, headers, body = await at.request("GET", connection_id)
            described = json.loads(body)
            assert status == 200
            assert headers["Content-Type"] == "application/json"
            assert described["identity"] == {"sourceIp": "127.0.0.1", "userAgent": "test/1"}
            connected_at_ms = datetime.fromisoformat(described["connectedAt"])
            assert round(connected_at_ms.timestamp() * 1000) == context["connectedAt"]
            assert datetime.fromisoformat(described["lastActiveAt"]) >= connected_at_ms
            await client.close()

    asyncio.run(scenario())


def test_a_poster_that_leaves_in_the_middle_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with stage() as at:
            client, connection_id = await at.connect()
            target = f"/@connections/{connection_id}"
            _, writer = await asyncio.open_connection("127.0.0.1", at.port)
            writer.write(
                f"POST {target} HTTP/1.1\r\nHost: [::1]\r\nContent-Length: 9\r\n\r\nhalf".encode()
            )
            await writer.drain()
            assert await at.post(connection_id, b"whole") == 200
            writer.transport.abort()
            assert await at.post(connection_id, b"after") == 200
            assert [await receive(client), await receive(client)] == ["whole", "after"]
            await client.close()

    asyncio.run(scenario())
    assert caplog.text == ""


def test_other_methods_are_refused() -> None:
    async def scenario() -> None:
        async with stage() as at:
            client, connection_id = await at.connect()
            status, _, _ = await at.request("PUT", connection_id, b"hello")
            assert status == 405
            await client.close()

    asyncio.run(scenario())


def test_what_was_posted_before_a_delete_still_arrives() -> None:
    async def scenario() -> None:
        async with stage() as at:
            client, connection_id = await at.connect()
            for number in range(50):
                await at.post(connection_id, str(number).encode())
            await at.request("DELETE", connection_id)
            assert [text async for text in client] == [str(number) for number in range(50)]

    asyncio.run(scenario())


def test_boto3_understands_the_answers() -> None:
    async def scenario() -> None:
        async with stage(GatewayLimits(outgoing_bytes=-1)) as at:
            client, connection_id = await at.connect()
            await asyncio.to_thread(use_boto3, at.port, connection_id)
            await client.close()

    def use_boto3(port: int, connection_id: str) -> None:
        api: Any = boto3.client(
            "apigatewaymanagementapi",
            endpoint_url=f"http://127.0.0.1:{port}/api",
            region_name="us-east-1",
            aws_access_key_id="made-up",
            aws_secret_access_key="made-up",
            config=Config(retries={"total_max_attempts": 1}, proxies={}),
        )
        try:
            described = api.get_connection(ConnectionId=connection_id)
            assert described["Identity"]["SourceIp"] == "127.0.0.1"
            # The buffer holds less than nothing: every post finds it full.
            with pytest.raises(api.exceptions.LimitExceededException):
                api.post_to_connection(ConnectionId=connection_id, Data=b"hello")
            with pytest.raises(api.exceptions.PayloadTooLargeException):
                api.post_to_connection(ConnectionId=connection_id, Data=b"x" * 200_000)
            api.delete_connection(ConnectionId=connection_id)
            with pytest.raises(api.exceptions.GoneException):
                api.post_to_connection(ConnectionId=connection_id, Data=b"hello")
        finally:
            api.close()

    asyncio.run(scenario())


async def stop_reading(at: Stage) -> tuple[websockets.ClientConnection, str]:
    """A client with small buffers that reads nothing from now on."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", at.port))
    client, connection_id = await at.connect(sock=sock)
    client.transport.pause_reading()
    return client, connection_id


async def fill(at: Stage, connection_id: str) -> list[str]:
    """Post until the gateway has no room left; what it took."""
    taken: list[str] = []
    while True:
        text = f"{len(taken):05}" + "x" * 32_000
        status = await at.post(connection_id, text.encode())
        if status == 429:
            return taken
        assert status == 200
        taken.append(text)


def test_a_slow_consumer_is_told_apart_and_holds_up_nobody() -> None:
    async def scenario() -> None:
        async with stage() as at:
            slow, slow_id = await stop_reading(at)
            other, other_id = await at.connect()
            taken = await fill(at, slow_id)
            for _ in range(50):
                assert await at.post(slow_id, b"x" * 32_000) == 429
                assert await at.post(other_id, b"hello") == 200
                assert await receive(other) == "hello"
            # Once it reads again it gets what was taken, whole and in order, and then more.
            slow.transport.resume_reading()
            assert [await receive(slow) for _ in taken] == taken
            assert await at.post(slow_id, b"more") == 200
            assert await receive(slow) == "more"
            await slow.close()
            await other.close()

    asyncio.run(scenario())


def test_a_slow_consumer_can_be_deleted() -> None:
    async def scenario() -> None:
        async with stage(GatewayLimits(closing_timeout=0.05)) as at:
            slow, slow_id = await stop_reading(at)
            await fill(at, slow_id)
            status, _, _ = await at.request("DELETE", slow_id)
            assert status == 204
            event = await at.functions.next("disconnect")
            assert event["requestContext"]["disconnectStatusCode"] == 1000
            assert await at.post(slow_id, b"too late") == 410
            slow.transport.abort()

    asyncio.run(scenario())


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="the kernel can't tell")
def test_a_client_that_reads_nothing_at_all_is_cut_in_the_end() -> None:
    async def scenario() -> None:
        async with stage(GatewayLimits(unresponsive_after=1)) as at:
            slow, slow_id = await stop_reading(at)
            await fill(at, slow_id)
            event = await at.functions.next("disconnect")
            assert event["requestContext"]["connectionId"] == slow_id
            assert event["requestContext"]["disconnectStatusCode"] == 1006
            slow.transport.abort()

    asyncio.run(scenario())


@pytest.mark.parametrize("headers", [{"Origin": "http://127.0.0.1:8000"}, {"Host": "evil.example"}])
def test_a_web_page_posts_to_nobody_and_closes_nobody(headers: Headers) -> None:
    async def scenario() -> None:
        async with stage() as at:
            client, connection_id = await at.connect()
            for method in ("POST", "GET", "DELETE"):
                status, _, _ = await at.request(method, connection_id, b"x", headers=headers)
                assert status == 403
            assert await at.post(connection_id, b"the first") == 200
            assert await receive(client) == "the first"
            await client.close()

    asyncio.run(scenario())
