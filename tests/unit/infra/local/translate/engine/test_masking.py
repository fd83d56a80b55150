"""What is no language comes through every model unchanged."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.translate.engine.masking import Translate, around_space, masked
from infra.local.translate.engine.shielded_tokens import shield

SHIELD = shield("en")
LETTERS_OF_MARKUP = st.text(alphabet="aX1 <>/{}@#.\\^&;:%=_\"'()é😀\t\n", max_size=120)


def shout(text: str) -> str:
    """A translation that keeps stand-ins."""
    return text.upper()


def forget(text: str) -> str:
    """A translation that loses them."""
    return re.sub(r"X\d+X", "", text).upper()


def mix_up(text: str) -> str:
    """A translation that says one twice."""
    return text.upper().replace("X1X", "X0X")


PIECES = [
    ("see https://example.com/a?b=c&d=1.", "SEE https://example.com/a?b=c&d=1."),
    ("go to example.com, please", "GO TO example.com, PLEASE"),
    ("mail j.doe+x@example.co.uk!", "MAIL j.doe+x@example.co.uk!"),
    ('<b>bold</b> and <a href="x y">link</a>', '<b>BOLD</b> AND <a href="x y">LINK</a>'),
    ("hi {name}, {{ user }} has ${count}", "HI {name}, {{ user }} HAS ${count}"),
    ("%s of %(total)d and %1$s, or 10% less", "%s OF %(total)d AND %1$s, OR 10% LESS"),
    ("ask @anna about #topic", "ASK @anna ABOUT #topic"),
    ("fish &amp; chips &#39;n&#39; peas", "FISH &amp; CHIPS &#39;N&#39; PEAS"),
    ("run `make test` in C:\\dir, not /usr/bin", "RUN `make test` IN C:\\dir, NOT /usr/bin"),
    ("a snake_case word ^ caret", "A snake_case WORD ^ CARET"),
    ("x7x is mine", "x7x IS MINE"),
    ("one " + "y" * 60 + " two", "ONE " + "y" * 60 + " TWO"),
]


@pytest.mark.parametrize(("text", "expected"), PIECES)
@pytest.mark.parametrize("translate", [shout, forget, mix_up])
def test_pieces_come_back_even_from_a_model_that_loses_them(
    text: str,
    expected: str,
    translate: Translate,
) -> None:
    assert masked(SHIELD, text, translate) == expected


def test_letters_are_parted_from_a_piece_for_the_model_alone() -> None:
    seen: list[str] = []

    def translate(text: str) -> str:
        seen.append(text)
        return text

    assert masked(SHIELD, "<i>hello</i>!", translate) == "<i>hello</i>!"
    assert seen == ["X0X hello X1X!"]


@pytest.mark.parametrize("text", ["", "  ", "12:30", "<br>", "{a} {b}", "<a@b.cd> ..."])
def test_text_without_letters_of_its_own_reaches_no_model(text: str) -> None:
    assert masked(SHIELD, text, forget) == text


def test_a_sentence_that_ends_in_an_abbreviation_ends_in_a_stop_for_the_model() -> None:
    seen: list[str] = []

    def translate(text: str) -> str:
        seen.append(text)
        return text

    assert masked(SHIELD, "come at 9 a.m.", translate) == "come at 9 a.m."
    assert masked(SHIELD, "come at 9 a.m., or not", lambda _: "não X1000X.") == "não 9 a.m."
    assert seen == ["come at X1000X."]


def test_what_is_nearly_all_markup_costs_no_model_call() -> None:
    def refuse(text: str) -> str:
        raise AssertionError(text)

    text = "{a} b " * 40
    assert masked(SHIELD, text, refuse) == text


@given(LETTERS_OF_MARKUP)
def test_a_translation_that_changes_nothing_gives_the_text_back(text: str) -> None:
    assert masked(SHIELD, text, lambda sentence: sentence) == text


def test_white_space_round_a_text_is_not_the_models_business() -> None:
    assert around_space(" \thi there\n", shout) == " \tHI THERE\n"
    assert around_space(" 1 ", forget) == " 1 "
