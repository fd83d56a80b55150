"""Two more ways to post, for comparison: the least that any poster must do, and aiobotocore.

The floor sends bytes made beforehand and looks at nothing but that something came back: no ids, no
signatures, no statuses, no retries, no time-outs. aiobotocore is measured where it is installed.
"""

import asyncio
import contextlib
import importlib.util
import os
import selectors
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

Batch = Callable[[], int]

HAS_AIOBOTOCORE = importlib.util.find_spec("aiobotocore") is not None

_REQUEST = (
    "POST /api/@connections/L0SM9cOF0000000%3D HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    "X-Amz-Date: 20260101T000000Z\r\nContent-Length: {length}\r\n"
    "Authorization: AWS4-HMAC-SHA256 {signature}\r\n\r\n"
)
POSTS = 2000
_NOT_YET = (BlockingIOError, ssl.SSLWantReadError)


def _connected(tls: bool, hostname: str, port: int) -> socket.socket:
    sock = socket.create_connection((hostname, port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if tls:
        context = ssl.create_default_context(cafile=os.environ["AWS_CA_BUNDLE"])
        sock = context.wrap_socket(sock, server_hostname=hostname)
    sock.setblocking(False)
    return sock


def _posted(
    selector: selectors.BaseSelector, sockets: Sequence[socket.socket], request: bytes
) -> int:
    for sock in sockets:
        sock.send(request)
    started, answered = len(sockets), 0
    while answered < POSTS:
        for key, _ in selector.select():
            try:
                key.data.recv(65536)
            except _NOT_YET:
                continue
            answered += 1
            if started < POSTS:
                key.data.send(request)
                started += 1
    return POSTS


@contextlib.contextmanager
def floor(endpoint: str, in_flight: int, data: bytes) -> Iterator[Batch]:
    """2,000 posts a batch over as many sockets as may be in flight."""
    url = urlsplit(endpoint)
    request = _REQUEST.format(length=len(data), signature="s" * 900).encode() + data
    selector = selectors.DefaultSelector()
    sockets = []
    for _ in range(in_flight):
        sockets.append(_connected(url.scheme == "https", url.hostname or "", url.port or 80))
        selector.register(sockets[-1], selectors.EVENT_READ, sockets[-1])

    yield lambda: _posted(selector, sockets, request)
    selector.close()
    for sock in sockets:
        sock.close()


@contextlib.contextmanager
def aiobotocore(
    endpoint: str, region: str, keys: Sequence[str], ids: Sequence[str], data: bytes
) -> Iterator[Batch]:
    """All of a batch's posts at once, over 100 sockets."""
    session = importlib.import_module("aiobotocore.session").get_session()
    config = importlib.import_module("aiobotocore.config").AioConfig(max_pool_connections=100)
    access, secret, token = keys
    with asyncio.Runner() as runner:
        context = session.create_client(
            "apigatewaymanagementapi",
            region_name=region,
            endpoint_url=endpoint,
            config=config,
            aws_access_key_id=access,
            aws_secret_access_key=secret,
            aws_session_token=token,
        )
        client: Any = runner.run(context.__aenter__())

        async def post_all() -> int:
            posts = (client.post_to_connection(ConnectionId=each, Data=data) for each in ids)
            return len(await asyncio.gather(*posts))

        yield lambda: runner.run(post_all())
        runner.run(context.__aexit__(None, None, None))
