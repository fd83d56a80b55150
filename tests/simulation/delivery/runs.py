"""One delivery run: a schedule, then the way to rest, with everything checked on the way."""

from tests.simulation.delivery import invariants, keeping
from tests.simulation.delivery.hall import Hall
from tests.simulation.delivery.schedules import Schedule
from tests.simulation.designs import PRODUCTION, Design
from tests.simulation.invariants import Violation, check_rest
from tests.simulation.invocation import TO_THE_END
from tests.simulation.runs import Outcome, Totals, deliver_all, operation_line, silence
from tests.simulation.threadless import one_thread

_STEP_MS = 20
"""What passes between two operations."""

_REST_MS = 62_000
"""For handshakes to be over, captions to be too old, and Lambda to try again what failed."""

_MOST_ROUNDS = 20


def run(schedule: Schedule, design: Design = PRODUCTION, trace: list[str] | None = None) -> Outcome:
    """Runs a schedule; what happens is appended to `trace`."""
    shards, slice_listeners, lag_ms, is_late, operations = schedule
    hall = Hall(design, shards, slice_listeners, lag_ms, is_late, trace)
    violation = None
    with silence(), one_thread(), hall.clock.installed():
        try:
            for operation in operations:
                hall.clock.milliseconds += _STEP_MS
                if trace is not None:
                    hall.note(operation_line(operation))
                operation.apply(hall)
            _come_to_rest(hall)
        except Violation as found:
            violation = str(found)
            hall.note(f"VIOLATION: {found}")
    return Outcome(_totals(hall, violation is not None), violation)


def _come_to_rest(hall: Hall) -> None:
    """Everything goes on to its end, then what is tried again a minute later."""
    hall.note("coming to rest")
    _finish(hall)
    for _ in range(_MOST_ROUNDS):
        hall.clock.milliseconds += _REST_MS
        _finish(hall)
        deliver_all(hall)
        if not (hall.under_way or hall.slices or hall.source.zombies):
            break
    else:
        raise Violation(f"not at rest after {_MOST_ROUNDS} rounds")
    hall.database.lag_ms = 0
    check_rest(hall.database, hall.tables)
    invariants.check_rest(hall)
    keeping.check_rest(hall)


def _finish(hall: Hall) -> None:
    """What has begun ends, and late requests arrive."""
    while hall.under_way:
        hall.go_on(hall.under_way[0], TO_THE_END)
    while (begun := hall.send_slice(0, again=False)) is not None:
        hall.go_on(begun, TO_THE_END)
    while hall.source.zombies:
        hall.source.zombies.pop().go_on(TO_THE_END)
    while hall.network.late:
        hall.arrive(0)


def _totals(hall: Hall, violated: bool) -> Totals:
    received = [
        each
        for listener in hall.listeners.values()
        for captions in listener.captions.values()
        for each in captions
    ]
    return Totals.of_run(
        hall.source,
        hall.database,
        hall.network,
        sentences=sum(each.reports > 0 for each in hall.spoken),
        captions=sum(each.sentence is not None for each in received),
        replayed=sum(each.sentence is None for each in received),
        unreached=sum(each.unreached + each.gone for each in hall.spoken),
        violations=int(violated),
    )
