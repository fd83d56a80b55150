"""The ports of `chalice_app.speech`, and the sentences of its sessions' store."""

import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from chalice_app.domain.errors import ConditionFailed, Unavailable
from chalice_app.domain.reports import LanguageReport, merged
from chalice_app.domain.sentence import CAPTION_LIFE_MS, Claim, InFlight, Sentence, SentenceRef
from chalice_app.domain.session import Session
from tests.fakes.memory import MemoryTable
from tests.fakes.sessions import MemorySessions


@dataclass
class Tally:
    """The delivery counts of one sentence, by the part of the roster they are of."""

    claimed: set[str] = field(default_factory=set)
    parts: dict[str, Mapping[str, LanguageReport]] = field(default_factory=dict)
    expected: int | None = None
    settled: bool = False


def _talk(utterance: SentenceRef) -> tuple[str, int]:
    return utterance.session_id, utterance.session_epoch


class MemorySentences(MemorySessions):
    """The sentences of `SessionStore`: claimed, kept and spoken."""

    def __init__(self, *, keep_sentences: bool = True) -> None:
        super().__init__()
        self.keep_sentences = keep_sentences
        self._sentences: dict[tuple[str, int, int], Sentence] = {}
        self._settled: set[tuple[str, int, int]] = set()

    def claim_sequence(self, session: Session, sentence: Sentence) -> Claim:
        self._called("claim_sequence")
        with self._lock:
            key = (session.session_id, session.created_at, sentence.sequence)
            if key in self._settled:
                return Claim.SPOKEN
            found = self._sentences.get(key)
            if found is not None and found.spoken_at > sentence.spoken_at - CAPTION_LIFE_MS:
                return Claim.UNDER_WAY
            self._sentences[key] = sentence
            return Claim.TAKEN

    def settle_sequence(self, utterance: SentenceRef) -> None:
        self._called("settle_sequence")
        with self._lock:
            key = (*_talk(utterance), utterance.sequence)
            found = self._sentences.get(key)
            if found is not None and found.spoken_at == utterance.spoken_at:
                self._settled.add(key)

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

    def get_sentences(self, session: Session, sequences: Iterable[int]) -> Sequence[Sentence]:
        self._called("get_sentences")
        with self._lock:
            keys = [(session.session_id, session.created_at, each) for each in sorted(sequences)]
            kept = self._sentences if self.keep_sentences else {}
            return [kept[key] for key in keys if key in kept]


class MemorySentencesInFlight(MemoryTable):
    """`SentencesInFlight`."""

    def __init__(self) -> None:
        super().__init__()
        self._under_way: dict[tuple[str, int], dict[int, int]] = {}
        self._said: dict[tuple[str, int], dict[int, int]] = {}

    def enter(self, utterance: SentenceRef) -> InFlight:
        self._called("enter")
        with self._lock:
            marks = self._under_way.setdefault(_talk(utterance), {})
            marks.setdefault(utterance.sequence, utterance.spoken_at)
            return InFlight(dict(marks), dict(self._said.get(_talk(utterance), {})))

    def finish(self, utterance: SentenceRef) -> None:
        self._called("finish")
        with self._lock:
            self._under_way.get(_talk(utterance), {}).pop(utterance.sequence, None)
            said = self._said.setdefault(_talk(utterance), {})
            said[utterance.sequence] = utterance.spoken_at

    def forget(self, utterance: SentenceRef, sequences: Iterable[int]) -> None:
        self._called("forget")
        with self._lock:
            for sequence in sequences:
                self._under_way.get(_talk(utterance), {}).pop(sequence, None)
                self._said.get(_talk(utterance), {}).pop(sequence, None)


class MemoryTallies(MemoryTable):
    """`TallyStore`."""

    def __init__(self) -> None:
        super().__init__()
        self._tallies: dict[tuple[str, int, int, int], Tally] = {}

    def claim_part(self, utterance: SentenceRef, part: str) -> bool:
        self._called("claim_part")
        with self._lock:
            claimed = self._tally(utterance).claimed
            if part in claimed:
                return False
            claimed.add(part)
            return True

    def add_part(
        self,
        utterance: SentenceRef,
        part: str,
        reports: Mapping[str, LanguageReport],
        expected: int | None = None,
    ) -> Mapping[str, LanguageReport] | None:
        self._called("add_part")
        with self._lock:
            tally = self._tally(utterance)
            tally.parts.setdefault(part, reports)
            tally.expected = expected or tally.expected
            whole = len(tally.parts) == tally.expected and not tally.settled
            return merged(tally.parts.values()) if whole else None

    def settle(self, utterance: SentenceRef) -> None:
        self._called("settle")
        with self._lock:
            self._tally(utterance).settled = True

    def _tally(self, utterance: SentenceRef) -> "Tally":
        key = (*_talk(utterance), utterance.sequence, utterance.spoken_at)
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
