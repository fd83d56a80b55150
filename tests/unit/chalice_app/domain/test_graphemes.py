"""What a reader takes for one character is one grapheme."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalice_app.domain.graphemes import graphemes

WHOLE = {
    "a letter with a mark": "e\u0301",
    "a letter with many marks": "Z\u0338\u0322\u0349\u0337",
    "a keycap": "1\ufe0f\u20e3",
    "a family": "👨\u200d👩\u200d👧\u200d👦",
    "a woman with a laptop": "👩\u200d💻",
    "a skin tone": "👍🏽",
    "a heart in colour": "❤\ufe0f",
    "a flag": "🇪🇸",
    "the flag of Scotland": "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "a pirates' flag": "🏴\u200d☠\ufe0f",
    "Hangul in pieces": "\u1112\u1161\u11ab",
    "Hangul half composed": "\ud558\u11ab",
    "Devanagari": "नि",
    "a conjunct": "क्षि",
    "Tamil": "நி",
    "Thai": "นำ",
    "half-width kana": "ｶﾞ",
    "a line's end": "\r\n",
    "an Arabic number sign": "\u06dd1",
}


@pytest.mark.parametrize("text", WHOLE.values(), ids=WHOLE)
def test_what_belongs_together_is_whole(text: str) -> None:
    assert list(graphemes(f"x{text}y")) == ["x", text, "y"]
    assert list(graphemes(text * 2)) == [text] * 2


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("abc", 3),
        ("語学", 2),
        ("한국", 2),
        ("😀😀", 2),
        ("🇪🇸🇫🇷🇩🇪", 3),
        ("🇪🇸🇫", 2),
        ("a\n\nb", 4),
    ],
)
def test_other_characters_are_counted_each(text: str, count: int) -> None:
    assert len(list(graphemes(text))) == count


ODD = st.text(st.sampled_from("ae\u0301🇪🇸👩\u200d💻한\u1112\u1161क्ष\r\n ")) | st.text()


@given(ODD)
def test_joined_they_are_the_text(text: str) -> None:
    assert "".join(graphemes(text)) == text
    assert all(graphemes(text))
