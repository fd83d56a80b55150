"""Word error rate, and which heard word is which said one."""

import pytest

from infra.local.dictation.word_errors import count_errors, heard_as


@pytest.mark.parametrize(
    ("said", "heard", "substituted", "missed", "invented", "rate"),
    [
        ("a b c d", "a b c d", 0, 0, 0, 0.0),
        ("a b c d", "a x c d", 1, 0, 0, 0.25),
        ("a b c d", "a c d", 0, 1, 0, 0.25),
        ("a b c d", "a b b c d", 0, 0, 1, 0.25),
        ("a b c d", "", 0, 4, 0, 1.0),
        ("", "a", 0, 0, 1, 1.0),
        ("a", "x y z", 1, 0, 2, 3.0),
    ],
)
def test_errors_are_counted(
    said: str, heard: str, substituted: int, missed: int, invented: int, rate: float
) -> None:
    errors = count_errors(said.split(), heard.split())
    counted = (errors.substituted, errors.missed, errors.invented)
    assert (counted, errors.rate) == ((substituted, missed, invented), rate)


def test_the_line_says_what_went_wrong() -> None:
    line = str(
        count_errors("the old church by the river".split(), "the cold church by river".split())
    )
    assert line == "word error rate 33.3 %  of 6 words: 1 substituted, 1 missed, 0 invented"


@pytest.mark.parametrize(
    ("said", "heard", "places"),
    [
        ("a b c", "a b c", [0, 1, 2]),
        ("a b c", "a x c", [0, 1, 2]),
        ("a b c", "a c", [0, None, 1]),
        ("a b c", "z a b y c", [1, 2, 4]),
        ("a b", "", [None, None]),
    ],
)
def test_a_said_word_is_found_among_the_heard_ones(
    said: str, heard: str, places: list[int | None]
) -> None:
    assert heard_as(said.split(), heard.split()) == places
