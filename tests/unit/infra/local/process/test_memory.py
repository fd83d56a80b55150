"""What is given back is what nobody refers to."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from infra.local.process import memory


class Knot:
    """Refers to itself: only a collection finds it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def _uncollected() -> Iterator[None]:
    gc.disable()
    yield
    gc.unfreeze()
    gc.enable()


@pytest.mark.usefixtures("_uncollected")
def test_cycles_are_freed_and_what_lives_stays() -> None:
    kept = Knot()
    memory.keep()
    lost = weakref.ref(Knot())
    assert lost() is not None
    memory.release_unused()
    assert lost() is None
    assert kept.itself is kept
    assert gc.get_freeze_count() > 0
