"""Reads glossaries as clients send them, and says what is wrong in which term."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from chalice_app.domain import languages
from chalice_app.domain.characters import BLANK
from chalice_app.domain.errors import BadGlossary, BadMessage, InvalidLanguage
from chalice_app.glossary.terms import Glossary, Term
from chalice_app.glossary.words import gap
from chalice_app.wire.incoming import parse_json, parse_language

MAX_TERMS = 500
MAX_BLOCKED = 100
MAX_BYTES = 100_000
"""The protocol's limits; one of 100 KB is read from DynamoDB once a container and version."""

MAX_CHARACTERS = 200
"""Of a term's source and of each form: a name, and not a page that a word would become."""

_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode's categories of controls, zero-width characters, direction marks and halves of pairs."""

_BLANK = BLANK | {"\u034f"}
"""Letters, symbols and a mark by their category that are drawn as nothing."""

_JOINERS = "\u200c\u200d"
"""Parts of words in Persian and in Indian languages, and of some emoji."""

_Read = TypeVar("_Read")


def parse_glossary(body: str | bytes) -> Glossary:
    """The glossary of a `PUT /sessions/{id}/glossary`.

    Raises:
        BadGlossary: it is not JSON, too large, or something in it is wrong.
    """
    size = len(body if isinstance(body, bytes) else body.encode(errors="surrogatepass"))
    if size > MAX_BYTES:
        raise BadGlossary(f"a glossary may have {MAX_BYTES} bytes at most", maxBytes=MAX_BYTES)
    try:
        return read_glossary(parse_json(body))
    except BadMessage:
        raise BadGlossary("the glossary is not valid JSON") from None


def read_glossary(body: object) -> Glossary:
    """The glossary that a JSON value describes.

    Raises:
        BadGlossary: something in it is wrong; `details` has the place (`term` or `blocked`).
    """
    if not isinstance(body, dict):
        raise BadGlossary('a glossary must be {"terms": [...], "blocked": [...]}')
    terms = _each(_list(body, "terms", MAX_TERMS), "term", _term)
    blocked = _each(_list(body, "blocked", MAX_BLOCKED), "blocked", _blocked)
    _refuse_repeated_terms(terms)
    _refuse_repeated("blocked", [(_folded(word),) for word in blocked])
    return Glossary(tuple(terms), tuple(blocked))


def _list(body: Mapping[str, Any], name: str, most: int) -> Sequence[object]:
    entries = body.get(name, [])
    if not isinstance(entries, list):
        raise BadGlossary(f"{name} must be a list")
    if len(entries) > most:
        raise BadGlossary(f"{name} may have {most} entries at most", most=most)
    return entries


def _each(entries: Sequence[object], kind: str, read: Callable[[object], _Read]) -> Sequence[_Read]:
    """Every entry as it is read; an error names its place, from 0."""
    found = []
    for place, entry in enumerate(entries):
        try:
            found.append(read(entry))
        except BadGlossary as failure:
            raise _at(kind, place, failure.message) from None
    return found


def _at(kind: str, place: int, wrong: str) -> BadGlossary:
    return BadGlossary(f"{kind} {place + 1}: {wrong}", **{kind: place})


def _term(entry: object) -> Term:
    if not isinstance(entry, dict):
        raise BadGlossary("must be an object with a source")
    source = _source(entry.get("source"), "source")
    keep, targets = _flag(entry, "keep"), _targets(entry.get("targets", {}))
    if keep and targets:
        raise BadGlossary("must have either keep or targets, not both")
    if not keep and not targets:
        raise BadGlossary("must have keep or targets")
    return Term(source, keep, targets, _flag(entry, "caseSensitive"))


def _blocked(entry: object) -> str:
    return _source(entry, "a blocked word")


def _flag(entry: Mapping[str, Any], name: str) -> bool:
    value = entry.get(name, False)
    if not isinstance(value, bool):
        raise BadGlossary(f"{name} must be true or false")
    return value


def _targets(value: object) -> Mapping[str, str]:
    if not isinstance(value, dict):
        raise BadGlossary("targets must be an object: a form by language")
    forms: dict[str, str] = {}
    for tag, form in value.items():
        code = _language(tag)
        if code in forms:
            raise BadGlossary("targets must name each language once")
        forms[code] = _text(form, "a target")
    return forms


def _language(tag: str) -> str:
    try:
        plain = parse_language(tag)
    except InvalidLanguage:
        raise BadGlossary("targets must be by languages such as es or zh-TW") from None
    if (code := languages.resolve(plain, languages.CODES)) is None:
        raise BadGlossary("targets has a language that is not known")
    return code


def _source(value: object, name: str) -> str:
    text = _text(value, name)
    if not any(map(str.isalnum, text)):
        raise BadGlossary(f"{name} must have a letter or a digit")
    return text


def _text(value: object, name: str) -> str:
    """A text in NFC, on one line, without what does not show."""
    if not isinstance(value, str):
        raise BadGlossary(f"{name} must be a string")
    value = value.strip()
    if _hides_something(value):
        raise BadGlossary(f"{name} must not have control characters or invisible ones")
    if "<" in value:
        raise BadGlossary(f"{name} must not have markup (<)")
    text = " ".join(unicodedata.normalize("NFC", value).split())
    if len(text) > MAX_CHARACTERS:
        raise BadGlossary(f"{name} may have {MAX_CHARACTERS} characters at most")
    if not any(unicodedata.category(each)[0] in "LNPS" for each in text):
        raise BadGlossary(f"{name} must not be empty")
    return text


def _hides_something(text: str) -> bool:
    return any(
        each in _BLANK or (unicodedata.category(each) in _INVISIBLE and not _joins(text, place))
        for place, each in enumerate(text)
    )


def _joins(text: str, place: int) -> bool:
    """Whether it is a joiner between two visible characters."""
    neighbours = text[max(0, place - 1) : place], text[place + 1 : place + 2]
    return text[place] in _JOINERS and all(
        each and unicodedata.category(each)[0] in "LMS" for each in neighbours
    )


def _refuse_repeated_terms(terms: Sequence[Term]) -> None:
    """Sources must differ. A case-sensitive term may differ in its case alone."""
    exact = [(term.source, "") for term in terms]
    _refuse_repeated("term", exact)
    _refuse_repeated(
        "term",
        [
            (term.source, "case") if term.case_sensitive else (_folded(term.source), "")
            for term in terms
        ],
    )


def _refuse_repeated(kind: str, keys: Sequence[tuple[str, ...]]) -> None:
    first: dict[tuple[str, ...], int] = {}
    for place, key in enumerate(keys):
        if (before := first.setdefault(key, place)) != place:
            raise _at(kind, place, f"is the same as {kind} {before + 1}")


def _folded(text: str) -> str:
    """As it is matched: capitals, widths and the kind of apostrophe do not matter."""
    return unicodedata.normalize("NFKC", gap(text).casefold())
