"""Names that can be read out in a hall."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalice_app.domain.session_names import ADJECTIVES, NOUNS, is_session_name, new_session_name


def test_a_new_name_is_a_name() -> None:
    for _ in range(500):
        assert is_session_name(new_session_name())


def test_a_name_is_an_adjective_a_noun_and_three_digits() -> None:
    adjective, noun, number = new_session_name().split("-")
    assert adjective in ADJECTIVES
    assert noun in NOUNS
    assert 100 <= int(number) <= 999


@pytest.mark.parametrize("words", [ADJECTIVES, NOUNS])
def test_every_word_is_there_once_and_in_plain_letters(words: list[str]) -> None:
    assert len(set(words)) == len(words)
    assert all(re.fullmatch("[a-z]{2,20}", word) for word in words)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "golden-eagle",
        "golden-eagle-42",
        "golden-eagle-042",
        "golden-eagle-1000",
        "Golden-eagle-427",
        "golden_eagle_427",
        "golden-eagle-427\n",
        "golden-eagle-427#1780000000000#1",
        "gölden-eagle-427",
        "golden-eagle-٤٢٧",
    ],
)
def test_what_only_looks_like_a_name_is_none(text: str) -> None:
    assert not is_session_name(text)


@given(st.text())
def test_no_text_breaks_the_check(text: str) -> None:
    assert is_session_name(text) in {True, False}


@pytest.mark.parametrize(("drawn", "number"), [(0, "100"), (899, "999")])
def test_a_name_ends_with_a_number_of_three_digits(
    monkeypatch: pytest.MonkeyPatch, drawn: int, number: str
) -> None:
    def randbelow(limit: int) -> int:
        assert limit == 900
        return drawn

    monkeypatch.setattr("secrets.randbelow", randbelow)
    assert new_session_name().rpartition("-")[2] == number


def test_every_word_can_be_part_of_a_name() -> None:
    assert all(is_session_name(f"{each}-{each}-100") for each in [*ADJECTIVES, *NOUNS])
