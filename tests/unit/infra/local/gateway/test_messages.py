"""Messages reach the handler whole, in order and one at a time; bad ones harm nobody else."""

import asyncio
import base64
import contextlib
import json
import socket
import time

import pytest
import websockets
from websockets.frames import Frame, Opcode

from infra.local.gateway.limits import MAX_MESSAGE_BYTES, GatewayLimits
from infra.local.gateway.message_queue import Message, MessageQueue
from tests.hostile.message import UNPASSABLE
from tests.unit.infra.local.gateway.stage import (
    PATIENCE,
    Behaviour,
    Event,
    FakeFunctions,
    Reply,
    closed,
    fail,
    receive,
    stage,
)


def hold_messages(functions: FakeFunctions) -> asyncio.Event:
    """Make every message wait for the event given back."""
    released = asyncio.Event()

    async def wait(_event: Event) -> Reply:
        await released.wait()
        return Reply()

    functions.behaviour["message"] = wait
    return released


def test_a_message_is_told_as_api_gateway_tells_it() -> None:
    async def scenario() -> None:
        async with stage() as at:
            client, connection_id = await at.connect()
            await client.send('{"action":"heartbeat"}')
            event = await at.functions.next("message")
            assert event["body"] == '{"action":"heartbeat"}'
            assert event["isBase64Encoded"] is False
            assert "headers" not in event
            context = event["requestContext"]
            assert context["routeKey"] == "$default"
            assert context["eventType"] == "MESSAGE"
            assert context["connectionId"] == connection_id
            assert context["messageId"]
            connected = at.functions.calls["connect"][0]["requestContext"]
            assert context["connectedAt"] == connected["connectedAt"]
            assert context["requestTimeEpoch"] >= context["connectedAt"]
            await client.close()

    asyncio.run(scenario())


def test_a_binary_message_travels_as_base64() -> None:
    async def scenario() -> None:
        async with stage() as at:
            client, _ = await at.connect()
            await client.send(b"\x00\xff")
            event = await at.functions.next("message")
            assert event["isBase64Encoded"] is True
            assert base64.b64decode(event["body"]) == b"\x00\xff"
            await client.close()

    asyncio.run(scenario())


def test_messages_of_a_connection_are_handled_in_order_one_at_a_time() -> None:
    async def scenario() -> None:
        async with stage() as at:
            running = most = 0

            async def handle(event: Event) -> Reply:
                nonlocal running, most
                running += 1
                most = max(most, running)
                # Earlier messages take longer: only a queue keeps them in order.
                await asyncio.sleep((20 - int(event["body"])) / 4000)
                running -= 1
                return Reply()

            at.functions.behaviour["message"] = handle
            client, _ = await at.connect()
            for number in range(20):
                await client.send(str(number))
            handled = [(await at.functions.next("message"))["body"] for _ in range(20)]
            assert handled == [str(number) for number in range(20)]
            assert most == 1
            await client.close()

    asyncio.run(scenario())


def test_a_slow_message_does_not_hold_up_another_connection() -> None:
    async def scenario() -> None:
        async with stage() as at:
            released = hold_messages(at.functions)
            slow, slow_id = await at.connect()
            other, other_id = await at.connect()
            await slow.send("slow")
            assert (await at.functions.next("message"))["body"] == "slow"
            await other.send("other")
            assert (await at.functions.next("message"))["body"] == "other"
            assert at.functions.ids("message") == [slow_id, other_id]
            released.set()
            await slow.close()
            await other.close()

    asyncio.run(scenario())


def test_pings_are_answered_and_posts_delivered_while_a_message_is_handled() -> None:
    async def scenario() -> None:
        async with stage() as at:
            released = hold_messages(at.functions)
            client, connection_id = await at.connect()
            await client.send("slow")
            await at.functions.next("message")
            await asyncio.wait_for(await client.ping(), PATIENCE)
            assert await at.post(connection_id, b"meanwhile") == 200
            assert await receive(client) == "meanwhile"
            released.set()
            await client.close()

    asyncio.run(scenario())


def test_an_answer_of_the_function_is_not_sent_to_the_client() -> None:
    async def scenario() -> None:
        async with stage() as at:

            async def chatty(_event: Event) -> Reply:
                return Reply({"statusCode": 200, "body": "never seen"})

            at.functions.behaviour["message"] = chatty
            client, connection_id = await at.connect()
            await client.send("hello")
            await at.functions.next("message")
            await at.post(connection_id, b"first thing seen")
            assert await receive(client) == "first thing seen"
            await client.close()

    asyncio.run(scenario())


async def unreachable(_event: Event) -> Reply:
    return Reply({"Message": "no such function"}, status=404)


@pytest.mark.parametrize("behaviour", [fail, unreachable])
def test_a_failing_function_is_told_to_the_client_and_later_messages_are_handled(
    behaviour: Behaviour,
) -> None:
    async def scenario() -> None:
        async with stage() as at:
            at.functions.behaviour["message"] = behaviour
            client, connection_id = await at.connect()
            await client.send("one")
            event = await at.functions.next("message")
            assert json.loads(await receive(client)) == {
                "message": "Internal server error",
                "connectionId": connection_id,
                "requestId": event["requestContext"]["requestId"],
            }
            await client.send("two")
            assert (await at.functions.next("message"))["body"] == "two"
            await client.close()

    asyncio.run(scenario())


