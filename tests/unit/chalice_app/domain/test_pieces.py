# ruff: noqa: RUF001  # the stops of other scripts are what is tested
"""A long text is cut where it hurts the least, and nothing of it is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalice_app.domain.graphemes import graphemes
from chalice_app.domain.pieces import pieces

LIMITS = st.integers(4, 40)
TEXTS = st.text(st.sampled_from("ab é語😀 \n\t\u3000.。、,!"), max_size=120) | st.text()


@given(TEXTS, LIMITS)
def test_no_piece_is_over_the_limit_and_joined_they_are_the_text(text: str, limit: int) -> None:
    cut = list(pieces(text, limit))
    assert "".join(cut) == text
    assert all(0 < len(piece.encode()) <= limit for piece in cut)


@given(st.lists(st.text("abcé", min_size=1, max_size=5), max_size=30), st.integers(11, 40))
def test_no_word_is_cut_that_is_within_the_limit(words: list[str], limit: int) -> None:
    cut = [piece.split() for piece in pieces(" ".join(words), limit)]
    assert [word for piece in cut for word in piece] == words


@given(TEXTS)
def test_a_text_within_the_limit_is_one_piece(text: str) -> None:
    limit = max(4, len(text.encode()))
    assert list(pieces(text, limit)) == ([text] if text else [])


SENTENCES = {
    "Japanese": "これは長い文です。",
    "Japanese, said by somebody": "「これは長い文です！」",
    "Chinese": "这是一个很长的句子？",
    "half-width": "ｺﾚﾊﾅｶﾞｲ｡",
    "English": "This is a sentence of some length. ",
    "quoted": "\u201cIs it over?\u201d ",
    "with numbers": "It costs 3.14 at example.com today! ",
    "Hindi": "यह एक लंबा वाक्य है। ",
    "Hindi without spaces between": "यह एक लंबा वाक्य है।",
    "Arabic": "هل هذه جملة طويلة؟ ",
    "Urdu": "یہ ایک لمبا جملہ ہے۔ ",
    "Armenian": "Սա երկար նախադասություն է։ ",
    "Amharic": "ይህ ረጅም ዓረፍተ ነገር ነው። ",
    "lines": "A line without a stop\n",
}


@pytest.mark.parametrize("sentence", SENTENCES.values(), ids=SENTENCES)
def test_a_text_is_cut_at_the_ends_of_its_sentences(sentence: str) -> None:
    text = sentence * 400
    limit = 1_000
    cut = list(pieces(text, limit))
    assert "".join(cut) == text
    assert len(cut) > 1
    assert {piece.replace(sentence, "") for piece in cut} == {""}
    assert max(len(piece.encode()) for piece in cut) > limit - len(sentence.encode())


def test_a_sentence_in_japanese_is_never_cut_inside_a_word() -> None:
    # 400 times, as a speaker's prompter may paste it: 10,800 bytes.
    cut = list(pieces("これは長い文です。" * 400, 10_000))
    assert [len(piece) for piece in cut] == [3_330, 270]
    assert all(piece.endswith("。") for piece in cut)


CLAUSES = {
    "Japanese": "これはとても長い文で、",
    "Chinese": "这是一个很长的句子，",
    "English": "and it goes on and on, ",
    "a dash": "and it goes on - ",
    "Arabic": "وهذه جملة طويلة جدا، ",
    "Thousands are not clauses": "it has 1,000 words; ",
}


@pytest.mark.parametrize("clause", CLAUSES.values(), ids=CLAUSES)
def test_a_sentence_over_the_limit_is_cut_between_its_clauses(clause: str) -> None:
    cut = list(pieces(clause * 40, 200))
    assert {piece.replace(clause, "") for piece in cut} == {""}


def test_a_short_sentence_stays_whole_beside_a_long_one() -> None:
    assert list(pieces("Yes. " + "word " * 10 + "No.", 24)) == [
        "Yes. word word word ",
        "word word word word ",
        "word word word No.",
    ]


FAMILY = "👨\u200d👩\u200d👧\u200d👦"
CHARACTERS = ["e\u0301", "👩\u200d💻", FAMILY, "🇪🇸", "👍🏽", "\u1112\u1161\u11ab", "क्षि", "நி"]


@pytest.mark.parametrize("character", CHARACTERS)
@pytest.mark.parametrize("limit", [100, 101, 102, 103])
def test_no_character_is_cut(character: str, limit: int) -> None:
    text = character * 200
    cut = list(pieces(text, limit))
    assert "".join(cut) == text
    assert [each for piece in cut for each in graphemes(piece)] == [character] * 200


def test_a_character_that_is_itself_too_large_is_cut() -> None:
    text = "Z" + "\u0301" * 100
    assert "".join(pieces(text, 20)) == text
    assert max(len(piece.encode()) for piece in pieces(text, 20)) <= 20


def test_a_word_that_fits_is_not_cut_and_one_that_does_not_is_cut_anywhere() -> None:
    assert list(pieces("ab " + "x" * 20, 20)) == ["ab ", "x" * 20]
    assert list(pieces("ab " + "x" * 21, 20)) == ["ab " + "x" * 15, "x" * 6]
    assert list(pieces("", 20)) == []
    assert list(pieces("a b", 20)) == ["a b"]
    assert list(pieces("é" * 10, 20)) == ["é" * 10]
