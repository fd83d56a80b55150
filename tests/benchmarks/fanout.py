"""How fast one caption reaches many connections: ours against boto3 and Chalice.

Run `.venv/bin/python tests/benchmarks/fanout.py`; under a minute. Every way posts the same bytes to
a stub gateway on another core, over HTTP and TLS, answering at once and after 15 ms. CPU is the
client's alone. Ratios travel between machines, absolute figures do not. The table goes to standard
output, the figures also to bench-results.jsonl, one JSON object a line.
"""

import argparse
import contextlib
import datetime as dt
import ipaddress
import json
import os
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials
from chalice.app import WebsocketAPI
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[2]))

from chalice_app.aws.management_api import ManagementApi  # noqa: E402 - found by the line above
from tests.benchmarks.other_posters import (  # noqa: E402 - likewise
    HAS_AIOBOTOCORE,
    aiobotocore,
    floor,
)

REGION = "eu-west-1"
KEYS = ("ASIAEXAMPLEEXAMPLE00", "s" * 40, "t" * 800)  # as long as a function's own
CAPTION = json.dumps({"type": "caption", "text": "x" * 260}).encode()
SESSION = boto3.Session(*KEYS, region_name=REGION)
BASELINE = "boto3, one by one"

Batch = Callable[[], int]
"""Posts some captions and returns how many were delivered."""


@dataclass(frozen=True)
class Figure:
    """One measurement: posts a second and the client's CPU microseconds a post."""

    way: str
    transport: str
    latency_ms: int
    posts_per_second: float
    cpu_us: float


def main() -> None:
    """Measures every way and every setting, prints the table and appends the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1.5, help="a measurement; 20 are made")
    parser.add_argument("--results", type=Path, default=HERE.parents[2] / "bench-results.jsonl")
    options = parser.parse_args()
    pin(os.getpid(), 0)
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as folder:
        certificate = self_signed(Path(folder))
        os.environ["AWS_CA_BUNDLE"] = str(certificate)  # boto3 and Chalice trust it by this
        for transport in ("http", "https"):
            for latency_ms in (0, 15):
                with gateway(latency_ms, certificate if transport == "https" else None) as port:
                    endpoint = f"{transport}://127.0.0.1:{port}/api"
                    figures += measure(endpoint, transport, latency_ms, options.seconds)
                report(figures[-len(WAYS) :], options.results)


def measure(endpoint: str, transport: str, latency_ms: int, seconds: float) -> list[Figure]:
    """The figures of all ways against one gateway."""
    figures = []
    for way, prepare in WAYS.items():
        with prepare(endpoint) as batch:
            batch()  # sockets, handshakes and caches are warm afterwards, as in a busy function
            posts = 0
            begun, cpu = time.perf_counter(), time.process_time()
            while (elapsed := time.perf_counter() - begun) < seconds:
                posts += batch()
            cpu = time.process_time() - cpu
        figures.append(Figure(way, transport, latency_ms, posts / elapsed, cpu / posts * 1e6))
    return figures


def connection_ids(count: int) -> list[str]:
    """Ids of the length and alphabet of API Gateway's."""
    return [f"L0SM9cOF{number:07d}=" for number in range(count)]


@contextlib.contextmanager
def ours(endpoint: str, max_in_flight: int) -> Iterator[Batch]:
    """This project's client, 2,000 connections a caption."""
    credentials = ReadOnlyCredentials(*KEYS)
    tls = ssl.create_default_context(cafile=os.environ["AWS_CA_BUNDLE"])
    api = ManagementApi(endpoint, REGION, lambda: credentials, max_in_flight, tls=tls)
    ids = connection_ids(2000)
    yield lambda: api.post(ids, CAPTION, time.monotonic() + 30).delivered
    api.shutdown()


def boto3_client(endpoint: str, pool: int) -> Any:
    """A client with as many sockets as threads."""
    config = Config(max_pool_connections=pool, retries={"total_max_attempts": 1})
    return SESSION.client("apigatewaymanagementapi", endpoint_url=endpoint, config=config)


