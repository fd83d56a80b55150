"""Keeps an engine's hands off parts of a text: Amazon Translate's do-not-translate markup.

TranslateText leaves the content of an element with `translate="no"` as it is, and returns it with
its tags at its place in the translated sentence
(https://docs.aws.amazon.com/translate/latest/dg/customizing-translations-tags.html). So the form of
the target language is put there before the translation: the engine has the sentence around it, and
may move the form, but not alter it. The rest of such a text is HTML, too.

An English possessive stays outside as `'s`, which engines translate: "the hall's doors" becomes
"las puertas de la sala" with the form "sala". Inside, it would be left there.
"""

import hashlib
import html
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from chalice_app.domain.characters import has_letters

_PROTECTED = re.compile(
    r"<span\b[^<>]*\btranslate\s*=\s*[\"']?no[\"']?[^<>]*>(?P<content>.*?)</span\s*>",
    re.IGNORECASE | re.DOTALL,
)
_WITH_ENDING = re.compile(
    rf"{_PROTECTED.pattern}(?P<ending>(?:['\u2019]|&\#x?0*(?:39|27);)s\b)?",
    re.IGNORECASE | re.DOTALL,
)
_TAG = re.compile(r"</?span\b", re.IGNORECASE)


class TermsLost(Exception):
    """The engine has dropped, doubled or altered what it was to leave alone."""


class Replacement(NamedTuple):
    """A part of a text that becomes `form`.

    Where that part is a `possessive`, `ending` is what becomes of its ending if the engine leaves
    it as it is: what was said for a form that is kept, nothing for a form of the target language.
    """

    start: int
    end: int
    form: str
    possessive: bool = False
    ending: str = ""


@dataclass(frozen=True, slots=True)
class Protected:
    """A text for the engine, in which some parts are protected; `forms` in their order.

    `endings` are of those among the forms that were possessives. `effect` names what the forms
    change in the translation; it is empty for nothing.
    """

    text: str
    forms: tuple[str, ...] = ()
    endings: Mapping[str, str] = field(default_factory=dict)
    effect: str = ""
    whole: str | None = None
    """The translation, where the forms leave nothing with letters to translate."""

    def restore(self, answer: str) -> str:
        """The answer without its markup.

        Raises:
            TermsLost: a form is not there as often as it should be.
        """
        if not self.forms:
            return answer
        found = Counter(_plain(match["content"]) for match in _PROTECTED.finditer(answer))
        rest = _PROTECTED.sub("", answer)
        if found != Counter(map(_plain, map(_escaped, self.forms))) or _TAG.search(rest):
            raise TermsLost
        return html.unescape(_WITH_ENDING.sub(self._with_its_ending, answer))

    def _with_its_ending(self, found: re.Match[str]) -> str:
        content, ending = found["content"], found["ending"] or ""
        return content + (self.endings.get(_plain(content), ending) if ending else "")


def protect(text: str, replacements: Sequence[Replacement]) -> Protected:
    """The text with its replacements made and protected; they must not overlap, and be in order."""
    marked, plain, behind, is_left = "", "", 0, False
    forms: list[str] = []
    endings: dict[str, str] = {}
    for start, end, form, possessive, ending in replacements:
        between = text[behind:start]
        marked += _escaped(between) + f'<span translate="no">{_escaped(form)}</span>'
        marked += "'s" * possessive
        plain += between + form + ending
        if possessive:
            endings[_plain(_escaped(form))] = ending
        forms.append(form)
        is_left |= has_letters(between)
        behind = end
    if not forms:
        return Protected(text)
    rest = text[behind:]
    whole = None if is_left or has_letters(rest) else plain + rest
    return Protected(marked + _escaped(rest), tuple(forms), endings, _effect(replacements), whole)


def _effect(replacements: Sequence[Replacement]) -> str:
    digest = hashlib.sha256(json.dumps(replacements).encode()).hexdigest()
    return f"terms={digest[:16]}"


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)


def _plain(content: str) -> str:
    return " ".join(html.unescape(content).split())
