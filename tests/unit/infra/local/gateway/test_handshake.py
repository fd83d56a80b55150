"""What a handshake becomes, and how the function's answer decides over it."""

import asyncio
import json
import logging
import re
import time

import aiohttp
import pytest
import websockets
from aiohttp import web

from infra.local.gateway.limits import GatewayLimits
from infra.local.gateway.server import gateway
from tests.hostile.http_request import LONG_LINES
from tests.unit.infra.local.gateway.stage import (
    PATIENCE,
    Behaviour,
    Event,
    Reply,
    Stage,
    fail,
    fake_functions,
    sockets_door,
    stage,
)


def answer(result: object) -> Behaviour:
    async def behave(_event: Event) -> Reply:
        return Reply(result)

    return behave


async def refused(at: Stage, path: str = "/") -> tuple[int, bytes]:
    with pytest.raises(websockets.InvalidStatus) as refusal:
        await at.connect(path)
    response = refusal.value.response
    return response.status_code, bytes(response.body or b"")


def test_a_handshake_is_told_as_api_gateway_tells_it() -> None:
    async def scenario() -> None:
        async with stage() as at:
            before = time.time_ns() // 1_000_000
            client, connection_id = await at.connect("/api?sessionId=a-b-100&targetLanguage=es")
            after = time.time_ns() // 1_000_000
            (event,) = at.functions.calls["connect"]
            context = event["requestContext"]
            assert event["queryStringParameters"] == {
                "sessionId": "a-b-100",
                "targetLanguage": "es",
            }
            assert event["multiValueQueryStringParameters"]["targetLanguage"] == ["es"]
            assert event["headers"]["Sec-WebSocket-Version"] == "13"
            assert event["multiValueHeaders"]["Sec-WebSocket-Version"] == ["13"]
            assert event["headers"]["X-Forwarded-For"] == "127.0.0.1"
            assert event["isBase64Encoded"] is False
            assert before <= context.pop("connectedAt") <= after
            assert before <= context.pop("requestTimeEpoch") <= after
            assert re.fullmatch(
                r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000", context.pop("requestTime")
            )
            assert context.pop("requestId") == context.pop("extendedRequestId") != connection_id
            assert context.pop("identity")["userAgent"].startswith("Python")
            assert context == {
                "routeKey": "$connect",
                "eventType": "CONNECT",
                "connectionId": connection_id,
                "domainName": f"127.0.0.1:{at.port}",
                "stage": "api",
                "apiId": "local",
                "messageDirection": "IN",
            }
            await client.close()

    asyncio.run(scenario())


def test_without_a_query_its_parameters_are_null() -> None:
    async def scenario() -> None:
        async with stage() as at:
            client, _ = await at.connect("/")
            (event,) = at.functions.calls["connect"]
            assert event["queryStringParameters"] is None
            assert event["multiValueQueryStringParameters"] is None
            await client.close()

    asyncio.run(scenario())


def test_connection_ids_have_api_gateways_form_and_differ() -> None:
    async def scenario() -> None:
        async with stage() as at:
            pairs = [await at.connect() for _ in range(20)]
            ids = {connection_id for _, connection_id in pairs}
            assert len(ids) == 20
            assert all(re.fullmatch(r"[A-Za-z0-9_-]{15}=", i) for i in ids)
            for client, _ in pairs:
                await client.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503])
def test_any_other_status_refuses_the_handshake_with_it(status: int) -> None:
    async def scenario() -> None:
        async with stage() as at:
            at.functions.behaviour["connect"] = answer({"statusCode": status, "body": "no: ß"})
            assert await refused(at) == (status, "no: ß".encode())
        assert at.functions.calls["disconnect"] == []

    asyncio.run(scenario())


def test_a_refusal_needs_no_body() -> None:
    async def scenario() -> None:
        async with stage() as at:
            at.functions.behaviour["connect"] = answer({"statusCode": 401})
            assert await refused(at) == (401, b"")

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "result", [None, "accepted", {}, {"statusCode": "yes"}, {"statusCode": 99}]
)
def test_a_malformed_answer_refuses_with_502(result: object) -> None:
    async def scenario() -> None:
        async with stage() as at:
            at.functions.behaviour["connect"] = answer(result)
            status, body = await refused(at)
            assert status == 502
            assert b"Internal server error" in body

    asyncio.run(scenario())


def test_a_failing_function_refuses_with_502_and_tells_nothing() -> None:
    async def scenario() -> None:
        async with stage() as at:
            at.functions.behaviour["connect"] = fail
            status, body = await refused(at)
            assert status == 502
            assert b"secret" not in body
        assert at.functions.calls["disconnect"] == []

    asyncio.run(scenario())


