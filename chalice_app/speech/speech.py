"""START HERE for a sentence's way: one sentence in, captions out in every language listened to.

Check, claim the sequence number, note it, and send (`sending`).
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from chalice_app.domain.clock import Clock
from chalice_app.domain.errors import ConditionFailed, SessionNotFound, Unavailable
from chalice_app.domain.reports import Reports
from chalice_app.domain.sentence import Sentence, SentenceRef
from chalice_app.domain.session import Session
from chalice_app.sessions.ports import SessionStore
from chalice_app.speech.flow_control import FlowControl
from chalice_app.speech.sending import Sending, Sent
from chalice_app.speech.under_way import SentencesUnderWay

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Speech:
    """Sentences on their way from one speaker to every listener."""

    sessions: SessionStore
    flow_control: FlowControl
    sending: Sending
    under_way: SentencesUnderWay
    clock: Clock

    def speak(self, session: Session, speaker_connection_id: str, sentence: Sentence) -> None:
        """Sends the sentence to the session's listeners and reports to its speaker.

        Raises:
            BadMessage: this sequence number was spoken before.
            RateLimited: too many sentences are on their way; the speaker may send it again.
            SessionNotFound: the session was purged meanwhile; nothing was sent.
            Unavailable: nothing was sent; the speaker may send the sentence again.
        """
        ref = SentenceRef(
            session.session_id,
            session.created_at,
            sentence.sequence,
            speaker_connection_id,
            sentence.spoken_at,
            started_at=self.clock.now_ms(),
            is_kept=session.retention_hours > 0,
        )
        with self.under_way.sending(session):
            self._send(session, sentence, ref)

    def _send(self, session: Session, sentence: Sentence, ref: SentenceRef) -> None:
        self.flow_control.admit(session, sentence, ref)
        session = self._raise_last_sequence(session, sentence.sequence)
        if session.purged_at is not None:
            # Since the speaker's session was read. The purge deletes claims, too: this one does not
            # prove that nobody has sent the sentence before.
            self.flow_control.forget(ref)
            raise SessionNotFound("the session has ended")
        if not session.keeps_words:
            # It has ended, and its rows were deleted before this claim, or are being deleted now.
            self.flow_control.forget(ref)
            ref = replace(ref, is_kept=False)
        sent, reports = self._send_or_withdraw(session, sentence, ref)
        self.sending.finish(session, sentence, ref, sent, reports)

    def _raise_last_sequence(self, session: Session, sequence: int) -> Session:
        """The session from that sequence on, for which its roster is read.

        A returning listener is counted only while nothing is spoken (see `ledger.plan_return`), so
        the sequence is noted before the roster is read. Where that fails, a listener who is just
        returning may miss a caption; no other listener does.
        """
        try:
            return self.sessions.raise_last_sequence(session, sequence)
        except (Unavailable, ConditionFailed):
            _log.warning("the last sequence was not stored")
            return session

    def _send_or_withdraw(
        self, session: Session, sentence: Sentence, ref: SentenceRef
    ) -> tuple[Sequence[Sent], Reports]:
        """Sends it or drops it; where nobody knows who listens, its speaker may send it again."""
        try:
            return self.sending.send_or_drop(session, sentence, ref)
        except Unavailable:
            self.flow_control.withdraw(ref)
            raise
