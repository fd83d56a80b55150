"""Sentences are found and cut without losing a character."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.translate.engine.sentences import clauses, each_sentence


def in_brackets(sentence: str) -> str:
    return f"[{sentence}]"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two!  Three?", "[One.] [Two!]  [Three?]"),
        ("  Lead and trail \n", "  [Lead and trail] \n"),
        (
            "A line\nand another\r\n\r\n\tTwo  more.",
            "[A line]\n[and another]\r\n\r\n\t[Two  more.]",
        ),
        ("Mr. A paid $5.50 in the U.S. today.", "[Mr. A paid $5.50 in the U.S. today.]"),
        ("1.\n...\n", "1.\n...\n"),
        (" \t\n", " \t\n"),
        ("", ""),
    ],
)
def test_sentences_are_translated_and_the_white_space_between_them_stays(
    text: str, expected: str
) -> None:
    assert each_sentence(text, "en", in_brackets) == expected


@pytest.mark.parametrize(
    "sentence",
    [
        'See <a title="One. Two.">this</a>.',
        "Go to https://example.com/a?b=Hi!x and come back.",
        "Write to j.doe@example.com. now.",
    ],
)
def test_a_stop_inside_markup_ends_no_sentence(sentence: str) -> None:
    inside: list[str] = []

    def translate(part: str) -> str:
        inside.append(part)
        return part

    each_sentence(sentence, "en", translate)
    assert not any("<a" in part and ">" not in part for part in inside)
    assert "".join(inside).replace(" ", "") == sentence.replace(" ", "")


@given(st.text(max_size=300))
def test_a_translation_that_changes_nothing_gives_the_text_back(text: str) -> None:
    assert each_sentence(text, "en", lambda sentence: sentence) == text


def test_an_overlong_sentence_is_cut_after_a_clause() -> None:
    sentence = "We came, we saw; we conquered, and then we went home again at last"
    assert list(clauses(sentence, 40)) == [
        "We came, we saw; we conquered,",
        "and then we went home again at last",
    ]


def test_without_a_clause_it_is_cut_between_words_and_an_endless_word_anywhere() -> None:
    assert list(clauses("one two three four", 9)) == ["one two", "three", "four"]
    assert list(clauses("x" * 25, 10)) == ["x" * 10, "x" * 10, "x" * 5]


@pytest.mark.parametrize(
    ("sentence", "longest", "expected"),
    [
        ("長い文。短い、文です", 9, ["長い文。", "短い、文です"]),
        ("長い、文です", 5, ["長い、", "文です"]),
        ("長い文です", 3, ["長い文", "です"]),
        ("xxe\u0301", 3, ["xx", "e\u0301"]),
        ("\U0001f1e9\U0001f1ea" * 2, 3, ["\U0001f1e9\U0001f1ea"] * 2),
        ("👩\u200d👧👩", 3, ["👩\u200d👧", "👩"]),
    ],
)
def test_without_spaces_it_is_cut_at_a_stop_else_between_graphemes(
    sentence: str, longest: int, expected: list[str]
) -> None:
    assert list(clauses(sentence, longest)) == expected


@pytest.mark.parametrize("text", ["a\nb\nc", "I\nA\no", "a\r\n\r\ne\n"])
def test_lines_stay_lines(text: str) -> None:
    assert each_sentence(text, "en", str) == text


def test_a_lists_mark_is_no_part_of_the_sentence() -> None:
    assert each_sentence("a) Open it.\n iv. Shut it.", "en", in_brackets) == (
        "[a)] [Open it.]\n [iv.] [Shut it.]"
    )


@given(st.text(alphabet="ab ,.;", max_size=200), st.integers(5, 50))
def test_no_piece_is_too_long_and_none_is_lost(sentence: str, longest: int) -> None:
    pieces = list(clauses(sentence, longest))
    assert all(len(piece) <= longest for piece in pieces)
    assert "".join(pieces).replace(" ", "") == sentence.replace(" ", "")
