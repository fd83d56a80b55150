"""What a session may have translated and spoken: characters, counted before an engine gets them."""

import logging
from dataclasses import dataclass
from enum import StrEnum, auto

from chalice_app.admission.ports import CounterStore
from chalice_app.domain.errors import ConditionFailed, Unavailable
from chalice_app.domain.sentence import SentenceRef
from chalice_app.domain.session import Session

_log = logging.getLogger(__name__)

_SPENT = "spent"


class Payment(StrEnum):
    """Whether a translation or a sound may be paid for."""

    CHARGED = auto()
    OVER_BUDGET = auto()
    UNAVAILABLE = auto()


@dataclass(frozen=True, slots=True)
class Budget:
    """Characters a session; `most` is what one has that names no other, 0 means no limit.

    `purse` names the count. A purse besides the session's own has a `share` of the budget, one
    part in so many: what it pays for is taken from nobody else.
    """

    counters: CounterStore
    most: int
    purse: str = "budget"
    share: int = 1

    def of(self, session: Session) -> int:
        """A session's budget in characters; 0 where it has none."""
        whole = session.character_budget or self.most
        return max(1, whole // self.share) if whole else 0

    def charge(self, session: Session, characters: int) -> Payment:
        """Takes characters from the budget, all of them or none.

        When the counter cannot be reached, nothing may be translated: a fault must not cost money.
        """
        if not self.of(session):
            return Payment.CHARGED
        try:
            self.counters.count(
                self._key(session), {_SPENT: self.of(session)}, _expires_at(session), characters
            )
        except ConditionFailed:
            return Payment.OVER_BUDGET
        except Unavailable:
            _log.warning("the budget cannot be looked up: not spent", extra=_named(session))
            return Payment.UNAVAILABLE
        return Payment.CHARGED

    def refund(self, session: Session, characters: int) -> None:
        """Returns what was charged for translations that failed: the engine does not bill them."""
        if not self.of(session):
            return
        try:
            self.counters.refund(self._key(session), _SPENT, characters)
        except Unavailable:
            _log.warning("%d characters stay spent", characters, extra=_named(session))

    def _key(self, session: Session) -> str:
        return f"{session.session_id}#{session.created_at}#{self.purse}"


@dataclass(frozen=True, slots=True)
class VoiceBudget:
    """Characters a session that may be spoken: `most`, 0 means no limit.

    `session_seconds` is how long a session may live: who has a sentence spoken has no session.
    """

    counters: CounterStore
    most: int
    session_seconds: int

    def charge(self, ref: SentenceRef, characters: int) -> Payment:
        """Takes characters from the budget of the sentence's session, all of them or none.

        As with translations, nothing is spoken when the counter cannot be reached.
        """
        if not self.most:
            return Payment.CHARGED
        expires_at_seconds = ref.session_epoch // 1000 + self.session_seconds
        try:
            self.counters.count(
                _voice_key(ref), {_SPENT: self.most}, expires_at_seconds, characters
            )
        except ConditionFailed:
            return Payment.OVER_BUDGET
        except Unavailable:
            _log.warning("the budget of voices cannot be looked up: not spent")
            return Payment.UNAVAILABLE
        return Payment.CHARGED

    def refund(self, ref: SentenceRef, characters: int) -> None:
        """Returns what was charged for a sound that could not be made."""
        if not self.most:
            return
        try:
            self.counters.refund(_voice_key(ref), _SPENT, characters)
        except Unavailable:
            _log.warning("%d spoken characters stay spent", characters)


def _voice_key(ref: SentenceRef) -> str:
    return f"{ref.session_id}#{ref.session_epoch}#voice-budget"


def _named(session: Session) -> dict[str, str]:
    return {"session": session.session_id}


def _expires_at(session: Session) -> int:
    """Epoch seconds: transcripts are translated for as long as anything is kept."""
    return max(session.expires_at_seconds, session.kept_until_ms // 1000)
