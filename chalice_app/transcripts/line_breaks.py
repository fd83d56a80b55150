"""Sentences in lines that fit a screen: cut between sentences, clauses, words, then graphemes."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from chalice_app.domain.graphemes import graphemes
from chalice_app.domain.pieces import CLAUSE_END, SENTENCE_END
from chalice_app.transcripts.words import columns

LINES: Final = 2
"""A cue's, of each language."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of a language: a line's columns, and how many a reader takes in a second (`words.columns`).

    Most languages have 42 characters a line and 17 a second. Chinese, Japanese and Korean have 16
    (9 a second), 13 (4) and 16 (12) full-width characters, of two columns each; their Latin letters
    and spaces count as half. The BBC's 160 to 180 words a minute are a little slower. Sources:
    https://partnerhelp.netflixstudios.com/hc/en-us/articles/217350977-English-Timed-Text-Style-Guide
    https://partnerhelp.netflixstudios.com/hc/en-us/articles/215994807-Chinese-Traditional-Timed-Text-Style-Guide
    https://partnerhelp.netflixstudios.com/hc/en-us/articles/215767517-Japanese-Timed-Text-Style-Guide
    https://partnerhelp.netflixstudios.com/hc/en-us/articles/216001127-Korean-Timed-Text-Style-Guide
    https://sublingo.cc/guides/subtitle-specs-by-language (a table of all of them)
    https://www.bbc.co.uk/accessibility/forproducts/guides/subtitles/
    """

    line: int = 42
    per_second: int = 17


_LIMITS: Final = {"zh": Limits(32, 18), "ja": Limits(26, 8), "ko": Limits(32, 24)}
_USUAL: Final = Limits()


def limits_of(language: str) -> Limits:
    """The limits of a language, whatever its script or region."""
    return _LIMITS.get(language.partition("-")[0], _USUAL)


_INSIDE, _WORD, _CLAUSE, _SENTENCE = range(4)
"""What ends where a text may be cut."""

_WORTH_OF_A_CUE: Final = (-0.5, 0.0, 0.5, 1.0)
_WORTH_OF_A_LINE: Final = (-0.5, 0.0, 0.3, 0.5)
"""How far from the best place each may be to be preferred, in lines."""


class LaidOut:
    """A text (`words.cleaned`) in the smallest parts that it may be cut into."""

    def __init__(self, text: str, limits: Limits) -> None:
        self._line = limits.line
        self._parts: list[str] = []
        self._ends: list[int] = []
        self._sums = [0]
        for part, end in _parts(text, limits.line):
            self._parts.append(part)
            self._ends.append(max(end, _end_of(part)))
            self._sums.append(self._sums[-1] + min(_columns(part), limits.line))
        self.size = len(self._parts)
        self._need = self._count()

    def _count(self) -> list[int]:
        """From each part on: how many cues the rest needs at least."""
        ends = [self.size] * (self.size + 1)
        end = self.size
        for start in reversed(range(self.size)):
            while self.width(start, end) > self._line:
                end -= 1
            ends[start] = end
        self._fills = [ends[end] for end in ends]
        need = [0] * (self.size + 1)
        for start in reversed(range(self.size)):
            need[start] = 1 + need[self._fills[start]]
        return need

    def width(self, start: int, end: int) -> int:
        """Columns of some parts on one line."""
        if start == end:
            return 0
        return self._sums[end] - self._sums[start] - self._parts[end - 1].endswith(" ")

    def need(self, start: int) -> int:
        """How many cues the text from there on needs at least."""
        return self._need[start]

    def cut(self, start: int, cues: int, share: float) -> int:
        """Where the first of so many cues ends that has about that share of the rest.

        It may end with a sentence although the rest then needs as many cues again.
        """
        if cues == 1 or start == self.size:
            return self.size
        if self.size - start <= cues:
            return start + 1
        ideal = self.width(start, self.size) * share
        last = min(self._fills[start], self.size - cues + 1)
        ends = (
            end
            for end in range(start + 1, last + 1)
            if self._need[end] < cues or self._ends[end - 1] == _SENTENCE
        )
        return min(
            ends,
            key=lambda end: self._cost(end, self.width(start, end) - ideal, _WORTH_OF_A_CUE),
            default=last,
        )

    def lines(self, start: int, end: int) -> tuple[str, ...]:
        """Parts as one line or two of them; two are of about the same length."""
        if self.width(start, end) <= self._line:
            return self._texts((start, end))
        middle = min(
            (
                middle
                for middle in range(start + 1, end)
                if self.width(start, middle) <= self._line and self.width(middle, end) <= self._line
            ),
            key=lambda at: self._cost(
                at, (self.width(start, at) - self.width(at, end)) / 2, _WORTH_OF_A_LINE
            ),
        )
        return self._texts((start, middle), (middle, end))

    def _cost(self, end: int, distance: float, worth: Sequence[float]) -> float:
        return abs(distance) - self._line * worth[self._ends[end - 1]]

    def _texts(self, *ranges: tuple[int, int]) -> tuple[str, ...]:
        texts = ("".join(self._parts[start:end]).strip() for start, end in ranges)
        return tuple(text for text in texts if text)


def split(texts: Sequence[LaidOut]) -> Iterator[Sequence[tuple[str, ...]]]:
    """Cue by cue, each text's lines. The texts end together and stay in step.

    The text that needs the most cues leads; the others give each cue the same share of theirs. One
    that has too few words for that is shown at the beginning.
    """
    at = [0] * len(texts)
    while cues := max((text.need(start) for text, start in zip(texts, at, strict=True)), default=0):
        leads = max(range(len(texts)), key=lambda each: texts[each].need(at[each]))
        leader, start = texts[leads], at[leads]
        end = leader.cut(start, cues, 1 / cues)
        share = leader.width(start, end) / max(1, leader.width(start, leader.size))
        ends = [
            end if each == leads else text.cut(at[each], cues, share)
            for each, text in enumerate(texts)
        ]
        yield [text.lines(*span) for text, *span in zip(texts, at, ends, strict=True)]
        at = ends


def _columns(part: str) -> int:
    letters = part.removesuffix(" ")
    if part.isascii() or (letters.isalnum() and max(letters) < _FIRST_JOINED):
        return len(part)
    return sum(map(columns, graphemes(part)))


_FIRST_JOINED: Final = "\u1100"
"""Hangul's first letter: below it, letters and digits have a column each, as marks are neither."""


