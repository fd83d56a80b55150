"""Words and Transcribe's items."""

import pytest

from infra.local.transcribe.words import Word, items, joined, transcript


def texts(words: list[Word]) -> list[tuple[str, str]]:
    return [(word.text, word.marks) for word in words]


@pytest.mark.parametrize(
    ("pieces", "words"),
    [
        ([" Good", " morning", ","], [("Good", ""), ("morning", ",")]),
        ([" about", " 12", ",", "000", " cars"], [("about", ""), ("12,000", ""), ("cars", "")]),
        ([" $", "4", ".", "5"], [("4.5", "")]),
        ([" wait", "..."], [("wait", "")]),
        ([" -"], []),
        ([], []),
    ],
)
def test_pieces_become_words_with_their_marks(
    pieces: list[str], words: list[tuple[str, str]]
) -> None:
    found = joined((piece, n * 0.1, n * 0.1 + 0.1, 0.9) for n, piece in enumerate(pieces))
    assert [(text.lstrip("$"), marks) for text, marks in texts(found)] == words


def test_marks_are_items_of_their_own_behind_their_word() -> None:
    words = [Word("Hello", 0.1, 0.5, ","), Word("you", 0.6, 0.8, ".")]
    kinds = [
        (each["Content"], each["Type"], each["StartTime"], each["EndTime"], each["Stable"])
        for each in items(words, stable=2, marks_stable=1)
    ]
    assert kinds == [
        ("Hello", "pronunciation", 0.1, 0.5, True),
        (",", "punctuation", 0.5, 0.5, True),
        ("you", "pronunciation", 0.6, 0.8, True),
        (".", "punctuation", 0.8, 0.8, False),
    ]
    assert transcript(words) == "Hello, you."
