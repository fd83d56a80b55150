"""Sounds at a hall's door: reads are passed on as they come, and nothing else is."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import boto3
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from botocore.config import Config
from yarl import URL

from infra.local.access.callers import LOOPBACK_HOSTS
from infra.local.gateway.doors import Hall, loopback_doors
from infra.local.gateway.limits import GatewayLimits
from infra.local.gateway.server import Beside, gateway
from infra.local.gateway.sounds import Sounds
from infra.local.sounds.api import sounds_application
from infra.local.sounds.signatures import Credentials
from infra.local.sounds.store import SoundStore

ADDRESS = "127.0.0.2"
BUCKET = "sounds-local"
SOUND = bytes(range(256)) * 2_000


@asynccontextmanager
async def in_hall(server: str) -> AsyncIterator[tuple[str, str]]:
    """The addresses of loopback's door and of the hall's."""
    doors = [
        *loopback_doors(0, 0, LOOPBACK_HOSTS, in_hall=True),
        *Hall(ADDRESS, None, 0).doors(),
    ]
    beside = Beside(Sounds(server, BUCKET))
    async with gateway("http://127.0.0.1:1", doors, GatewayLimits(), beside) as (own, hall):
        yield f"http://127.0.0.1:{own}", f"http://{ADDRESS}:{hall}"


@asynccontextmanager
async def passing_on_to(
    handle: Callable[[web.Request], Awaitable[web.StreamResponse]],
) -> AsyncIterator[str]:
    """The hall's address in front of a server of our own."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    async with TestServer(app) as server, in_hall(str(server.make_url(""))) as (_, hall):
        yield hall


def test_a_presigned_address_at_the_hall_is_answered_by_the_bucket(tmp_path: Path) -> None:
    async def scenario() -> None:
        store = SoundStore(tmp_path)
        store.put("sounds/a.mp3", SOUND, {"content-type": "audio/mpeg"})
        credentials = Credentials("local", "local")
        hosts = {*LOOPBACK_HOSTS, ADDRESS}
        application = sounds_application(store, BUCKET, credentials, {"http://page"}, hosts)
        async with (
            TestServer(application) as server,
            in_hall(str(server.make_url(""))) as addresses,
            aiohttp.ClientSession() as http,
        ):
            for address in addresses:
                url = presigned(address)
                async with http.get(url, headers={"Origin": "http://page"}) as response:
                    assert (response.status, await response.read()) == (200, SOUND)
                    assert response.headers["Access-Control-Allow-Origin"] == "http://page"
                    assert response.headers["Content-Type"] == "audio/mpeg"
                async with http.get(url, headers={"Range": "bytes=10-19"}) as response:
                    assert (response.status, await response.read()) == (206, SOUND[10:20])
                    assert response.headers["Content-Range"] == f"bytes 10-19/{len(SOUND)}"
                async with http.get(url.replace("Signature=", "Signature=0")) as response:
                    assert response.status == 403
                async with http.get(url, headers={"Origin": "http://evil"}) as response:
                    assert response.status == 403
                preflight = {
                    "Origin": "http://page",
                    "Access-Control-Request-Method": "GET",
                    "Access-Control-Request-Headers": "range",
                }
                async with http.options(url, headers=preflight) as response:
                    assert response.status == 200
                    assert "range" in response.headers["Access-Control-Allow-Headers"]
            # Signed for another door: the signature names the host.
            moved = urlsplit(presigned(addresses[0]))
            async with http.get(f"{addresses[1]}{moved.path}?{moved.query}") as response:
                assert response.status == 403

    asyncio.run(scenario())


def presigned(endpoint: str) -> str:
    client: Any = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )
    params = {"Bucket": BUCKET, "Key": "sounds/a.mp3"}
    return str(client.generate_presigned_url("get_object", Params=params, ExpiresIn=60))


def test_a_request_is_passed_on_without_what_would_let_it_write() -> None:
    async def scenario() -> None:
        seen: list[web.Request] = []

        async def handle(request: web.Request) -> web.StreamResponse:
            seen.append(request)
            return web.Response(body=SOUND)

        async with passing_on_to(handle) as hall, aiohttp.ClientSession() as http:
            path = f"/{BUCKET}/a%2Fb%20c.mp3?X-Amz-Signature=1%2F2"
            fields = {"Range": "bytes=0-", "Authorization": "AWS4-HMAC-SHA256 x", "Cookie": "a=b"}
            async with http.get(URL(hall + path, encoded=True), headers=fields) as response:
                assert await response.read() == SOUND
            (request,) = seen
            assert request.raw_path == path
            assert request.headers["Host"] == urlsplit(hall).netloc
            assert request.headers["Range"] == "bytes=0-"
            assert not request.headers.keys() & {"Authorization", "Cookie", "Accept-Encoding"}

    asyncio.run(scenario())


async def never(_request: web.Request) -> web.StreamResponse:
    """The bucket's server, which is not asked."""
    raise AssertionError


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH"])
def test_nobody_writes(method: str) -> None:
    async def scenario() -> None:
        async with (
            passing_on_to(never) as hall,
            aiohttp.ClientSession() as http,
            http.request(method, f"{hall}/{BUCKET}/a.mp3", data=b"a") as response,
        ):
            assert response.status == 403
            assert await response.json() == {"message": "Forbidden"}

    asyncio.run(scenario())


@pytest.mark.parametrize("host", ["127.0.0.1", "evil.example"])
def test_another_host_is_refused(host: str) -> None:
    async def scenario() -> None:
        async with (
            passing_on_to(never) as hall,
            aiohttp.ClientSession() as http,
            http.get(f"{hall}/{BUCKET}/a.mp3", headers={"Host": host}) as response,
        ):
            assert response.status == 403

    asyncio.run(scenario())


def test_head_has_the_length_and_no_body() -> None:
    async def scenario() -> None:
        async def handle(_request: web.Request) -> web.StreamResponse:
            return web.Response(body=SOUND)

        async with (
            passing_on_to(handle) as hall,
            aiohttp.ClientSession() as http,
            http.head(f"{hall}/{BUCKET}/a.mp3") as response,
        ):
            assert (response.status, await response.read()) == (200, b"")
            assert response.headers["Content-Length"] == str(len(SOUND))

    asyncio.run(scenario())


def test_without_its_server_the_answer_is_json() -> None:
    async def scenario() -> None:
        async with (
            in_hall("http://127.0.0.1:1") as (_, hall),
            aiohttp.ClientSession() as http,
            http.get(f"{hall}/{BUCKET}/a.mp3") as response,
        ):
            assert response.status == 503
            assert await response.json() == {"message": "Service Unavailable"}

    asyncio.run(scenario())


def test_a_sound_that_breaks_off_is_seen_to_be_incomplete() -> None:
    async def scenario() -> None:
        async def handle(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse(headers={"Content-Length": "1000"})
            await response.prepare(request)
            await response.write(b"the beginning")
            assert request.transport is not None
            request.transport.close()
            return response

        async with (
            passing_on_to(handle) as hall,
            aiohttp.ClientSession() as http,
            http.get(f"{hall}/{BUCKET}/a.mp3") as response,
        ):
            assert response.status == 200
            with pytest.raises(aiohttp.ClientError):
                await response.read()

    asyncio.run(scenario())
