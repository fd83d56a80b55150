"""Admission of sentences: each number once, and no more at a time than the pipeline can carry.

A function sees only its own sentence, so what is under way is kept in a row that every function of
the session updates; the order of its updates decides who is one too many. That update is made at
the same time as the claim of the sequence number: it costs no round trip.
"""

import logging
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass

from chalice_app.clock import Clock
from chalice_app.errors import BadMessage, RateLimited, Unavailable
from chalice_app.models import CAPTION_LIFE_MS, Sentence, Session, Utterance
from chalice_app.ports import SentencesUnderWay, SessionStore

_log = logging.getLogger(__name__)

MOST_UNDER_WAY = 10
"""Sentences of one session on their way at a time. Each is over after `CAPTION_LIFE_MS` at the
latest: even if all of them hung that long, one a second would pass, more than anybody speaks."""

SHORTEST_RETRY_MS = 250


@dataclass(frozen=True, slots=True)
class Flow:
    """Lets sentences in and out."""

    sessions: SessionStore
    under_way: SentencesUnderWay
    executor: Executor
    clock: Clock

    def admit(self, session: Session, sentence: Sentence, utterance: Utterance) -> None:
        """Claims the sentence's number and lets it on its way.

        Raises:
            BadMessage: this sequence number was spoken before.
            RateLimited: too many are under way; `retryAfterMs` tells when to send it again.
            Unavailable: the number could not be claimed; nothing was sent.
        """
        if not session.languages:
            self._claim(session, sentence)  # it reaches nobody, and is over at once
            return
        entering = self.executor.submit(self._enter, utterance)
        try:
            self._claim(session, sentence)
        except BadMessage:
            if entering.result().get(sentence.sequence) == utterance.spoken_at:
                self.leave(utterance)  # the mark is not that of the first with this number
            raise
        now = self.clock.now_ms()
        ahead = {key: at for key, at in entering.result().items() if key != sentence.sequence}
        alive = [at for at in ahead.values() if at > now - CAPTION_LIFE_MS]
        if len(alive) >= MOST_UNDER_WAY:
            self.sessions.release_sequence(session, sentence.sequence)
            self.leave(utterance)
            raise RateLimited(
                "sentences come faster than they can be sent",
                # As long as the oldest has taken so far: the slower it goes, the longer the pause.
                retryAfterMs=max(SHORTEST_RETRY_MS, now - min(alive)),
            )
        if len(alive) < len(ahead):
            over = [key for key, at in ahead.items() if at not in alive]
            self.executor.submit(self._leave, utterance, over)

    def leave(self, utterance: Utterance) -> None:
        """Lets the sentence go; it would count for its life's length only, so nothing is raised."""
        self._leave(utterance, [utterance.sequence])

    def _claim(self, session: Session, sentence: Sentence) -> None:
        if not self.sessions.claim_sequence(session, sentence):
            raise BadMessage("this sequence was spoken before", lastSequence=session.last_sequence)

    def _enter(self, utterance: Utterance) -> Mapping[int, int]:
        try:
            return self.under_way.enter(utterance)
        except Unavailable:
            _log.warning("what is under way is not known: the sentence is let through")
            return {}

    def _leave(self, utterance: Utterance, sequences: Iterable[int]) -> None:
        try:
            self.under_way.leave(utterance, sequences)
        except Unavailable:
            _log.warning("sentences that are over still count as under way")
