"""What a translation must be to reach a listener, whichever engine or cache entry it comes from.

An engine may answer with nothing, with something other than text, with a text that never ends, or
with the very words that it got. The rules here find such answers; they do not judge how good a
translation is.
"""

import re
import unicodedata
from typing import Final

from chalice_app.domain.characters import has_letters, is_unicode, shows_nothing
from chalice_app.domain.errors import TranslationFailed

LONGER_BY: Final = 10
"""So many times its source's length a translation may have. Chinese to Tamil or Malayalam grows
five times at most; a sentence between alphabets, twice."""

ALWAYS_ALLOWED: Final = 32
"""So many characters more a translation may have, for short sources: `WHO` becomes "Organización
Mundial de la Salud", and `UNHCR` has 59 characters in Spanish."""

MOST_CHARACTERS: Final = 20_000
"""No translation may be longer: five times the longest sentence, and 80 KB at most, which API
Gateway still takes as a message (128 KB)."""

ECHO_WORDS: Final = 4
"""From so many plain words on, a text that comes back as it was is a failure: `c'est la vie` and
`pizza al forno` stay as they are, whole sentences do not."""

_RELATED: Final = (
    (16, ("pt", "gl"), ("id", "ms"), ("no", "da"), ("bs", "hr", "sr")),
    (8, ("es", "pt", "gl", "ca", "it", "fr", "ro"), ("cs", "sk"), ("sv", "no", "da")),
    (8, ("ru", "uk"), ("bg", "mk", "sr"), ("nl", "af"), ("en", "af"), ("hr", "sl"), ("zh", "ja")),
)
"""Languages that share short sentences, or longer ones, with the plain words from which on an echo
is a failure: "O presidente visita a casa de Pedro" is Portuguese and Galician."""

_NOT_WORDS: Final = re.compile(r'<span translate="no">.*?</span>|<[^<>]*>', re.DOTALL)
"""Markup, and terms that the engine was asked to keep."""

_SPAN_TAGS: Final = re.compile(r"</?span\b[^<>]*>")

_UNSPACED: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Scripts without spaces between words (Thai, Lao, Myanmar, Khmer, kana, Han): two letters count as
a word."""


def checked(answer: object, text: str, source: str, target: str) -> str:
    """An engine's answer, if it is a translation of the text.

    Raises:
        TranslationFailed: it is not one. The message says why, and repeats neither text.
    """
    if not isinstance(answer, str) or not is_unicode(answer):
        raise TranslationFailed("the engine's answer is not text")
    if shows_nothing(answer):
        raise TranslationFailed("the engine's answer shows nothing")
    if _length(answer) > min(ALWAYS_ALLOWED + LONGER_BY * _length(text), MOST_CHARACTERS):
        raise TranslationFailed("the engine's answer is far too long for its text")
    if _is_echo(answer, text, source, target):
        raise TranslationFailed("the engine's answer is the text itself")
    return answer


def may_be_shown(text: str) -> bool:
    """Whether it shows something, and no more than a caption holds.

    All that can be said of a translation that a glossary shaped: its forms may be longer than what
    was said, or the same.
    """
    return is_unicode(text) and not shows_nothing(text) and len(text) <= MOST_CHARACTERS


def is_translation(answer: object, text: str, source: str, target: str) -> bool:
    """Whether `checked` takes it: for translations that were kept."""
    try:
        checked(answer, text, source, target)
    except TranslationFailed:
        return False
    return True


def _length(text: str) -> int:
    """In characters, without the tags round terms and masks."""
    return len(_SPAN_TAGS.sub("", text)) if "<" in text else len(text)


def _is_echo(answer: str, text: str, source: str, target: str) -> bool:
    """Whether a sentence came back untranslated.

    Names, numbers, codes and short phrases may be the same in two languages; so may any sentence in
    two forms of one language (es and es-MX).
    """
    if _spoken(answer) != _spoken(text):
        return False
    source, target = source.partition("-")[0], target.partition("-")[0]
    return source != target and _has_words(text, _echo_words(source, target))


def _spoken(text: str) -> str:
    """What two texts are compared by: letters, marks and digits, whatever their case and form."""
    folded = unicodedata.normalize("NFC", text.casefold())
    return "".join(each for each in folded if unicodedata.category(each)[0] in "LMN")


def _echo_words(source: str, target: str) -> int:
    for words, *families in _RELATED:
        if any(source in family and target in family for family in families):
            return words
    return ECHO_WORDS


def _has_words(text: str, count: int) -> bool:
    """Whether it has so many different plain words, or twice as many of any kind."""
    lettered = [each for each in _NOT_WORDS.sub(" ", text).split() if has_letters(each)]
    words = [*lettered[:1], *(each for each in lettered[1:] if _letters(each) > 1)]
    plain = [each for each in words if _is_plain(each, is_loud=text.isupper())]
    if plain and plain[0] is not words[0]:
        plain.append(words[0])  # a sentence begins with a capital
    return _weight(plain) >= count or _weight(words) >= 2 * count


def _weight(words: list[str]) -> int:
    """How many different words there are, counted in a script without spaces by its letters."""
    distinct = {_spoken(each): each for each in words}.values()
    return sum(max(1, len(_UNSPACED.findall(each)) // 2) for each in distinct)


def _letters(word: str) -> int:
    return sum(has_letters(each) for each in word)


def _is_plain(word: str, *, is_loud: bool) -> bool:
    """Whether it is a word of the language, and no name, code, number or address.

    In a text that is all capitals, which is `is_loud`, words are written as names are.
    """
    bare = word.lstrip("\"'\u201c\u201e\u2018\xab\xbf\xa1([{")
    first = bare[:1]
    is_code = any(each.isdigit() or each in "@/\\_" for each in bare) or "." in bare.rstrip(".…")
    return not is_code and (is_loud or not first.isupper())
