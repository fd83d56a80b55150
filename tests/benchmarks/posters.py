"""Ways to post a caption: this project's, and what its peers use.

Each is a context that yields a run: post for so many seconds, tell how many were delivered, in what
time, with how much CPU of the client. Sockets, handshakes and caches are warm before the first.
"""

import contextlib
import json
import os
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import boto3
from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials
from chalice.app import WebsocketAPI

from chalice_app.aws.posting.management_api import ManagementApi

REGION = "eu-west-1"
KEYS = ("ASIAEXAMPLEEXAMPLE00", "s" * 40, "t" * 800)  # as long as a function's own
CAPTION = json.dumps({"type": "caption", "text": "x" * 260}).encode()
SESSION = boto3.Session(*KEYS, region_name=REGION)


class Sample(NamedTuple):
    """What a run came to; seconds."""

    posts: int
    elapsed: float
    cpu: float


Run = Callable[[float], Sample]
Way = Callable[[str], contextlib.AbstractContextManager[Run]]
"""From an endpoint to a run."""


def repeated(batch: Callable[[], int]) -> Run:
    """Runs of whole batches (which return how many were delivered), after one to warm up."""
    batch()

    def run(seconds: float) -> Sample:
        posts, begun, spent = 0, time.perf_counter(), time.process_time()
        while (elapsed := time.perf_counter() - begun) < seconds:
            posts += batch()
        return Sample(posts, elapsed, time.process_time() - spent)

    return run


def connection_ids(count: int) -> list[str]:
    """Ids of the length and alphabet of API Gateway's."""
    return [f"L0SM9cOF{number:07d}=" for number in range(count)]


@contextlib.contextmanager
def ours(endpoint: str, max_in_flight: int) -> Iterator[Run]:
    """This project's client, 2,000 connections a caption."""
    credentials = ReadOnlyCredentials(*KEYS)
    tls = ssl.create_default_context(cafile=os.environ["AWS_CA_BUNDLE"])
    api = ManagementApi(endpoint, REGION, lambda: credentials, max_in_flight, tls=tls)
    ids = connection_ids(2000)
    yield repeated(lambda: api.post(ids, CAPTION, time.monotonic() + 30).delivered)
    api.shutdown()


@contextlib.contextmanager
def one_by_one(endpoint: str) -> Iterator[Run]:
    """What most examples show."""
    client = _boto3_client(endpoint, 1)

    def batch() -> int:
        for connection_id in connection_ids(20):
            client.post_to_connection(ConnectionId=connection_id, Data=CAPTION)
        return 20

    yield repeated(batch)
    client.close()


@contextlib.contextmanager
def threads(endpoint: str) -> Iterator[Run]:
    """What the better examples show."""
    client = _boto3_client(endpoint, 100)

    def post(connection_id: str) -> None:
        client.post_to_connection(ConnectionId=connection_id, Data=CAPTION)

    with ThreadPoolExecutor(100) as pool:
        yield repeated(lambda: len(list(pool.map(post, connection_ids(400)))))
    client.close()


@contextlib.contextmanager
def chalice(endpoint: str) -> Iterator[Run]:
    """Chalice's own way; it knows no endpoint but AWS's, so it is told by the back door."""
    api = WebsocketAPI()
    api.session = SESSION
    api._endpoint = endpoint

    def batch() -> int:
        for connection_id in connection_ids(20):
            api.send(connection_id, CAPTION.decode())
        return 20

    yield repeated(batch)
    api._get_client().close()


def _boto3_client(endpoint: str, pool: int) -> Any:
    """A client with as many sockets as threads."""
    config = Config(max_pool_connections=pool, retries={"total_max_attempts": 1})
    return SESSION.client("apigatewaymanagementapi", endpoint_url=endpoint, config=config)
