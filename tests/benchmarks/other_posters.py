"""More ways to post, for comparison: aiobotocore, the least that any poster must do, and wrk.

The floor and wrk send bytes made beforehand and look at little but that something came back: no
ids, no signatures, no retries, no time-outs.
"""

import asyncio
import contextlib
import importlib
import os
import resource
import selectors
import shutil
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.benchmarks.posters import CAPTION, KEYS, REGION, Run, Sample, connection_ids, repeated

WRK = shutil.which("wrk")
"""Debian's package of the same name; not everyone has it."""

_PATH = "/api/@connections/L0SM9cOF0000000%3D"
_HEADERS = {
    "X-Amz-Date": "20260101T000000Z",
    "Authorization": f"AWS4-HMAC-SHA256 {'s' * 900}",  # as long as with a session token
}
_POSTS = 2000
_NOT_YET = (BlockingIOError, ssl.SSLWantReadError)


@contextlib.contextmanager
def aiobotocore(endpoint: str) -> Iterator[Run]:
    """400 posts at once, over 100 sockets."""
    session = importlib.import_module("aiobotocore.session").get_session()
    config = importlib.import_module("aiobotocore.config").AioConfig(max_pool_connections=100)
    access, secret, token = KEYS
    with asyncio.Runner() as runner:
        context = session.create_client(
            "apigatewaymanagementapi",
            region_name=REGION,
            endpoint_url=endpoint,
            config=config,
            aws_access_key_id=access,
            aws_secret_access_key=secret,
            aws_session_token=token,
        )
        client: Any = runner.run(context.__aenter__())
        ids = connection_ids(400)

        async def post_all() -> int:
            posts = (client.post_to_connection(ConnectionId=each, Data=CAPTION) for each in ids)
            return len(await asyncio.gather(*posts))

        yield repeated(lambda: runner.run(post_all()))
        runner.run(context.__aexit__(None, None, None))


@contextlib.contextmanager
def floor(endpoint: str, in_flight: int) -> Iterator[Run]:
    """2,000 posts a batch over as many sockets as may be in flight."""
    url = urlsplit(endpoint)
    headers = {"Host": url.netloc, **_HEADERS, "Content-Length": len(CAPTION)}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    request = f"POST {_PATH} HTTP/1.1\r\n{lines}\r\n".encode() + CAPTION
    selector = selectors.DefaultSelector()
    sockets = []
    for _ in range(in_flight):
        sockets.append(_connected(url.scheme == "https", url.hostname or "", url.port or 80))
        selector.register(sockets[-1], selectors.EVENT_READ, sockets[-1])

    yield repeated(lambda: _posted(selector, sockets, request))
    selector.close()
    for sock in sockets:
        sock.close()


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
    while answered < _POSTS:
        for key, _ in selector.select():
            try:
                key.data.recv(65536)
            except _NOT_YET:
                continue
            answered += 1
            if started < _POSTS:
                key.data.send(request)
                started += 1
    return _POSTS


_SCRIPT = """
wrk.method = "POST"
wrk.path = "{path}"
wrk.body = '{body}'
{headers}
done = function(summary)
  local errors = summary.errors
  local wrong = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format("posts %d %d %d\\n", summary.requests, summary.duration, wrong))
end
"""


@contextlib.contextmanager
def wrk(endpoint: str, in_flight: int) -> Iterator[Run]:
    """One thread of C, from another process on this core; its handshakes are in its time."""
    assert WRK is not None
    headers = "\n".join(f'wrk.headers["{name}"] = "{value}"' for name, value in _HEADERS.items())
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "post.lua"
        script.write_text(_SCRIPT.format(path=_PATH, body=CAPTION.decode(), headers=headers))

        def run(seconds: float) -> Sample:
            # Whole seconds, and several over TLS: its handshakes take a quarter of one.
            lasting = f"-d{max(4 if endpoint.startswith('https') else 1, round(seconds))}s"
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            done = subprocess.run(  # noqa: S603 - Debian's, on the script above
                [str(WRK), "-t1", f"-c{in_flight}", lasting, "-s", str(script), endpoint],
                capture_output=True,
                text=True,
                check=True,
            )
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            line = next(line for line in done.stdout.splitlines() if line.startswith("posts "))
            posts, microseconds, wrong = map(int, line.split()[1:])
            assert not wrong, f"{wrong} of wrk's posts failed"
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            return Sample(posts, microseconds / 1e6, cpu)

        yield run