def test_a_result_that_is_no_json_refuses_with_502() -> None:
    async def page(_request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text="<html>It works!</html>")

    async def scenario() -> None:
        server = web.Server(page, access_log=None)
        listening = await asyncio.get_running_loop().create_server(server, "127.0.0.1", 0)
        host = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        async with gateway(host, [sockets_door()], GatewayLimits()) as (port,):
            with pytest.raises(websockets.InvalidStatus) as refusal:
                await websockets.connect(f"ws://127.0.0.1:{port}/", proxy=None)
            assert refusal.value.response.status_code == 502
        listening.close()
        server.pre_shutdown()
        await server.shutdown(0.1)

    asyncio.run(scenario())


def test_an_absent_functions_host_refuses_with_502() -> None:
    async def scenario() -> None:
        async with fake_functions() as (_, url):
            pass
        async with gateway(url, [sockets_door()], GatewayLimits()) as (port,):
            with pytest.raises(websockets.InvalidStatus) as refusal:
                await websockets.connect(f"ws://127.0.0.1:{port}/", proxy=None)
            assert refusal.value.response.status_code == 502

    asyncio.run(scenario())


def test_a_function_that_takes_too_long_refuses_with_502() -> None:
    async def scenario() -> None:
        async with stage(GatewayLimits(invocation_timeout=0.05)) as at:
            forever = asyncio.Event()

            async def hang(_event: Event) -> Reply:
                await forever.wait()
                return Reply()

            at.functions.behaviour["connect"] = hang
            assert (await refused(at))[0] == 502
            forever.set()

    asyncio.run(scenario())


@pytest.mark.parametrize("headers", [{}, {"Upgrade": "websocket", "Connection": "upgrade"}])
def test_what_is_no_handshake_reaches_no_function(headers: dict[str, str]) -> None:
    async def scenario() -> None:
        async with stage() as at, aiohttp.ClientSession() as http:
            url = f"http://127.0.0.1:{at.port}/api"
            async with http.get(url, headers=headers) as response:
                assert response.status == 426
        assert at.functions.calls["connect"] == []

    asyncio.run(scenario())


def test_a_client_that_leaves_while_connect_runs_is_disconnected() -> None:
    async def scenario() -> None:
        async with stage() as at:
            left = asyncio.Event()

            async def accept_later(_event: Event) -> Reply:
                await left.wait()
                return Reply()

            at.functions.behaviour["connect"] = accept_later
            reader, writer = await asyncio.open_connection("127.0.0.1", at.port)
            writer.write(
                b"GET / HTTP/1.1\r\nHost: [::1]\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
            )
            await at.functions.next("connect")
            writer.transport.abort()
            left.set()
            event = await at.functions.next("disconnect")
            assert event["requestContext"]["disconnectStatusCode"] == 1006
            assert at.functions.ids("connect") == at.functions.ids("disconnect")
            assert await asyncio.wait_for(reader.read(), PATIENCE) == b""

    asyncio.run(scenario())


@pytest.mark.parametrize("line", LONG_LINES.values(), ids=LONG_LINES)
def test_too_long_a_line_is_a_bad_request_in_json(
    caplog: pytest.LogCaptureFixture, line: str
) -> None:
    async def scenario() -> None:
        async with stage() as at:
            reader, writer = await asyncio.open_connection("127.0.0.1", at.port)
            writer.write(f"{line} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            async with asyncio.timeout(PATIENCE):
                head, _, body = (await reader.read()).partition(b"\r\n\r\n")
            writer.close()
        assert head.split(b"\r\n")[0].endswith(b" 400 Bad Request")
        assert b"application/json" in head
        assert json.loads(body) == {"message": "Bad Request"}

    caplog.set_level(logging.CRITICAL)
    asyncio.run(scenario())


def test_a_handshake_for_another_host_reaches_no_function() -> None:
    """A name that somebody made to lead here: no tunnel's, or it would be among `hosts`."""

    async def scenario() -> None:
        async with stage(hosts={"tunnel.example"}) as at, aiohttp.ClientSession() as http:
            url = f"ws://127.0.0.1:{at.port}/"
            async with http.ws_connect(url, headers={"Host": "tunnel.example"}):
                await at.functions.next("connect")
            with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
                await http.ws_connect(url, headers={"Host": "evil.example"})
            assert refusal.value.status == 403
            assert len(at.functions.calls["connect"]) == 1

    asyncio.run(scenario())
