"""Sends returning listeners the captions they missed, in order and in their language."""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

from chalice_app.delivery.broadcast import Broadcast
from chalice_app.domain.sentence import REPLAYED_SENTENCES, Caption, Sentence
from chalice_app.domain.session import Connection, Session
from chalice_app.transcripts.ports import SentenceStore
from chalice_app.translation.sentence_translator import SentenceTranslator
from chalice_app.wire import outgoing


@dataclass(frozen=True, slots=True)
class Replay:
    """Replays kept sentences; listeners who return together share one translation of each."""

    sentences: SentenceStore
    translator: SentenceTranslator
    broadcast: Broadcast
    executor: Executor

    def send_missed(self, session: Session, language: str, listeners: Sequence[Connection]) -> None:
        """Sends each listener of that language the captions after its own last sequence.

        It may have older ones whose corrections it has missed: those are among the last captions,
        too, as often as it comes. A retracted sentence is sent to nobody who has not had it.
        """
        due = [each for each in listeners if each.last_sequence is not None]
        if not due:
            return
        first = self._first(session, min(each.last_sequence or 0 for each in due))
        sequences = range(first, session.last_sequence + 1)
        sentences = self.sentences.get_sentences(session, sequences)
        wanted = [each for each in sentences if _waiting(each, due)]
        # Translated side by side, sent one after the other.
        translate = partial(self._translate, session, language)
        for sentence, caption in zip(wanted, self.executor.map(translate, wanted), strict=True):
            self.broadcast.notify(_waiting(sentence, due), outgoing.caption(caption))

    def _first(self, session: Session, last_heard: int) -> int:
        """The first sentence to look at; older ones only where something was corrected."""
        oldest = session.last_sequence - REPLAYED_SENTENCES
        return 1 + (max(oldest, 0) if session.corrections else max(oldest, last_heard))

    def _translate(self, session: Session, language: str, sentence: Sentence) -> Caption:
        (caption,) = self.translator.translate(session, sentence, [language])
        self.translator.remember(sentence, [caption])
        return caption


def _waiting(sentence: Sentence, listeners: Sequence[Connection]) -> Sequence[str]:
    """The connections that are sent it: some lack it, others may have an older revision."""
    return [each.connection_id for each in listeners if _is_due(sentence, each)]


def _is_due(sentence: Sentence, listener: Connection) -> bool:
    if sentence.sequence > (listener.last_sequence or 0):
        return not sentence.is_retracted
    return sentence.revision > 0 and sentence.sequence >= listener.first_sequence
