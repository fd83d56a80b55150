"""How many were refused, by the reason: for the stage as metrics, for a session in its rows.

A process gathers what it refuses and writes it at most once a second, one write a session, so that
a flood costs no more. There is no timer, because Lambda freezes a process between two calls: the
next call after a second writes it. A process that is frozen for good loses its last second.

A session has a row a minute, for its speaker and the operator now, and one in all, for its report.
The latter is written at most once in ten seconds, and lives as long as the session is kept.

Counts are kept for sessions that exist alone: names that somebody makes up get no rows.
"""

import logging
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import ceil
from threading import Lock

from chalice_app.admission.ports import CounterStore
from chalice_app.domain.clock import Clock
from chalice_app.domain.errors import (
    BroadcasterError,
    NotSpeaker,
    RateLimited,
    SessionFull,
    SessionNotFound,
    Unavailable,
)
from chalice_app.domain.session import Session
from chalice_app.observability import metrics
from chalice_app.observability.ports import MetricsSink

MINUTES = 5
"""A session's refusals are reported for this minute and the four before it."""

FLUSH_MS = 1_000

SUM_FLUSH_MS = 10_000
"""A session's sum is written so seldom that it costs a tenth of what its minutes cost."""

ROWS_AT_ONCE = 20
"""Sessions that are written at a time; those of a further one wait for the next second."""

MOST_SESSIONS = 1_024
"""Sessions that a process remembers, and whose refusals it gathers."""

_MINUTE_MS = 60_000
_ROW_SECONDS = 10 * 60

_log = logging.getLogger(__name__)


class WrongCode(SessionNotFound):
    """A session with a join code, asked for with another or without one.

    To the client it is the same in every respect: the session's existence stays a secret.
    """


class WrongToken(SessionNotFound):
    """A session with a join code, asked for with a wrong speaker token; to the client the same."""


class Reason(StrEnum):
    """Why somebody was refused."""

    RATE_LIMITED = "RATE_LIMITED"
    SESSION_FULL = "SESSION_FULL"
    WRONG_CODE = "WRONG_CODE"
    WRONG_TOKEN = "WRONG_TOKEN"  # noqa: S105 - a reason
    NOT_FOUND = "NOT_FOUND"


METRICS: Mapping[Reason, str] = {
    Reason.RATE_LIMITED: metrics.REFUSED_RATE_LIMITED,
    Reason.SESSION_FULL: metrics.REFUSED_SESSION_FULL,
    Reason.WRONG_CODE: metrics.REFUSED_WRONG_CODE,
    Reason.WRONG_TOKEN: metrics.REFUSED_WRONG_TOKEN,
    Reason.NOT_FOUND: metrics.REFUSED_NOT_FOUND,
}

_REASONS: tuple[tuple[type[BroadcasterError], Reason], ...] = (
    (RateLimited, Reason.RATE_LIMITED),
    (SessionFull, Reason.SESSION_FULL),
    (WrongCode, Reason.WRONG_CODE),
    (WrongToken, Reason.WRONG_TOKEN),
    (NotSpeaker, Reason.WRONG_TOKEN),
    (SessionNotFound, Reason.NOT_FOUND),
)
"""The first that fits: for the caller, a wrong code is a session that is not found."""


@dataclass(frozen=True, slots=True)
class _SumRow:
    """Where a session's refusals are counted in all; a later one of its name has another row."""

    key: str
    expires_at: int

    @classmethod
    def of(cls, session: Session) -> "_SumRow":
        return cls(
            f"refusedInAll#{session.session_id}#{session.created_at}",
            ceil(session.kept_until_ms / 1000),
        )


