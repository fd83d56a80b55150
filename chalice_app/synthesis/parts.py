"""What is said of a caption, and a long one in parts: the first one is short, so that it starts."""

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

from chalice_app.domain.characters import one_line
from chalice_app.domain.pieces import pieces

PART_BYTES: Final = 300
"""The most of a part, in UTF-8 bytes: 300 letters of a Latin script or 100 ideographs, each about
20 s of speech. Polly takes 3,000 characters a call; a part is never more than a tenth. Source:
https://docs.aws.amazon.com/polly/latest/dg/limits.html
"""

FIRST_BYTES: Final = 140
"""The most of the first of several parts: the others are made while it is heard."""

_SILENT: Final = frozenset({"Cn", "Co", "Cs"})
"""Unicode's categories of what no voice knows, and XML does not allow: Polly refuses it."""


def is_speakable(text: str) -> bool:
    """Whether there is anything to say: a letter or a digit."""
    return any(unicodedata.category(each)[0] in "LN" for each in text)


def parts_of(text: str) -> Sequence[str]:
    """The text as it is said, in parts, cut as `domain.pieces` does; what says nothing is left out.

    Control characters and line breaks are spaces.
    """
    said = one_line("".join(each for each in text if unicodedata.category(each) not in _SILENT))
    return [each.strip() for each in _cut(said) if is_speakable(each)]


def _cut(text: str) -> Iterator[str]:
    if len(text.encode()) <= PART_BYTES:
        yield text
        return
    first = next(pieces(text, FIRST_BYTES))
    yield first
    yield from pieces(text[len(first) :], PART_BYTES)
