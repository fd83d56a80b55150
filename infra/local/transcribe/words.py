"""Words that a recogniser heard, with their times, and the items that Transcribe makes of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

SENTENCE_ENDS: Final = ".?!"
CLAUSE_ENDS: Final = ",;:"
_MARKS: Final = re.compile(r"[.,;:?!…]+$")
_SPOKEN: Final = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Word:
    """A word and the marks behind it; times are in seconds on the stream's clock."""

    text: str
    start: float
    end: float
    marks: str = ""
    confidence: float = 1.0

    @property
    def normal(self) -> str:
        """What two decodes are compared by: neither case nor apostrophes are heard."""
        return "".join(_SPOKEN.findall(self.text)).casefold()

    @property
    def ends_sentence(self) -> bool:
        """Whether a full stop, question mark or exclamation mark follows."""
        return self.marks[-1:] in SENTENCE_ENDS and bool(self.marks)

    @property
    def ends_clause(self) -> bool:
        """Whether a comma or its like follows."""
        return self.marks[-1:] in CLAUSE_ENDS and bool(self.marks)

    def moved(self, seconds: float) -> Word:
        """The same word, later."""
        return replace(self, start=self.start + seconds, end=self.end + seconds)


def joined(pieces: Iterable[tuple[str, float, float, float]]) -> list[Word]:
    """Words of what a decoder aligned: (text with its leading space, start, end, probability).

    A piece without a leading space, or without a letter or a digit, belongs to the word before it.
    """
    words: list[Word] = []
    for text, start, end, probability in pieces:
        if words and (not text.startswith(" ") or not _SPOKEN.search(text)):
            former = words[-1]
            words[-1] = _word(former.text + former.marks + text.strip(), former.start, end, former)
        else:
            words.append(_word(text.strip(), start, end, Word("", start, end, "", probability)))
    return [word for word in words if _SPOKEN.search(word.text)]


def _word(text: str, start: float, end: float, former: Word) -> Word:
    found = _MARKS.search(text)
    marks = found[0] if found else ""
    spoken = text[: len(text) - len(marks)]
    # A mark takes no time: the word ends where it ended before its mark was joined to it.
    ends = former.end if spoken == former.text else end
    return Word(spoken, start, ends, marks.replace("...", ""), former.confidence)


def items(words: Sequence[Word], stable: int, marks_stable: int) -> Iterator[dict[str, Any]]:
    """Transcribe's items: the first `stable` words, and the marks of the first `marks_stable`."""
    for number, word in enumerate(words):
        yield {
            "Content": word.text,
            "Type": "pronunciation",
            "StartTime": round(word.start, 3),
            "EndTime": round(word.end, 3),
            "Confidence": round(word.confidence, 4),
            "Stable": number < stable,
            "VocabularyFilterMatch": False,
        }
        for mark in word.marks:
            yield {
                "Content": mark,
                "Type": "punctuation",
                "StartTime": round(word.end, 3),
                "EndTime": round(word.end, 3),
                "Stable": number < marks_stable,
                "VocabularyFilterMatch": False,
            }


def transcript(words: Sequence[Word]) -> str:
    """The words as they are read."""
    return " ".join(word.text + word.marks for word in words)
