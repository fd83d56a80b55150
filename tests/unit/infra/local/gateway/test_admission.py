"""A crowd at the door: bounded, refused beyond, and never before those who are in."""

import asyncio
import contextlib
from collections.abc import Sequence

import pytest
import websockets

from infra.local.gateway.admission import Admission, Refused
from infra.local.gateway.limits import GatewayLimits
from tests.unit.infra.local.gateway.stage import (
    PATIENCE,
    Event,
    FakeFunctions,
    Reply,
    Stage,
    receive,
    stage,
)

HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: [::1]\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def hold(functions: FakeFunctions, name: str) -> asyncio.Event:
    """Make every invocation of that function wait for the event given back."""
    released = asyncio.Event()

    async def wait(_event: Event) -> Reply:
        await released.wait()
        return Reply()

    functions.behaviour[name] = wait
    return released


async def refusal(at: Stage) -> int:
    with pytest.raises(websockets.InvalidStatus) as refused:
        await at.connect()
    return refused.value.response.status_code


@pytest.mark.parametrize(
    ("times", "admitted"),
    [
        ([0.0, 0.0, 0.0, 0.0], 3),
        ([0.0, 0.0, 0.0, 0.4, 0.4], 4),
        ([0.0, 9.0, 9.0, 9.0, 9.0], 4),
    ],
)
def test_so_many_a_second_are_admitted_and_no_more_saved_up(
    times: Sequence[float], admitted: int
) -> None:
    async def scenario() -> int:
        now = 0.0
        admission = Admission(GatewayLimits(new_connections=3), clock=lambda: now)
        count = 0
        for time in times:
            now = time
            with contextlib.suppress(Refused):
                async with admission.turn():
                    count += 1
        return count

    assert asyncio.run(scenario()) == admitted


def test_a_handshake_beyond_the_rate_answers_429() -> None:
    async def scenario() -> None:
        async with stage(GatewayLimits(new_connections=0)) as at:
            assert await refusal(at) == 429
            assert at.functions.calls["connect"] == []

    asyncio.run(scenario())


def test_a_handshake_beyond_those_that_may_wait_answers_429() -> None:
    async def scenario() -> None:
        async with stage(GatewayLimits(parallel_crowd=1, waiting_handshakes=0)) as at:
            released = hold(at.functions, "connect")
            first = asyncio.create_task(at.connect())
            await asyncio.wait_for(_called(at.functions, "connect"), PATIENCE)
            assert await refusal(at) == 429
            released.set()
            client, connection_id = await first
            assert at.functions.ids("connect") == [connection_id]
            await client.close()

    asyncio.run(scenario())


def test_messages_are_handled_while_handshakes_wait() -> None:
    async def scenario() -> None:
        async with stage(GatewayLimits(parallel_crowd=1)) as at:
            client, connection_id = await at.connect()
            released = hold(at.functions, "connect")
            waiting = [asyncio.create_task(at.connect()) for _ in range(3)]
            await at.functions.next("connect")
            await client.send("hello")
            await at.functions.next("message")
            assert await at.post(connection_id, b"hi") == 200
            assert await receive(client) == "hi"
            assert len(at.functions.calls["connect"]) == 2
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
            released.set()

    asyncio.run(scenario())


def test_a_handshake_lets_a_message_go_first() -> None:
    async def scenario() -> None:
        async with stage(GatewayLimits(yield_to_messages=PATIENCE)) as at:
            client, _ = await at.connect()
            released = hold(at.functions, "message")
            await client.send("long")
            await at.functions.next("message")
            coming = asyncio.create_task(at.connect())
            # Far more than it takes a handshake to get there.
            for _ in range(20):
                await client.ping()
                assert len(at.functions.calls["connect"]) == 1
            released.set()
            newcomer, _ = await coming
            await newcomer.close()
            await client.close()

    asyncio.run(scenario())


def test_but_not_for_ever() -> None:
    async def scenario() -> None:
        async with stage(GatewayLimits(yield_to_messages=0.01)) as at:
            client, _ = await at.connect()
            released = hold(at.functions, "message")
            await client.send("endless")
            await at.functions.next("message")
            newcomer, _ = await at.connect()
            released.set()
            await newcomer.close()
            await client.close()

    asyncio.run(scenario())


def test_who_leaves_before_its_turn_is_neither_connected_nor_disconnected() -> None:
    async def scenario() -> None:
        async with stage(GatewayLimits(parallel_crowd=1)) as at:
            released = hold(at.functions, "connect")
            first = asyncio.create_task(at.connect())
            await asyncio.wait_for(_called(at.functions, "connect"), PATIENCE)
            _, second = await asyncio.open_connection("127.0.0.1", at.port)
            second.write(HANDSHAKE)
            await second.drain()
            # The gateway has taken it in once it answers a later request.
            assert await at.post("nobody", b"") == 410
            second.transport.abort()
            await second.wait_closed()
            assert await at.post("nobody", b"") == 410
            released.set()
            client, connection_id = await first
            await client.close()
        assert at.functions.ids("connect") == [connection_id]
        assert at.functions.ids("disconnect") == [connection_id]

    asyncio.run(scenario())


async def _called(functions: FakeFunctions, name: str) -> None:
    while not functions.calls[name]:
        await asyncio.sleep(0)
