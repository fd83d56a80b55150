"""What a word is, in any script."""

import pytest

from chalice_app.glossary.words import gap, plurals, words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Grace Hall, 2nd floor!", ["Grace", "Hall", "2nd", "floor"]),
        ("O'Connor", ["O", "Connor"]),
        ("cafe\u0301 na\u00efve", ["caf\u00e9", "na\u00efve"]),
        ("\u0939\u093f\u0928\u094d\u0926\u0940 \u092d\u093e\u0937\u093e",
         ["\u0939\u093f\u0928\u094d\u0926\u0940", "\u092d\u093e\u0937\u093e"]),
        ("\u0645\u06cc\u200c\u0631\u0648\u0645", ["\u0645\u06cc\u200c\u0631\u0648\u0645"]),
        ("AI\u6771\u4eac", ["AI", "\u6771", "\u4eac"]),
        ("\u0e01\u0e48\u0e32", ["\u0e01\u0e48", "\u0e32"]),
        ("end\u200d", ["end"]),
        ("\u0301", []),
        ("", []),
    ],
)  # fmt: skip
def test_a_word_is_letters_digits_and_their_marks(text: str, found: list[str]) -> None:
    assert [word.exact for word in words(text)] == found
    assert all(text[word.start : word.end] for word in words(text))


def test_words_are_compared_without_case() -> None:
    assert [word.folded for word in words("STRASSE stra\u00dfe")] == ["strasse", "strasse"]


def test_apostrophes_hyphens_and_spaces_are_alike_between_words() -> None:
    assert gap("\u2019") == gap("'")
    assert gap(" \u2011 \u00a0") == gap(" - ")
    assert gap("\n") != gap(" ")


@pytest.mark.parametrize(
    ("word", "forms"),
    [
        ("hall", ("halls",)),
        ("church", ("churches",)),
        ("Box", ("Boxes",)),
        ("lady", ("ladies", "ladys")),
        ("boy", ("boys",)),
        ("leaf", ("leafs", "leaves")),
        ("wife", ("wifes", "wives")),
        ("hero", ("heros", "heroes")),
        ("747", ("747s",)),
        ("caf\u00e9", ("caf\u00e9s",)),
        ("\u0434\u043e\u043c", ()),
        ("", ()),
    ],
)
def test_english_puts_its_endings_on_latin_words(word: str, forms: tuple[str, ...]) -> None:
    assert plurals(word) == forms
