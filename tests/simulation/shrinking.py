"""From a schedule that fails to a short one that fails: its trace is what a person reads."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from tests.simulation.deliveries import Deliver, ZombieGoesOn
from tests.simulation.delivery.operations import Enter, GoOn, Say, SendSlice
from tests.simulation.delivery.schedules import Schedule as DeliverySchedule
from tests.simulation.people import LONG_LIFE_SECONDS, Join
from tests.simulation.repairs import Reconcile, Tamper
from tests.simulation.schedules import Schedule

_SIMPLEST: dict[str, Any] = {
    "shards": 1,
    "lag": 0,
    "lag_ms": 0,
    "slice_listeners": 100,
    "is_late": False,
}
"""What is simplest of all that a schedule has beside its operations."""


Plan = TypeVar("Plan", Schedule, DeliverySchedule)
Fails = Callable[[Plan], bool]


def shrunk(schedule: Plan, fails: Fails[Plan]) -> Plan:
    """A schedule that still fails, and no longer does if any one operation is left out."""
    while True:
        shorter = _simplified(_shortened(schedule, fails), fails)
        if shorter == schedule:
            return schedule
        schedule = shorter


def _shortened(schedule: Plan, fails: Fails[Plan]) -> Plan:
    """Leaves out halves, quarters and so on down to single operations."""
    size = len(schedule.operations)
    while size:
        start = 0
        while start < len(schedule.operations):
            operations = schedule.operations
            rest = operations[:start] + operations[start + size :]
            candidate = schedule._replace(operations=rest)
            if fails(candidate):
                schedule = candidate
            else:
                start += size
        size //= 2
    return schedule


def _simplified(schedule: Plan, fails: Fails[Plan]) -> Plan:
    """Takes out faults, repetitions and delays that the failure does not need."""
    for name in schedule._fields:
        if name in _SIMPLEST:
            candidate = schedule._replace(**{name: _SIMPLEST[name]})
            if candidate != schedule and fails(candidate):
                schedule = candidate
    for position, operation in enumerate(schedule.operations):
        for simpler in _simpler(operation):
            operations = list(schedule.operations)
            operations[position] = simpler
            candidate = schedule._replace(operations=tuple(operations))
            if candidate != schedule and fails(candidate):
                schedule = candidate
                break
    return schedule


def _simpler(operation: Any) -> Iterator[Any]:
    """Simpler operations of its kind, the simplest first."""
    match operation:
        case Deliver():
            yield operation._replace(fault=None, struck=1, repeated=0, lag=0)
            yield operation._replace(fault=None, struck=1)
            yield operation._replace(repeated=0, lag=0)
            yield operation._replace(struck=1)
        case ZombieGoesOn():
            yield operation._replace(fault=None, struck=1, lag=0)
            yield operation._replace(struck=1)
        case Reconcile():
            yield operation._replace(fault=None, struck=1, lag=0, session=None)
            yield operation._replace(fault=None, struck=1)
            yield operation._replace(lag=0)
            yield operation._replace(struck=1)
        case Tamper():
            yield operation._replace(by=1)
        case Join():
            yield operation._replace(later=False, last_sequence=None, life=LONG_LIFE_SECONDS)
            yield operation._replace(later=False)
            yield operation._replace(life=LONG_LIFE_SECONDS)
        case Say() | GoOn() | SendSlice():
            yield operation._replace(fault=None, struck=1)
            yield operation._replace(struck=1)
        case Enter():
            yield operation._replace(handshake_ms=0)