@contextlib.contextmanager
def one_by_one(endpoint: str) -> Iterator[Batch]:
    """What most examples show."""
    client = boto3_client(endpoint, 1)

    def batch() -> int:
        for connection_id in connection_ids(20):
            client.post_to_connection(ConnectionId=connection_id, Data=CAPTION)
        return 20

    yield batch
    client.close()


@contextlib.contextmanager
def threads(endpoint: str) -> Iterator[Batch]:
    """What the better examples show."""
    client = boto3_client(endpoint, 100)

    def post(connection_id: str) -> None:
        client.post_to_connection(ConnectionId=connection_id, Data=CAPTION)

    with ThreadPoolExecutor(100) as pool:
        yield lambda: len(list(pool.map(post, connection_ids(400))))
    client.close()


@contextlib.contextmanager
def chalice(endpoint: str) -> Iterator[Batch]:
    """Chalice's own way; it knows no endpoint but AWS's, so it is told by the back door."""
    api = WebsocketAPI()
    api.session = SESSION
    api._endpoint = endpoint

    def batch() -> int:
        for connection_id in connection_ids(20):
            api.send(connection_id, CAPTION.decode())
        return 20

    yield batch
    api._get_client().close()


WAYS: dict[str, Callable[[str], contextlib.AbstractContextManager[Batch]]] = {
    BASELINE: one_by_one,
    "Chalice's websocket_api.send": chalice,
    "boto3, 100 threads": threads,
    **(
        {
            "aiobotocore, 100 in flight": lambda endpoint: aiobotocore(
                endpoint, REGION, KEYS, connection_ids(400), CAPTION
            )
        }
        if HAS_AIOBOTOCORE
        else {}
    ),
    "ours, 100 in flight": lambda endpoint: ours(endpoint, 100),
    "ours, 200 in flight": lambda endpoint: ours(endpoint, 200),
    "epoll floor, 200 in flight": lambda endpoint: floor(endpoint, 200, CAPTION),
}


@contextlib.contextmanager
def gateway(latency_ms: int, certificate: Path | None) -> Iterator[int]:
    """The port of a stub gateway in a process of its own, on another core if there is one."""
    command = [sys.executable, str(HERE.with_name("stub_gateway.py")), str(latency_ms)]
    if certificate is not None:
        command += [str(certificate), str(certificate)]
    with subprocess.Popen(  # noqa: S603 - this very interpreter
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        pin(process.pid, -1)
        yield int(process.stdout.readline())
        process.stdin.close()


def pin(pid: int, which: int) -> None:
    """Keeps client and gateway off each other's core, where the system can."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(pid, {CORES[which]})


CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]


def report(figures: list[Figure], results: Path) -> None:
    """Prints one gateway's table and appends its lines."""
    base = next(figure for figure in figures if figure.way == BASELINE)
    title = f"{base.transport}, answered after {base.latency_ms} ms"
    print(f"\n{title:<34}{'posts/s':>10}{'ratio':>8}{'CPU us/post':>14}{'ratio':>8}")
    with results.open("a") as lines:
        for figure in figures:
            speed = figure.posts_per_second / base.posts_per_second
            cpu = figure.cpu_us / base.cpu_us
            print(
                f"{figure.way:<34}{figure.posts_per_second:>10,.0f}{speed:>8.1f}"
                f"{figure.cpu_us:>14.1f}{cpu:>8.3f}"
            )
            name = f"fanout {figure.transport} {figure.latency_ms} ms: {figure.way}"
            for value, unit, ratio in (
                (figure.posts_per_second, "posts/s", speed),
                (figure.cpu_us, "CPU us/post", cpu),
            ):
                line = {"benchmark": name, "figure": round(value, 1), "unit": unit}
                print(
                    json.dumps({**line, "ratio_to": BASELINE, "ratio": round(ratio, 4)}),
                    file=lines,
                )


def self_signed(folder: Path) -> Path:
    """A certificate for 127.0.0.1 and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    now = dt.datetime.now(dt.UTC)
    loopback = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(loopback, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path = folder / "certificate.pem"
    path.write_bytes(
        certificate.public_bytes(pem) + key.private_bytes(pem, pkcs8, serialization.NoEncryption())
    )
    return path


if __name__ == "__main__":
    main()
