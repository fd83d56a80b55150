"""Hosts for the tests of this room, or the word why there are none; a hall for most of them."""

from collections.abc import Iterator

import pytest

from tests.network.halls import Hall, hall
from tests.network.hosts import hosts, missing


@pytest.fixture(autouse=True, scope="session")
def _real_hosts() -> None:
    if reason := missing():
        pytest.skip(reason)


@pytest.fixture(scope="session")
def open_hall(_real_hosts: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    """A hall at the laptop's only address, for tests that leave it as it is."""
    with (
        hosts(phones=10) as both,
        hall(both, tmp_path_factory.mktemp("hall")) as running,
    ):
        yield running
    assert "Traceback" not in running.log.read_text()
