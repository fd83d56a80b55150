"""The minutes that a session may dictate, counted by the clock from a grant to its end.

A function sees neither audio nor stream, so it counts time: from a grant until the page says that
the stream is over, the next grant comes or the session ends, and `STREAM_MS` at most. Each change
is a write on condition of the state it starts from, so of two that come at once one is made after
the other, and no minute is lost.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

from chalice_app.domain.clock import Clock
from chalice_app.domain.dictation import Dictated
from chalice_app.domain.errors import (
    ConditionFailed,
    RateLimited,
    SessionNotFound,
    Unavailable,
)
from chalice_app.domain.session import Session
from chalice_app.observability import metrics
from chalice_app.observability.ports import MetricsSink
from chalice_app.transcription.ports import DictationStore

STREAM_MS = 4 * 3600 * 1000
"""A stream's life at most. Source:
https://docs.aws.amazon.com/transcribe/latest/dg/limits-guidelines.html
"""

_TRIES = 8
"""Changes of one session that may come at once: a page has one stream."""

_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Minutes:
    """What sessions have used of their minutes; `most` 0 means no limit."""

    store: DictationStore
    metrics: MetricsSink
    clock: Clock
    most: int

    def start(self, session: Session) -> int | None:
        """Counts from now on; returns the milliseconds that are left, None where there is no limit.

        Raises:
            RateLimited: the minutes are spent.
            SessionNotFound: the session has ended meanwhile.
            Unavailable: the minutes cannot be counted, so none may be used.
        """
        used = self._change(session, self._started, only_open=True)
        if used.since is None:
            raise RateLimited(
                f"the session's {self.most} minutes of dictation are spent",
                retryAfterMs=session.expires_at_seconds * 1000 - self.clock.now_ms(),
                remainingSeconds=0,
            )
        return self._left_ms(used) if self.most else None

    def stop(self, session: Session) -> None:
        """Counts no longer; where nothing is counted, nothing happens.

        Raises:
            SessionNotFound: the session is gone.
            Unavailable: the minutes could not be written.
        """
        self._change(session, lambda charged: charged, only_open=False)

    def _started(self, charged: Dictated) -> Dictated:
        is_spent = self.most and self._left_ms(charged) <= 0
        return charged if is_spent else replace(charged, since=self.clock.now_ms())

    def _left_ms(self, used: Dictated) -> int:
        return self.most * _MINUTE_MS - used.spent_ms

    def _charged(self, before: Dictated) -> Dictated:
        """What is used once the open stream is paid for."""
        if before.since is None:
            return before
        lasted = self.clock.now_ms() - before.since
        # Another machine's clock may be ahead of this one's.
        return Dictated(before.spent_ms + min(max(lasted, 0), STREAM_MS))

    def _change(
        self, session: Session, change: Callable[[Dictated], Dictated], *, only_open: bool
    ) -> Dictated:
        """Charges the open stream, if there is one, and makes the change; returns what holds."""
        for _ in range(_TRIES):
            before = session.dictated
            charged = self._charged(before)
            after = replace(change(charged), change=secrets.token_hex(8))
            if after == before:
                return before
            try:
                self.store.put_dictated(session, before, after, only_open=only_open)
            except ConditionFailed:
                session = self._again(session, only_open=only_open)
                continue
            self._count(charged.spent_ms - before.spent_ms)
            return after
        raise Unavailable("the session's minutes are contended, try again")

    def _again(self, session: Session, *, only_open: bool) -> Session:
        """The session as it is now, if it is the same one."""
        found = self.store.get_session(session.session_id)
        if found is None or found.created_at != session.created_at:
            raise SessionNotFound("there is no such session")
        if only_open and not found.is_active:
            raise SessionNotFound("there is no such session")
        return found

    def _count(self, charged_ms: int) -> None:
        if charged_ms:
            self.metrics.emit({metrics.DICTATION_SECONDS: charged_ms / 1000})
