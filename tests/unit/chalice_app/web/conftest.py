"""Processes of deno that the tests of the pages' modules share."""

from collections.abc import Iterator

import pytest

from tests.deno import Deno, running_deno


@pytest.fixture(scope="session")
def segmenter() -> Iterator[Deno]:
    """One that has `Segmenter`."""
    with running_deno("speaker/segmenter.js") as running:
        yield running
