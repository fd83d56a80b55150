"""The books of a soak: what became of every sentence.

A sentence is *delivered* if everyone who has been there all along (on one socket, in one language,
from before it was spoken) has its caption. If not, it must be *reported*: the speaker has been told
of captions that were dropped, failed or met a socket that was gone, or that the sentence was
refused, or, where a function was killed between its captions and its report, that the server has
it and knows no more. Neither is *lost*, which is what must not be.
"""

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

ANSWER_SECONDS = 40.0
"""So much longer the speaker waits for an answer before it counts as none: a sentence may be sent
again several times while processes die."""


class Hearer(Protocol):
    """Whoever may have heard it."""

    def was_there(self, at: float) -> bool:
        """Whether it has been there ever since `at` (monotonic seconds), without a break."""

    def came_back(self, at: float) -> bool:
        """Whether it was there before `at`, and is there again."""

    def since(self, at: float) -> str:
        """For how long it had been there at that moment."""


@dataclass(slots=True)
class Sentence:
    """One sentence; `told` is what the speaker has been told of it."""

    sequence: int
    text: str
    spoken_at: float
    sendings: int = 1
    told: str = ""
    heard_by: set[int] = field(default_factory=set)


@dataclass
class Book:
    """Keeps a sentence until it is judged; then only the counts."""

    outcomes: Counter[str] = field(default_factory=Counter)
    told: Counter[str] = field(default_factory=Counter)
    delivered: int = 0
    missed: int = 0
    missed_by_returned: int = 0
    spoken_count: int = 0
    lost: list[str] = field(default_factory=list)
    _open: dict[int, Sentence] = field(default_factory=dict)

    def spoken(self, sequence: int, text: str) -> Sentence:
        """It is being sent for the first time."""
        self.spoken_count += 1
        self._open[sequence] = Sentence(sequence, text, time.monotonic())
        return self._open[sequence]

    def heard(self, sequence: int, hearer: object) -> None:
        """Somebody has its caption."""
        if (sentence := self._open.get(sequence)) is not None:
            sentence.heard_by.add(id(hearer))

    def unanswered(self) -> list[Sentence]:
        """Sentences that the speaker knows nothing of, the oldest first."""
        return [each for each in self._open.values() if not each.told]

    def reported(self, report: dict[str, Any]) -> None:
        """The speaker has its delivery report."""
        languages = report["languages"].values()
        self.delivered += sum(each["delivered"] for each in languages)
        short = any(
            each["delivered"] < each["listeners"] or each["dropped"] or each["gone"]
            for each in languages
        )
        self._tell(
            self._open.get(report["sequence"]), "a report of losses" if short else "a report"
        )

    def refused(self, code: str, *, known: bool) -> None:
        """The speaker has an error; `known`: the server has had this sentence before."""
        waiting = self.unanswered()
        again = [each for each in waiting if each.sendings > 1]
        if known:
            # None again: the report of the first sending was faster than this.
            self._tell(again[0] if again else None, "that it was sent, its report lost")
        elif waiting:
            self._tell(waiting[0], code)

    def _tell(self, sentence: Sentence | None, what: str) -> None:
        if sentence is not None:
            sentence.told = what

    def judge(self, hearers: Iterable[Hearer], before: float) -> None:
        """Closes the sentences that were spoken before that moment."""
        ripe = [
            each
            for each in self._open.values()
            if each.spoken_at < (before if each.told else before - ANSWER_SECONDS)
        ]
        if not ripe:
            return
        present = list(hearers)
        for sentence in ripe:
            del self._open[sentence.sequence]
            self._close(sentence, present)

    def _close(self, sentence: Sentence, hearers: list[Hearer]) -> None:
        at = sentence.spoken_at
        unheard = [each for each in hearers if id(each) not in sentence.heard_by]
        missed = [each for each in unheard if each.was_there(at)]
        self.missed += len(missed)
        self.missed_by_returned += sum(each.came_back(at) for each in unheard)
        self.told[sentence.told or "nothing"] += 1
        if not missed:
            outcome = "delivered"
        elif sentence.told and sentence.told != "a report":
            outcome = "reported"
        else:
            outcome = "lost"
            told = sentence.told or "nothing"
            first = missed[0].since(at)
            self.lost.append(f"{sentence.sequence}: {len(missed)} missed it, {told}, {first}")
        self.outcomes[outcome] += 1
