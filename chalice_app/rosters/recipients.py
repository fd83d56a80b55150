"""The listeners that one sentence is sent to, each exactly once."""

from collections.abc import Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass

from chalice_app.domain.session import Session
from chalice_app.sessions.ports import Roster, SessionRoster


@dataclass(frozen=True, slots=True)
class RosterReader:
    """Reads a session's roster at the side of the sentence's way."""

    roster: Roster
    executor: Executor

    def recipients(self, session: Session, sequence: int | None) -> "Recipients":
        """Starts to read who is sent the sentence with that number; None: everybody.

        `session` is the session as it was when the number was claimed. A listener who was counted
        before that is found, because the read is consistent and begins after it.
        """
        # Listeners who returned after an overtaken sentence may have missed it: they are sent it,
        # even if it was replayed to them, rather than not at all. Where the sequence could not be
        # noted, a later one may have been: nobody knows whether the sentence is overtaken.
        is_latest = session.last_sequence == sequence
        for_sequence = sequence if is_latest else None
        reading = self.executor.submit(self.roster.read_roster, session, for_sequence)
        return Recipients(reading)


@dataclass(frozen=True, slots=True)
class Recipients:
    """The listeners of one sentence, once they have been read: each in exactly one language."""

    reading: Future[SessionRoster]

    def languages(self) -> Sequence[str]:
        """The languages that somebody listens to.

        Raises:
            Unavailable: the roster could not be read.
        """
        return sorted(self.reading.result().languages)

    def of_language(self, language: str) -> Sequence[str]:
        """The connection ids of a language's listeners.

        Raises:
            Unavailable: the roster could not be read.
        """
        return self.reading.result().languages.get(language, ())

    def voices_of_language(self, language: str) -> Sequence[str]:
        """The connection ids of those of a language's listeners who want its voice.

        Raises:
            Unavailable: the roster could not be read.
        """
        return self.reading.result().voices.get(language, ())
