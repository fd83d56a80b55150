"""What characters are, for every check of a text: does it show anything, has it letters?"""

import unicodedata

_INVISIBLE = frozenset({"Cc", "Cf", "Mn", "Me", "Zs", "Zl", "Zp"})
"""Unicode's categories of what shows nothing by itself: spaces, controls, zero-width characters,
and marks that have no letter to stand on."""

BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols by their category that are drawn as nothing: Hangul's four fillers, and the
Braille pattern without dots."""


_DIRECTION_MARKS = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
"""They could turn round what stands beside the text."""


def shows_nothing(text: str) -> bool:
    """Whether a reader would see an empty line."""
    return all(each in BLANK or unicodedata.category(each) in _INVISIBLE for each in text)


def has_letters(text: str) -> bool:
    """Whether there is anything to translate: a letter of any script (Unicode's categories L).

    Ideographs, kana, Hangul and the letters that Indic marks stand on are letters; digits,
    punctuation, emoji and symbols such as ℃ are not.
    """
    return any(unicodedata.category(each)[0] == "L" and each not in BLANK for each in text)


def one_line(text: str) -> str:
    """The text without control characters and direction marks, on one line, each space alone.

    Joiners stay: scripts and emoji are written with them.
    """
    return " ".join("".join(map(_shown, text)).split())


def _shown(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Cc", "Zl", "Zp"):
        return " "
    return "" if character in _DIRECTION_MARKS else character


def is_unicode(text: str) -> bool:
    """Whether it can be written as UTF-8: JSON's escapes can spell lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