@dataclass(slots=True)
class Refusals:
    """The refusals of this process that are not written yet, and the written ones of a session."""

    counters: CounterStore
    metrics: MetricsSink
    clock: Clock
    _sessions: OrderedDict[str, _SumRow] = field(default_factory=OrderedDict)
    _sums: dict[_SumRow, Counter[str]] = field(default_factory=dict)
    _rows: dict[tuple[str, int], Counter[str]] = field(default_factory=dict)
    _totals: Counter[str] = field(default_factory=Counter)
    _flushed_at: int = 0
    _summed_at: int = 0
    _lock: Lock = field(default_factory=Lock)

    def note_session(self, session: Session) -> None:
        """Remembers that there is such a session."""
        with self._lock:
            self._sessions[session.session_id] = _SumRow.of(session)
            self._sessions.move_to_end(session.session_id)
            if len(self._sessions) > MOST_SESSIONS:
                self._sessions.popitem(last=False)

    def count(self, failure: BroadcasterError, session_id: str) -> None:
        """Counts a refusal; a fault of this service or a malformed request is none."""
        for kind, reason in _REASONS:
            if isinstance(failure, kind):
                self._count(reason, session_id)
                return

    def count_message(self) -> None:
        """Counts a message that was refused because its connection floods."""
        with self._lock:
            self._totals[metrics.MESSAGES_REFUSED] += 1

    def flush_if_due(self) -> None:
        """Writes what was gathered, if the last time was a second ago or longer.

        Sessions' sums wait for ten seconds.
        """
        now = self.clock.now_ms()
        is_due = self._totals and now - self._flushed_at >= FLUSH_MS
        if is_due or (self._sums and now - self._summed_at >= SUM_FLUSH_MS):
            self.flush()

    def flush(self) -> None:
        """Writes what was gathered. What cannot be written is lost: it is a statistic."""
        with self._lock:
            self._flushed_at = self.clock.now_ms()
            totals, self._totals = self._totals, Counter()
            rows = {key: self._rows.pop(key) for key in list(self._rows)[:ROWS_AT_ONCE]}
        if totals:
            self.metrics.emit(dict(totals))
        for (session_id, minute), counts in rows.items():
            expires_at = minute * _MINUTE_MS // 1000 + _ROW_SECONDS
            self._add(_key(session_id, minute), counts, expires_at)
        # Together with the others, or the time of an answer would tell a guesser what exists.
        if self._flushed_at - self._summed_at >= SUM_FLUSH_MS:
            self._flush_sums()

    def recent(self, session_ids: Iterable[str]) -> Mapping[str, Mapping[str, int]]:
        """The refusals of sessions in the last `MINUTES`, by reason; reasons without any left out.

        Raises:
            Unavailable: they could not be read.
        """
        self.flush()
        now = self.clock.now_ms() // _MINUTE_MS
        keys = {
            name: [_key(name, now - back) for back in range(MINUTES)]
            for name in dict.fromkeys(session_ids)
        }
        found = self.counters.get_many([key for several in keys.values() for key in several])
        return {
            name: dict(sum((Counter(found.get(key, {})) for key in several), Counter[str]()))
            for name, several in keys.items()
        }

    def in_all(self, session: Session) -> Mapping[str, int]:
        """The refusals of a session since it began, by reason; reasons without any left out.

        Raises:
            Unavailable: they could not be read.
        """
        self._flush_sums()
        return self.counters.get_counts(_SumRow.of(session).key)

    def _flush_sums(self) -> None:
        with self._lock:
            self._summed_at = self.clock.now_ms()
            sums = {row: self._sums.pop(row) for row in list(self._sums)[:ROWS_AT_ONCE]}
        for row, counts in sums.items():
            self._add(row.key, counts, row.expires_at)

    def _add(self, key: str, counts: Counter[str], expires_at: int) -> None:
        try:
            self.counters.add(key, counts, expires_at)
        except Unavailable:
            _log.warning("%d refusals are not in the session's count", counts.total())

    def _count(self, reason: Reason, session_id: str) -> None:
        minute = session_id, self.clock.now_ms() // _MINUTE_MS
        with self._lock:
            self._totals[METRICS[reason]] += 1
            whole = self._sessions.get(session_id)
            if whole is None:
                return
            if minute in self._rows or len(self._rows) < MOST_SESSIONS:
                self._rows.setdefault(minute, Counter())[reason.value] += 1
            if whole in self._sums or len(self._sums) < MOST_SESSIONS:
                self._sums.setdefault(whole, Counter())[reason.value] += 1


def _key(session_id: str, minute: int) -> str:
    return f"refused#{session_id}#{minute}"
