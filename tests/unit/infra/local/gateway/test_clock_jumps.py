"""The gateway's clocks."""

import asyncio

import pytest

from infra.local.gateway.clock_jumps import JUMP_SECONDS, watch_clock


class Over(Exception):
    """The test's clock is at its end."""


def test_a_clock_that_is_set_or_a_machine_that_slept_is_noticed_once() -> None:
    walls = [100.0, 110.0, 120.0 + JUMP_SECONDS, 130.0 + JUMP_SECONDS, 140.0, 150.0]
    own = [0.0, 10.0, 20.0, 30.0, 40.0, 50.0]
    jumps: list[float] = []

    def wall() -> float:
        if not walls:
            raise Over
        return walls.pop(0)

    with pytest.raises(Over):
        asyncio.run(watch_clock(jumps.append, wall, lambda: own.pop(0), 0.0))
    assert jumps == [JUMP_SECONDS, -JUMP_SECONDS]
