"""A device that is not the laptop speaks over TLS, with a certificate that the laptop has made."""

import asyncio
import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing
from functools import partial
from http.client import HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets import InvalidStatus, Origin
from websockets.asyncio.client import connect

from tests.integration.client import Client
from tests.network.halls import Hall, hall
from tests.network.hosts import LAPTOP, hosts

TLS_PORT = 8443
HTTPS, WSS = f"https://{LAPTOP}:{TLS_PORT}", f"wss://{LAPTOP}:{TLS_PORT}"


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    with (
        hosts(phones=3) as both,
        hall(both, tmp_path_factory.mktemp("tls"), "--certificate") as running,
    ):
        yield running


@pytest.fixture
def trusting(secure: Hall) -> ssl.SSLContext:
    """Of a device whose user has compared the fingerprint."""
    (certificate,) = secure.log.parent.rglob("certificate.pem")
    return ssl.create_default_context(cafile=str(certificate))


def get(hall: Hall, context: ssl.SSLContext, path: str, host: str = "") -> tuple[int, bytes]:
    """What a phone is answered over TLS: the status and the body."""
    request = f"GET {path} HTTP/1.1\r\nHost: {host or f'{LAPTOP}:{TLS_PORT}'}\r\n"
    plain = hall.phone().dial(LAPTOP, TLS_PORT)
    with context.wrap_socket(plain, server_hostname=LAPTOP) as connection:
        connection.sendall(f"{request}Connection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head[9:12]), body


def test_its_page_leads_to_sockets_with_tls(secure: Hall, trusting: ssl.SSLContext) -> None:
    status, page = get(secure, trusting, "/")
    assert status == 200
    assert f'<meta name="websocket-url" content="{WSS}">'.encode() in page
    # Listeners are not led to a certificate that their browsers would warn of.
    assert f'<meta name="listeners-url" content="{secure.in_the_hall.http}">'.encode() in page


def test_nothing_more_is_behind_it_than_behind_the_other_door(
    secure: Hall, trusting: ssl.SSLContext
) -> None:
    for path in ("/ops", "/ops/state", "/@connections/x"):
        for host in ("", "127.0.0.1", f"localhost:{TLS_PORT}"):
            status, body = get(secure, trusting, path, host)
            assert (status, json.loads(body)) == (403, {"message": "Forbidden"})
    assert get(secure, trusting, "/", "evil.example")[0] == 403


def test_who_has_not_compared_the_fingerprint_is_warned(secure: Hall) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        get(secure, ssl.create_default_context(), "/")


def test_a_speaker_there_is_read_on_plain_phones(secure: Hall, trusting: ssl.SSLContext) -> None:
    async def speak() -> None:
        async with secure.talk() as talk:
            phone = await talk.join(secure.phone(1), "pt")
            address = talk.session.address(token=talk.session.token)
            opened = await secure.hosts.phones.connect(LAPTOP, TLS_PORT)
            socket = await connect(
                address.replace(talk.session.url, WSS),
                sock=opened,
                ssl=trusting,
                server_hostname=LAPTOP,
                origin=Origin(HTTPS),
                proxy=None,
            )
            async with socket:
                elsewhere = Client(socket)
                await elsewhere.expect("joined")
                await elsewhere.send("speak", sequence=1, text="I speak at another device.")
                await phone.expect("caption", sequence=1)
            again = await secure.laptop.enter(address)
            talk.sockets.push_async_callback(again.socket.close)
            talk.speaker = again
            await again.expect("joined")

    asyncio.run(speak())


async def stream_status(
    secure: Hall, trusting: ssl.SSLContext, address: str, origin: str = HTTPS
) -> int:
    """What the recogniser's stream at that address is answered with: 101 opens it."""
    try:
        opened = await connect(
            address,
            sock=await secure.hosts.phones.connect(LAPTOP, TLS_PORT),
            ssl=trusting,
            server_hostname=LAPTOP,
            origin=Origin(origin),
            proxy=None,
        )
    except InvalidStatus as refused:
        return refused.response.status_code
    await opened.close()
    return 101


def test_the_recogniser_hears_who_has_the_speakers_leave_and_nobody_else(
    secure: Hall, trusting: ssl.SSLContext
) -> None:
    async def dictate() -> None:
        async with secure.talk() as talk:
            path = f"{HTTPS}/sessions/{talk.session.session_id}/transcription"
            headers = {"Authorization": f"Bearer {talk.session.token}"}
            granted = await asyncio.to_thread(post, secure, trusting, path, headers)
            address = granted["url"]
            assert address.startswith(f"{WSS}/stream-transcription-websocket?")
            ask = partial(stream_status, secure, trusting)
            assert await ask(address) == 101
            assert await ask(address, "https://evil.example") == 403
            assert await ask(address.replace("sample-rate=16000", "sample-rate=44100")) == 403
            assert await ask(address.partition("?")[0]) == 403

    asyncio.run(dictate())


def post(
    hall: Hall, context: ssl.SSLContext, url: str, headers: Mapping[str, str]
) -> dict[str, Any]:
    """What a phone is answered over TLS that asks for a stream."""
    parts = urlsplit(url)
    connection = HTTPSConnection(parts.netloc, context=context)
    plain = hall.phone().dial(LAPTOP, TLS_PORT)
    connection.sock = context.wrap_socket(plain, server_hostname=LAPTOP)
    with closing(connection):
        connection.request("POST", parts.path, json.dumps({"sampleRate": 16_000}), dict(headers))
        response = connection.getresponse()
        answer: dict[str, Any] = json.loads(response.read())
    assert response.status == 201, answer
    return answer
