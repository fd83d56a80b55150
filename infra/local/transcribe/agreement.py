"""Which words of a growing piece of sound are settled: those that two decodes in a row agree on.

The last words of a decode are often wrong, for their sound is not complete. Words become stable
from the front: as far as two decodes in a row have the same words. A stable word is never changed,
whatever later decodes say. The marks behind a word follow it: they are settled with the next word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from infra.local.transcribe.words import Word

_NEAR_SECONDS: Final = 0.8
"""Between two decodes' times of the same word."""


class Agreement:
    """The words of one result."""

    def __init__(self, stable: Sequence[Word] = (), unsettled: Sequence[Word] = ()) -> None:
        """Begin with what the result before has left over."""
        self._stable = list(stable)
        self._unsettled = list(unsettled)
        self.settled_marks = 0

    @property
    def stable(self) -> Sequence[Word]:
        """The words that do not change any more."""
        return self._stable

    @property
    def words(self) -> Sequence[Word]:
        """All words, the stable ones first."""
        return [*self._stable, *self._unsettled]

    def add(self, words: Sequence[Word]) -> None:
        """Take a decode of all of the result's sound."""
        known = self._known(words)
        self._follow_marks(words, known)
        rest = list(words[known:])
        agreed = _common(self._unsettled, rest)
        same_marks = agreed and self._unsettled[agreed - 1].marks == rest[agreed - 1].marks
        if agreed:
            self._stable += _in_order(self._stable, rest[:agreed])
            self.settled_marks = len(self._stable) - (0 if same_marks else 1)
        self._unsettled = _in_order(self._stable, rest[agreed:])

    def end(self) -> None:
        """No decode follows: the words stand as they are."""
        self._stable, self._unsettled = list(self.words), []
        self.settled_marks = len(self._stable)

    def split(self, count: int) -> tuple[Agreement, Agreement]:
        """The first `count` words as a result that has ended, and what begins the next one."""
        words = list(self.words)
        ended = Agreement(words[:count])
        ended.end()
        return ended, Agreement(self._stable[count:], words[max(count, len(self._stable)) :])

    def _known(self, words: Sequence[Word]) -> int:
        """How many words of a decode are the stable ones."""
        count = len(self._stable)
        if _common(self._stable, words) == count:
            return count
        tail = [word.normal for word in self._stable]
        last = self._stable[-1]
        for length in (3, 2, 1):
            for end in range(len(words), length - 1, -1):
                same = [word.normal for word in words[end - length : end]] == tail[-length:]
                if same and abs(words[end - 1].end - last.end) < _NEAR_SECONDS:
                    return end
        return sum(_is_within(word, last) for word in words)

    def _follow_marks(self, words: Sequence[Word], known: int) -> None:
        """The last stable word's marks may still change, until the next word is stable."""
        open_end = known > 0 and self.settled_marks < len(self._stable)
        if open_end and words[known - 1].normal == self._stable[-1].normal:
            self._stable[-1] = replace(self._stable[-1], marks=words[known - 1].marks)


def _common(former: Sequence[Word], latter: Sequence[Word]) -> int:
    """How many words both begin with."""
    count = 0
    for one, other in zip(former, latter, strict=False):
        if one.normal != other.normal:
            break
        count += 1
    return count


def _is_within(word: Word, last: Word) -> bool:
    """Whether a word sounds no later than the last stable one, which it may replace and outlast."""
    return (word.start + word.end) / 2 <= last.end or word.start < (last.start + last.end) / 2


def _in_order(stable: Sequence[Word], words: Sequence[Word]) -> list[Word]:
    """Words whose times come after those of the stable ones."""
    earliest = stable[-1].end if stable else 0.0
    ordered = []
    for word in words:
        start = max(word.start, earliest)
        ordered.append(replace(word, start=start, end=max(word.end, start)))
        earliest = ordered[-1].end
    return ordered
