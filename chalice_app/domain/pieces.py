"""A long text in pieces of a limited size, cut where it hurts the least."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from chalice_app.domain.graphemes import graphemes

_CLOSING: Final = "[\"'\u201d\u2019\xbb)\\]\u300d\u300f\uff09\u3011\u300b]*"
"""Quotation marks and brackets that belong to the sentence before them."""

SENTENCE_END: Final = re.compile(
    # A stop of the Latin kind ends a sentence before white space alone: 3.14, example.com.
    rf"[.!?\u2026]+{_CLOSING}\s+"
    # The stops of Chinese and Japanese, doubled marks, and the stops of Arabic and Urdu, of Indic
    # scripts, of Ethiopic, Armenian, Khmer and Myanmar end one wherever they stand.
    r"|[\u3002\uff01\uff1f\uff61\uff0e\u203c\u2047-\u2049\u061f\u06d4\u0964\u0965"
    rf"\u1362\u1367\u1368\u0589\u17d4\u17d5\u104b]+{_CLOSING}\s*"
    r"|\n\s*"
)
CLAUSE_END: Final = re.compile(
    # The commas, colons and semicolons of the same scripts stand in the last line.
    rf"[,;:]{_CLOSING}\s+|\s[\u2013\u2014-]\s"
    rf"|[\u3001\uff0c\uff1b\uff1a\uff64\u060c\u061b\u1363\u1364\u104a]{_CLOSING}\s*"
)
_WORD_END: Final = re.compile(r"\s+")

_Cut = Callable[[str], Iterator[str]]


def pieces(text: str, limit: int) -> Iterator[str]:
    """The text in pieces of at most `limit` UTF-8 bytes (4 at least); joined, they are the text.

    It is cut at the ends of sentences. A sentence that is itself over the limit is cut between its
    clauses, then between words, then between graphemes, which are never cut unless one alone has
    more than a quarter of the limit in code points.
    """
    piece, size = "", 0
    for part in _parts(text, limit, [_after(SENTENCE_END), _after(CLAUSE_END), _after(_WORD_END)]):
        part_size = len(part.encode())
        if size + part_size > limit:
            yield piece
            piece, size = "", 0
        piece, size = piece + part, size + part_size
    if piece:
        yield piece


def _parts(text: str, limit: int, cuts: Sequence[_Cut]) -> Iterator[str]:
    """The largest parts that are within the limit."""
    if len(text.encode()) <= limit:
        yield text
    elif cuts:
        for part in cuts[0](text):
            yield from _parts(part, limit, cuts[1:])
    else:
        yield from _runs(text, limit // 4)  # a code point has 4 bytes at most


def _after(ends: re.Pattern[str]) -> _Cut:
    def cut(text: str) -> Iterator[str]:
        start = 0
        for end in ends.finditer(text):
            yield text[start : end.end()]
            start = end.end()
        if start < len(text):
            yield text[start:]

    return cut


def _runs(text: str, length: int) -> Iterator[str]:
    """Graphemes, as many together as have that length in code points."""
    run = ""
    for each in graphemes(text):
        if run and len(run) + len(each) > length:
            yield run
            run = ""
        run += each
        while len(run) > length:
            yield run[:length]
            run = run[length:]
    if run:
        yield run
