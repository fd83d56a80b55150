"""Finds and mends what should never be: counts that are not those of the live connections.

The stream keeps the rosters exact (see `synchronisation`); this is for what no stream record tells
of: records lost beyond the mapping's retries, rows edited by hand, rows that DynamoDB's own expiry
has left lying, connections whose `$disconnect` never came (`liveness`). It runs every five
minutes, and by hand as `python -m infra.reconcile`.

It looks twice, some seconds apart, and follows up only what was wrong both times in the same way: a
listener who is just coming, and an index that lags, are no drift. Connections go through the same
synchronisation as a stream record. Counts are read again, consistently, and then every row that
counts in the session; what they are off is added on condition that their revision is still the one
that was read: so nobody came or went in between, and the correction is exact.
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import sleep

from chalice_app.domain.clock import Clock
from chalice_app.domain.errors import ConditionFailed, Unavailable
from chalice_app.domain.session import Connection
from chalice_app.observability import metrics
from chalice_app.observability.ports import MetricsSink
from chalice_app.rosters.ledger import SessionCounts, SessionKey
from chalice_app.rosters.liveness import LivenessCheck
from chalice_app.rosters.notifier import RosterNotifier
from chalice_app.rosters.ports import RosterSurvey
from chalice_app.rosters.renewal import Renewal
from chalice_app.rosters.synchronisation import RosterSync
from chalice_app.sessions.ports import ConnectionStore

_log = logging.getLogger(__name__)

SECOND_LOOK_SECONDS = 5.0
"""Well above what an index lags and a stream takes; well below the five minutes to the next run."""

CORRECTIONS = 5
"""Tries to correct a session's counts between two who come or go; the next run tries again."""

_Place = tuple[SessionKey, str]
"""A session, and a language in it: where a connection is, or is counted."""


