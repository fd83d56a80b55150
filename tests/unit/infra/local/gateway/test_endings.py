"""However a connection ends, its `$disconnect` is told, once, with how."""

import asyncio
import contextlib
import gc
import hashlib
import logging
import socket
import struct
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest
import websockets
from aiohttp import web

from infra.local.gateway.limits import GatewayLimits
from tests.unit.infra.local.gateway.stage import Event, Reply, Stage, closed, fail, receive, stage

Client = websockets.ClientConnection
End = Callable[[Stage, Client, str], Awaitable[object]]


async def close_frame(_at: Stage, client: Client, _connection_id: str) -> None:
    await client.close(4000, "Auf Wiedersehen")


async def close_frame_without_code(_at: Stage, client: Client, _connection_id: str) -> None:
    client.transport.write(b"\x88\x80\x00\x00\x00\x00")
    await closed(client)


async def fin(_at: Stage, client: Client, _connection_id: str) -> None:
    client.transport.close()


async def rst(_at: Stage, client: Client, _connection_id: str) -> None:
    client.transport.get_extra_info("socket").setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
    )
    client.transport.abort()


async def delete(at: Stage, client: Client, connection_id: str) -> None:
    status, _, _ = await at.request("DELETE", connection_id)
    assert status == 204
    assert await closed(client) == (1000, "Connection Closed Normally")


@pytest.mark.parametrize(
    ("end", "code", "reason"),
    [
        (close_frame, 4000, "Auf Wiedersehen"),
        (close_frame_without_code, 1005, "Client-side close frame status not set"),
        (fin, 1006, ""),
        (rst, 1006, ""),
        (delete, 1000, "Connection Closed Normally"),
    ],
)
def test_every_ending_is_told_once(end: End, code: int, reason: str) -> None:
    async def scenario() -> None:
        async with stage() as at:
            client, connection_id = await at.connect()
            await end(at, client, connection_id)
            event = await at.functions.next("disconnect")
            context = event["requestContext"]
            assert context["routeKey"] == "$disconnect"
            assert context["eventType"] == "DISCONNECT"
            assert context["connectionId"] == connection_id
            assert (context["disconnectStatusCode"], context["disconnectReason"]) == (code, reason)
            assert event["headers"]["Host"] == f"127.0.0.1:{at.port}"
            assert await at.post(connection_id, b"too late") == 410
        assert at.functions.ids("disconnect") == [connection_id]

    asyncio.run(scenario())


@pytest.mark.parametrize("limits", [GatewayLimits(idle_timeout=0.05), GatewayLimits(max_age=0.05)])
def test_an_idle_or_old_connection_is_closed(limits: GatewayLimits) -> None:
    async def scenario() -> None:
        async with stage(limits) as at:
            client, connection_id = await at.connect()
            assert await closed(client) == (1001, "Going away")
            event = await at.functions.next("disconnect")
            assert event["requestContext"]["disconnectStatusCode"] == 1001
            assert event["requestContext"]["disconnectReason"] == "Going away"
        assert at.functions.ids("disconnect") == [connection_id]

    asyncio.run(scenario())


async def send_message(at: Stage, client: Client, _connection_id: str) -> None:
    await client.send("x")
    await at.functions.next("message")


async def get_post(at: Stage, client: Client, connection_id: str) -> None:
    assert await at.post(connection_id, b"x") == 200
    await receive(client)


@pytest.mark.parametrize("use", [send_message, get_post])
def test_a_connection_in_use_is_not_idle(use: End) -> None:
    idle = 0.5

    async def scenario() -> None:
        async with stage(GatewayLimits(idle_timeout=idle)) as at:
            client, connection_id = await at.connect()
            used_until = asyncio.get_running_loop().time() + 2.5 * idle
            while asyncio.get_running_loop().time() < used_until:
                await use(at, client, connection_id)
                await asyncio.sleep(idle / 50)
            assert at.functions.calls["disconnect"] == []
            await client.close()

    asyncio.run(scenario())


def test_a_silent_client_does_not_delay_its_disconnect() -> None:
    async def scenario() -> None:
        # Far longer than the test waits for anything.
        async with stage(GatewayLimits(closing_timeout=3600.0)) as at:
            client, connection_id = await at.connect()
            client.transport.pause_reading()
            status, _, _ = await at.request("DELETE", connection_id)
            assert status == 204
            await at.functions.next("disconnect")
            assert await at.post(connection_id, b"too late") == 410
            client.transport.resume_reading()
            await closed(client)

    asyncio.run(scenario())


def test_a_client_that_never_answers_a_close_frame_is_cut() -> None:
    async def scenario() -> None:
        async with stage(GatewayLimits(closing_timeout=0.05)) as at:
            reader, writer = await asyncio.open_connection("127.0.0.1", at.port)
            writer.write(
                b"GET / HTTP/1.1\r\nHost: [::1]\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
            )
            await reader.readuntil(b"\r\n\r\n")
            event = await at.functions.next("connect")
            await at.request("DELETE", event["requestContext"]["connectionId"])
            # A close frame with 1000 and its reason, then the end of the stream.
            assert (await reader.read())[2:] == b"\x03\xe8Connection Closed Normally"
            writer.close()

    asyncio.run(scenario())


