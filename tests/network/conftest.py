"""Hosts for all tests of this room, or the word why there are none."""

import pytest

from tests.network.hosts import missing


@pytest.fixture(autouse=True, scope="session")
def _real_hosts() -> None:
    if reason := missing():
        pytest.skip(reason)
