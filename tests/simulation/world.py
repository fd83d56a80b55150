"""Everything that a schedule acts upon, composed for one run."""

from typing import Any

from chalice_app.domain.session import Connection
from chalice_app.rosters.ledger import LedgerKey
from tests.simulation.client import SimulatedClient, tables_over
from tests.simulation.database import Answer, Request, SimulatedDatabase
from tests.simulation.designs import Design
from tests.simulation.event_source import EventSource, Shard
from tests.simulation.expressions import Item
from tests.simulation.invariants import Tampered, check_counts
from tests.simulation.invocation import Event, Handler, Invocation, Response
from tests.simulation.network import Network, Way
from tests.simulation.reconciling import Reconcilers, Reconciliation, Surroundings, Timekeeper
from tests.simulation.trace_lines import call_line
from tests.simulation.virtual_time import START, VirtualClock

LANGUAGES = ("es", "fr", "pt")


class World:
    """The database, the event source, the people, and the clock.

    A run lasts less than 15 simulated minutes until it is at rest: every invocation that has not
    ended may still be alive, and every transaction's token is still known.
    `trace` collects what happens, where it is wanted.
    """

    def __init__(
        self,
        design: Design,
        shards: int = 1,
        trace: list[str] | None = None,
        metered: bool = False,
    ) -> None:
        self.design = design
        self.clock = VirtualClock(START)
        self.joined: dict[str, LedgerKey] = {}
        self.entering: dict[str, Connection] = {}
        self.wasteful = False
        self.database = self._database(metered)
        self.network = Network(self.database)
        self.client = SimulatedClient(self._call)
        self.tables = tables_over(self.client)
        self.source = EventSource([Shard() for _ in range(shards)], self._invocation)
        self.around = Surroundings(self.database, self.network, self.clock)
        self.reconcilers = Reconcilers(self.around, self._reconciliation)
        self.tampered: Tampered = {}
        self._trace = trace
        self._invocations = 0
        self._checked = 0

    def note(self, what: object) -> None:
        """Adds to the trace, if there is one."""
        if self._trace is not None:
            self._trace.append(str(what))

    def arrive(self, position: int) -> None:
        """Lets one of the late requests arrive, if there are any."""
        if self.network.late:
            self.note(f"    late: {call_line(*self.network.arrive(position))}")

    def _database(self, metered: bool) -> SimulatedDatabase:
        return SimulatedDatabase(self._changed, self._check, metered)

    def _check(self) -> None:
        """After every request that may have written: the counts, if anything of theirs did."""
        self.around.changes += 1
        changes = self._count_changes()
        if changes != self._checked:
            self._checked = changes
            check_counts(self.database, self.tampered)

    def _count_changes(self) -> int:
        """How often counts, or rows behind them, may have changed."""
        return self.database.sessions.writes + self.database.rosters.writes

    def _changed(self, key: str, before: Item | None, after: Item | None, by_ttl: bool) -> None:
        self.source.append(key, before, after, by_ttl)
        self.around.changed(key, before, after)

    def _call(self, method: str, request: Request) -> Answer:
        """A call of a request handler: they are not what is under test, so it simply succeeds."""
        answer = self.database.perform(method, request)
        if self._trace is not None:
            self.note(f"    {call_line(method, request, answer)}")
        return answer

    def _invocation(self, records: list[dict[str, Any]]) -> Invocation:
        self._invocations += 1
        self._note_batch(records)
        return self._begun({"Records": records}, self._handle, self.network)

    def _note_batch(self, records: list[dict[str, Any]]) -> None:
        if self._trace is None:
            return
        batch = ", ".join(
            f"{record['eventName']} {record['dynamodb']['Keys']['connectionId']['S']}"
            for record in records
        )
        self.note(f"    invocation {self._invocations} begins: {batch}")

    def _reconciliation(self, run: Reconciliation, session: str | None) -> Invocation:
        self._invocations += 1
        if self._trace is not None:
            self.note(f"    invocation {self._invocations} begins: reconcile {session or 'all'}")
        return self._begun({"session": session}, self._reconcile, run)

    def _begun(self, event: Event, handler: Handler, way: Way) -> Invocation:
        note = None if self._trace is None else self.note
        return Invocation(self._invocations, event, handler, self.client, way, note)

    def _handle(self, event: Event) -> Response:
        return self.design.handle(self.tables, event)

    def _reconcile(self, event: Event) -> Response:
        return self.design.reconcile(self.tables, Timekeeper(self.client), event["session"])
