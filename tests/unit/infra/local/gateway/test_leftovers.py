"""What closed connections leave: when it is given back."""

import asyncio

from infra.local.gateway.leftovers import COLLECT_AFTER, Leftovers


class Memory:
    """Counts how often it was given back."""

    def __init__(self) -> None:
        self.times = 0

    def release(self) -> None:
        self.times += 1


async def _turns() -> None:
    """What is due has been done after them."""
    for _ in range(3):
        await asyncio.sleep(0)


def test_a_few_are_not_worth_it() -> None:
    async def scenario() -> None:
        memory = Memory()
        leftovers = Leftovers(0.0, memory.release)
        for _ in range(COLLECT_AFTER - 1):
            leftovers.ended(0)
        await _turns()
        assert memory.times == 0
        leftovers.ended(0)
        await _turns()
        assert memory.times == 1

    asyncio.run(scenario())


def test_those_that_end_together_are_collected_together() -> None:
    async def scenario() -> None:
        memory = Memory()
        leftovers = Leftovers(0.0, memory.release)
        for _ in range(50 * COLLECT_AFTER):
            leftovers.ended(0)
        await _turns()
        assert memory.times == 1

    asyncio.run(scenario())


def test_a_crowd_is_walked_over_less_often() -> None:
    async def scenario() -> None:
        memory = Memory()
        leftovers = Leftovers(0.0, memory.release)
        still_open = 50 * COLLECT_AFTER
        for _ in range(still_open // 5 - 1):
            leftovers.ended(still_open)
        await _turns()
        assert memory.times == 0
        leftovers.ended(still_open)
        await _turns()
        assert memory.times == 1

    asyncio.run(scenario())


def test_nothing_is_given_back_after_the_end() -> None:
    async def scenario() -> None:
        memory = Memory()
        leftovers = Leftovers(0.0, memory.release)
        for _ in range(COLLECT_AFTER):
            leftovers.ended(0)
        leftovers.close()
        await _turns()
        assert memory.times == 0

    asyncio.run(scenario())