def _end_of(part: str) -> int:
    """The sentence or the clause that a part ends."""
    if part.rstrip(" ")[-1:].isalnum():
        return _INSIDE
    for end, ending in ((_SENTENCE, SENTENCE_END), (_CLAUSE, CLAUSE_END)):
        found = ending.search(f" {part}")
        if found and found.end() == len(part) + 1:
            return end
    return _INSIDE


def _parts(text: str, limit: int) -> Iterator[tuple[str, int]]:
    """The parts, each with what it ends at least: a word, or nothing (`_INSIDE`)."""
    for word in _words(text):
        if word.isascii() and len(word) <= limit:
            yield word, _WORD
        elif any(map(_stands_alone, word)):
            yield from _characters(word, limit)
        elif _columns(word.rstrip(" ")) <= limit:
            yield word, _WORD
        else:
            yield from _pieces(word)


def _words(text: str) -> Iterator[str]:
    """Words with the space after each. A mark that stands on a space stays on it."""
    word = ""
    for each in text.split(" "):
        if word and each[:1] >= "\u0300" and len(next(graphemes(f" {each[0]}"))) > 1:
            word = f"{word}\u00a0{each}"
            continue
        if word:
            yield f"{word} "
        word = each
    if word:
        yield word


def _pieces(word: str) -> Iterator[tuple[str, int]]:
    """The graphemes of a word that is longer than a line: no spaces, or no end.

    Thai and Lao have none between words. A syllable begins where a vowel is written first.
    """
    piece = ""
    for each in graphemes(word):
        is_begun = piece[-1:] in _LEADING_VOWELS and len(piece) < _LONGEST_SYLLABLE
        if piece and not each.isspace() and not is_begun:
            yield piece, _WORD if each[0] in _LEADING_VOWELS else _INSIDE
            piece = ""
        piece += each
    yield piece, _WORD


_LEADING_VOWELS: Final = frozenset("\u0e40\u0e41\u0e42\u0e43\u0e44\u0ec0\u0ec1\u0ec2\u0ec3\u0ec4")

_LONGEST_SYLLABLE: Final = 4
"""In characters. A longer run of these vowels is not a syllable."""


def _characters(word: str, limit: int) -> Iterator[tuple[str, int]]:
    """Words of scripts that are cut between any two characters, but for their punctuation."""
    part, size, before = "", 0, ""
    for each in graphemes(word):
        width = columns(each)
        if part and not each.isspace():
            kinds = _kind(before[0]), _kind(each[0])
            if size + width > limit or (any(kinds) and not _belong(before, each)):
                begins = kinds[1] != _HIRAGANA and kinds[0] != kinds[1]
                yield part, _WORD if begins else _INSIDE
                part, size = "", 0
        part, size, before = part + each, size + width, each
    yield part, _WORD


_HIRAGANA, _KATAKANA, _OTHER = 1, 2, 3


def _kind(character: str) -> int:
    """0 for what is in words with spaces; in Japanese, words often begin where the kind changes."""
    if not _stands_alone(character):
        return 0
    if "\u3041" <= character <= "\u309f":
        return _HIRAGANA
    return _KATAKANA if "\u30a0" <= character <= "\u30ff" else _OTHER


def _stands_alone(character: str) -> bool:
    """Ideographs, kana, and the punctuation that is with them."""
    return character >= "\u2e80" and (
        character <= "\u9fff"
        or "\uf900" <= character <= "\ufaff"
        or "\uff00" <= character <= "\uffef"
        or "\U00020000" <= character <= "\U0003ffff"
    )


_NEVER_FIRST: Final = frozenset(
    "ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶー々ゝゞヽヾ\uff5e\uff05"
)
"""Besides closing punctuation. Source: https://www.w3.org/TR/jlreq/#characters_not_starting_a_line"""


def _belong(before: str, after: str) -> bool:
    """Whether no line may end between two characters."""
    return (
        after[0] in _NEVER_FIRST
        or unicodedata.category(after[0]) in ("Pe", "Pf", "Po")
        or unicodedata.category(before[0]) in ("Ps", "Pi")
    )
