"""Which sessions' sentences this process is sending now: no drafts of theirs are sent meanwhile."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock

from chalice_app.domain.session import Session


@dataclass(frozen=True, slots=True)
class SentencesUnderWay:
    """Sentences and corrections on their way from this process, by session."""

    _sessions: Counter[tuple[str, int]] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)

    @contextmanager
    def sending(self, session: Session) -> Iterator[None]:
        """Around a sentence's way."""
        key = (session.session_id, session.created_at)
        with self._lock:
            self._sessions[key] += 1
        try:
            yield
        finally:
            with self._lock:
                self._sessions[key] -= 1
                if not self._sessions[key]:
                    del self._sessions[key]

    def is_sending(self, session: Session) -> bool:
        """Whether a sentence of that session is on its way."""
        with self._lock:
            return (session.session_id, session.created_at) in self._sessions
