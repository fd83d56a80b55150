"""What becomes of a voice that fails: its speaker is told once, and it is counted."""

import logging
from dataclasses import dataclass
from enum import StrEnum

from chalice_app.delivery.broadcast import NOTICE_SECONDS, Broadcast
from chalice_app.domain.clock import Clock
from chalice_app.domain.errors import Unavailable
from chalice_app.domain.sentence import SentenceRef
from chalice_app.synthesis.ports import SentenceClaims
from chalice_app.wire import outgoing

_log = logging.getLogger(__name__)


class Reason(StrEnum):
    """Why a sentence is not heard in a language, as the speaker is told."""

    FAILED = "failed"
    OVER_BUDGET = "overBudget"


@dataclass(frozen=True, slots=True)
class VoiceFailures:
    """Tells speakers of voices that failed, once a sentence and language in all functions."""

    broadcast: Broadcast
    claims: SentenceClaims
    clock: Clock

    def tell(self, ref: SentenceRef, language: str, reason: Reason) -> None:
        """Tells the speaker, unless that was done; what cannot be delivered is lost."""
        _log.warning("no voice: %s", reason.value)
        if not self._is_first(ref, language):
            return
        message = outgoing.speech_failed(ref.sequence, language, reason)
        deadline = self.clock.monotonic() + NOTICE_SECONDS
        self.broadcast.send([ref.speaker_connection_id], message, deadline)

    def _is_first(self, ref: SentenceRef, language: str) -> bool:
        try:
            return self.claims.claim_part(ref, f"speech-failed.{language}")
        except Unavailable:
            return True  # rather twice than not at all
