"""What shows nothing, what has letters, what can be written as UTF-8."""

import pytest

from chalice_app.domain.characters import has_letters, is_unicode, one_line, shows_nothing


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", ""),
        ("a\r\nb", "a b"),
        (" a\t\u2028\u2029\x00b\x7f\x85 ", "a b"),
        ("a\u3000b", "a b"),
        ("\u202ea\u2066b\u200f", "ab"),
        ("👩\u200d💻 a\u200cb", "👩\u200d💻 a\u200cb"),
    ],
)
def test_a_line_has_neither_controls_nor_marks_of_direction(text: str, line: str) -> None:
    assert one_line(text) == line


@pytest.mark.parametrize(
    "text",
    ["", " ", "\t\r\n\u3000", "\u200b", "\u200b\ufeff\u2060", "\x00\x1f", "\u202e\u202c", "\u00ad",
     "\u0301", "\ufe0f", "\u2028", "\u3164", "\u115f\u1160\uffa0", "\u2800\u2800"],
)  # fmt: skip
def test_nothing_is_seen_of_spaces_controls_and_marks_without_a_letter(text: str) -> None:
    assert shows_nothing(text)
    assert not has_letters(text)


@pytest.mark.parametrize(
    "text",
    [
        "…",
        "👍",
        "7",
        "12:30",
        "!!!",
        "℃",
        "٣",
        "+49 30 1234",
        "👩‍💻🇪🇸",
        "$ 5.00",
        "—",
        "½",
        "①",
        "3 + 4 = 7",
    ],
)
def test_digits_signs_and_emoji_are_seen_and_are_not_letters(text: str) -> None:
    assert not shows_nothing(text)
    assert not has_letters(text)


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "3rd",
        "語",
        "か",
        "한",
        "\u1112\u1161\u11ab",
        "कि",
        "க்",
        "ไทย",
        "שלום",
        "1º",
        "👍 ok",
        "\U0001d407",
    ],
)
def test_letters_are_letters_in_every_script(text: str) -> None:
    assert has_letters(text)
    assert not shows_nothing(text)


def test_half_a_surrogate_pair_is_not_unicode() -> None:
    assert is_unicode("a 😀 \ufffe")
    assert not is_unicode("a \ud83d")
