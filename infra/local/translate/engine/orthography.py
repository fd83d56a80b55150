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
_RAISED_ARTICLE = re.compile(r"\A(\W*E)L(?= [a-záéíóúüñ])")

# In a headline's middle they have a capital, in a name's none ("Bank of America").
_SMALL = frozenset(
    (
        "a an and are as at be but by can do does for from has have if in into is it its may must "
        "no not of off on or our out over so than that the their then there this to under until "
        "up was we were what when where will with without you your"
    ).split()
)
# No part of a name, either.
_PLAIN = frozenset(
    (
        "begin begins closed closes close coming don't ends free here keep now only open opening "
        "opens please required reserved smoking start starts stay stop today tomorrow tonight "
        "wait welcome one two three four five six seven eight nine ten eleven twelve noon"
    ).split()
)
_CAPITAL_ALWAYS = re.compile(
    r"I|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|January|February|March|April|June|July|August"
    r"|September|October|November|December"
)
_HEADLINE_WORD = re.compile(r"\b[^\W\d_]+(?:['’-][^\W\d_]+)*\b")
_LEAST_WORDS = 3  # "Good Morning", "Bon Jovi" and "Old Bridge" say too little

Translate = Callable[[str], str]


def in_plain_case(sentence: str, source: str, translate: Translate) -> str:
    """Translate an English headline as the sentence that it is.

    The model takes `Doors Close At Nine` for names ("Portas perto no Nine"). Each word of a
    headline but the small ones begins with a capital, and one of them is in no name. A word that
    the model leaves as it is was a name after all: it has its capital back for the next model.
    """
    if source != "en" or not _is_headline(sentence):
        return translate(sentence)
    first, *others = _HEADLINE_WORD.findall(sentence)
    start = sentence.index(first) + len(first)
    lowered = _HEADLINE_WORD.sub(_lowered, sentence[start:])
    names = {word.lower(): word for word in others if word.lower() not in _SMALL | _PLAIN}
    translated = translate(sentence[:start] + lowered)
    return _HEADLINE_WORD.sub(lambda word: names.get(word[0], word[0]), translated)


def _is_headline(sentence: str) -> bool:
    words = _HEADLINE_WORD.findall(sentence)
    if len(words) < _LEAST_WORDS or is_shouted(sentence):
        return False
    capital = [word.lower() for word in words if word[0].isupper()]
    small = [word for word in words if not word[0].isupper()]
    return (
        _SMALL.issuperset(small)
        and words[0][0].isupper()
        and len(capital) > len(small)
        and not _SMALL.union(_PLAIN).isdisjoint(capital[1:] or ())
    )


def _lowered(word: re.Match[str]) -> str:
    return word[0] if _CAPITAL_ALWAYS.fullmatch(word[0]) else word[0].lower()


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

    The rule-based modes leave out both. The one letter of "A água" is a word in capitals to them:
    "EL agua".
    """
    sentence = _RAISED_ARTICLE.sub(r"\1l", sentence)
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
    """Some dictionaries give the first word in lower case ("buen día").

    Others raise the first after a stand-in ("X0X Est ici").
    """
    before, after = _INITIAL.match(sentence), _INITIAL.match(translated)
    if not before or not after or before[1].isupper() == after[1].isupper():
        return translated
    if before[1].islower() and (not before.start(1) or not after.start(1)):
        return translated
    return translated[: after.start(1)] + after[1].swapcase() + translated[after.end(1) :]
