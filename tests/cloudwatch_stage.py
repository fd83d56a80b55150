"""The local stage's CloudWatch on a port of its own, over metrics and a clock of the test's."""

from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from infra.local.cloudwatch.api import CloudWatch
from infra.local.cloudwatch.metrics import Metrics
from tests.fakes import serving as http
from tests.fakes.domain import FakeClock


@contextmanager
def serving(metrics: Metrics, clock: FakeClock) -> Iterator[str]:
    """Serves until the end of the block; yields the endpoint."""
    application = web.Application()
    CloudWatch(metrics, clock.now_ms).add_routes(application)
    with http.serving(application) as endpoint:
        yield endpoint
