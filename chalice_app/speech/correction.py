"""A correction's way: a kept sentence gets a new text, or is retracted, for everybody.

The order makes every listener end with the newest text. The revision is written first. Then the
session notes that there was a correction. Then the roster is read:

- who was counted before the note is in the roster, and is sent the correction;
- who is counted after it has read its session after it, or else `ledger.plan_return`'s condition
  fails; so what is replayed to it was read after the revision was written.

Of two corrections of one sentence, the one that is written last has the higher revision. Their
captions may arrive in either order: a client keeps the highest. A retraction is final, so
`retracted` needs no revision.
"""

from dataclasses import dataclass, replace

from chalice_app.domain.clock import Clock
from chalice_app.domain.errors import BadMessage, ConditionFailed, Unavailable
from chalice_app.domain.sentence import SentenceRef
from chalice_app.domain.session import Session
from chalice_app.sessions.ports import SessionStore
from chalice_app.speech.flow_control import CLAIM_RETRY_MS, FlowControl
from chalice_app.speech.sending import Sending
from chalice_app.speech.under_way import SentencesUnderWay
from chalice_app.transcripts.ports import SentenceStore


@dataclass(frozen=True, slots=True)
class Corrections:
    """Corrections on their way from one speaker to every listener."""

    sessions: SessionStore
    sentences: SentenceStore
    flow_control: FlowControl
    sending: Sending
    under_way: SentencesUnderWay
    clock: Clock

    def correct(
        self,
        session: Session,
        speaker_connection_id: str,
        sequence: int,
        text: str,
        received_at: int,
    ) -> None:
        """Gives a kept sentence that text, or retracts it, and reports to its speaker.

        `received_at` is when the gateway got the correction (ms): its life and latency count from
        then.

        Raises:
            SequenceNotKept: no sentence with that sequence is kept.
            BadMessage: the sentence is being sent; `retryAfterMs` says when to try again.
            RateLimited: corrections come too fast; `retryAfterMs` says when to try again.
            Unavailable: it may be sent again, as a further revision.
        """
        ref = SentenceRef(
            session.session_id,
            session.created_at,
            sequence,
            speaker_connection_id,
            received_at,
            started_at=self.clock.now_ms(),
            revision=1,
            is_kept=session.retention_hours > 0,
        )
        with self.under_way.sending(session):
            self._send(session, ref, text)

    def _send(self, session: Session, ref: SentenceRef, text: str) -> None:
        self.flow_control.admit_correction(ref)
        try:
            sentence = self.sentences.correct_sentence(session, ref.sequence, text, ref.spoken_at)
        except ConditionFailed:
            raise BadMessage(
                "this sequence is being spoken", sequence=ref.sequence, retryAfterMs=CLAIM_RETRY_MS
            ) from None
        ref = replace(ref, revision=sentence.revision)
        session = self._noted(session)
        sent, reports = self.sending.send_or_drop(session, sentence, ref)
        self.sending.finish(session, sentence, ref, sent, reports)

    def _noted(self, session: Session) -> Session:
        """The session from the correction on, for which its roster is read."""
        try:
            return self.sessions.note_correction(session)
        except ConditionFailed:
            raise Unavailable("the session is gone") from None