def test_a_failing_disconnect_is_tried_again() -> None:
    async def scenario() -> None:
        async with stage(GatewayLimits(disconnect_retries=(0.0, 0.0, 0.0))) as at:

            async def fail_twice(event: Event) -> Reply:
                calls = len(at.functions.calls["disconnect"])
                return await fail(event) if calls < 3 else Reply()

            at.functions.behaviour["disconnect"] = fail_twice
            client, connection_id = await at.connect()
            await client.close()
        assert at.functions.ids("disconnect") == [connection_id] * 3

    asyncio.run(scenario())


def test_a_disconnect_that_keeps_failing_is_given_up_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scenario() -> str:
        async with stage(GatewayLimits(disconnect_retries=(0.0, 0.0))) as at:
            at.functions.behaviour["disconnect"] = fail
            client, connection_id = await at.connect()
            await client.close()
        assert at.functions.ids("disconnect") == [connection_id] * 3
        return connection_id

    connection_id = asyncio.run(scenario())
    errors = [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]
    name = hashlib.sha256(connection_id.encode()).hexdigest()[:12]
    assert errors == [f"$disconnect of {name} is given up"]
    assert connection_id not in caplog.text


def test_300_sockets_cut_at_once_are_300_disconnects() -> None:
    async def scenario() -> None:
        async with stage() as at:
            running = most = 0

            async def count(_event: Event) -> Reply:
                nonlocal running, most
                running += 1
                most = max(most, running)
                await asyncio.sleep(0.001)
                running -= 1
                return Reply()

            at.functions.behaviour["disconnect"] = count
            clients = [await at.connect() for _ in range(300)]
            for client, _ in clients:
                client.transport.abort()
            for _ in clients:
                await at.functions.next("disconnect")
            told = Counter(at.functions.ids("disconnect"))
            assert told == Counter(connection_id for _, connection_id in clients)
            assert most <= GatewayLimits().parallel_crowd

    asyncio.run(scenario())


def test_slow_disconnects_hold_up_neither_handshakes_nor_messages() -> None:
    async def scenario() -> None:
        async with stage(GatewayLimits(parallel_crowd=2)) as at:
            released = asyncio.Event()

            async def wait(_event: Event) -> Reply:
                await released.wait()
                return Reply()

            at.functions.behaviour["disconnect"] = wait
            clients = [await at.connect() for _ in range(5)]
            for client, _ in clients:
                await client.close()
            client, _ = await at.connect()
            await client.send("hello")
            await at.functions.next("message")
            assert len(at.functions.calls["disconnect"]) == 2
            released.set()
            await client.close()

    asyncio.run(scenario())


def test_stopping_closes_every_connection_and_tells_every_disconnect() -> None:
    async def scenario() -> None:
        async with stage() as at:
            clients = [await at.connect() for _ in range(20)]
            functions = at.functions
        for client, _ in clients:
            assert await closed(client) == (1001, "Going away")
        told = Counter(functions.ids("disconnect"))
        assert told == Counter(connection_id for _, connection_id in clients)

    asyncio.run(scenario())


def test_stopping_does_not_wait_for_ever(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        released = asyncio.Event()

        async def hang(_event: Event) -> Reply:
            await released.wait()
            return Reply()

        async with stage(GatewayLimits(shutdown_timeout=0.1)) as at:
            at.functions.behaviour["disconnect"] = hang
            clients = [await at.connect() for _ in range(2)]
        for client, _ in clients:
            await closed(client)
        released.set()

    asyncio.run(scenario())
    assert "stopped before the $disconnect of 2 connections" in caplog.text


async def set_when_refused(port: int, event: asyncio.Event) -> None:
    """Set the event when nobody listens at the port any more."""
    with contextlib.suppress(ConnectionRefusedError):
        while True:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
    event.set()


def test_a_handshake_that_is_accepted_while_stopping_is_ended_too() -> None:
    async def scenario() -> None:
        accepted = asyncio.Event()

        async def accept_later(_event: Event) -> Reply:
            await accepted.wait()
            return Reply()

        async with stage() as at:
            at.functions.behaviour["connect"] = accept_later
            connecting = asyncio.create_task(at.connect())
            while not at.functions.calls["connect"]:
                await asyncio.sleep(0)
            accepting = asyncio.create_task(set_when_refused(at.port, accepted))
            functions = at.functions
        await accepting
        client, connection_id = await connecting
        assert await closed(client) == (1001, "Going away")
        assert functions.ids("disconnect") == [connection_id]

    asyncio.run(scenario())


def test_a_cut_connection_is_freed_without_the_collector() -> None:
    async def scenario() -> None:
        async with stage() as at:
            for _ in range(5):
                client, connection_id = await at.connect()
                await rst(at, client, connection_id)
                await at.functions.next("disconnect")

    gc.collect()
    before = _sockets_in_memory()
    gc.disable()
    try:
        asyncio.run(scenario())
        assert _sockets_in_memory() == before
    finally:
        gc.enable()


def _sockets_in_memory() -> int:
    return sum(issubclass(type(each), web.WebSocketResponse) for each in gc.get_objects())
