"""Words as they stand in a line of text: cleaned, measured, and with their direction."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from chalice_app.domain.languages import LANGUAGES, RTL

_PAIRED: Final = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF))
"""Embeddings, overrides and isolates: cut between two lines, one would turn round what follows. The
byte order mark, at the start of a file, would be taken for another thing."""

_BROKEN: Final = re.compile("[\ud800-\udfff]")
_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SPACES: Final = re.compile(r"\s+")
_NO_BREAK: Final = frozenset("\u00a0\u2007\u202f")

_RIGHT_TO_LEFT_MARK: Final = "\u200f"
_LEFT_TO_RIGHT_MARK: Final = "\u200e"
_EMBEDDED: Final = {True: "\u202b{}\u202c", False: "\u202a{}\u202c"}


def cleaned(text: str) -> str:
    """The text on one line, each space alone: what no format could take for anything but words.

    Controls and line separators become spaces, as no format of subtitles can hold them; half a
    surrogate pair becomes U+FFFD, as no file can. Spaces that do not break stay such. Joiners and
    single direction marks stay.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    if _BROKEN.search(text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    text = _CONTROLS.sub(" ", text).translate(_PAIRED)
    return _SPACES.sub(_one_space, text).strip()


def _one_space(spaces: re.Match[str]) -> str:
    found = spaces.group()
    return found[0] if _NO_BREAK.issuperset(found) else " "


def columns(grapheme: str) -> int:
    """How wide it is: 2 for those of Chinese, Japanese, Korean and for emoji, else 1 a letter.

    Source: Unicode's UAX #11 (East Asian Width); marks that stand above or below a letter, and what
    is invisible, take no room.
    """
    first = _room(grapheme[0])
    if first == _WIDE or len(grapheme) == 1:
        return first
    return sum(_room(each) > 0 for each in grapheme)


_WIDE: Final = 2


@lru_cache(maxsize=4096)
def _room(character: str) -> int:
    if unicodedata.east_asian_width(character) in "WF":
        return _WIDE
    return int(unicodedata.category(character) not in ("Mn", "Me", "Cf"))


def is_rtl(language: str) -> bool:
    """Whether a language is written from right to left."""
    known = LANGUAGES.get(language) or LANGUAGES.get(language.partition("-")[0])
    return known is not None and known.direction == RTL


def directed(line: str, *, rtl: bool) -> str:
    """The line with a mark in front where its first letter would give it the wrong direction.

    Players and editors take a line's direction, or a whole cue's, from its first letter. Source:
    https://www.w3.org/TR/webvtt1/#applying-css-properties-to-webvtt-node-objects
    """
    if not rtl and line.isascii():
        return line
    for each in line:
        strong = unicodedata.bidirectional(each)
        if strong in ("L", "R", "AL"):
            if rtl == (strong != "L"):
                return line
            break
    else:
        if not rtl:
            return line
    return (_RIGHT_TO_LEFT_MARK if rtl else _LEFT_TO_RIGHT_MARK) + line


def embedded(line: str, *, rtl: bool) -> str:
    """The line with its direction around it, for a cue whose lines have different ones.

    Chromium gives all lines of a cue the direction of its first letter; there a mark alone does not
    help the others. Embeddings are older than isolates, so more players know them.
    """
    return _EMBEDDED[rtl].format(line)
