"""The ports of `chalice_app.transcripts`."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from chalice_app.domain.errors import ConditionFailed, SequenceNotKept
from chalice_app.domain.kept import KeptSentence
from chalice_app.domain.reports import Reports
from chalice_app.domain.sentence import (
    CAPTION_LIFE_MS,
    REPLAYED_SENTENCES,
    Claim,
    Sentence,
    SentenceRef,
)
from chalice_app.domain.session import Session
from tests.fakes.memory import MemoryTable

_Key = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class _Row:
    kept: KeptSentence
    is_sent: bool = False
    has_words: bool = True


def _key(session: Session, sequence: int) -> _Key:
    return session.session_id, session.created_at, sequence


def _key_of(ref: SentenceRef) -> _Key:
    return ref.session_id, ref.session_epoch, ref.sequence


class MemorySentences(MemoryTable):
    """`SentenceStore`."""

    def __init__(self, *, keep_sentences: bool = True) -> None:
        super().__init__()
        self.keep_sentences = keep_sentences
        self._sentences: dict[_Key, _Row] = {}

    def claim_sequence(self, session: Session, sentence: Sentence) -> Claim:
        self._called("claim_sequence")
        with self._lock:
            key = _key(session, sentence.sequence)
            found = self._sentences.get(key)
            if found is not None and found.is_sent:
                return Claim.DONE
            dead = sentence.spoken_at - CAPTION_LIFE_MS
            if found is not None and found.kept.sentence.spoken_at > dead:
                return Claim.IN_PROGRESS
            self._sentences[key] = _Row(KeptSentence(sentence), has_words=self.keep_sentences)
            return Claim.ACQUIRED

    def mark_sent(
        self, ref: SentenceRef, reports: Reports, captions: Mapping[str, str]
    ) -> Reports | None:
        self._called("mark_sent")
        with self._lock:
            found = self._spoken(ref)
            is_kept = self.keep_sentences and ref.is_kept
            if not is_kept:
                self._forget(replace(ref, sequence=ref.sequence - REPLAYED_SENTENCES))
            if found is None:
                return None
            if not is_kept:
                self._sentences[_key_of(ref)] = replace(found, is_sent=True)
                return None
            kept = found.kept
            told = reports if kept.reports is None else kept.reports
            words = captions if captions and not kept.sentence.revision else kept.captions
            kept = replace(kept, reports=told, captions=dict(words))
            self._sentences[_key_of(ref)] = replace(found, kept=kept, is_sent=True)
            return told

    def _spoken(self, ref: SentenceRef) -> _Row | None:
        found = self._sentences.get(_key_of(ref))
        is_same = found is not None and found.kept.sentence.spoken_at == ref.spoken_at
        return found if is_same else None

    def _forget(self, ref: SentenceRef) -> None:
        if (found := self._sentences.get(_key_of(ref))) is not None:
            self._sentences[_key_of(ref)] = replace(found, has_words=False)

    def sent_among(self, ref: SentenceRef, sequences: Iterable[int]) -> Collection[int]:
        self._called("sent_among")
        with self._lock:
            found = (
                (each, self._sentences.get(_key_of(replace(ref, sequence=each))))
                for each in sequences
            )
            return {each for each, row in found if row is not None and row.is_sent}

    def keep_captions(self, ref: SentenceRef, captions: Mapping[str, str]) -> None:
        self._called("keep_captions")
        with self._lock:
            found = self._sentences.get(_key_of(ref)) if ref.revision else self._spoken(ref)
            is_kept = self.keep_sentences and ref.is_kept
            if is_kept and found is not None and found.kept.sentence.revision == ref.revision:
                kept = replace(found.kept, captions=dict(captions))
                self._sentences[_key_of(ref)] = replace(found, kept=kept)

    def release_sequence(self, ref: SentenceRef) -> None:
        self._called("release_sequence")
        with self._lock:
            if self._spoken(ref) is not None:
                del self._sentences[_key_of(ref)]

    def correct_sentence(
        self, session: Session, sequence: int, text: str, corrected_at: int
    ) -> Sentence:
        self._called("correct_sentence")
        with self._lock:
            found = self._sentences.get(_key(session, sequence))
            if found is None or not found.has_words:
                raise SequenceNotKept("the sentence is not kept")
            sentence = found.kept.sentence
            if sentence.is_retracted and text:
                raise SequenceNotKept("the sentence is not kept")
            if not found.is_sent and sentence.spoken_at > corrected_at - CAPTION_LIFE_MS:
                raise ConditionFailed("the sentence is being sent")
            sentence = replace(sentence, text=text, revision=sentence.revision + 1)
            kept = replace(found.kept, sentence=sentence, captions={}, corrected_at=corrected_at)
            self._sentences[_key(session, sequence)] = _Row(kept, is_sent=True)
            return sentence

    def get_sentences(self, session: Session, sequences: Iterable[int]) -> Sequence[Sentence]:
        self._called("get_sentences")
        with self._lock:
            keys = [_key(session, each) for each in sorted(sequences)]
            rows = [self._sentences[key] for key in keys if key in self._sentences]
            return [each.kept.sentence for each in rows if each.has_words]

    def read_all(self, session: Session) -> Iterator[KeptSentence]:
        self._called("read_all")
        with self._lock:
            own = _key(session, 0)[:2]
            rows = [row for key, row in sorted(self._sentences.items()) if key[:2] == own]
            return iter([each.kept for each in rows if each.has_words])

    def add_caption(self, session: Session, kept: KeptSentence, language: str, text: str) -> None:
        self._called("add_caption")
        with self._lock:
            key = _key(session, kept.sentence.sequence)
            found = self._sentences.get(key)
            if found is not None and found.has_words and found.kept.sentence == kept.sentence:
                captions = {**found.kept.captions, language: text}
                self._sentences[key] = replace(found, kept=replace(found.kept, captions=captions))

    def delete_all(self, session: Session) -> None:
        self._called("delete_all")
        with self._lock:
            for key in [key for key in self._sentences if key[:2] == _key(session, 0)[:2]]:
                del self._sentences[key]
