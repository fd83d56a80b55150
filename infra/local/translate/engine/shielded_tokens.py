"""Which pieces of a sentence pass every model as they are: ONE table of kinds, each with examples.

A route is two or three models, and each reads a single letter as a word of its own language:
`Room E` came out as "Sala Y" (the Portuguese "and"), `O'Connor` as "El'Connor", `AI` as "ALLAIT".
So a piece that stands for something is left out once, before the first model, and put back after
the last (masking.py). The order matters: the first kind that fits at a place wins.

What is a word stays in the sentence: `I`, `A man came`, `O Lord`, `NOT`, `a T-shirt`; and so does
the word before a letter: `Room E` may become "Sala E".
"""

import re
from dataclasses import dataclass
from functools import cache

from infra.local.translate.engine.token_words import BOOKS, NAMING, OPENING, SHOUTED, UNITS


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of token: a verbose pattern, and examples.

    What an example keeps is between [ and ], or else all of it, inside a sentence.
    """

    name: str
    pattern: str
    examples: tuple[str, ...]
    sources: tuple[str, ...] = ()
    """The languages of a speaker in which it holds; empty: in all."""

    in_capitals: bool = True
    """Whether it holds in a sentence all in capitals, too."""

    @property
    def group(self) -> str:
        """Its name as a group of the pattern."""
        return re.sub(r"\W", "_", self.name)


LIST_MARKS = "list_marks"
_URL_END = r"""[^\s<>".,;:!?)\]}'…]"""
_DASH = r"[-\u2010-\u2015]"
_APART = r"(?<![\w'’;&])"
_ENDS = r"(?![\w'’]|-\w)"
# What follows a letter that could be a word (`A`, `I`), where it is none.
_FOLLOWS = (
    r"(?=\s*(?:[,.;:!?)\]]|$)"
    r"|\s+(?i:is|are|was|were|has|will|and|or|to|on|at|of|in|ended|began|opens|closes|means)\b)"
)
_LETTER_IS = r"(?=\s+(?:is|was|means|stands|and\s+[A-Z]|or\s+[A-Z])\b)"
_NAMED = "|".join(rf"(?<=\b(?i:{noun})\s.)" for noun in NAMING)
_UNNAMED = "".join(rf"(?<!\b(?i:{noun})\s[A-Z])" for noun in NAMING)
_CLOCK = r"\d{1,2}(?:[:.]\d{2}){1,2}"
_HALF = r"[AaPp](?:\.[Mm]\.|[Mm]\b)"  # of the day

KINDS: tuple[Kind, ...] = (
    # Endless "words" before all that looks ahead. A Portuguese dictionary's longest has 46 letters.
    Kind("tags", r"</?[A-Za-z][^<>]*>", ("<b>", '<a href="x y">')),
    Kind("endless words", r"[^\s<>]{60,}", ("x" * 60,)),
    Kind("addresses",
         rf"(?i:(?:https?|ftp|wss?)://[^\s<>\"]*{_URL_END} | www\.[^\s<>\"]*{_URL_END}"
         r"| \b[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|io|dev|app|gov|edu)\b(?:/[^\s<>\"]*[\w/])?)",
         ("https://example.com/a?b=c&d=1", "www.example.org", "example.com/talks")),
    Kind("e-mail", r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", ("john.doe@example.com",)),
    Kind("paths", r"(?<!\S)\.{0,2}/\w[^\s<>]*", ("/etc/hosts", "./run")),
    Kind("entities", r"&(?:\w+|\#\d+|\#[xX][0-9a-fA-F]+);", ("&nbsp;", "&#x2014;")),
    Kind("placeholders",
         r"\{\{[^{}]*\}\} | \$?\{[^{}\s]*\} | %(?:\(\w+\)|\d+\$)?[sdif]\b",
         ("{{ user }}", "${count}", "{name}", "%(who)s")),
    Kind("handles", r"(?<!\w)[@\#]\w+(?:[.-]\w+)*", ("@jane.doe", "#AI", "#1")),
    Kind("emoji codes", r"(?<![\w:]):[\w+-]+:(?![\w:])", (":tada:", ":+1:")),
    Kind("code", r"""[^\s<>{}]*[\\^~`=_|][^\s<>{}]*(?<![.,;:!?)"'])""",
         ("E=mc²", "snake_case", "C:\\dir")),
    Kind("other stand-ins", r"\b[Xx]\d+[Xx]\b", ("X1X",)),
    Kind("verses",
         rf"\b(?:(?:[1-3]|I{{1,3}})\s?)?(?:{BOOKS})\.?\s\d+:\d+"
         rf"(?:[,;]?\s?{_DASH}?\s?\d+(?::\d+)?)*",
         ("John 3:16", "1 Cor 13:4-7", "Ps. 23:1")),
    Kind("times",
         rf"\b(?:{_CLOCK}|\d{{1,2}}(?=\s?[AaPp]\.?[Mm]\b))(?:\s?{_HALF})?"
         rf"(?:\s?{_DASH}\s?{_CLOCK}(?:\s?{_HALF})?)?(?![\d:]|[.,]\d)",
         ("9:30 a.m.", "14:05", "5pm", "9:00-10:30")),
    Kind("measures",
         rf"[+\-−±]?\b\d[\d.,]*(?:\s?{_DASH}\s?\d[\d.,]*)?\s?(?:{UNITS})(?![\w'’])"
         r"| (?:\b[A-Z]{1,3})?[$£€¥₹]\s?\d[\d.,]*(?<![.,])(?:[kKmMbB](?:n|bn)?\b)?"
         r"| \b\d[\d.,]*(?<![.,])\s?[£€¥₹%‰]",
         ("5 km", "30 °C", "€20", "US$ 5", "12 €", "20%")),
    Kind("numbers with signs",
         r"\bv?\d+(?:\.\d+){2,}(?:[-+]?[A-Za-z]\w*(?:\.\w+)*)?"
         r"| \bv\d+(?:\.\d+)*\w* | (?<=ersion\s)\d+(?:\.\d+)*\w*"
         rf"| \+?\b\d[\d.,:/]*(?:\s?{_DASH}\s?\d[\d.,:/]*)+(?<![.,:/]) | \b\d+(?:[/:]\d+)+\b",
         ("v2.1", "10.4.2", "5-10", "1990–1995", "24/7", "2026-11-28")),
    # A decade ("the 1990s") is a word of the language; the rest with digits stands for something.
    Kind("letters with digits",
         r"(?<![\w'’])(?!\d+['’]?s\b)(?=[\w-]*\d)(?=[\w-]*[^\W\d])"
         r"(?:[A-Za-z]{1,5}-)?\w*\d\w*(?:-\w*\d\w*)*(?:[⁺⁻]+)?(?![\w])",
         ("6E", "3rd", "H2O", "CO₂", "O₂", "B-52", "A320", "MP3", "COVID-19")),
    Kind("formulas",
         r"\b(?:[A-Z][a-z]?[₀-₉²³⁰-⁹]*)*[A-Z][a-z]?[₀-₉²³⁰-⁹]+(?:[A-Z][a-z]?[₀-₉]*)*[⁺⁻]*"
         r"| \b[a-z][²³⁰-⁹]+",
         ("H₂SO₄", "Ca²⁺", "x²")),
    Kind("letters with signs", rf"{_APART}[A-Z](?:[+\#♯♭]+|[-−](?=[\s.,;!?]|$))(?!\w)",
         ("C++", "F#", "A+")),
    Kind("numbered parts",
         r"\b(?:[Nn]os?|[Ff]igs?|[Vv]ols?|[Cc]h|pp?|[Aa]rt|[Ss]ec|[Ee]q)\.\s?\d+(?:[-\u2010-\u2015]\d+)?",
         ("No. 5", "Fig. 2", "pp. 4-9")),
    Kind("initials",
         rf"\b(?:[A-Z]\.[\s-]?){{2,}}(?!(?:{OPENING})\b)[A-Z][\w'’-]+"
         rf"| \b(?!(?:{OPENING})\b)[A-Z][a-z]+\s[A-Z]{_UNNAMED}\.\s"
         rf"(?!(?:{OPENING})\b)[A-Z][\w'’-]+",
         ("E. O. Wilson", "J. R. R. Tolkien", "J.K. Rowling", "Harry S. Truman")),
    Kind("list marks",
         r"(?<!\w)\((?:[A-Za-z]|[ivxlc]+|\d{1,3})\) | (?<![\w(])(?:[A-Za-z]|[ivxlc]+|\d{1,3})\)"
         r"| ^\s*(?:[A-Za-z]|[ivxlc]+|[IVXLC]+|\d{1,3})\.(?=\s)",
         ("a)", "(b)", "(iii)", "2)")),
    Kind("abbreviations",
         r"\b(?:[A-Za-z]\.\s?)+[A-Za-z]\.(?!\w) | \bPh\.\s?D\."
         r"| \b(?:etc|vs|cf|viz|ibid|approx|al|ca)\.(?!\w)",
         ("i.e.", "e.g.", "a.m.", "U.S.", "Ph.D.", "etc.", "vs.")),
    Kind("apostrophe names",
         r"\b[DLMNOdlmno]['’][A-ZÀ-Þ][\w-]+"
         r"| \b[A-Z][a-z]+['’](?!(?:s|t|re|ve|ll|d|m|em|am|all|clock)\b)[a-z]+\b",
         ("O'Connor", "D'Angelo", "L’Oréal", "Hawai'i"), ("en", "pt", "es", "gl")),
    Kind("acronyms with signs", r"(?<![\w'’-])[A-Z]{1,6}(?:[&/][A-Z]{1,6})+(?:s\b)?(?!\w)",
         ("Q&A", "R&D", "AC/DC")),
    # Not in a sentence all in capitals: there, every word looks like one.
    Kind("acronyms",
         rf"(?<![\w'’-])(?!(?:{SHOUTED})\b)"
         r"(?:[A-Z]{1,4}(?:-[A-Z]{1,4})+|[A-Z]{2,4}|UNESCO|UNICEF|UNHCR|ASEAN|COVID)s?(?!\w)"
         r"| (?<=\b[Tt]he\s)WHO\b"
         r"| \b(?:[a-z]{1,2}[A-Z]|[A-Z][a-z]+[A-Z])[A-Za-z]*\b",
         ("AI", "NASA", "USB-C", "CEOs", "the [WHO]", "PhD", "YouTube", "iOS"), in_capitals=False),
    Kind("spans of letters", rf"{_APART}(?:[A-Z]\s?{_DASH}\s?[A-Z]|[A-Z]/[A-Z]|A\sto\sZ){_ENDS}",
         ("A–Z", "A-D", "A to Z")),
    Kind("a letter alone", r"^\s*[^\W\d_]\.?\s*$", ("[a]", "[b.]", "[E]")),
    # Mid in a sentence no word is one capital, but for English `I`, and before another capital
    # ("Once Upon A Time", "O Lord"); at its start `A`, `I`, `O` are words.
    Kind("letters", rf"{_APART}[B-HJ-NP-Zb-hj-np-z]{_ENDS} | (?<=[\w,;:&+]\s)[AO]{_ENDS}(?!\s[A-Z])"
         rf"| (?:^|(?<=[\"“]))[AO]{_LETTER_IS} | (?<=[\"“])[AO](?=[\"”])"
         rf"| (?<=\b[MD]r\.\s)[AO]{_ENDS} | (?<=\b(?:Mrs)\.\s)[AO]{_ENDS} | (?<=\w-)[AO]{_ENDS}"
         rf"| {_APART}[à-öø-ÿ]{_ENDS}",
         ("Room [E]", "a letter [O] here", "vitamin [C]", "point [b]"), ("en",)),
    Kind("letters", rf"(?<=[\w,;&+]\s)[A-Z]{_ENDS}(?!\s[A-Z])"
         rf"| {_APART}[BCDF-HJ-NP-TV-XZb-df-hj-np-tv-xz]{_ENDS}",
         ("B", "x"), ("pt", "es", "fr", "it", "ca", "gl")),
    Kind("letters that are named", rf"[AIOaio]{_ENDS}{_FOLLOWS}(?:{_NAMED}) | (?<=\bWar\s)I\b",
         ("Hall [O]", "gate [a] is", "Part [I].", "World War [I] began")),
)  # fmt: skip


# Most words are plain: passing over each in one step makes the search four times as fast.
_PLAIN = r"(?P<plain>\b[a-z]{2,30}(?=,?\s))"


@cache
def shield(source: str, in_capitals: bool = False) -> re.Pattern[str]:
    """What is left out of a sentence in that language, on every route.

    A match of the group `plain` is none.
    """
    spoken = (kind for kind in KINDS if not kind.sources or source in kind.sources)
    kinds = (kind for kind in spoken if kind.in_capitals or not in_capitals)
    groups = (f"(?P<{kind.group}>{kind.pattern})" for kind in kinds)
    return re.compile("|".join((_PLAIN, *groups)), re.VERBOSE)


def list_mark_end(source: str, sentence: str) -> int:
    """Where a leading `a)` or `iv.` and the space after it end; 0 without one.

    It takes no part in the sentence: inside, a model takes it for the subject.
    """
    found = shield(source).match(sentence, len(sentence) - len(sentence.lstrip()))
    if not found or found.lastgroup != LIST_MARKS:
        return 0
    rest = sentence[found.end() :]
    return found.end() + len(rest) - len(rest.lstrip())
