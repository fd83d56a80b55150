"""One run: a schedule, then the way to rest, with everything checked on the way."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any

from tests.simulation.database import SimulatedDatabase
from tests.simulation.designs import PRODUCTION, Design
from tests.simulation.event_source import EventSource
from tests.simulation.invariants import Violation, check_rest
from tests.simulation.invocation import TO_THE_END
from tests.simulation.network import Network
from tests.simulation.people import ExpireTombstones
from tests.simulation.repairs import repair_at_rest, sweep_at_rest
from tests.simulation.schedules import Schedule
from tests.simulation.world import World

_DAY_SECONDS = 24 * 3600
_ZOMBIE_SECONDS = 60
"""How long zombies go on after the last record was handled."""

_MAX_DELIVERIES = 100
"""To come to rest: a design that needs more goes in circles."""


@dataclass
class Totals:
    """What happened in some runs.

    Of the delivery runs: `sentences` that had a report, `captions` posted for them and `replayed`,
    and listeners whom the reports called `unreached`, or gone.
    """

    schedules: int = 0
    deliveries: int = 0
    duplicates: int = 0
    crashes: int = 0
    zombies: int = 0
    conflicts: int = 0
    reconciled: int = 0
    corrected: int = 0
    put_aside: int = 0
    sentences: int = 0
    captions: int = 0
    replayed: int = 0
    unreached: int = 0
    violations: int = 0

    @classmethod
    def of_run(
        cls, source: EventSource, database: SimulatedDatabase, network: Network, **more: int
    ) -> "Totals":
        """Those of one run; `more` are what only some runs count."""
        return cls(
            schedules=1,
            deliveries=source.deliveries,
            duplicates=source.duplicates,
            crashes=source.crashes,
            zombies=source.given_up,
            conflicts=database.cancelled + network.conflicts,
            **more,
        )

    def add(self, other: "Totals") -> None:
        """Adds what happened in other runs."""
        for count in fields(self):
            name = count.name
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(frozen=True)
class Outcome:
    """A run's end; `violation` says what was found wrong, and is None where nothing was.

    `wasteful` says whether a replay wrote. That makes no count wrong, so mutants are not caught by
    it; the production design must be clean of it, too.
    """

    totals: Totals
    violation: str | None
    wasteful: bool = False

    @property
    def found(self) -> str | None:
        """What was found wrong with the run, waste included."""
        return self.violation or ("a replay wrote" if self.wasteful else None)


def run(schedule: Schedule, design: Design = PRODUCTION, trace: list[str] | None = None) -> Outcome:
    """Runs a schedule; what happens is appended to `trace`."""
    world = World(design, schedule.shards, trace)
    violation = None
    with silence(), world.clock.installed():
        try:
            _act(world, schedule, trace is not None)
            _come_to_rest(world, schedule.lag)
            _replay(world)
            _sweep_tombstones(world)
            _outlive_tombstones(world)
        except Violation as found:
            violation = str(found)
            world.note(f"VIOLATION: {found}")
    if violation is None and world.wasteful:
        world.note("WASTE: a replay wrote")
    return Outcome(_totals(world, violation is not None), violation, world.wasteful)


def _act(world: World, schedule: Schedule, trace: bool) -> None:
    for operation in schedule.operations:
        world.clock.seconds += 1
        if trace:
            world.note(operation_line(operation))
        operation.apply(world)


def operation_line(operation: Any) -> str:
    """An operation, a named tuple, with those of its fields that are not as usual."""
    usual = {**operation._field_defaults, "repeated": 0, "lag": 0, "fault": None, "struck": 1}
    words = [
        f"{name}={'all' if value == TO_THE_END else value}"
        for name, value in operation._asdict().items()
        if name not in usual or usual[name] != value
    ]
    return " ".join([type(operation).__name__, *words])


def _come_to_rest(world: World, lag: int) -> None:
    """Every record is delivered; later the zombies end, and the last late requests arrive."""
    world.note("coming to rest")
    world.database.lag = lag
    deliver_all(world)
    world.clock.seconds += _ZOMBIE_SECONDS
    ExpireTombstones().apply(world)
    while world.source.zombies:
        world.source.zombies.pop().go_on(TO_THE_END)
    while world.network.late:
        world.arrive(0)
    if world.reconcilers.concerned:
        repair_at_rest(world, deliver_all)
    _check_rest(world)


def deliver_all(world: World) -> None:
    """Every record is handled, by as few invocations as it takes.

    Raises:
        Violation: it takes too many.
    """
    for shard in world.source.shards:
        for _ in range(_MAX_DELIVERIES):
            if not world.source.deliver(shard, len(shard.records), 0):
                break
        else:
            raise Violation(f"not at rest after {_MAX_DELIVERIES} deliveries")


def _check_rest(world: World) -> None:
    world.database.lag = 0
    check_rest(world.database, world.tables)


def _replay(world: World) -> None:
    """The whole stream comes again, and costs reads only.

    Before it every connection is synchronised once: a session that TTL deleted makes no record, and
    a listener that is still connected to it becomes a tombstone at the next look.
    """
    _reconcile(world)
    world.note("the whole stream comes again")
    writes = world.database.write_requests
    for shard in world.source.shards:
        shard.rewind(len(shard.records))
    deliver_all(world)
    world.wasteful = world.database.write_requests != writes
    _check_rest(world)


def _sweep_tombstones(world: World) -> None:
    """The reconciler removes the tombstones, and records that come after that bring nobody back."""
    if not world.reconcilers.concerned:
        return
    world.note("ten minutes later")
    sweep_at_rest(world)
    _check_rest(world)
    world.note("the whole stream comes again")
    for shard in world.source.shards:
        shard.rewind(len(shard.records))
    deliver_all(world)
    _check_rest(world)


def _outlive_tombstones(world: World) -> None:
    """When the tombstones have expired nothing is left that they were there for."""
    world.note("a day later")
    world.clock.seconds += _DAY_SECONDS + 1
    ExpireTombstones().apply(world)
    _reconcile(world)
    _check_rest(world)


def _reconcile(world: World) -> None:
    world.note("every connection is synchronised, as the reconciler may do at any time")
    world.design.synchronisation(world.tables).synchronise(world.joined.values())


def _totals(world: World, violated: bool) -> Totals:
    return Totals.of_run(
        world.source,
        world.database,
        world.network,
        reconciled=world.reconcilers.finished,
        corrected=world.reconcilers.corrected,
        put_aside=world.reconcilers.put_aside,
        violations=int(violated or world.wasteful),
    )


@contextmanager
def silence() -> Iterator[None]:
    """The production code logs what goes wrong, and here that is nearly everything."""
    disabled = logging.root.manager.disable
    if disabled >= logging.CRITICAL:
        yield
        return
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(disabled)
