"""The production reconciler as an actor of the simulation, and what must be true of what it does.

It is invoked like the stream's function: stopped before any call, crashed, struck by faults, gone
on with long after others of its kind. That it takes the time, and waits between its two looks, are
calls, too: an invocation may be stopped before and after them, and time passes when it waits.

Invariants of its own, besides those of the counts: it deletes no row before the end of its life;
and it takes nothing for drift that was right when it had waited, unless its second look read old
rows, or something changed while it looked.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.simulation.client import SimulatedClient
from tests.simulation.database import Answer, Request, SimulatedDatabase
from tests.simulation.expressions import Item
from tests.simulation.invariants import Violation, misplaced
from tests.simulation.invocation import Invocation
from tests.simulation.network import Fault, Network
from tests.simulation.virtual_time import VirtualClock

_AT_ONCE = 3
"""Reconcilers under way at a time; Lambda's schedule and an operator's hand make two."""


@dataclass(frozen=True)
class Timekeeper:
    """A reconciler's clock and its way to wait: calls of its invocation."""

    client: SimulatedClient

    def now_ms(self) -> int:
        """Milliseconds since the epoch."""
        now: int = self.client.route("now", {})["milliseconds"]
        return now

    def monotonic(self) -> float:
        """Seconds that only ever rise."""
        return self.now_ms() / 1000

    def wait(self, seconds: float) -> None:
        """Lets the time pass."""
        self.client.route("wait", {"seconds": seconds})


@dataclass
class Surroundings:
    """What reconcilers act upon; `changes` counts all writes, `reconciling` marks their calls."""

    database: SimulatedDatabase
    network: Network
    clock: VirtualClock
    changes: int = 0
    reconciling: bool = False

    def changed(self, key: str, before: Item | None, after: Item | None) -> None:
        """A row of Connections changed.

        Raises:
            Violation: a reconciler deleted it before its time.
        """
        if self.reconciling and before is not None and after is None:
            life = int(before["ttl"]["N"]) - self.clock.seconds
            if life > 0:
                raise Violation(f"the reconciler deleted {key}, which had {life} seconds to live")


@dataclass
class Reconciliation:
    """One run of the reconciler, and the way of its calls.

    `made` are the methods that it has called; `_misplaced` and `_changes` are what was there when
    it had waited (None: not yet).
    """

    around: Surroundings
    invocation: Invocation | None = None
    made: set[str] = field(default_factory=set)
    _misplaced: int = 0
    _changes: int | None = None
    _looked_well: bool = True

    @property
    def under_way(self) -> bool:
        """Whether it has calls to make."""
        return self.invocation is not None and not self.invocation.ended

    def call(self, method: str, request: Request, fault: Fault | None) -> Answer:
        """Its next call."""
        around = self.around
        self.made.add(method)
        if method == "now":
            return {"milliseconds": around.clock.milliseconds}
        if method == "wait":
            around.clock.seconds += int(request["seconds"])
            self._misplaced, self._changes = misplaced(around.database), around.changes
            return {}
        if method == "scan" and not request["ConsistentRead"] and self._changes is not None:
            self._looked_well &= around.database.lag == 0 and around.changes == self._changes
        around.reconciling = True
        try:
            return around.network.call(method, request, fault)
        finally:
            around.reconciling = False

    def check(self, tampered: bool) -> None:
        """Its report, if it has come to that.

        Raises:
            Violation: it calls drift what is none.
        """
        report = self.invocation.response if self.invocation else None
        if report is None or not self._looked_well:
            return
        drift = report["connections"] if tampered else report["drift"]
        if drift > self._misplaced:
            raise Violation(f"a drift of {drift} is reported, and {self._misplaced} have lasted")


@dataclass
class Reconcilers:
    """Those under way. `concerned` says whether there is anything in the schedule for them."""

    around: Surroundings
    start: Callable[[Reconciliation, str | None], Invocation]
    under_way: list[Reconciliation] = field(default_factory=list)
    concerned: bool = False
    tampered: bool = False
    finished: int = 0
    corrected: int = 0
    put_aside: int = 0

    def choose(self, number: int, session: str | None) -> Reconciliation:
        """One that is under way, or a new one."""
        self.concerned = True
        position = number % (min(len(self.under_way), _AT_ONCE - 1) + 1)
        if position == len(self.under_way):
            made = Reconciliation(self.around)
            made.invocation = self.start(made, session)
            self.under_way.append(made)
        return self.under_way[position]

    def go_on(
        self, one: Reconciliation, calls: int, fault: Fault | None = None, struck: int = 1
    ) -> None:
        """Makes so many more of its calls, and looks at its report."""
        assert one.invocation is not None
        one.invocation.go_on(calls, fault, struck)
        if not one.invocation.ended:
            return
        self.under_way.remove(one)
        one.check(self.tampered)
        if one.invocation.response is not None:
            self.finished += 1
            self.corrected += one.invocation.response["sessions"]

    def crash(self, number: int) -> None:
        """One of them dies where it is."""
        if not self.under_way:
            return
        crashed = self.under_way.pop(number % len(self.under_way))
        if crashed.invocation is not None:
            crashed.invocation.crash()
