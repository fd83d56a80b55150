"""What is simulated: the production code as it is, or with one part substituted (see `mutants`)."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, cast

from chalice_app.domain.session import Connection, Session
from chalice_app.rosters.catch_up import CatchUp
from chalice_app.rosters.liveness import LivenessCheck
from chalice_app.rosters.notifier import Greeted, Greeting, Refused, RosterNotifier
from chalice_app.rosters.ports import Ledger
from chalice_app.rosters.renewal import Renewal
from chalice_app.rosters.repair import Reconciler
from chalice_app.rosters.replay import Replay
from chalice_app.rosters.synchronisation import RosterSync
from chalice_app.rosters.update import RosterUpdate
from streams.batch import handle_batch
from streams.records import StreamRecord
from streams.rosters import handle_records
from tests.simulation.client import Tables
from tests.simulation.delivery.stage import Stage
from tests.simulation.invocation import Event, Response
from tests.simulation.reconciling import Timekeeper

Effect = Callable[[Sequence[StreamRecord], RosterUpdate], Collection[StreamRecord]]


def production_ledger(tables: Tables) -> Ledger:
    """The adapter as it is."""
    return tables.rosters


def production_reconciler(reconciler: Reconciler) -> Reconciler:
    """The reconciler as it is."""
    return reconciler


@dataclass(frozen=True)
class Design:
    """A way to keep the rosters: what the synchronisation reads and writes, and who calls it.

    `reconciler` is given the production one, to replace parts of it. `stage` is what delivers.
    """

    name: str
    ledger: Callable[[Tables], Ledger] = production_ledger
    effect: Effect = handle_records
    reconciler: Callable[[Reconciler], Reconciler] = production_reconciler
    stage: type[Stage] = Stage

    @property
    def delivers(self) -> bool:
        """Whether the substituted part is one of the delivery."""
        return self.stage is not Stage

    def handle(self, tables: Tables, event: Event) -> Response:
        """One invocation, composed as `bootstrap` composes it."""
        sync = self.synchronisation(tables)
        notifier = _quiet_notifier(sync.ledger)
        nobody: Any = _Nobody()
        replay = Replay(tables.sentences, nobody, nobody, nobody)
        catch_up = CatchUp(
            sync.ledger, tables.connections, sync, notifier, replay, nobody, wait=_no_wait
        )
        update = RosterUpdate(sync, notifier, catch_up)
        return handle_batch(event, partial(_called, self.effect, update))

    def reconcile(self, tables: Tables, time: Timekeeper, session: str | None) -> Response:
        """One run of the reconciler, composed as `bootstrap` composes it."""
        sync = self.synchronisation(tables)
        made = Reconciler(
            survey=tables.survey,
            connections=tables.connections,
            sync=sync,
            notifier=_quiet_notifier(sync.ledger),
            renewal=cast("Renewal", _NobodyIsDue()),
            liveness=cast("LivenessCheck", _NobodyIsDue()),
            metrics=_Nobody(),
            clock=time,
            wait=time.wait,
        )
        return asdict(self.reconciler(made).reconcile(session))

    def synchronisation(self, tables: Tables) -> RosterSync:
        """The production synchronisation, which waits for nothing."""
        return RosterSync(self.ledger(tables), wait=_no_wait)


PRODUCTION = Design("production")


def _quiet_notifier(ledger: Ledger) -> RosterNotifier:
    return cast("RosterNotifier", _QuietNotifier(ledger))


@dataclass(frozen=True)
class _QuietNotifier:
    """Sends nothing, but reads as `RosterNotifier` does, and so may fail as it does."""

    ledger: Ledger

    def find_connecting(self, _: Sequence[str]) -> Collection[str]:
        """Every handshake is over."""
        return ()

    def greet(self, joined: Sequence[Connection]) -> Greeted:
        """Reads the sessions whose greetings it would send."""
        self.ledger.get_sessions(sorted({connection.session_id for connection in joined}))
        return Greeted({}, ())

    def greet_group(self, _: Session, __: Mapping[str, Connection]) -> Collection[str]:
        """Everyone is reached."""
        return ()

    def greet_again(self, _: Sequence[Greeting]) -> Collection[str]:
        """Nobody was left out."""
        return ()

    def notify_speakers(self, session_ids: Collection[str]) -> None:
        """Reads the sessions whose speakers it would notify."""
        self.ledger.get_sessions(sorted(session_ids))

    def close_ended(self, _: Sequence[Connection]) -> int:
        """There are no sockets here."""
        return 0

    def close_refused(self, _: Refused) -> None:
        """They close their sockets some day."""

    def close_returned(self, returned: Sequence[Connection]) -> None:
        """Reads the sessions that may have ended, or be too full."""
        self.ledger.get_sessions(sorted({connection.session_id for connection in returned}))


class _NobodyIsDue:
    """In place of `Renewal` and `LivenessCheck`: there are no sockets here, only rows."""

    def is_due(self, _: Connection, __: int) -> bool:
        """Never."""
        return False

    def remove_gone(self, _: Sequence[Connection]) -> int:
        """Finds nothing."""
        return 0


class _Nobody:
    """In place of sockets, metrics, a clock and threads: whatever is sent is swallowed."""

    def notify(self, _: Sequence[str], __: object) -> None:
        """A caption that is replayed."""

    def emit(self, _: object) -> None:
        """A metric."""

    def emit_pair(self, _: str, __: object) -> None:
        """A metric of a language pair."""

    def monotonic(self) -> float:
        """Always the same second."""
        return 0.0

    def now_ms(self) -> int:
        """The same, since the epoch: every handshake is young."""
        return 0

    def map(self, call: Callable[[Any], Any], over: Sequence[Any]) -> list[Any]:
        """In place of threads."""
        return list(map(call, over))


def _called(
    effect: Effect, update: RosterUpdate, records: Sequence[StreamRecord]
) -> Collection[StreamRecord]:
    return effect(records, update)


def _no_wait(_: float) -> None:
    """Time passes by the schedule alone."""
