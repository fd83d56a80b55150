"""What a word is, in any script, and the endings that English gives it."""

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

_SPACELESS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u19df\u1a20-\u1aaf"  # Thai, Lao, Burmese, Khmer
    "\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff"  # Hangul: particles follow without a space
    "\u2e80-\u2fdf\u3005-\u3007\u3031-\u3035\u3040-\u318f\u31a0-\u31bf\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f"  # Chinese and Japanese
    "\ua980-\ua9ff\uaa60-\uaa7f\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
"""Scripts that write no spaces between words: each of their characters counts as a word."""

# `_` joins words, as in a handle; at a word's ends it only sets it off ("_so_").
_WORD = re.compile(f"[{_SPACELESS}]|[^\\W_{_SPACELESS}]+(?:_+[^\\W_{_SPACELESS}]+)*")
_SPACELESS_CHARACTER = re.compile(f"[{_SPACELESS}]")
_JOINERS = "\u200c\u200d"

APOSTROPHES = "'\u2019\u02bc\uff07"
_ALIKE = str.maketrans({**dict.fromkeys(APOSTROPHES, "'"), "\u2010": "-", "\u2011": "-"})
_SPACES = re.compile(r"[^\S\n]+")

_ENGLISH_ALPHABET_END = "\u0250"
"""From here on letters are of other alphabets than those in which English endings are put on."""


class Word(NamedTuple):
    """A word of a text, as it is and as it is compared."""

    start: int
    end: int
    exact: str
    folded: str


def words(text: str) -> list[Word]:
    """The words of a text: letters, digits and their marks."""
    if text.isascii():
        return [Word(*found.span(), found[0], found[0].lower()) for found in _WORD.finditer(text)]
    return [_word(text, start, end) for start, end in _spans(text)]


def _word(text: str, start: int, end: int) -> Word:
    exact = unicodedata.normalize("NFC", text[start:end])
    # NFKC: full-width letters are read as the others are.
    return Word(start, end, exact, unicodedata.normalize("NFKC", exact.casefold()))


def _spans(text: str) -> Iterator[tuple[int, int]]:
    position = 0
    while found := _WORD.search(text, position):
        start, end = found.start(), _past_marks(text, found.end())
        while not _is_spaceless(text[start]) and _continues(text, end):
            end = _past_marks(text, end + 1)
        yield start, end
        position = end


def _past_marks(text: str, end: int) -> int:
    r"""Python's `\w` leaves out the marks on letters (Unicode's category M), and joiners."""
    while end < len(text) and _is_mark(text, end):
        end += 1
    return end


def _is_mark(text: str, at: int) -> bool:
    if text[at] < "\u0300":
        return False
    if text[at] in _JOINERS:
        return at + 1 < len(text) and bool(_WORD.match(text, at + 1))
    return unicodedata.category(text[at])[0] == "M"


def _continues(text: str, at: int) -> bool:
    found = _WORD.match(text, at)
    return found is not None and not _is_spaceless(text[at])


def _is_spaceless(character: str) -> bool:
    return _SPACELESS_CHARACTER.match(character) is not None


def gap(text: str) -> str:
    """What is between words, as it is compared: spaces alike, apostrophes alike, hyphens alike."""
    return text if text == " " else _SPACES.sub(" ", text.translate(_ALIKE))


def plurals(word: str) -> tuple[str, ...]:
    """The plural forms that English would give a word (regular ones; in the case of the word)."""
    if not word or not word[-1].isalnum() or word[-1] >= _ENGLISH_ALPHABET_END:
        return ()
    lower = word.lower()
    if lower.endswith(("s", "x", "z", "ch", "sh")):
        return (word + "es",)
    if lower.endswith("y") and lower[-2:-1] not in tuple("aeiou"):
        return (word[:-1] + "ies", word + "s")  # ladies, Kennedys
    if lower.endswith(("f", "fe")):
        return (word + "s", word[: lower.rindex("f")] + "ves")  # chiefs, leaves
    if lower.endswith("o"):
        return (word + "s", word + "es")  # halos, heroes
    return (word + "s",)
