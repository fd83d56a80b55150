"""The recogniser's streams at a hall's doors: for those who were given a presigned address."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer
from botocore.credentials import Credentials as Keys

from chalice_app.aws.transcribe import TranscribeStreams
from infra.local.access.callers import LOOPBACK_HOSTS
from infra.local.gateway.dictation import Dictation
from infra.local.gateway.doors import Hall, loopback_doors
from infra.local.gateway.limits import GatewayLimits
from infra.local.gateway.server import Beside, gateway
from infra.local.sounds.signatures import Credentials

ADDRESS = "127.0.0.2"
PAGE = f"http://{ADDRESS}:8000"
PATIENCE = 20


@asynccontextmanager
async def in_hall(
    handle: Callable[[web.Request], Awaitable[web.StreamResponse]],
    clock: Callable[[], float] = time.time,
) -> AsyncIterator[list[str]]:
    """The endpoints of loopback's door and of the hall's, before a recogniser of our own."""
    app = web.Application()
    app.router.add_get(Dictation.path, handle)
    doors = [
        *loopback_doors(0, 0, LOOPBACK_HOSTS, in_hall=True),
        *Hall(ADDRESS, None, 0).doors(),
    ]
    async with TestServer(app) as server:
        keys = Credentials("local", "s3cret")
        dictation = Dictation(str(server.make_url("")), keys, {PAGE}, clock)
        async with gateway(
            "http://127.0.0.1:1", doors, GatewayLimits(), Beside(dictation=dictation)
        ) as (own, hall):
            yield [f"ws://127.0.0.1:{own}", f"ws://{ADDRESS}:{hall}"]


def presigned(endpoint: str, key: str = "s3cret") -> str:
    clients: Any = SimpleNamespace(credentials=lambda: Keys("local", key), region="us-east-1")
    return TranscribeStreams(clients).presign(endpoint, "en-US", 16_000, 60)


async def echo(request: web.Request) -> web.StreamResponse:
    """Says every frame back, then closes as it is asked to."""
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for frame in socket:
        if frame.type is WSMsgType.BINARY:
            await socket.send_bytes(b"heard " + frame.data)
        if frame.data == b"end":
            await socket.close(code=1000)
    return socket


async def unwanted(_request: web.Request) -> web.StreamResponse:
    raise AssertionError


def test_a_presigned_stream_goes_both_ways_until_the_recogniser_ends_it() -> None:
    async def scenario() -> None:
        async with in_hall(echo) as endpoints, aiohttp.ClientSession() as http:
            for endpoint in endpoints:
                async with http.ws_connect(presigned(endpoint), origin=PAGE) as stream:
                    for sound in (b"one", b"two", bytes(60_000)):
                        await stream.send_bytes(sound)
                        assert await stream.receive_bytes(timeout=PATIENCE) == b"heard " + sound
                    await stream.send_bytes(b"end")
                    await stream.receive_bytes(timeout=PATIENCE)
                    assert (await stream.receive(PATIENCE)).type is WSMsgType.CLOSE
                    assert stream.close_code == 1000

    asyncio.run(scenario())


def test_a_speaker_who_leaves_ends_the_stream() -> None:
    async def scenario() -> None:
        ended: asyncio.Queue[int | None] = asyncio.Queue()

        async def listen(request: web.Request) -> web.StreamResponse:
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            async for _ in socket:
                pass
            await ended.put(socket.close_code)
            return socket

        async with in_hall(listen) as (_, hall), aiohttp.ClientSession() as http:
            async with http.ws_connect(presigned(hall)) as stream:
                await stream.send_bytes(b"one")
            assert await asyncio.wait_for(ended.get(), PATIENCE) == 1000

    asyncio.run(scenario())


Ways = Callable[[str, str], str]
"""The address that is tried, from the endpoints of loopback's door and of the hall's."""

WRONG: dict[str, Ways] = {
    "another signature": lambda _, hall: f"{presigned(hall)[:-4]}0000",
    "another's secret": lambda _, hall: presigned(hall, "local"),
    "none": lambda _, hall: presigned(hall).partition("?")[0],
    "of another door": lambda own, hall: presigned(own).replace(own, hall),
}


@pytest.mark.parametrize("address", WRONG.values(), ids=WRONG)
def test_an_address_that_was_not_given_out_leads_nowhere(address: Ways) -> None:
    async def scenario() -> None:
        async with in_hall(unwanted) as (own, hall):
            assert await refusal(address(own, hall), PAGE) == 403

    asyncio.run(scenario())


def test_another_site_s_page_is_refused() -> None:
    async def scenario() -> None:
        async with in_hall(unwanted) as (_, hall):
            assert await refusal(presigned(hall), "http://evil.example") == 403

    asyncio.run(scenario())


def test_an_address_is_good_for_its_time_alone() -> None:
    async def scenario() -> None:
        async with in_hall(unwanted, lambda: time.time() + 61) as (_, hall):
            assert await refusal(presigned(hall), PAGE) == 403

    asyncio.run(scenario())


async def refusal(url: str, origin: str) -> int:
    async with aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(url, origin=origin)
        return refused.value.status


def test_a_refusal_of_the_recogniser_is_passed_back() -> None:
    async def refuse(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=503)

    async def scenario() -> None:
        async with in_hall(refuse) as (_, hall), aiohttp.ClientSession() as http:
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await http.ws_connect(presigned(hall))
            assert refused.value.status == 503

    asyncio.run(scenario())
