"""Admission of sentences: each number once, and neither too many a second nor too many at a time.

A function sees only its own sentence, so the latest ones are kept in a row that every function of
the session updates; the order of its updates decides who is one too many. That update is made at
the same time as the claim of the sequence number: it costs no round trip.
"""

import logging
from collections.abc import Iterable
from concurrent.futures import Executor
from dataclasses import dataclass

from chalice_app.domain.clock import Clock
from chalice_app.domain.errors import BadMessage, RateLimited, Unavailable
from chalice_app.domain.sentence import CAPTION_LIFE_MS, Claim, InFlight, Sentence, SentenceRef
from chalice_app.domain.session import Session
from chalice_app.sessions.ports import SessionStore
from chalice_app.speech.ports import SentencesInFlight

_log = logging.getLogger(__name__)

MOST_UNDER_WAY = 10
"""Sentences of one session on their way at a time. Each is over after `CAPTION_LIFE_MS` at the
latest: even if all of them hung that long, one a second would pass, more than anybody speaks."""

SHORTEST_RETRY_MS = 250

_WORTH_FORGETTING = 5
"""Old marks that make a write to take them away worth while."""

CLAIM_RETRY_MS = 2_000
"""When to send a sentence again that is being sent: a fifth of the time after which it may be."""


@dataclass(frozen=True, slots=True)
class FlowControl:
    """Lets sentences in and out; `per_second` of one session at most, 0 means no limit."""

    sessions: SessionStore
    under_way: SentencesInFlight
    executor: Executor
    clock: Clock
    per_second: int = 0

    def admit(self, session: Session, sentence: Sentence, utterance: SentenceRef) -> None:
        """Claims the sentence's number and lets it on its way.

        Raises:
            BadMessage: this sequence number was spoken before; or it is being spoken, and
                `retryAfterMs` tells when to ask again.
            RateLimited: they come too fast; `retryAfterMs` tells when to send it again.
            Unavailable: the number could not be claimed; nothing was sent.
        """
        entering = self.executor.submit(self._enter, utterance)
        try:
            self._claim(session, sentence)
        except BadMessage:
            if entering.result().on_way.get(sentence.sequence) == utterance.spoken_at:
                # The mark is not that of the first with this number.
                self._forget(utterance, [utterance.sequence])
            raise
        marks = entering.result()
        wait_ms = max(self._carried_in(marks, sentence), self._allowed_in(marks, sentence))
        if wait_ms > 0:
            self.sessions.release_sequence(session, sentence.sequence)
            self._forget(utterance, [utterance.sequence])
            raise RateLimited(
                "sentences come faster than they can be sent",
                retryAfterMs=max(SHORTEST_RETRY_MS, wait_ms),
            )
        over = self._over(marks)
        if len(over) >= _WORTH_FORGETTING:
            self.executor.submit(self._forget, utterance, over)

    def settle(self, utterance: SentenceRef) -> None:
        """Lets a sentence go that has been sent; nobody speaks its number again.

        Nothing is raised: it would count for its life's length only, and whoever spoke it has no
        reason to speak it again.
        """
        left = self.executor.submit(self.leave, utterance)
        try:
            self.sessions.settle_sequence(utterance)
        except Unavailable:
            _log.warning("a sentence that was sent still counts as being sent")
        left.result()

    def leave(self, utterance: SentenceRef) -> None:
        """Lets the sentence go; it would count for its life's length only, so nothing is raised."""
        try:
            self.under_way.finish(utterance)
        except Unavailable:
            _log.warning("a sentence that is over still counts as under way")

    def _carried_in(self, marks: InFlight, sentence: Sentence) -> int:
        """Milliseconds until there is room among those under way, as far as can be told."""
        now = self.clock.now_ms()
        ahead = [at for sequence, at in marks.on_way.items() if sequence != sentence.sequence]
        alive = [at for at in ahead if at > now - CAPTION_LIFE_MS]
        if len(alive) < MOST_UNDER_WAY:
            return 0
        # As long as the oldest has taken so far: the slower it goes, the longer the pause.
        return max(SHORTEST_RETRY_MS, now - min(alive))

    def _allowed_in(self, marks: InFlight, sentence: Sentence) -> int:
        """Milliseconds until the rate allows it: a token bucket of one second's sentences.

        As in a bucket, no stretch of time up to this sentence may hold more than a second's
        allowance and what came in during the stretch. Only stretches of a caption's life are looked
        at: over hours that lets a tenth more through. Time is the gateway's, the same for all.
        """
        if not self.per_second:
            return 0
        others = {**marks.said, **marks.on_way}
        others.pop(sentence.sequence, None)
        since = sentence.spoken_at - CAPTION_LIFE_MS
        latest = sorted((at for at in others.values() if at > since), reverse=True)
        each_ms = 1000 / self.per_second
        waits = (
            at + (count - self.per_second) * each_ms - sentence.spoken_at
            # With this one, `count` sentences since `at`.
            for count, at in enumerate(latest, 2)
        )
        return round(max(waits, default=0))

    def _over(self, marks: InFlight) -> list[int]:
        """Sentences that no longer matter."""
        since = self.clock.now_ms() - CAPTION_LIFE_MS
        return [each for each, at in {**marks.said, **marks.on_way}.items() if at <= since]

    def _claim(self, session: Session, sentence: Sentence) -> None:
        last = session.last_sequence
        match self.sessions.claim_sequence(session, sentence):
            case Claim.SPOKEN:
                raise BadMessage(
                    "this sequence was spoken before",
                    sequence=sentence.sequence,
                    lastSequence=last,
                )
            case Claim.UNDER_WAY:
                # Should its function have died, the number is free when a caption's life is over.
                raise BadMessage(
                    "this sequence is being spoken",
                    sequence=sentence.sequence,
                    lastSequence=last,
                    retryAfterMs=CLAIM_RETRY_MS,
                )
            case Claim.TAKEN:
                return

    def _enter(self, utterance: SentenceRef) -> InFlight:
        try:
            return self.under_way.enter(utterance)
        except Unavailable:
            _log.warning("what is under way is not known: the sentence is let through")
            return InFlight()

    def _forget(self, utterance: SentenceRef, sequences: Iterable[int]) -> None:
        try:
            self.under_way.forget(utterance, sequences)
        except Unavailable:
            _log.warning("sentences that are over still count")
