"""What an engine may answer to `SENTENCE` in place of a translation."""

from collections.abc import Mapping

SENTENCE = "Good evening everyone, and welcome."

ANSWERS: Mapping[str, object] = {
    "nothing": None,
    "bytes": b"Buenas noches",
    "a number": 7,
    "a list": ["Buenas noches"],
    "an object": {"TranslatedText": "Buenas noches"},
    "half a surrogate pair": "Buenas noches \ud83d",
    "an empty text": "",
    "spaces": "   ",
    "a zero-width space": "\u200b",
    "a byte order mark": "\ufeff",
    "controls": "\x00\x1b\u202e\u202c",
    "a mark without a letter": "\u0301",
    "a filler": "\u3164",
    "fifty times the text": SENTENCE * 50,
    "a text without end": "noche " * 100_000,
    "the text itself": SENTENCE,
    "the text itself, shouted": SENTENCE.upper(),
    "the text itself, in other spaces": f" {SENTENCE}\n\n",
}
"""Each is a failed translation."""
