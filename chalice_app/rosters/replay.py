"""Sends returning listeners the captions they missed, in order and in their language."""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

from chalice_app.delivery.broadcast import Broadcast
from chalice_app.domain.sentence import Caption, Sentence
from chalice_app.domain.session import Connection, Session
from chalice_app.sessions.ports import SessionStore
from chalice_app.translation.sentence_translator import SentenceTranslator
from chalice_app.wire import outgoing

MOST_CAPTIONS = 50
"""The protocol's limit of captions that are sent again."""


@dataclass(frozen=True, slots=True)
class Replay:
    """Replays kept sentences; listeners who return together share one translation of each."""

    sessions: SessionStore
    translator: SentenceTranslator
    broadcast: Broadcast
    executor: Executor

    def send_missed(self, session: Session, language: str, listeners: Sequence[Connection]) -> None:
        """Sends each listener of that language the captions after its own last sequence."""
        missed_from = {
            listener.connection_id: listener.last_sequence
            for listener in listeners
            if listener.last_sequence is not None
        }
        if not missed_from:
            return
        first = max(min(missed_from.values()), session.last_sequence - MOST_CAPTIONS) + 1
        sequences = range(first, session.last_sequence + 1)
        sentences = self.sessions.get_sentences(session, sequences)
        # Translated side by side, sent one after the other.
        translate = partial(self._translate, session, language)
        for caption in self.executor.map(translate, sentences):
            waiting = [key for key, last in missed_from.items() if last < caption.sequence]
            self.broadcast.notify(waiting, outgoing.caption(caption))

    def _translate(self, session: Session, language: str, sentence: Sentence) -> Caption:
        (caption,) = self.translator.translate(session, sentence, [language])
        self.translator.remember(sentence, [caption])
        return caption
