"""Where one sentence ends and the next begins: the models take one at a time.

The neural model silently drops the tail of a paragraph, so nothing longer than a sentence reaches
it, and no white space between sentences does: that is kept as it was.
"""

import re
import unicodedata
from collections.abc import Iterator

from sentencex import segment

from infra.local.translate.engine.masking import Translate, around_space, matches
from infra.local.translate.engine.shielded_tokens import list_mark_end, shield

_CLAUSE_END = re.compile(r"[;:,.!?)\u2014]\s")
_SPACE = re.compile(r"\s")
# In the order in which a cut is looked for in a piece without spaces (Chinese, Japanese).
_STOPS = (re.compile(r"[。！？]"), re.compile(r"、"))
_JOINER = "\u200d"


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
    ends = range(len(window) - 1, 0, -1)
    return next((end for end in ends if not _joined(window, end)), len(window) - 1)


def _joined(text: str, at: int) -> bool:
    """Whether what follows a place belongs to what is before it: accents, parts of emoji, flags."""
    following = text[at]
    flags = re.search("[\U0001f1e6-\U0001f1ff]*$", text[:at])
    return (
        unicodedata.category(following).startswith("M")
        or _JOINER in (following, text[at - 1])
        or "\U0001f3fb" <= following <= "\U0001f3ff"
        or ("\U0001f1e6" <= following <= "\U0001f1ff" and bool(flags and len(flags[0]) % 2))
    )
