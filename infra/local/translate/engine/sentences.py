"""Where one sentence ends and the next begins: the models take one at a time.

The neural model silently drops the tail of a paragraph, so nothing longer than a sentence reaches
it, and no white space between sentences does: that is kept as it was.
"""

import re
from collections.abc import Iterator
from itertools import accumulate

from sentencex import segment

from chalice_app.domain.graphemes import graphemes
from infra.local.translate.engine.masking import Translate, around_space, matches
from infra.local.translate.engine.shielded_tokens import list_mark_end, shield

_CLAUSE_END = re.compile(r"[;:,.!?)\u2014]\s")
_SPACE = re.compile(r"\s")
# In the order in which a cut is looked for in a piece without spaces (Chinese, Japanese).
_STOPS = (re.compile(r"[。！？]"), re.compile(r"、"))


def each_sentence(text: str, language: str, translate: Translate) -> str:
    """Translate a text sentence by sentence; line breaks and spaces between them stay."""
    segments = (part for line in text.splitlines(keepends=True) for part in _split(line, language))
    return "".join(around_space(part, translate) for part in segments)


def clauses(sentence: str, longest: int) -> Iterator[str]:
    """Cut an overlong sentence into pieces of at most `longest` characters.

    Cuts fall after the last clause in the second half of a piece, else at the last space. Where
    there is none they fall after the last `。`, `！` or `？`, else after a `、`, else between two
    graphemes. But for the spaces at the cuts, the pieces are the sentence again.
    """
    while len(sentence) > longest:
        end = _cut(sentence[: longest + 1])
        yield sentence[:end].rstrip()
        sentence = sentence[end:].lstrip()
    if sentence:
        yield sentence


def _split(line: str, language: str) -> Iterator[str]:
    """The sentences of a line; a stop inside a token ends none. A list's mark is apart."""
    mark = list_mark_end(language, line)
    yield line[:mark]
    line = line[mark:]
    whole = list(matches(shield(language), line))
    start = end = 0
    for part in segment(language, line):
        end += len(part)
        if not any(first < end < last for first, last in whole):
            yield line[start:end]
            start = end
    yield line[start:]


def _cut(window: str) -> int:
    half = len(window) // 2
    clause_ends = [found.end() for found in _CLAUSE_END.finditer(window) if found.end() > half]
    spaces = [found.end() for found in _SPACE.finditer(window) if found.start() > 0]
    if cuts := clause_ends or spaces:
        return cuts[-1]
    piece = window[:-1]
    stops = ([found.end() for found in stop.finditer(piece)] for stop in _STOPS)
    return next((ends[-1] for ends in stops if ends), _grapheme_cut(window))


def _grapheme_cut(window: str) -> int:
    """The last place in it that is inside no grapheme; its end if it is all one."""
    *inner, _ = accumulate(map(len, graphemes(window)))
    return inner[-1] if inner else len(window) - 1
