"""What is simulated: the production code as it is, or with one part substituted (see `mutants`)."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

from chalice_app.models import Connection
from chalice_app.ports import Ledger
from streams.batch import handle_batch
from streams.presence import Presence
from streams.records import StreamRecord
from streams.rosters import RosterSync, handle_records
from tests.simulation.client import Tables
from tests.simulation.invocation import Event, Response

Effect = Callable[[Sequence[StreamRecord], RosterSync, Presence], Collection[StreamRecord]]


def production_ledger(tables: Tables) -> Ledger:
    """The adapter as it is."""
    return tables.rosters


@dataclass(frozen=True)
class Design:
    """A way to keep the rosters: what the synchronisation reads and writes, and who calls it."""

    name: str
    ledger: Callable[[Tables], Ledger] = production_ledger
    effect: Effect = handle_records

    def handle(self, tables: Tables, event: Event) -> Response:
        """One invocation, composed as `streams.rosters.handler` composes it."""
        sync = self.synchronisation(tables)
        presence = cast("Presence", _QuietPresence(tables))
        return handle_batch(event, partial(_called, self.effect, sync, presence))

    def synchronisation(self, tables: Tables) -> RosterSync:
        """The production synchronisation, which waits for nothing."""
        return RosterSync(self.ledger(tables), wait=_no_wait)


PRODUCTION = Design("production")


@dataclass(frozen=True)
class _QuietPresence:
    """Tells nobody, but reads the sessions after the counts as `Presence` does, and so may fail."""

    tables: Tables

    def tell(self, joined: Sequence[Connection], changed_sessions: Collection[str]) -> None:
        """Reads the sessions that it would speak of."""
        names = {connection.session_id for connection in joined} | set(changed_sessions)
        if names:
            self.tables.rosters.get_sessions(sorted(names))


def _called(
    effect: Effect, sync: RosterSync, presence: Presence, records: Sequence[StreamRecord]
) -> Collection[StreamRecord]:
    return effect(records, sync, presence)


def _no_wait(_: float) -> None:
    """Time passes by the schedule alone."""
