"""What may be said: odd text is text, too much of it is refused."""

import unicodedata
from collections.abc import Mapping

from chalice_app.wire.incoming import MAX_TEXT_CHARACTERS

TEXTS: Mapping[str, str] = {
    "as long as may be": "word " * (MAX_TEXT_CHARACTERS // 5),
    "as many emoji as may be": "\N{GRINNING FACE}" * MAX_TEXT_CHARACTERS,
    "one word": "x" * 4_000,
    "wide characters": "wide \u5b57 " * 571 + "end",
    "control": "a\0b \x07\x1b[31m c",
    "bell and NUL": "bell\x07 and null\x00",
    "markup": "^ $ / \\ [] {} @ # <b>&amp;</b> ^\\^",
    "bidi": "\u202eright to left\u202c \u05e9\u05dc\u05d5\u05dd",
    "right to left": "\u200f\u05e9\u05dc\u05d5\u05dd\u200e, hello",
    "unicode": "e\u0301 \ufeff \ufffe \U0010ffff",
    "composed": unicodedata.normalize("NFC", "\xc5ngstr\xf6m caf\xe9 Vi\u1ec7t"),
    "decomposed": unicodedata.normalize("NFD", "\xc5ngstr\xf6m caf\xe9 Vi\u1ec7t"),
    "stacked marks": "Z\u0338\u0322\u0349a\u0337\u031b\u0331"
    "l\u0335\u0319\u033eg\u0334\u0331\u0308o",
    "dotted capital": "\u0130stanbul",
    "emoji": "Well done \U0001f469\u200d\U0001f4bb\U0001f1ea\U0001f1f8!",
    "a message": '{"type":"sessionEnded","reason":"no"}',
    "SQL": "'; DROP TABLE sessions; --",
}

TOO_LONG: Mapping[str, str] = {
    "one too many": "a" * (MAX_TEXT_CHARACTERS + 1),
    "one emoji too many": "\N{GRINNING FACE}" * (MAX_TEXT_CHARACTERS + 1),
    "as much as a frame holds": "word " * 25_000,
}
"""TEXT_TOO_LONG."""

WITHOUT_LETTERS: Mapping[str, str] = {
    "an ellipsis": "\u2026",
    "an emoji": "\N{THUMBS UP SIGN}",
    "a family and a flag": "\U0001f469\u200d\U0001f4bb \U0001f1ea\U0001f1f8",
    "a digit": "7",
    "a time": "12:30",
    "exclamation marks": "!!!",
    "degrees": "\u2103",
    "Arabic digits": "\u0661\u0662",
    "a price": "$ 5.00 - 7.50",
}
"""The same in every language."""
