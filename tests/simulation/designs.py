"""What is simulated: the production code as it is, or with one part substituted (see `mutants`)."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, cast

from chalice_app.domain.reports import Posted
from chalice_app.domain.session import Connection
from chalice_app.rosters.catch_up import CatchUp
from chalice_app.rosters.notifier import RosterNotifier
from chalice_app.rosters.ports import Ledger
from chalice_app.rosters.repair import Reconciler
from chalice_app.rosters.replay import Replay
from chalice_app.rosters.synchronisation import RosterSync
from streams.batch import handle_batch
from streams.records import StreamRecord
from streams.rosters import handle_records
from tests.simulation.client import Tables
from tests.simulation.invocation import Event, Response
from tests.simulation.reconciling import Timekeeper

Effect = Callable[
    [Sequence[StreamRecord], RosterSync, RosterNotifier, CatchUp], Collection[StreamRecord]
]


def production_ledger(tables: Tables) -> Ledger:
    """The adapter as it is."""
    return tables.rosters


def production_reconciler(reconciler: Reconciler) -> Reconciler:
    """The reconciler as it is."""
    return reconciler


@dataclass(frozen=True)
class Design:
    """A way to keep the rosters: what the synchronisation reads and writes, and who calls it.

    `reconciler` is given the production one, to replace parts of it.
    """

    name: str
    ledger: Callable[[Tables], Ledger] = production_ledger
    effect: Effect = handle_records
    reconciler: Callable[[Reconciler], Reconciler] = production_reconciler

    def handle(self, tables: Tables, event: Event) -> Response:
        """One invocation, composed as `streams.rosters.handler` composes it."""
        sync = self.synchronisation(tables)
        presence = cast("RosterNotifier", _QuietPresence(sync.ledger))
        nobody: Any = _Nobody()
        resume = Replay(tables.sessions, nobody, nobody, nobody)
        returning = CatchUp(sync.ledger, nobody, nobody, resume, wait=_no_wait)
        return handle_batch(event, partial(_called, self.effect, sync, presence, returning))

    def reconcile(self, tables: Tables, time: Timekeeper, session: str | None) -> Response:
        """One run of the reconciler, composed as `streams.reconcile.reconciler` composes it."""
        sync = self.synchronisation(tables)
        made = Reconciler(
            survey=tables.survey,
            connections=tables.connections,
            sync=sync,
            presence=cast("RosterNotifier", _QuietPresence(sync.ledger)),
            metrics=_Nobody(),
            clock=time,
            wait=time.wait,
        )
        return asdict(self.reconciler(made).reconcile(session))

    def synchronisation(self, tables: Tables) -> RosterSync:
        """The production synchronisation, which waits for nothing."""
        return RosterSync(self.ledger(tables), wait=_no_wait)


PRODUCTION = Design("production")


@dataclass(frozen=True)
class _QuietPresence:
    """Tells nobody, but reads as `RosterNotifier` does, and so may fail as it does."""

    ledger: Ledger

    def tell(
        self,
        joined: Sequence[Connection],
        changed_sessions: Collection[str],
        meanwhile: Callable[[], Collection[str]] = frozenset,
    ) -> None:
        """Reads the sessions that it would speak of."""
        self.ledger.get_sessions(sorted({connection.session_id for connection in joined}))
        self.ledger.get_sessions(sorted({*changed_sessions, *meanwhile()}))

    def turn_away_surplus(self, arrived: Sequence[Connection]) -> None:
        """Reads the sessions that may be too full."""
        self.ledger.get_sessions(sorted({connection.session_id for connection in arrived}))


class _Nobody:
    """Whoever is told something: they hear it, and do nothing."""

    def notify(self, connection_ids: Sequence[str], _: object) -> Posted:
        """Everyone is reached."""
        return Posted(delivered=len(connection_ids))

    def emit(self, _: object) -> None:
        """They see the metrics."""

    def emit_pair(self, _: str, __: object) -> None:
        """Also those of a language pair."""

    def dismiss(self, _: Collection[str]) -> None:
        """They close their sockets some day."""

    @property
    def clock(self) -> "_Nobody":
        """A clock that stands still."""
        return self

    def monotonic(self) -> float:
        """Always the same second."""
        return 0.0

    def map(self, call: Callable[[Any], Any], over: Sequence[Any]) -> list[Any]:
        """In place of threads."""
        return list(map(call, over))


def _called(
    effect: Effect,
    sync: RosterSync,
    presence: RosterNotifier,
    returning: CatchUp,
    records: Sequence[StreamRecord],
) -> Collection[StreamRecord]:
    return effect(records, sync, presence, returning)


def _no_wait(_: float) -> None:
    """Time passes by the schedule alone."""
