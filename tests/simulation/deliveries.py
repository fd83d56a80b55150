"""Operations of a schedule: what the event source, Lambda and the network do.

Shards and zombies are named by number, taken modulo how many there are; like the people's, these
operations do nothing where they do not apply.
"""

from typing import NamedTuple

from tests.simulation.event_source import Shard
from tests.simulation.network import Fault
from tests.simulation.world import World


class Deliver(NamedTuple):
    """A shard's invocation makes `calls` more calls; without one, a new one gets a batch.

    `repeated` records that were handled before come again with the batch; `fault` strikes the last
    `struck` calls; reads that do not ask for consistency are `lag` changes behind.
    """

    shard: int
    size: int
    repeated: int
    calls: int
    fault: Fault | None
    struck: int
    lag: int

    def apply(self, world: World) -> None:
        """Goes on until the calls are made or the invocation has ended."""
        world.database.lag = self.lag
        shard = _shard(world, self.shard)
        world.source.deliver(shard, self.size, self.repeated, self.calls, self.fault, self.struck)


class ZombieGoesOn(NamedTuple):
    """An invocation that its shard has given up makes so many more calls."""

    zombie: int
    calls: int
    fault: Fault | None
    struck: int
    lag: int

    def apply(self, world: World) -> None:
        """Goes on; nobody hears what it answers."""
        zombies = world.source.zombies
        if zombies:
            world.database.lag = self.lag
            position = self.zombie % len(zombies)
            zombies[position].go_on(self.calls, self.fault, self.struck)
            if zombies[position].ended:
                del zombies[position]


class Crash(NamedTuple):
    """A shard's invocation dies between two calls."""

    shard: int

    def apply(self, world: World) -> None:
        """It never goes on."""
        world.source.crash(_shard(world, self.shard))


class GiveUp(NamedTuple):
    """A shard's invocation is taken for dead, and is not."""

    shard: int

    def apply(self, world: World) -> None:
        """It goes on as a zombie, at some time."""
        world.source.give_up(_shard(world, self.shard))


class Rewind(NamedTuple):
    """A shard's checkpoint falls back."""

    shard: int
    records: int

    def apply(self, world: World) -> None:
        """The records come again."""
        _shard(world, self.shard).rewind(self.records)


class Arrive(NamedTuple):
    """A request arrives that its caller gave up, or sent again, long ago."""

    request: int

    def apply(self, world: World) -> None:
        """It does what it can."""
        world.arrive(self.request)


def _shard(world: World, number: int) -> Shard:
    return world.source.shards[number % len(world.source.shards)]
