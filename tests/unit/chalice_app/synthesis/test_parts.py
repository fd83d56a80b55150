"""What is said of a caption: nothing that no voice says, and a long one in parts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalice_app.synthesis.parts import FIRST_BYTES, PART_BYTES, is_speakable, parts_of
from tests.fakes.synthesis import MOST_CHARACTERS

SENTENCE = "Four score and seven years ago our fathers brought forth a new nation. "


def test_a_usual_caption_is_one_part() -> None:
    assert parts_of("Hello, world.") == ["Hello, world."]
    assert parts_of("a" * PART_BYTES) == ["a" * PART_BYTES]


@pytest.mark.parametrize("length", [3_000, 4_000])
def test_a_long_text_starts_early_and_loses_nothing(length: int) -> None:
    text = (SENTENCE * 60)[:length].strip()
    first, *others = parts = parts_of(text)
    assert len(first.encode()) <= FIRST_BYTES
    assert all(len(each.encode()) <= PART_BYTES for each in others)
    assert " ".join(parts) == text
    assert len(parts) <= 2 + length // (PART_BYTES // 2)


def test_parts_end_with_sentences_where_there_are_any() -> None:
    first, *others = parts_of(SENTENCE * 8)
    assert first == SENTENCE.strip()
    assert all(each.endswith("nation.") for each in others)


def test_a_script_without_spaces_is_cut_between_its_characters() -> None:
    text = "八十七年前我们的先辈在这个大陆上创立了一个新的国家" * 40
    parts = parts_of(text)
    assert "".join(parts) == text
    assert max(len(each) for each in parts) <= PART_BYTES // 3


def test_what_no_voice_says_is_left_out() -> None:
    assert parts_of("one\x00two\x1b[0m\nthree\u202e four\ufffe\ue000") == ["one two [0m three four"]


@pytest.mark.parametrize("text", ["", " ", "👍🎉", "...", "—", "\u200b", "\x00\x01", "¿?"])
def test_what_says_nothing_has_no_part(text: str) -> None:
    assert not is_speakable(text)
    assert parts_of(text) == []


@pytest.mark.parametrize("text", ["a", "12:30", "八", "👍 yes", "३"])
def test_letters_and_digits_are_spoken(text: str) -> None:
    assert is_speakable(text)
    assert parts_of(text) == [text]


def test_a_part_that_says_nothing_is_left_out() -> None:
    assert parts_of(SENTENCE * 5 + "👍" * 200)[-1].startswith("Four score")


@given(st.text(max_size=4_000))
def test_every_text_has_parts_that_polly_takes(text: str) -> None:
    for part in parts_of(text):
        assert 0 < len(part) <= PART_BYTES < MOST_CHARACTERS
        assert part == part.strip()
        assert is_speakable(part)
        assert part.isprintable() or any(ord(each) > 0x7F for each in part)
