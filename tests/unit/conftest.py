"""What every unit test may ask for: a world of fakes, or AWS as moto has it."""

import gc
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings
from moto import mock_aws

from chalice_app.aws.clients import Clients
from chalice_app.bootstrap.adapters import Adapters, aws_adapters
from chalice_app.observability import logs
from infra.local.dynamodb.tables import Table, ensure_tables, read_tables
from tests.fakes.world import SETTINGS, World

# No deadline: a busy machine is no bug. The blob lets a failure found elsewhere be run again here.
settings.register_profile("unit", deadline=None, print_blob=True)
settings.load_profile("unit")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Three workers for two cores (`-n auto`): a third of a worker's time is waiting."""
    return len(os.sched_getaffinity(0)) * 3 // 2


def pytest_collection_finish() -> None:
    """Spares the collector what was imported: it lives to the end.

    The collector walks through the modules of moto, boto3 and Hypothesis again and again otherwise,
    which took a quarter of the time of tests that make many objects, as the simulation does.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def nothing_bound() -> Iterator[None]:
    """What a test without an invocation has bound to its log lines does not stay for the next."""
    outer = logs._bound.set({})
    yield
    logs._bound.reset(outer)


@pytest.fixture
def world() -> World:
    """Fakes, and the application over them."""
    return World()


@pytest.fixture(scope="session")
def aws_environment() -> Iterator[None]:
    """Credentials that open nothing, and no endpoint but AWS's own, which moto answers for."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        patch.setenv("AWS_DEFAULT_REGION", SETTINGS.region)
        # moto 5.2 answers 404 for streams at the endpoint that names the account.
        patch.setenv("AWS_ACCOUNT_ID_ENDPOINT_MODE", "disabled")
        yield


@pytest.fixture(scope="session")
def clients(aws_environment: None) -> Clients:
    """boto3's clients, made once: loading the service models takes longer than a test."""
    return Clients(SETTINGS.region)


@pytest.fixture(scope="session")
def adapters(aws_environment: None) -> Adapters:
    """The adapters over AWS's clients. Those of the tables keep nothing between two calls."""
    return aws_adapters(SETTINGS)


@pytest.fixture(scope="session")
def templates() -> list[Table]:
    """The tables of `infra/tables.yaml`, read once: that takes longer than to create them."""
    return read_tables(stage="test")


@pytest.fixture
def tables(clients: Clients, templates: list[Table]) -> Iterator[dict[str, dict[str, str]]]:
    """The tables of `infra/tables.yaml`, empty, in moto: their names and streams by logical id."""
    with mock_aws():
        yield ensure_tables(clients.dynamodb, templates)
