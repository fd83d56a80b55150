"""Words that sound alike are spelled in one way before they are compared."""

import pytest

from infra.local.dictation.spoken_words import spoken_words


@pytest.mark.parametrize(
    ("written", "heard"),
    [
        ("Good morning, EVERYONE!", "good morning everyone"),
        ("It’s Robert's bread.", "it's robert's bread"),
        ("“Well-known” words – here", "well known words here"),
        ("two hundred and fifty people", "250 people"),
        ("in nineteen twenty one", "in 1921"),
        ("in nineteen twenty-one,", "in 19 21"),
        ("at nine thirty a.m.", "at 9:30 am"),
        ("eighty five thousand pounds", "£85,000"),
        ("on the twenty-first of May", "on the 21st of may"),
        ("the second and third row", "the 2nd and 3rd row"),
        ("forty percent", "40%"),
        ("four point five metres", "4.5 metres"),
        ("salt and pepper", "salt & pepper"),
        ("U.S. law", "US law"),
        ("Mister Collins and Doctor Wilson", "Mr. Collins and Dr Wilson"),
        ("Cafe\u0301", "café"),
    ],
)
def test_two_spellings_of_the_same_sound_are_the_same(written: str, heard: str) -> None:
    assert spoken_words(written, "en") == spoken_words(heard, "en")


@pytest.mark.parametrize(
    ("said", "heard"),
    [("nineteen", "ninety"), ("it's", "its"), ("two fifty", "two fifteen"), ("bread", "red")],
)
def test_words_that_sound_different_stay_different(said: str, heard: str) -> None:
    assert spoken_words(said, "en") != spoken_words(heard, "en")


@pytest.mark.parametrize(
    ("language", "text", "words"),
    [
        ("pt-BR", "Vinte e uma pessoas.", ["21", "pessoas"]),
        ("ja", "これは文です。", list("これは文です")),
        ("zh", "我有2本书", ["我", "有", "2", "本", "书"]),
        ("hi", "नमस्ते दुनिया।", ["नमस्ते", "दुनिया"]),
        ("gl", "Boa tarde, vinte", ["boa", "tarde", "vinte"]),
        ("en", " ... ", []),
    ],
)
def test_every_language_has_words(language: str, text: str, words: list[str]) -> None:
    assert spoken_words(text, language) == words
