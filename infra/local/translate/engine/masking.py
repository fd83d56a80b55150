"""Masks what a model must not touch: a stand-in goes through it, then the piece is put back.

Models spoil what they cannot read: `{name}` loses its braces, an emoji turns into a dash. A
stand-in like `X1X` passes as a name: it survived in each of 23 awkward sentences and through all
ten rule-based modes. If one gets lost, the text between the pieces is translated
alone, which reads worse and loses nothing.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from chalice_app.domain.characters import has_letters

MASK = re.compile(r"\b[Xx]\d+[Xx]\b")  # either case: a shouted sentence is lowered
_PLACE = re.compile(r"(\s*)\bX(\d+)X\b(\s*)(\.?)", re.IGNORECASE)
_POSSESSIVE = re.compile(r"(?:['\u2019]s\b)?")
_CORE = re.compile(r"(\s*)(.*?)(\s*)", re.DOTALL)
# The stand-ins of times of day count from a thousand: times have prepositions of their own.
_TIME = re.compile(r"\d{1,2}[:.]\d\d\b|\d{1,2}\s?[AaPp]\.?[Mm]\b")
_FIRST_TIME = 1000
TIME_MASK = re.compile(r"\b[Xx]1\d{3}[Xx]\b")
_MANY, _SPARSE = 30, 20  # pieces in a sentence; characters to a piece

Translate = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A span that is left out, with the letters it was glued to, if any."""

    text: str
    glued_left: bool
    glued_right: bool
    stop: str
    """The full stop that it ends in, if none follows: a sentence may end in "a.m."."""

    def stand_in(self, number: int) -> str:
        """What goes through the models in its place."""
        return f"X{number + (_FIRST_TIME if _TIME.match(self.text) else 0)}X"


def masked(pattern: re.Pattern[str], text: str, translate: Translate) -> str:
    """Translate a sentence, but bring back unchanged whatever the pattern matches.

    What holds no letters besides, or hardly anything but such pieces, is not translated at all.
    """
    spans = _spans(pattern, text)
    if not spans:
        return translate(text) if has_letters(text) else text
    pieces = [_piece(text, start, end) for start, end in spans]
    between = _between(text, spans)
    if _is_dense(text, pieces) or not any(map(has_letters, between)):
        return text
    translated = translate(_with_stand_ins(between, pieces))
    numbers = sorted(int(number) % _FIRST_TIME for _, number, _, _ in _PLACE.findall(translated))
    if numbers == list(range(len(pieces))):
        return _restore(translated, pieces)
    return _piecewise(between, pieces, translate)


def around_space(text: str, translate: Translate) -> str:
    """Translate a text but for the white space round it; without letters it stays as it is."""
    if not has_letters(text):
        return text
    before, core, after = _CORE.fullmatch(text).groups()  # type: ignore[union-attr]  # fits all
    return f"{before}{translate(core)}{after}"


def _spans(pattern: re.Pattern[str], text: str) -> list[tuple[int, int]]:
    """Matches as (start, end); neighbours with only space between them are one."""
    spans: list[tuple[int, int]] = []
    for start, end in matches(pattern, text):
        if spans and not text[spans[-1][1] : start].strip():
            start = spans.pop()[0]
        spans.append((start, end))
    return spans


def matches(pattern: re.Pattern[str], text: str) -> Iterator[tuple[int, int]]:
    """Where the pattern matches, but for its group `plain`."""
    return (found.span() for found in pattern.finditer(text) if found.lastgroup != "plain")


def _is_dense(text: str, pieces: Sequence[_Piece]) -> bool:
    """Whether this is hardly prose: it would cost a model call for every few characters of it."""
    return len(pieces) > _MANY and len(text) < _SPARSE * len(pieces)


def _piece(text: str, start: int, end: int) -> _Piece:
    before, piece, after = text[:start][-1:], text[start:end], text[end : end + 1]
    stop = "." * (piece.endswith(".") and after != ".")
    return _Piece(piece, before.isalnum(), after.isalnum(), stop)


def _between(text: str, spans: Sequence[tuple[int, int]]) -> list[str]:
    """The text before, between and after the spans: one more than there are spans."""
    starts = [0, *(end for _, end in spans)]
    ends = [*(start for start, _ in spans), len(text)]
    return [text[start:end] for start, end in zip(starts, ends, strict=True)]


def _with_stand_ins(between: Sequence[str], pieces: Sequence[_Piece]) -> str:
    """The text with `X0X`, `X1X`, ... in it, apart from the letters that a piece was glued to."""
    parts = [between[0]]
    for number, (piece, following) in enumerate(zip(pieces, between[1:], strict=True)):
        left, right = " " * piece.glued_left, " " * piece.glued_right
        parts += [f"{left}{piece.stand_in(number)}{right}", following]
    return "".join(parts) + pieces[-1].stop * (not between[-1])


def _restore(translated: str, pieces: Sequence[_Piece]) -> str:
    def original(found: re.Match[str]) -> str:
        piece = pieces[int(found[2]) % _FIRST_TIME]
        left = "" if piece.glued_left else found[1]
        right = "" if piece.glued_right else found[3]
        return f"{left}{piece.text}{right}{found[4].removeprefix(piece.stop)}"

    return _PLACE.sub(original, translated)


def _piecewise(between: Sequence[str], pieces: Sequence[_Piece], translate: Translate) -> str:
    parts = [around_space(between[0], translate)]
    for piece, following in zip(pieces, between[1:], strict=True):
        # Alone, a possessive is taken for a verb. The glossary knows what to do with it.
        possessive = _POSSESSIVE.match(following)[0]  # type: ignore[index]  # it may be empty
        rest = following[len(possessive) :]
        parts += [piece.text, possessive, around_space(rest, translate)]
    return "".join(parts)
