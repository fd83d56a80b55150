"""Operations of a schedule: reconcilers, and what they are there for.

Like all operations these are values, and do nothing where they do not apply.
"""

from collections.abc import Callable
from typing import NamedTuple

from chalice_app.aws.dynamodb.sessions import LANGUAGE_PREFIX, VOICE_PREFIX
from chalice_app.delivery.broadcast import HANDSHAKE_GRACE_MS
from chalice_app.rosters.repair import TOMBSTONE_NEEDED_SECONDS
from tests.simulation.invariants import Violation, differences
from tests.simulation.invocation import TO_THE_END, Response
from tests.simulation.network import Fault
from tests.simulation.reconciling import Reconciliation
from tests.simulation.world import World


class Reconcile(NamedTuple):
    """A reconciler makes so many more calls; which one, or a new one, says its number.

    A new one looks after one session, or all of them. Its scans are `lag` changes behind. Its
    calls are those after the first of the method `until`, if it makes one.
    """

    reconciler: int
    session: str | None
    calls: int
    fault: Fault | None
    struck: int
    lag: int
    until: str | None = None

    def apply(self, world: World) -> None:
        """Goes on until the calls are made or it has ended."""
        world.database.lag = self.lag
        one = world.reconcilers.choose(self.reconciler, self.session)
        while self.until and one.under_way and self.until not in one.made:
            world.reconcilers.go_on(one, 1)
        if one.under_way:
            world.reconcilers.go_on(one, self.calls, self.fault, self.struck)


class CrashReconciler(NamedTuple):
    """A reconciler dies between two calls."""

    reconciler: int

    def apply(self, world: World) -> None:
        """It never goes on."""
        world.reconcilers.crash(self.reconciler)


class Tamper(NamedTuple):
    """Somebody changes a count by hand: a language's, its voice's, or (None) the sum.

    `by` is added to it; a language's is taken out of the row where it is None.
    """

    session: str
    language: str | None
    by: int | None
    voice: bool = False

    def apply(self, world: World) -> None:
        """Writes the row, and notes by how much its counts are off from now on."""
        table = world.database.sessions
        row = table.rows.get(self.session)
        if row is None:
            return
        prefix = VOICE_PREFIX if self.voice else LANGUAGE_PREFIX
        name = "listenerCount" if self.language is None else prefix + self.language
        changed = {key: value for key, value in row.items() if key != name}
        if self.by is not None:
            changed[name] = {"N": str(int(row.get(name, {"N": "0"})["N"]) + self.by)}
        table.write(self.session, changed)
        world.reconcilers.concerned = world.reconcilers.tampered = True
        history = world.tampered.setdefault((self.session, row["createdAt"]["N"]), [])
        history.append(differences(world.database, self.session))


class PutAside(NamedTuple):
    """A shard's records have used up their tries: the shard moves on without them."""

    shard: int
    records: int

    def apply(self, world: World) -> None:
        """Nobody handles them, unless the checkpoint falls back."""
        shard = world.source.shards[self.shard % len(world.source.shards)]
        if shard.position < len(shard.records):
            world.reconcilers.concerned = True
            world.reconcilers.put_aside += 1
            shard.invocation = None
            shard.position = min(len(shard.records), shard.position + self.records)


def repair_at_rest(world: World, deliver_all: Callable[[World], None]) -> None:
    """The reconcilers under way end; one more corrects what is left, and the next finds nothing.

    Raises:
        Violation: it does.
    """
    while world.reconcilers.under_way:
        _run(world, world.reconcilers.under_way[0])
    # Until then the reconciler leaves listeners who catch up to the stream.
    world.clock.milliseconds += HANDSHAKE_GRACE_MS + 1
    _run(world)
    deliver_all(world)
    again = _run(world)
    if any(again.values()):
        raise Violation(f"reconciled at rest, and reconciled again: {again}")
    lapsed = [
        key
        for key, row in world.database.connections.rows.items()
        if int(row["ttl"]["N"]) <= world.clock.seconds
    ]
    if lapsed:
        raise Violation(f"reconciled at rest, and rows past their life are left: {lapsed}")


def sweep_at_rest(world: World) -> None:
    """Ten minutes later a reconciler removes the tombstones, and nothing else.

    Raises:
        Violation: some are left.
    """
    world.clock.seconds += TOMBSTONE_NEEDED_SECONDS
    _run(world)
    left = [
        row["connectionId"]["S"]
        for row in world.database.rosters.rows.values()
        if row["state"]["S"] == "OUT"
    ]
    if left:
        raise Violation(f"ten minutes later there are tombstones left: {left}")


def _run(world: World, one: Reconciliation | None = None) -> Response:
    """What a reconciler reports that nothing disturbs any more."""
    world.note("reconciled at rest")
    world.database.lag = 0
    one = one or world.reconcilers.choose(0, None)
    assert one.invocation is not None
    world.reconcilers.go_on(one, TO_THE_END)
    return one.invocation.response or {}
