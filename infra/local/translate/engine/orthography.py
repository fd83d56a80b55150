"""Capitals and opening marks: what a sentence looks like, whatever its words are."""

import re
from collections.abc import Callable

# Below this a single word in capitals is rather an acronym (NASA) than shouted (HELLO).
_SHOUTED_WORD = 5

_WORD = re.compile(r"[^\W\d_]{2,}")
_INITIAL = re.compile(r"(?:X\d+X|[\W\d_])*([^\W\d_])")  # past quotes and stand-ins
_ENGLISH_I = re.compile(r"\bi\b")
_OPENING = {"?": "¿", "!": "¡"}
_ASKING = {
    "donde": "dónde", "como": "cómo", "cuando": "cuándo", "quien": "quién", "quienes": "quiénes",
    "cual": "cuál", "cuales": "cuáles", "cuanto": "cuánto", "cuanta": "cuánta",
    "cuantos": "cuántos", "cuantas": "cuántas", "que": "qué",
}  # fmt: skip
_FIRST_WORD = re.compile(r"\w+")

Translate = Callable[[str], str]


def in_sentence_case(sentence: str, source: str, translate: Translate) -> str:
    """Translate a sentence so that neither capitals confuse the model nor the model loses them.

    A sentence all in capitals would come back half translated; it goes in in lower case and the
    answer is raised again. A first letter in upper case stays so.
    """
    if not is_shouted(sentence):
        return _with_initial_of(sentence, translate(sentence))
    quiet = sentence.capitalize()
    if source == "en":
        quiet = _ENGLISH_I.sub("I", quiet)
    return translate(quiet).upper()


def is_shouted(sentence: str) -> bool:
    """Whether it is all in capitals, and no acronym alone."""
    words = _WORD.findall(sentence)
    loud = len(words) > 1 or (len(words) == 1 and len(words[0]) >= _SHOUTED_WORD)
    return loud and all(map(str.isupper, words))


def as_spanish_writes(sentence: str) -> str:
    """Open what the sentence closes (`¿`, `¡`) and accent the word it asks with.

    The rule-based modes leave out both.
    """
    mark = _OPENING.get(sentence[-1:], "")
    if not mark or mark in sentence:
        return sentence
    if mark == "¿":
        sentence = _FIRST_WORD.sub(_asking, sentence, count=1)
    return mark + sentence


def _asking(word: re.Match[str]) -> str:
    accented = _ASKING.get(word[0].lower())
    if accented is None or word[0].isupper():
        return accented.upper() if accented else word[0]
    return accented.capitalize() if word[0].istitle() else accented


def _with_initial_of(sentence: str, translated: str) -> str:
    """Some dictionaries give the first word in lower case ("buen día")."""
    before, after = _INITIAL.match(sentence), _INITIAL.match(translated)
    if before and after and before[1].isupper() and after[1].islower():
        return translated[: after.start(1)] + after[1].upper() + translated[after.end(1) :]
    return translated
