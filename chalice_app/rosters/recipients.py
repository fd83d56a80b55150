"""The listeners that one sentence is sent to, each exactly once."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from threading import Lock

from chalice_app.domain.errors import Unavailable
from chalice_app.domain.session import Session
from chalice_app.rosters.ports import Roster
from chalice_app.sessions.ports import SessionStore

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RosterReader:
    """Reads the rosters of a session's languages side by side."""

    roster: Roster
    sessions: SessionStore
    executor: Executor

    def recipients(self, session: Session, sequence: int) -> "Recipients":
        """Starts to read who is sent the sentence with that number.

        `session` is the session as it was when the number was claimed.
        """
        # Listeners who returned after an overtaken sentence may have missed it: they are sent it,
        # even if it was replayed to them, rather than not at all.
        is_overtaken = session.last_sequence > sequence
        for_sequence = None if is_overtaken else sequence
        rosters = {
            language: self.executor.submit(
                self.roster.query_roster, session, language, for_sequence
            )
            for language in session.languages
        }
        return Recipients(self.roster, self.sessions, session, for_sequence, rosters)


@dataclass(frozen=True, slots=True)
class Recipients:
    """The listeners of one sentence; one who moves between two rosters may stand in both."""

    roster: Roster
    sessions: SessionStore
    session: Session
    sequence: int | None
    rosters: Mapping[str, Future[Sequence[str]]]
    _taken: set[str] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)

    def of_language(self, language: str) -> Sequence[str]:
        """The connection ids of a language's listeners that were not returned before.

        Raises:
            Unavailable: the roster could not be read.
        """
        return self._take(self.rosters[language].result())

    def moved(self) -> Mapping[str, Sequence[str]]:
        """The connection ids, by language, of listeners who were between two rosters.

        A listener who changes language while the rosters are read may stand in neither. The
        revision of the session's counts shows whether anybody did: while nobody does, this is one
        read, and no listener waits for it.
        """
        try:
            now = self.sessions.get_session(self.session.session_id)
            if now is None or now.counts_revision == self.session.counts_revision:
                return {}
            moved = {
                language: self._take(self.roster.query_moved(self.session, language, self.sequence))
                for language in now.languages
            }
        except Unavailable:
            _log.warning("the listeners who changed their language meanwhile are unknown")
            return {}
        return {language: listeners for language, listeners in moved.items() if listeners}

    def _take(self, listeners: Iterable[str]) -> Sequence[str]:
        with self._lock:
            new = [each for each in listeners if each not in self._taken]
            self._taken.update(new)
        return new
