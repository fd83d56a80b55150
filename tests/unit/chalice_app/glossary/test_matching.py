"""Terms are found as whole words, in their case, with their endings, the longest first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalice_app.glossary.matching import Matcher, chosen
from chalice_app.glossary.terms import Term


def found(source: str, text: str, *, case_sensitive: bool = False, english: bool = True) -> object:
    """What of the text is the term."""
    matcher = Matcher([Term(source, keep=True, case_sensitive=case_sensitive)])
    matches = chosen(matcher.find(text, is_english=english), lambda _: True)
    return [text[match.start : match.end] for match in matches]


@pytest.mark.parametrize(
    ("source", "text", "there"),
    [
        ("Grace Hall", "Go to grace hall now", ["grace hall"]),
        ("Grace Hall", "Grace  Hall and Grace\u00a0Hall", ["Grace  Hall", "Grace\u00a0Hall"]),
        ("Grace Hall", "Grace\nHall", []),
        ("Grace Hall", "Grace, Hall", []),
        ("hall", "in the hallway of marshall_hall", []),
        ("hall", "(hall) \u00abhall\u00bb hall-hall", ["hall"] * 4),
        ("C++", "We write C++ and C.", ["C++"]),
        (".NET", "on .NET, not NET", [".NET"]),
        ("Q&A", "a Q&A at 3", ["Q&A"]),
        ("O'Connor", "O\u2019Connor and O'Connor", ["O\u2019Connor", "O'Connor"]),
        ("e\u2011mail", "e-mail", ["e-mail"]),
        ("caf\u00e9", "the cafe\u0301s", ["cafe\u0301s"]),
        ("\u6771\u4eac\u5927\u5b66", "\u3053\u308c\u306f\u6771\u4eac\u5927\u5b66\u3067\u3059",
         ["\u6771\u4eac\u5927\u5b66"]),
        ("\uc11c\uc6b8", "\uc11c\uc6b8\uc5d0\uc11c", ["\uc11c\uc6b8"]),
        ("\u0e01", "\u0e01\u0e48", []),
        ("\u0434\u043e\u043c", "\u0434\u043e\u043c \u0434\u043e\u043c\u0430",
         ["\u0434\u043e\u043c"]),
    ],
)  # fmt: skip
def test_a_term_is_whole_words(source: str, text: str, there: list[str]) -> None:
    assert found(source, text) == there


@pytest.mark.parametrize(
    ("source", "text", "there"),
    [
        ("hall", "Hall's halls, halls' HALLS", ["Hall's", "halls", "halls'", "HALLS"]),
        ("church", "churches, church\u2019s", ["churches", "church\u2019s"]),
        ("lady", "ladies' lady's", ["ladies'", "lady's"]),
        ("Grace Hall", "Grace Halls and Grace Hall's", ["Grace Halls", "Grace Hall's"]),
        ("James", "James' book, James's book", ["James'", "James's"]),
        ("hall", "the 'halls' and 'hall'", ["halls", "hall"]),
        ("hall", "'halls' first", ["halls"]),
        ("hall", "hall're", ["hall"]),
        ("AI", "two AIs, ais", ["AIs"]),
        ("tv", "TVs, tvs, Tvs", ["TVs"]),
        ("a", "as good as a", ["a"]),
        ("I", "is I", ["I"]),
        ("McDonald's", "at McDonald's", ["McDonald's"]),
        ("C++", "C++'s", ["C++"]),
    ],
)
def test_english_endings_are_part_of_a_term(source: str, text: str, there: list[str]) -> None:
    assert found(source, text) == there


def test_no_other_language_has_english_endings() -> None:
    assert found("casa", "casas, casa's", english=False) == ["casa"]


def test_case_counts_where_the_term_says_so() -> None:
    assert found("grace", "Grace, grace's graces", case_sensitive=True) == ["grace's", "graces"]
    assert found("Grace", "GRACE grace", case_sensitive=True) == []


def test_the_leftmost_counts_and_there_the_longest() -> None:
    terms = [Term(each, keep=True) for each in ("hall", "Grace Hall", "Grace", "Hall of Fame")]
    text = "Grace Hall of Fame, hall"
    matches = list(chosen(Matcher(terms).find(text, is_english=True), lambda _: True))
    assert [match.term.source for match in matches] == ["Grace Hall", "hall"]


def test_a_term_that_does_not_apply_hides_no_other() -> None:
    long, short = Term("Grace Hall", targets={"es": "x"}), Term("hall", keep=True)
    matches = Matcher([long, short]).find("Grace Hall", is_english=True)
    assert [each.term for each in chosen(matches, lambda term: term is short)] == [short]


def test_a_plural_of_its_own_goes_before_an_ending() -> None:
    one, many = Term("hall", targets={"es": "sala"}), Term("halls", targets={"es": "salas"})
    for terms in ([one, many], [many, one]):
        matches = Matcher(terms).find("the halls", is_english=True)
        assert [each.term for each in chosen(matches, lambda _: True)] == [many]


def test_a_term_in_its_case_goes_before_one_in_any() -> None:
    some, exact = Term("Grace", keep=True), Term("grace", keep=True, case_sensitive=True)
    matches = Matcher([some, exact]).find("grace", is_english=True)
    assert [each.term for each in chosen(matches, lambda _: True)] == [exact]


@given(st.lists(st.text(), max_size=5), st.text())
def test_any_terms_and_any_text_give_spans_in_order(sources: list[str], text: str) -> None:
    matcher = Matcher(Term(source, keep=True) for source in sources)
    behind = 0
    for match in chosen(matcher.find(text, is_english=True), lambda _: True):
        assert behind <= match.start < match.end <= len(text)
        behind = match.end
