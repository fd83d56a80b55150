"""The event report of a session: read, counted, and only given where it is still kept."""

from collections.abc import Mapping
from dataclasses import dataclass

from chalice_app.admission.refusals import Refusals
from chalice_app.domain.clock import Clock
from chalice_app.domain.errors import SequenceNotKept, Unavailable
from chalice_app.domain.session import Session
from chalice_app.sessions.ports import SessionStore
from chalice_app.transcripts.event_report import EventReport, event_report
from chalice_app.transcripts.ports import SentenceStore


@dataclass(frozen=True, slots=True)
class Reporting:
    """Makes event reports for those who may read them."""

    sentences: SentenceStore
    sessions: SessionStore
    refusals: Refusals
    clock: Clock

    def report(self, session: Session) -> EventReport:
        """The report of the session as it is now.

        Raises:
            SequenceNotKept: nothing of the session is kept, or it was purged while it was read.
            Unavailable: its sentences could not be read.
        """
        self._require_kept(session)
        kept = tuple(self.sentences.read_all(session))
        # A purge notes itself before it deletes: a report of half of the talk is never given.
        now = self.sessions.get_session(session.session_id)
        if not kept or now is None or now.created_at != session.created_at:
            raise _nothing_kept()
        self._require_kept(now)
        return event_report(now, kept, self._refused(now))

    def _require_kept(self, session: Session) -> None:
        if not session.is_kept(self.clock.now_ms()):
            raise _nothing_kept()

    def _refused(self, session: Session) -> Mapping[str, int] | None:
        try:
            return self.refusals.in_all(session)
        except Unavailable:
            return None  # the rest is worth more


def _nothing_kept() -> SequenceNotKept:
    return SequenceNotKept("nothing of this session is kept")
