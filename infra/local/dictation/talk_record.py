"""What happened in a dictated talk: when words sounded, were seen, were sent and were read.

Moments are in monotonic seconds, times of sound in milliseconds from the recording's start.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SaidSentence:
    """A sentence of the page's segmenter, and when it was sent. Its sound's times are as heard."""

    sequence: int
    text: str
    start_ms: float
    end_ms: float
    at: float


@dataclass(frozen=True, slots=True)
class ShownDraft:
    """Words that are not a sentence yet; `sequence` is the number that their sentence will get."""

    sequence: int
    text: str
    at: float


@dataclass(frozen=True, slots=True)
class ReadCaption:
    """A caption as one listener got it."""

    sequence: int
    language: str
    text: str
    at: float
    untranslated: bool = False


@dataclass(slots=True)
class TalkRecord:
    """Everything in the order in which it happened. `begun`: the recording's first sample."""

    begun: float = 0.0
    seen: list[SaidSentence | ShownDraft] = field(default_factory=list)
    captions: list[ReadCaption] = field(default_factory=list)
    read_drafts: list[ShownDraft] = field(default_factory=list)
    """What readers of the speaker's language got of the drafts."""

    @property
    def said(self) -> list[SaidSentence]:
        """The sentences."""
        return [each for each in self.seen if isinstance(each, SaidSentence)]

    @property
    def text(self) -> str:
        """Everything that was heard."""
        return " ".join(sentence.text for sentence in self.said)

    def sounded_at(self, milliseconds: float) -> float:
        """The moment at which this part of the recording was played."""
        return self.begun + milliseconds / 1_000

    def shown(self) -> Iterator[list[str]]:
        """What the speaker's page showed after each change: all sentences and the draft, in tokens.

        The rest of a draft whose beginning has become a sentence comes with the next draft, at the
        same moment: the two are one change.
        """
        sentences: list[str] = []
        for each in self.seen:
            if isinstance(each, SaidSentence):
                sentences += each.text.split()
            else:
                yield [*sentences, *each.text.split()]
        yield sentences
