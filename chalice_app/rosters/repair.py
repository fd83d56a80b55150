"""Finds and corrects what should never be: counts that are not those of the live connections.

The stream keeps the rosters exact (see `synchronisation`). This is for what no stream record
reports: records lost beyond the mapping's retries, rows edited by hand, rows that DynamoDB's own
expiry has left, connections whose `$disconnect` never came (`liveness`), connections that the end
of their session did not close. It runs every five minutes, and by hand as
`python -m infra.reconcile`.

It looks twice, some seconds apart, and follows up only what was wrong both times in the same way: a
listener who is just coming, and a scan that lags, are not drift. Connections go through the same
synchronisation as a stream record. Counts are read again, consistently, and then every row that
counts in the session. The difference is added on condition that the counts' revision is still the
one that was read: nobody came or went in between, and so the correction is exact.
"""

import logging
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from time import sleep

from chalice_app.delivery.broadcast import HANDSHAKE_GRACE_MS
from chalice_app.domain.clock import Clock
from chalice_app.domain.errors import ConditionFailed, Unavailable
from chalice_app.domain.session import Connection
from chalice_app.observability import metrics
from chalice_app.observability.ports import MetricsSink
from chalice_app.rosters.drift import (
    Drift,
    Spot,
    corrections,
    is_off,
    lasting,
    miscounted,
    misplaced,
)
from chalice_app.rosters.ledger import LedgerKey, Place, SessionKey, State, key_of
from chalice_app.rosters.liveness import LivenessCheck
from chalice_app.rosters.notifier import RosterNotifier
from chalice_app.rosters.ports import RosterSurvey
from chalice_app.rosters.renewal import Renewal
from chalice_app.rosters.synchronisation import RosterSync
from chalice_app.sessions.ports import ConnectionStore

_log = logging.getLogger(__name__)

SECOND_LOOK_SECONDS = 5.0
"""Well above what a scan lags and a stream takes; well below the five minutes to the next run."""

TOMBSTONE_NEEDED_SECONDS = 600
"""How long a tombstone must be there: longer than an invocation with an old truth may live.

Lambda ends the rosters' function after 60 s and this one after 300 s. What comes later reads the
truth anew. Tombstones stand in the partition that every sentence reads, so they go after that.
"""