def test_the_largest_message_passes() -> None:
    async def scenario() -> None:
        async with stage() as at:
            client, _ = await at.connect()
            await client.send("x" * MAX_MESSAGE_BYTES)
            assert len((await at.functions.next("message"))["body"]) == MAX_MESSAGE_BYTES
            await client.close()

    asyncio.run(scenario())


def cut(data: bytes, pieces: int) -> bytes | list[bytes]:
    """The message whole, or in as many frames."""
    size = -(-len(data) // pieces)
    return data if pieces == 1 else [data[at : at + size] for at in range(0, len(data), size)]


@pytest.mark.parametrize("name", UNPASSABLE)
@pytest.mark.parametrize("fragments", [1, 8])
def test_what_is_not_passed_on_closes_its_connection_alone(name: str, fragments: int) -> None:
    bad = UNPASSABLE[name]

    async def scenario() -> None:
        async with stage() as at:
            client, connection_id = await at.connect()
            other, _ = await at.connect()
            with contextlib.suppress(websockets.ConnectionClosed):
                await client.send(cut(bad.data, fragments), text=bad.is_text)
            assert await closed(client) == (bad.close_code, bad.reason)
            event = await at.functions.next("disconnect")
            assert event["requestContext"]["connectionId"] == connection_id
            assert event["requestContext"]["disconnectStatusCode"] == bad.close_code
            assert at.functions.calls["message"] == []
            await other.send("still here")
            await at.functions.next("message")
            await other.close()

    asyncio.run(scenario())


def test_a_message_beyond_every_measure_ends_its_connection() -> None:
    async def scenario() -> None:
        async with stage() as at:
            client, _ = await at.connect()
            with contextlib.suppress(websockets.ConnectionClosed):
                await client.send("x" * (32 * MAX_MESSAGE_BYTES))
            await closed(client)
            event = await at.functions.next("disconnect")
            assert event["requestContext"]["disconnectStatusCode"] == 1009

    asyncio.run(scenario())


def test_a_protocol_violation_ends_its_connection() -> None:
    async def scenario() -> None:
        async with stage() as at:
            client, _ = await at.connect()
            client.transport.write(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")
            event = await at.functions.next("disconnect")
            assert event["requestContext"]["disconnectStatusCode"] == 1002
            await closed(client)

    asyncio.run(scenario())


def test_a_full_inbox_takes_the_next_message_only_when_all_are_handled() -> None:
    async def scenario() -> None:
        handled: list[str | bytes] = []
        released = asyncio.Semaphore(0)

        async def handle(message: Message) -> None:
            await released.acquire()
            handled.append(message.body)

        queue = MessageQueue(handle, 3, lambda: False, per_second=1.0, burst=4)
        # The first is taken up at once, so the fourth is the third that waits.
        await queue.put(Message("0", 0))
        await asyncio.sleep(0)
        await queue.put(Message("1", 0))
        await queue.put(Message("2", 0))
        putting = asyncio.create_task(queue.put(Message("3", 0)))
        for _ in range(3):
            released.release()
        while len(handled) < 3:
            await asyncio.sleep(0)
        assert not putting.done()
        released.release()
        await asyncio.wait_for(putting, PATIENCE)
        assert handled == ["0", "1", "2", "3"]

    asyncio.run(scenario())


@pytest.mark.parametrize(("is_gone", "at_least"), [(False, 0.3), (True, 0.0)])
def test_beyond_its_burst_a_client_waits_unless_it_has_left(is_gone: bool, at_least: float) -> None:
    async def scenario() -> None:
        handled: list[str | bytes] = []

        async def handle(message: Message) -> None:
            handled.append(message.body)

        # A client that has left would wait for a day.
        per_second = 1 / 86_400 if is_gone else 100.0
        queue = MessageQueue(handle, 100, lambda: is_gone, per_second, burst=10)
        began = time.monotonic()
        for number in range(40):
            await queue.put(Message(str(number), 0))
        await asyncio.wait_for(queue.emptied(), PATIENCE)
        assert time.monotonic() - began >= at_least
        assert handled == [str(number) for number in range(40)]

    asyncio.run(scenario())


def test_of_a_flooder_that_has_gone_only_what_hid_its_end_is_handled() -> None:
    async def scenario() -> None:
        async with stage(GatewayLimits(pending_messages=4)) as at:
            released = hold_messages(at.functions)
            client, connection_id = await at.connect()
            # Far more than is read ahead: the end of the socket comes after what is not yet read.
            # Not more of it than these bytes: they are handled at a flooder's pace.
            own = client.transport.get_extra_info("socket")
            own.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
            for number in range(3000):
                client.transport.write(Frame(Opcode.TEXT, b"%1000d" % number).serialize(mask=True))
            await at.functions.next("message")
            client.transport.abort()
            await asyncio.wait_for(client.wait_closed(), PATIENCE)
            released.set()
            ended = await at.functions.next("disconnect")
            assert ended["requestContext"]["connectionId"] == connection_id
            assert len(at.functions.calls["message"]) < 1000

    asyncio.run(scenario())


def test_what_was_sent_before_an_early_end_is_handled() -> None:
    async def scenario() -> None:
        async with stage() as at:
            released = hold_messages(at.functions)
            client, _ = await at.connect()
            await client.send("0")
            await at.functions.next("message")
            await client.send("1")
            await client.send("2")
            client.transport.close()  # after the bytes, without a close frame
            await asyncio.wait_for(client.wait_closed(), PATIENCE)
            released.set()
            await at.functions.next("disconnect")
            assert [event["body"] for event in at.functions.calls["message"]] == ["0", "1", "2"]

    asyncio.run(scenario())
