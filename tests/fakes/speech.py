"""The ports of `chalice_app.speech`."""

import json
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalice_app.domain.errors import Unavailable
from chalice_app.domain.reports import LanguageReport, merged
from chalice_app.domain.sentence import RecentSentences, SentenceRef
from tests.fakes.memory import MemoryTable


@dataclass
class Tally:
    """The delivery counts of one sentence, by the part of the roster they are of."""

    claimed: set[str] = field(default_factory=set)
    parts: dict[str, Mapping[str, LanguageReport]] = field(default_factory=dict)
    expected: int | None = None
    is_reported: bool = False


def _talk(ref: SentenceRef) -> tuple[str, int]:
    return ref.session_id, ref.session_epoch


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

    def complete_sentences(self, ref: SentenceRef, sent: Mapping[int, int]) -> None:
        self._called("complete_sentences")
        with self._lock:
            for sequence in sent:
                self._in_flight.get(_marked(ref), {}).pop(sequence, None)
            self._sent.setdefault(_marked(ref), {}).update(sent)

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