CORRECTIONS = 5
"""Tries to correct a session's counts between two who come or go; the next run tries again."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a run did: connections synchronised, sessions whose counts it corrected.

    `expired` rows were past their life. `gone` connections are unknown to the gateway; some of them
    may have left this very moment. `drift` is by how much the counts were wrong, in listeners.
    `swept` are the tombstones that it removed.
    """

    connections: int
    sessions: int
    expired: int
    drift: int
    gone: int = 0
    swept: int = 0


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Compares everything that is counted with all connections; `wait` takes seconds."""

    survey: RosterSurvey
    connections: ConnectionStore
    sync: RosterSync
    notifier: RosterNotifier
    renewal: Renewal
    liveness: LivenessCheck
    metrics: MetricsSink
    clock: Clock
    wait: Callable[[float], None] = sleep

    def reconcile(self, session_id: str | None = None) -> Reconciled:
        """Corrects all sessions, or one; publishes RosterDrift.

        Raises:
            Unavailable: the tables could not be read; what was corrected before stays right.
        """
        found = self._look(session_id)
        if found.due_for_renewal:
            self.renewal.ask(found.due_for_renewal)
        if found.connections or found.counts:
            self.wait(SECOND_LOOK_SECONDS)
            found = lasting(found, self._look(session_id))
        for connection_id in found.expired:
            self.connections.delete_expired(connection_id, self.clock.now_ms() // 1000)
        corrected = {key[0] for key in found.counts if self._correct(key)}
        synchronised = self.sync.synchronise(found.connections)
        self.metrics.emit({metrics.ROSTER_DRIFT: found.listeners})
        self.notifier.notify_speakers(corrected | synchronised.sessions)
        gone = self.liveness.remove_gone(found.to_check)
        if found.outlived:
            self.survey.remove_tombstones(found.outlived)
        if found.to_check and (left := self.notifier.close_ended(found.to_check)):
            _log.warning("%d connections of ended sessions were still open", left)
        return Reconciled(
            connections=len(found.connections),
            sessions=len(corrected),
            expired=len(found.expired),
            drift=found.listeners,
            gone=gone,
            swept=len(found.outlived),
        )

    def _look(self, session_id: str | None) -> Drift:
        counts = {
            counted.session_key: counted
            for counted in self.survey.scan_counts()
            if session_id in (None, counted.session_id)
        }
        now = self.clock.now_ms() // 1000
        rows, outlived = self._read_ledger(session_id, now - TOMBSTONE_NEEDED_SECONDS)
        spots: dict[LedgerKey, Spot] = {}
        connected, expired, due_for_renewal = set(), set(), set()
        to_check = []
        for connection in self.survey.scan_connections():
            key = key_of(connection)
            connected.add(key)
            if (
                connection.target_language is not None
                and key.session_key in counts
                and (key in rows or not self._may_catch_up(connection, now * 1000))
            ):
                place = Place(connection.target_language, connection.wants_voice)
                spots[key] = (key.session_key, place)
            if session_id not in (None, connection.session_id):
                continue
            if connection.ttl <= now:
                expired.add(connection.connection_id)
            elif self.renewal.is_due(connection, now * 1000):
                due_for_renewal.add(connection.connection_id)
            elif self.liveness.is_due(connection, now * 1000):
                to_check.append(connection)
        counted = _still_due(rows, counts, connected)
        return Drift(
            connections=misplaced(spots, counted),
            counts=miscounted(counts, counted),
            expired=frozenset(expired),
            due_for_renewal=frozenset(due_for_renewal),
            to_check=tuple(to_check),
            outlived=outlived,
        )

    @staticmethod
    def _may_catch_up(connection: Connection, now_ms: int) -> bool:
        """Whether the stream may still count it, after a greeting and a replay (`catch_up`).

        Counted from here, it would get neither.
        """
        has_missed = connection.last_sequence is not None or connection.version > 1
        return has_missed and now_ms - connection.connected_at <= HANDSHAKE_GRACE_MS

    def _read_ledger(
        self, session_id: str | None, left_by: int
    ) -> tuple[Mapping[LedgerKey, Spot], frozenset[LedgerKey]]:
        """Where everyone is counted, and the tombstones of those who had left by then (seconds)."""
        counted, outlived = {}, set()
        for key, row in self.survey.scan_ledger():
            if session_id not in (None, key.session_id):
                continue
            if row.state is State.IN:
                counted[key] = (key.session_key, row.place)
            elif row.left_at is not None and row.left_at <= left_by:
                outlived.add(key)
        return counted, frozenset(outlived)

    def _correct(self, session: SessionKey) -> bool:
        """Corrects the counts of a session; False where they are right or it cannot be done now.

        If DynamoDB refuses one session's counts, those of the others are corrected nevertheless.
        """
        for _ in range(CORRECTIONS):
            seen = self.survey.read_counts(session[0])
            if seen is None or seen.session_key != session:
                return False
            rows = self.survey.scan_session(session)
            deltas = corrections(seen, (row.place for row in rows))
            if not is_off(seen, deltas):
                return False
            try:
                self.survey.correct_counts(seen, deltas)
            except ConditionFailed:
                continue
            except Unavailable:
                _log.exception("the counts cannot be corrected", extra={"session": session[0]})
                return False
            _log.warning(
                "the counts were off by %s, their sum by %d, voices by %s; not numbers: %s",
                dict(deltas.languages),
                seen.total - (seen.listener_count or 0),
                dict(deltas.voices),
                ", ".join(seen.malformed) or "none",
                extra={"session": seen.session_id},
            )
            return True
        _log.warning(
            "the counts changed during every try to correct them", extra={"session": session[0]}
        )
        return False


def _still_due(
    rows: Mapping[LedgerKey, Spot],
    counts: Container[SessionKey],
    connected: Container[LedgerKey],
) -> Mapping[LedgerKey, Spot]:
    """The ledger's rows that the connections must agree with.

    A session's end leaves the rows of its connections. They go when the connections leave; where no
    record reported that, the rows of connections that have left count here, too, or they would stay
    for ever.
    """
    return {key: spot for key, spot in rows.items() if spot[0] in counts or key not in connected}
