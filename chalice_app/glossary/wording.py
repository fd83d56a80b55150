"""A glossary applied to sentences."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chalice_app.glossary.markup import Protected, Replacement, protect
from chalice_app.glossary.matching import Match, Matcher, chosen
from chalice_app.glossary.terms import Glossary, Term

MOST_CHARACTERS = 20_000
"""Of all forms in one sentence. A caption has no more characters (`domain.guards`)."""

MASK = "***"
"""What a blocked word becomes in every language: nothing of it is left to guess from."""

_MASKS = re.compile(re.escape(MASK))


class Wording:
    """A glossary, prepared for any number of sentences."""

    def __init__(self, glossary: Glossary) -> None:
        self._terms = Matcher(glossary.terms)
        self._blocked = Matcher(Term(word, keep=True) for word in glossary.blocked)
        self._has_blocked = bool(glossary.blocked)

    def masked(self, text: str) -> str:
        """The text without its blocked words; in any language, with the endings of English."""
        matches = self._blocked.find(text, is_english=True)
        for match in reversed(list(chosen(matches, lambda _: True))):
            text = text[: match.start] + MASK + text[match.end :]
        return text

    def mentions(self, text: str, source_language: str, *, kept_only: bool = False) -> "Mentions":
        """What of the glossary occurs in a masked text.

        With `kept_only` it is in another language than the terms are: the same letters are another
        word there (French `chat`), so terms with forms are left out. Names are names in all.
        """
        is_english = source_language.partition("-")[0] == "en"
        masks = [each.span() for each in _MASKS.finditer(text)] if self._has_blocked else []
        terms = self._terms.find(text, is_english=is_english)
        if kept_only:
            terms = [match for match in terms if match.term.keep]
        return Mentions(text, terms, masks)


@dataclass(frozen=True, slots=True)
class Mentions:
    """The terms and masks of one text."""

    text: str
    matches: Sequence[Match]
    masks: Sequence[tuple[int, int]]

    def protected(self, target: str) -> Protected:
        """The text as an engine is to get it for a language."""
        return protect(self.text, self._replacements(target))

    def has_terms(self, target: str) -> bool:
        """Whether a term occurs that has a form in that language."""
        return any(self._named(target))

    def _replacements(self, target: str) -> list[Replacement]:
        named = list(self._named(target))
        if sum(len(each.form) for each in named) > MOST_CHARACTERS:
            named = []
        return sorted((*self._masked(), *named))

    def _masked(self) -> Iterator[Replacement]:
        yield from (Replacement(start, end, MASK) for start, end in self.masks)

    def _named(self, target: str) -> Iterator[Replacement]:
        for match in chosen(self.matches, lambda term: term.applies_to(target)):
            said = self.text[match.start : match.possessive]
            ending = self.text[match.possessive : match.end]
            form = match.term.form_in(target)
            yield Replacement(
                match.start,
                match.end,
                form=said if form is None else form,
                possessive=bool(ending),
                ending=ending if form is None else "",
            )


NO_WORDING = Wording(Glossary())
"""Of a session without a glossary."""
