"""Finds a glossary's terms in a sentence: whole words, in time that hardly grows with the terms."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from chalice_app.glossary.terms import Term
from chalice_app.glossary.words import APOSTROPHES, Word, gap, plurals, words

_ACRONYM = 2
"""The shortest word that has a plural, and only in capitals (`TVs`): `us` is not two U."""


class Match(NamedTuple):
    """A term at its place in a text; `is_inflected`: with an English ending, which is in it.

    From `possessive` on the ending is a possessive's: `'s`, or the apostrophe of `halls'`.
    """

    start: int
    end: int
    term: Term
    possessive: int
    is_inflected: bool = False


@dataclass(frozen=True, slots=True)
class _Form:
    """A term's words, or those of its plural, with what stands before, between and after them."""

    term: Term
    folded: tuple[str, ...]
    exact: tuple[str, ...]
    gaps: tuple[str, ...]
    before: str
    after: str
    stem: int | None = None

    @property
    def key(self) -> tuple[str, ...]:
        return self.folded[:2]

    def fits(self, text: str, said: Sequence[Word]) -> bool:
        """Whether these words of the text are the form."""
        return (
            tuple(word.folded for word in said) == self.folded
            and (not self.term.case_sensitive or self._is_in_case(said))
            and self._has_its_gaps(text, said)
            and (self.stem is None or _may_have_a_plural(said[-1].exact, self.stem))
        )

    def _is_in_case(self, said: Sequence[Word]) -> bool:
        return tuple(word.exact for word in said) == self.exact

    def _has_its_gaps(self, text: str, said: Sequence[Word]) -> bool:
        start, end = said[0].start, said[-1].end
        return (
            all(
                gap(text[left.end : right.start]) == between
                for left, right, between in zip(said, said[1:], self.gaps, strict=False)
            )
            and gap(text[max(0, start - len(self.before)) : start]) == self.before
            and gap(text[end : end + len(self.after)]) == self.after
        )


def _may_have_a_plural(said: str, stem: int) -> bool:
    if stem > _ACRONYM:
        return True
    return stem == _ACRONYM and said[:stem].isupper() and said[stem:].islower()


class Matcher:
    """Terms, prepared: a look-up a word."""

    def __init__(self, terms: Iterable[Term]) -> None:
        self._forms: dict[tuple[str, ...], list[_Form]] = {}
        for term in terms:
            for form in _forms(term):
                self._forms.setdefault(form.key, []).append(form)

    def find(self, text: str, *, is_english: bool) -> list[Match]:
        """Every place where a term is, overlapping ones too."""
        if not self._forms:
            return []
        said = words(text)
        return [
            match
            for at in range(len(said))
            for form in self._beginning(said, at)
            if (match := _matched(form, text, said, at, is_english=is_english)) is not None
        ]

    def _beginning(self, said: Sequence[Word], at: int) -> Iterator[_Form]:
        first = said[at].folded
        yield from self._forms.get((first,), ())
        if at + 1 < len(said):
            yield from self._forms.get((first, said[at + 1].folded), ())


def chosen(matches: Iterable[Match], applies: Callable[[Term], bool]) -> Iterator[Match]:
    """The matches of terms that apply which do not overlap: leftmost first, there the longest."""
    behind = 0
    for match in sorted(matches, key=_rank):
        if match.start >= behind and applies(match.term):
            yield match
            behind = match.end


def _rank(match: Match) -> tuple[int, int, bool, bool]:
    return match.start, -match.end, match.is_inflected, not match.term.case_sensitive


def _forms(term: Term) -> Iterator[_Form]:
    source = words(term.source)
    if not source:
        return
    form = _Form(
        term,
        folded=tuple(word.folded for word in source),
        exact=tuple(word.exact for word in source),
        gaps=tuple(gap(term.source[left.end : right.start]) for left, right in pairwise(source)),
        before=gap(term.source[: source[0].start]),
        after=gap(term.source[source[-1].end :]),
    )
    yield form
    if not form.after:
        yield from (_plural(form, plural) for plural in plurals(form.exact[-1]))


def _plural(form: _Form, plural: str) -> _Form:
    (word,) = words(plural)
    return _Form(
        form.term,
        (*form.folded[:-1], word.folded),
        (*form.exact[:-1], plural),
        form.gaps,
        form.before,
        form.after,
        stem=len(form.exact[-1]),
    )


def _matched(
    form: _Form, text: str, said: Sequence[Word], at: int, *, is_english: bool
) -> Match | None:
    if form.stem is not None and not is_english:
        return None
    these = said[at : at + len(form.folded)]
    if not form.fits(text, these):
        return None
    start, end = these[0].start - len(form.before), these[-1].end + len(form.after)
    if not is_english or form.after:
        return Match(start, end, form.term, possessive=end)
    past = _past_possessive(text, end, said[at + len(these) : at + len(these) + 1])
    is_inflected = past > end or form.stem is not None
    return Match(start, past, form.term, possessive=end, is_inflected=is_inflected)


def _past_possessive(text: str, end: int, following: Sequence[Word]) -> int:
    """Where the term ends with its `'s`, or, after an s, its apostrophe; else where it ended."""
    if text[end : end + 1] not in tuple(APOSTROPHES):
        return end
    if following and following[0].start == end + 1:
        return following[0].end if following[0].folded == "s" else end
    if text[end - 1] in "sS" and not _is_quoted(text[:end]):
        return end + 1
    return end


def _is_quoted(text: str) -> bool:
    """Whether a single quotation mark is open at its end: then the next apostrophe closes it."""
    opens = max(text.rfind(mark) for mark in (" '", " \u2018", "(\u2018", "('"))
    starts = 0 if text[:1] in ("'", "\u2018") else -1
    return max(opens, starts) >= 0
