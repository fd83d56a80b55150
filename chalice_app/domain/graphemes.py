"""What a reader takes for one character: never cut inside.

A small, careful form of the rules of Unicode's UAX #29 (Unicode Text Segmentation, section 3.1):
where the two differ, this module joins, but for signs before a letter in a few historic scripts.
Python has no grapheme breaking of its own, and the functions bring no package for it.
"""

import unicodedata
from collections.abc import Iterator
from typing import Final

_ZERO_WIDTH_JOINER: Final = "\u200d"

_EXTENDS: Final = frozenset(
    "\u0e33\u0eb3\uff9e\uff9f"  # Thai and Lao AM, half-width voiced marks: letters by category
    "\u200c\u200d"  # zero-width non-joiner and joiner
    "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"  # skin tones
)

_PREPENDED: Final = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\u0d4e\U000110bd\U000110cd"
)
"""Arabic and Syriac signs that stand around the number after them, and two Indic letters."""


def graphemes(text: str) -> Iterator[str]:
    """The text's characters, each with all that belongs to it; joined, they are the text."""
    start, flags = 0, 0
    for at in range(1, len(text)):
        before, after = text[at - 1], text[at]
        flags = flags + 1 if _is_flag_letter(before) else 0
        if not (_belongs(before, after) or (_is_flag_letter(after) and flags % 2)):
            yield text[start:at]
            start = at
    if text:
        yield text[start:]


def _belongs(before: str, after: str) -> bool:
    """Whether two code points stay together (rules GB3 and GB6 to GB11)."""
    if before == _ZERO_WIDTH_JOINER or before in _PREPENDED:
        return True  # emoji sequences (GB11), numbers (GB9b)
    if after < "\u0300":
        return (before, after) == ("\r", "\n")
    return (
        after in _EXTENDS
        or unicodedata.category(after)[0] == "M"  # marks, variation selectors
        or _is_tag(after)
        or unicodedata.combining(before) == _VIRAMA  # conjuncts of Indic scripts (GB9c)
        or _is_syllable(before, after)
    )


_VIRAMA: Final = 9
"""Unicode's combining class of the signs that join two consonants."""


def _is_flag_letter(each: str) -> bool:
    """Regional indicators: two make a flag."""
    return "\U0001f1e6" <= each <= "\U0001f1ff"


def _is_tag(each: str) -> bool:
    """The invisible letters in the flags of Scotland and Wales."""
    return "\U000e0020" <= each <= "\U000e007f"


def _is_syllable(before: str, after: str) -> bool:
    """Whether two pieces of Hangul make one syllable (GB6 to GB8, without telling LV from LVT)."""
    is_hangul = _is_leading(before) or _is_trailing(before) or "\uac00" <= before <= "\ud7a3"
    if _is_trailing(after):
        return is_hangul
    return _is_leading(before) and (_is_leading(after) or "\uac00" <= after <= "\ud7a3")


def _is_leading(each: str) -> bool:
    return "\u1100" <= each <= "\u115f" or "\ua960" <= each <= "\ua97c"


def _is_trailing(each: str) -> bool:
    """A vowel or a final consonant."""
    return "\u1160" <= each <= "\u11ff" or "\ud7b0" <= each <= "\ud7fb"
