"""The simulated reconciler: what it may not do is noticed, and what was done by hand is healed."""

import pytest

from tests.simulation.designs import PRODUCTION
from tests.simulation.event_source import Shard
from tests.simulation.invariants import Violation, misplaced
from tests.simulation.invocation import TO_THE_END
from tests.simulation.people import Join, Leave, Open, Wish
from tests.simulation.repairs import PutAside, Reconcile, Tamper
from tests.simulation.runs import run, silence
from tests.simulation.schedules import Operation, Schedule
from tests.simulation.world import World

WHOLE = Reconcile(0, None, TO_THE_END, None, 1, lag=0)
HERE = (Open("s0", 3600), Join("c1", "s0", "es"))


def acted(*operations: Operation) -> World:
    """A world in which these have happened."""
    world = World(PRODUCTION)
    with silence(), world.clock.installed():
        for operation in operations:
            operation.apply(world)
    return world


def deliver(world: World, shard: Shard) -> None:
    """Everything that a shard holds."""
    with silence(), world.clock.installed():
        while world.source.deliver(shard, 10, 0):
            pass


def test_counts_changed_by_hand_are_off_until_the_reconciler_has_been() -> None:
    world = acted(*HERE, Tamper("s0", "es", 2), Tamper("s0", None, -1), Join("c2", "s0", "es"))
    ((_, history),) = world.tampered.items()
    assert history == [{"listeners.es": 2}, {"listeners.es": 2, "listenerCount": -1}]
    deliver(world, world.source.shards[0])
    assert world.tampered
    with silence(), world.clock.installed():
        WHOLE.apply(world)
    assert not world.tampered
    assert world.database.sessions.rows["s0"]["listenerCount"] == {"N": "2"}


def test_voices_changed_by_hand_are_off_until_the_reconciler_has_been() -> None:
    world = acted(*HERE, Tamper("s0", "es", 2, voice=True), Wish("c1", voice=True))
    ((_, history),) = world.tampered.items()
    assert history == [{"voices.es": 2}]
    deliver(world, world.source.shards[0])
    assert world.database.sessions.rows["s0"]["voices.es"] == {"N": "3"}
    with silence(), world.clock.installed():
        WHOLE.apply(world)
    assert not world.tampered
    assert world.database.sessions.rows["s0"]["voices.es"] == {"N": "1"}


def test_counts_that_are_put_half_right_are_noticed() -> None:
    world = acted(*HERE, Tamper("s0", "es", 2), Tamper("s0", None, 1))
    row = dict(world.database.sessions.rows["s0"])
    with pytest.raises(Violation):
        world.client.put_item(TableName="Sessions", Item={**row, "listeners.es": {"N": "1"}})


def test_counts_changed_again_while_they_are_corrected_are_left_to_the_next_run() -> None:
    world = acted(*HERE, Tamper("s0", None, 2), WHOLE._replace(calls=0, until="get_item"))
    with silence(), world.clock.installed():
        Tamper("s0", "fr", 1).apply(world)
        WHOLE.apply(world)
    assert list(world.tampered.values()) == [[{"listeners.fr": 1}]]


def test_a_listener_whose_record_was_lost_is_counted_by_the_reconciler() -> None:
    world = acted(*HERE, PutAside(0, 1))
    deliver(world, world.source.shards[0])
    assert misplaced(world.database) == 1
    with silence(), world.clock.installed():
        WHOLE.apply(world)
    assert misplaced(world.database) == 0


def test_a_reconciler_that_deletes_a_row_before_its_time_is_noticed() -> None:
    world = acted(*HERE)
    world.around.reconciling = True
    with pytest.raises(Violation, match="3600 seconds to live"):
        world.tables.connections.delete_connection("c1")


def test_drift_that_did_not_last_is_noticed() -> None:
    world = acted(*HERE, WHOLE._replace(calls=4))
    deliver(world, world.source.shards[0])
    with silence(), world.clock.installed():
        WHOLE._replace(calls=1).apply(world)
    (one,) = world.reconcilers.under_way
    assert one.invocation is not None
    one.invocation.response = {"connections": 1, "drift": 1, "sessions": 0}
    with pytest.raises(Violation, match="a drift of 1"):
        one.check(tampered=False)


def test_the_wait_between_two_looks_can_be_stopped_at() -> None:
    world = acted(*HERE, WHOLE._replace(calls=4))
    before = world.clock.seconds
    with silence(), world.clock.installed():
        WHOLE._replace(calls=1).apply(world)
    assert world.clock.seconds == before + 5
    assert world.reconcilers.under_way


def test_a_run_with_lost_records_is_reconciled_at_rest_and_right_thereafter() -> None:
    outcome = run(Schedule(1, lag=0, operations=(*HERE, Leave("c1"), PutAside(0, 2))))
    assert outcome.found is None
    assert outcome.totals.reconciled == 3  # twice at rest, and once when the tombstones may go
