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
def test_every_word_is_short_in_plain_letters_and_in_order(words: list[str]) -> None:
    assert words == sorted(set(words))
    assert all(re.fullmatch("[a-z]{3,9}", word) for word in words)


def test_no_word_is_in_both_lists() -> None:
    assert not set(ADJECTIVES) & set(NOUNS)


def without_one_letter(word: str, hole: str = "") -> set[str]:
    return {f"{word[:place]}{hole}{word[place + 1 :]}" for place in range(len(word))}


@pytest.mark.parametrize("words", [ADJECTIVES, NOUNS])
def test_no_word_becomes_another_by_one_letter(words: list[str]) -> None:
    others: set[str] = set()
    for word in words:
        assert not without_one_letter(word) & set(words)
        assert not without_one_letter(word, "?") & others
        others |= without_one_letter(word, "?")


ATTACKERS_ADDRESSES, GUESSES_PER_MINUTE, MINUTES, OPEN_SESSIONS = 100, 10, 10, 50


def test_an_open_session_is_not_found_by_trying_names() -> None:
    names = len(ADJECTIVES) * len(NOUNS) * 900
    assert names >= 80_000_000
    guesses = ATTACKERS_ADDRESSES * GUESSES_PER_MINUTE * MINUTES
    assert 1 - (1 - OPEN_SESSIONS / names) ** guesses < 0.01


def test_each_part_of_a_name_is_drawn_from_all_that_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[object] = []

    def choice(words: list[str]) -> str:
        drawn.append(words)
        return words[-1]

    def randbelow(limit: int) -> int:
        drawn.append(limit)
        return limit - 1

    monkeypatch.setattr("secrets.choice", choice)
    monkeypatch.setattr("secrets.randbelow", randbelow)
    assert new_session_name() == f"{ADJECTIVES[-1]}-{NOUNS[-1]}-999"
    assert drawn == [ADJECTIVES, NOUNS, 900]


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