@dataclass(frozen=True, slots=True)
class Drift:
    """What is wrong at one look.

    `connections` are counted elsewhere than they are (None: nowhere); `counts` are off by so many
    listeners a language; `expired` connections have outlived themselves, `aging` ones are about to
    be closed, and of those `to_probe` only the gateway knows whether they are still there.
    """

    connections: Mapping[str, tuple[_Place | None, _Place | None]]
    counts: Mapping[SessionKey, tuple[SessionCounts, Mapping[str, int]]]
    expired: frozenset[str]
    aging: frozenset[str] = frozenset()
    to_probe: tuple[Connection, ...] = ()

    @property
    def listeners(self) -> int:
        """By how many listeners the rosters and the counts are wrong, together."""
        off = sum(abs(delta) for _, deltas in self.counts.values() for delta in deltas.values())
        sums = ((seen.listener_count or 0) - seen.total for seen, _ in self.counts.values())
        return len(self.connections) + off + sum(map(abs, sums))


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a run did: connections synchronised, sessions whose counts it corrected.

    `expired` rows were past their life, `gone` connections unknown to the gateway, be it that they
    left this very moment. `drift` is by how much the counts were wrong, in listeners.
    """

    connections: int
    sessions: int
    expired: int
    drift: int
    gone: int = 0


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Compares everything that is counted with everything that is there; `wait` takes seconds."""

    survey: RosterSurvey
    connections: ConnectionStore
    sync: RosterSync
    presence: RosterNotifier
    metrics: MetricsSink
    clock: Clock
    wait: Callable[[float], None] = sleep
    renewal: Renewal | None = None
    probe: LivenessCheck | None = None

    def reconcile(self, session_id: str | None = None) -> Reconciled:
        """Mends all sessions, or one; publishes RosterDrift.

        Raises:
            Unavailable: the tables could not be read; what was mended before stays right.
        """
        found = self._look(session_id)
        if self.renewal is not None and found.aging:
            self.renewal.ask(found.aging)
        if found.connections or found.counts:
            self.wait(SECOND_LOOK_SECONDS)
            found = _lasting(found, self._look(session_id))
        for connection_id in found.expired:
            self.connections.delete_expired(connection_id, self.clock.now_ms() // 1000)
        corrected = {key[0] for key in found.counts if self._correct(key)}
        synchronised = self.sync.synchronise(found.connections)
        self.metrics.emit({metrics.ROSTER_DRIFT: found.listeners})
        self.presence.tell([], corrected | synchronised.sessions)
        gone = self.probe.remove_gone(found.to_probe) if self.probe is not None else 0
        return Reconciled(
            connections=len(found.connections),
            sessions=len(corrected),
            expired=len(found.expired),
            drift=found.listeners,
            gone=gone,
        )

    def _look(self, session_id: str | None) -> Drift:
        counts = {
            counted.session_key: counted
            for counted in self.survey.scan_counts()
            if session_id in (None, counted.session_id)
        }
        rows = {
            connection_id: (row.session_key, row.target_language)
            for connection_id, row in self.survey.scan_counted()
            if session_id in (None, row.session_id)
        }
        there: dict[str, _Place] = {}
        connected, expired, aging = set(), set(), set()
        to_probe = []
        now = self.clock.now_ms() // 1000
        for connection in self.survey.scan_connections():
            connected.add(connection.connection_id)
            key = (connection.session_id, connection.session_epoch)
            if connection.target_language is not None and key in counts:
                there[connection.connection_id] = (key, connection.target_language)
            if session_id not in (None, connection.session_id):
                continue
            if connection.ttl <= now:
                expired.add(connection.connection_id)
            elif self.renewal is not None and self.renewal.is_due(connection, now * 1000):
                aging.add(connection.connection_id)
            elif self.probe is not None and self.probe.is_due(connection, now * 1000):
                to_probe.append(connection)
        # A session's end takes nobody's row with it: that is done when they leave, and if nobody
        # heard of that, here, or the row would stay for ever.
        counted = {
            key: place for key, place in rows.items() if place[0] in counts or key not in connected
        }
        return Drift(
            connections=_displaced(there, counted),
            counts=_miscounted(counts, counted),
            expired=frozenset(expired),
            aging=frozenset(aging),
            to_probe=tuple(to_probe),
        )

    def _correct(self, session: SessionKey) -> bool:
        """Corrects the counts of a session; False where they are right or it cannot be done now.

        One session's counts that DynamoDB refuses keep nobody else's from being corrected.
        """
        for _ in range(CORRECTIONS):
            seen = self.survey.read_counts(session[0])
            if seen is None or seen.session_key != session:
                return False
            rows = Counter(row.target_language for row in self.survey.scan_session(session))
            deltas = _deltas(seen, rows)
            if not _is_off(seen, deltas):
                return False
            try:
                self.survey.correct_counts(seen, deltas)
            except ConditionFailed:
                continue
            except Unavailable:
                _log.exception("the counts cannot be corrected", extra={"session": session[0]})
                return False
            _log.warning(
                "the counts were off by %s, their sum by %d; no numbers: %s",
                dict(deltas),
                seen.total - (seen.listener_count or 0),
                ", ".join(seen.malformed) or "none",
                extra={"session": seen.session_id},
            )
            return True
        _log.warning("the counts would not stand still", extra={"session": session[0]})
        return False


def _displaced(
    there: Mapping[str, _Place], counted: Mapping[str, _Place]
) -> Mapping[str, tuple[_Place | None, _Place | None]]:
    return {
        connection_id: (there.get(connection_id), counted.get(connection_id))
        for connection_id in there.keys() | counted.keys()
        if there.get(connection_id) != counted.get(connection_id)
    }


def _miscounted(
    counts: Mapping[SessionKey, SessionCounts], counted: Mapping[str, _Place]
) -> Mapping[SessionKey, tuple[SessionCounts, Mapping[str, int]]]:
    """The sessions whose counts are not those of their rows, with what to add to each language."""
    rows: defaultdict[SessionKey, Counter[str]] = defaultdict(Counter)
    for key, language in counted.values():
        rows[key][language] += 1
    found = {}
    for key, seen in counts.items():
        deltas = _deltas(seen, rows[key])
        if _is_off(seen, deltas):
            found[key] = (seen, deltas)
    return found


def _deltas(seen: SessionCounts, rows: Mapping[str, int]) -> Mapping[str, int]:
    """What to add to each language's count to make it that of the rows."""
    deltas = {
        language: rows.get(language, 0) - seen.languages.get(language, 0)
        for language in rows.keys() | seen.languages.keys()
    }
    return {language: delta for language, delta in sorted(deltas.items()) if delta}


def _is_off(seen: SessionCounts, deltas: Mapping[str, int]) -> bool:
    return bool(deltas or seen.malformed) or seen.listener_count != seen.total


def _lasting(first: Drift, second: Drift) -> Drift:
    """What is wrong in both looks, in the same way; whom to probe needs no second look."""
    return Drift(
        connections=dict(first.connections.items() & second.connections.items()),
        counts={
            key: (seen, off)
            for key, (seen, off) in second.counts.items()
            if key in first.counts and first.counts[key][1] == off
        },
        expired=second.expired,
        to_probe=first.to_probe,
    )
