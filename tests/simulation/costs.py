"""What keeping the rosters costs in write units, and reading one in read units.

They are measured on a session that many listen to. Counted are the function's own writes, to
Rosters and Sessions; the row that `$connect` puts is not among them.
"""

from functools import cache
from typing import NamedTuple

from tests.simulation.designs import PRODUCTION
from tests.simulation.people import ChangeLanguage, Join, Leave, Open, Say, Wish
from tests.simulation.runs import silence
from tests.simulation.schedules import Operation
from tests.simulation.world import LANGUAGES, World
from tests.simulation.write_units import item_size

_LISTENERS = 198
_BATCH = 99
_READ_BYTES = 4096


class Costs(NamedTuple):
    """Write units for one listener; a late join is one in the middle of a talk.

    A batch is of 99 joins, as many as one transaction takes.
    `replay_writes` are the requests to write, of whatever cost, when the whole stream came again.
    """

    join: float
    join_in_batch: float
    change_language: float
    change_wish: float
    leave: float
    late_join: float
    replay_writes: int


@cache
def measured(languages: tuple[str, ...] = LANGUAGES, *, voice: bool = False) -> Costs:
    """The costs of one listener after another, then of batches, then of a replay.

    With `voice` all of them want to hear their language.

    They are counted, and so the same each time: a process measures once.
    """

    def joins(numbers: range) -> list[Operation]:
        return [Join(f"c{n}", "s0", languages[n % len(languages)], voice=voice) for n in numbers]

    world = World(PRODUCTION, metered=True)
    with silence(), world.clock.installed():
        Open("s0", 3600).apply(world)
        Say("s0").apply(world)
        _units(world, joins(range(_LISTENERS)), batch=_BATCH)
        first, last = _LISTENERS, 2 * _LISTENERS
        costs = Costs(
            join=_units(world, joins(range(first, last)), batch=1),
            join_in_batch=_units(world, joins(range(last, 3 * first)), batch=_BATCH),
            change_language=_units(
                world, [ChangeLanguage(f"c{n}", "nl") for n in range(_LISTENERS)], batch=1
            ),
            change_wish=_units(
                world, [Wish(f"c{n}", not voice) for n in range(_LISTENERS)], batch=1
            ),
            leave=_units(world, [Leave(f"c{n}") for n in range(_LISTENERS)], batch=1),
            late_join=_units(world, _late_joins(3 * first, 4 * first), batch=1),
            replay_writes=0,
        )
        return costs._replace(replay_writes=_replayed(world))


def read_units(listeners: int) -> int:
    """The read units of a sentence for the roster of so many: one for each started 4 KB of rows.

    Source:
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
    """
    world = World(PRODUCTION)
    with silence(), world.clock.installed():
        Open("golden-eagle-427", 3600).apply(world)
        Join("L0SM9cOFvHcCIhw=", "golden-eagle-427", "zh-TW").apply(world)
        _deliver(world, batch=1)
    (row,) = world.database.rosters.rows.values()
    return -(-item_size(row) * listeners // _READ_BYTES)


def _late_joins(first: int, end: int) -> list[Operation]:
    return [Join(f"c{n}", "s0", LANGUAGES[0], last_sequence=0) for n in range(first, end)]


def _units(world: World, operations: list[Operation], batch: int) -> float:
    """Write units an operation, where the stream's records come in batches of that size."""
    for operation in operations:
        operation.apply(world)
    before = world.database.write_units
    _deliver(world, batch)
    return (world.database.write_units - before) / len(operations)


def _replayed(world: World) -> int:
    """Requests to write while the whole stream comes again."""
    before = world.database.write_requests
    for shard in world.source.shards:
        shard.rewind(len(shard.records))
    _deliver(world, _BATCH)
    return world.database.write_requests - before


def _deliver(world: World, batch: int) -> None:
    for shard in world.source.shards:
        while world.source.deliver(shard, batch, repeated=0):
            pass
