"""Who reads the speaker's own language, remembered between the drafts of a session."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import NamedTuple

from chalice_app.domain.clock import Clock
from chalice_app.domain.session import Session
from chalice_app.sessions.ports import Roster
from chalice_app.translation.engine import TranslationEngine

KEPT_SECONDS = 2.0
"""How often a large session's roster is read for drafts, however often somebody comes or goes."""

LARGE = 1_000
"""Listeners from which on reading a roster costs 25 read units and more."""

_REMEMBERED = 64
"""Sessions whose readers a process remembers, those that came last."""

Readers = Sequence[tuple[str, Sequence[str]]]
"""The connections of each language that is the speaker's own: `en-GB` may be, beside `en`."""


class _Known(NamedTuple):
    revision: int
    read_at: float
    readers: Readers


@dataclass(frozen=True, slots=True)
class OwnLanguageReaders:
    """The listeners who read what the speaker says as it is."""

    roster: Roster
    engine: TranslationEngine
    clock: Clock
    _known: dict[tuple[str, int], _Known] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def has_any(self, session: Session) -> bool:
        """Whether the session's counts have a reader of that language; it costs no call."""
        return any(self._is_own(session, language) for language in session.languages)

    def of(self, session: Session) -> Readers | None:
        """Those readers; None where a large session's roster was read too short a while ago.

        The roster is read again only where somebody has come, gone or changed the language since.

        Raises:
            Unavailable: the roster could not be read.
        """
        key = (session.session_id, session.created_at)
        with self._lock:
            known = self._known.get(key)
        if known is not None:
            if known.revision == session.counts_revision:
                return known.readers
            is_young = self.clock.monotonic() - known.read_at < KEPT_SECONDS
            if is_young and session.listener_count >= LARGE:
                return None
        return self._read(session, key)

    def _read(self, session: Session, key: tuple[str, int]) -> Readers:
        read_at = self.clock.monotonic()
        readers = [
            (language, connection_ids)
            for language, connection_ids in self.roster.read_roster(session).languages.items()
            if self._is_own(session, language)
        ]
        with self._lock:
            self._known[key] = _Known(session.counts_revision, read_at, readers)
            if len(self._known) > _REMEMBERED:
                del self._known[next(iter(self._known))]
        return readers

    def _is_own(self, session: Session, language: str) -> bool:
        return self.engine.are_one(language, session.source_language)
