"""The ports of `chalice_app.speech`, and the sentences of its sessions' store."""

import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from chalice_app.domain.errors import ConditionFailed, SequenceNotKept, Unavailable
from chalice_app.domain.reports import LanguageReport, merged
from chalice_app.domain.sentence import (
    CAPTION_LIFE_MS,
    Claim,
    RecentSentences,
    Sentence,
    SentenceRef,
)
from chalice_app.domain.session import Session
from tests.fakes.memory import MemoryTable
from tests.fakes.sessions import MemorySessions


@dataclass
class Tally:
    """The delivery counts of one sentence, by the part of the roster they are of."""

    claimed: set[str] = field(default_factory=set)
    parts: dict[str, Mapping[str, LanguageReport]] = field(default_factory=dict)
    expected: int | None = None
    is_reported: bool = False


def _talk(ref: SentenceRef) -> tuple[str, int]:
    return ref.session_id, ref.session_epoch


class MemorySentences(MemorySessions):
    """The sentences of `SessionStore`: claimed, kept and spoken."""

    def __init__(self, *, keep_sentences: bool = True) -> None:
        super().__init__()
        self.keep_sentences = keep_sentences
        self._sentences: dict[tuple[str, int, int], Sentence] = {}
        self._completed: set[tuple[str, int, int]] = set()

    def claim_sequence(self, session: Session, sentence: Sentence) -> Claim:
        self._called("claim_sequence")
        with self._lock:
            key = (session.session_id, session.created_at, sentence.sequence)
            if key in self._completed:
                return Claim.DONE
            found = self._sentences.get(key)
            if found is not None and found.spoken_at > sentence.spoken_at - CAPTION_LIFE_MS:
                return Claim.IN_PROGRESS
            self._sentences[key] = sentence
            return Claim.ACQUIRED

    def mark_sent(self, ref: SentenceRef) -> None:
        self._called("mark_sent")
        with self._lock:
            key = (*_talk(ref), ref.sequence)
            found = self._sentences.get(key)
            if found is not None and found.spoken_at == ref.spoken_at:
                self._completed.add(key)

    def release_sequence(self, session: Session, sequence: int) -> None:
        self._called("release_sequence")
        with self._lock:
            self._sentences.pop((session.session_id, session.created_at, sequence), None)

    def raise_last_sequence(self, session: Session, sequence: int) -> Session:
        self._called("raise_last_sequence")
        with self._lock:
            found = self._same(session)
            if found is None:
                raise ConditionFailed("the session is no more")
            if found.last_sequence < sequence:
                found = replace(found, last_sequence=sequence)
                self._store(found)
            return found

    def correct_sentence(
        self, session: Session, sequence: int, text: str, corrected_at: int
    ) -> Sentence:
        self._called("correct_sentence")
        with self._lock:
            key = (session.session_id, session.created_at, sequence)
            found = self._sentences.get(key) if self.keep_sentences else None
            if found is None or (found.is_retracted and text):
                raise SequenceNotKept("the sentence is not kept")
            if key not in self._completed and found.spoken_at > corrected_at - CAPTION_LIFE_MS:
                raise ConditionFailed("the sentence is being sent")
            self._completed.add(key)
            corrected = replace(found, text=text, revision=found.revision + 1)
            self._sentences[key] = corrected
            return corrected

    def note_correction(self, session: Session) -> Session:
        self._called("note_correction")
        with self._lock:
            found = self._same(session)
            if found is None:
                raise ConditionFailed("the session is no more")
            self._store(found := replace(found, corrections=found.corrections + 1))
            return found

    def get_sentences(self, session: Session, sequences: Iterable[int]) -> Sequence[Sentence]:
        self._called("get_sentences")
        with self._lock:
            keys = [(session.session_id, session.created_at, each) for each in sorted(sequences)]
            kept = self._sentences if self.keep_sentences else {}
            return [kept[key] for key in keys if key in kept]


def _marked(ref: SentenceRef) -> tuple[str, int, bool]:
    """Corrections have marks of their own."""
    return *_talk(ref), ref.revision > 0


class MemorySentencesInFlight(MemoryTable):
    """`SentencesInFlight`."""

    def __init__(self) -> None:
        super().__init__()
        self._in_flight: dict[tuple[str, int, bool], dict[int, int]] = {}
        self._sent: dict[tuple[str, int, bool], dict[int, int]] = {}

    def add_sentence(self, ref: SentenceRef) -> RecentSentences:
        self._called("add_sentence")
        with self._lock:
            marks = self._in_flight.setdefault(_marked(ref), {})
            marks.setdefault(ref.sequence, ref.spoken_at)
            return RecentSentences(dict(marks), dict(self._sent.get(_marked(ref), {})))

    def complete_sentence(self, ref: SentenceRef) -> None:
        self._called("complete_sentence")
        with self._lock:
            self._in_flight.get(_marked(ref), {}).pop(ref.sequence, None)
            sent = self._sent.setdefault(_marked(ref), {})
            sent[ref.sequence] = ref.spoken_at

    def remove_sentences(self, ref: SentenceRef, sequences: Iterable[int]) -> None:
        self._called("remove_sentences")
        with self._lock:
            for sequence in sequences:
                self._in_flight.get(_marked(ref), {}).pop(sequence, None)
                self._sent.get(_marked(ref), {}).pop(sequence, None)


class MemoryTallies(MemoryTable):
    """`TallyStore`."""

    def __init__(self) -> None:
        super().__init__()
        self._tallies: dict[tuple[str, int, int, int, int], Tally] = {}

    def claim_part(self, ref: SentenceRef, part: str) -> bool:
        self._called("claim_part")
        with self._lock:
            claimed = self._tally(ref).claimed
            if part in claimed:
                return False
            claimed.add(part)
            return True

    def add_part(
        self,
        ref: SentenceRef,
        part: str,
        reports: Mapping[str, LanguageReport],
        expected: int | None = None,
    ) -> Mapping[str, LanguageReport] | None:
        self._called("add_part")
        with self._lock:
            tally = self._tally(ref)
            tally.parts.setdefault(part, reports)
            tally.expected = expected or tally.expected
            whole = len(tally.parts) == tally.expected and not tally.is_reported
            return merged(tally.parts.values()) if whole else None

    def mark_reported(self, ref: SentenceRef) -> None:
        self._called("mark_reported")
        with self._lock:
            self._tally(ref).is_reported = True

    def _tally(self, ref: SentenceRef) -> "Tally":
        key = (*_talk(ref), ref.sequence, ref.spoken_at, ref.revision)
        return self._tallies.setdefault(key, Tally())


class QueuedInvocations:
    """`ports.BatchInvoker` that keeps the payloads as JSON, as Lambda's queue does.

    A test delivers them, as often as it likes. `refusing` refuses all.
    """

    def __init__(self) -> None:
        self.payloads: list[str] = []
        self.refusing = False
        self._lock = threading.Lock()

    def invoke(self, payload: Mapping[str, Any]) -> None:
        if self.refusing:
            raise Unavailable("the test refuses it")
        with self._lock:
            self.payloads.append(json.dumps(payload))
