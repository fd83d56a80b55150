"""The words of a text as one hears them: what a text and a recogniser may spell differently is one.

Case, punctuation, hyphens and the kind of apostrophe do not matter. Numbers are figures, whether
they were written in words or not: "two hundred and fifty" is 250, "third" is 3rd. Neighbouring
numbers are one: "nineteen twenty one" and "19 21" are 1921, "9:30" and "nine thirty" are 930.
Currency and percent signs are their English words behind the number; in English, Mr is mister.
In scripts without spaces each character is a word: the rate is one of characters there.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from text_to_num import alpha2digit

_READ_AS_FIGURES: Final = {"en", "fr", "es", "pt", "de", "it", "nl"}
"""Languages whose number words `text_to_num` reads."""

_UNSPACED: Final = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")
_SIGNS: Final = {"%": " percent ", "&": " and ", "$": "dollars", "£": "pounds", "€": "euros"}
_TITLES: Final = {"mr": "mister", "mrs": "missus", "dr": "doctor"}
"""Of English, as one says them."""

_PRICE: Final = re.compile(r"([$£€])\s?(\d[\d.,]*\d|\d)")
_THOUSANDS: Final = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_INITIALS: Final = re.compile(r"\b(\w)\.(?=\w\b)")
_DECIMAL_POINT: Final = re.compile(r"(?<=\d)[.,](?=\d)")
_FIGURES: Final = re.compile(r"\d+")


def spoken_words(text: str, language: str) -> list[str]:
    """The words of a text, each spelled in one way."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    plain = _PRICE.sub(lambda price: f"{price[2]} {_SIGNS[price[1]]}", _THOUSANDS.sub("", plain))
    plain = _INITIALS.sub(r"\1", plain.replace("%", _SIGNS["%"]).replace("&", _SIGNS["&"]))
    spaced = "".join(map(_spaced, plain))
    words = [bare for word in spaced.split() if (bare := word.strip("'"))]
    primary = language.partition("-")[0]
    if primary == "en":
        words = [_TITLES.get(word, word) for word in words]
    return _numbers_joined(_in_figures(" ".join(words), primary).split())


def _spaced(character: str) -> str:
    """A letter, a mark or a figure as it is, and a space for the rest, but for the apostrophe."""
    if character == "'" or unicodedata.category(character)[0] == "M":
        return character
    if not character.isalnum():
        return " "
    return f" {character} " if _stands_alone(character) else character


def _stands_alone(character: str) -> bool:
    return ord(character) > 0x0E00 and unicodedata.name(character, "").startswith(_UNSPACED)


def _in_figures(words: str, language: str) -> str:
    if language not in _READ_AS_FIGURES:
        return words
    return _DECIMAL_POINT.sub("", alpha2digit(words, language, threshold=0))


def _numbers_joined(words: list[str]) -> list[str]:
    joined: list[str] = []
    for word in words:
        if joined and _FIGURES.fullmatch(joined[-1]) and word[0].isdecimal():
            joined[-1] += word
        else:
            joined.append(word)
    return joined
