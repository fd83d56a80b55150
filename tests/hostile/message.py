"""What a client may send over its WebSocket."""

import json
from collections.abc import Mapping
from typing import NamedTuple

from chalice_app.wire.incoming import MAX_SEQUENCE
from infra.local.gateway.limits import MAX_MESSAGE_BYTES
from tests.hostile.language import LANGUAGES
from tests.hostile.sentence import TOO_LONG


class Bad(NamedTuple):
    """A frame, the error's code, and a word that the error's message must have."""

    frame: str | bytes
    code: str = "BAD_MESSAGE"
    says: str = ""


def _action(value: object) -> Bad:
    return Bad(json.dumps({"action": value}), says="action must be speak, changeLanguage")


def _sequence(literal: str, says: str = "sequence") -> Bad:
    return Bad(f'{{"action":"speak","sequence":{literal},"text":"Hello."}}', says=says)


def _text(value: object) -> Bad:
    return Bad(json.dumps({"action": "speak", "sequence": 1, "text": value}), says="text")


def _half(pair: str) -> Bad:
    return Bad(f'{{"action":"speak","sequence":1,"text":"{pair}"}}', says="surrogate")


MALFORMED: Mapping[str, Bad] = {
    "empty": Bad(""),
    "blank": Bad("  \n "),
    "no JSON": Bad("hello"),
    "a word cut off": Bad("nul"),
    "an opening brace": Bad("{"),
    "cut off": Bad('{"action":"heartbeat"'),
    "two messages": Bad('{"action":"heartbeat"}{"action":"heartbeat"}'),
    "single quotes": Bad("{'action':'heartbeat'}"),
    "byte order mark": Bad('\ufeff{"action":"heartbeat"}'),
    "byte order mark and no action": Bad("\ufeff{}"),
    "NUL": Bad("\0"),
    "the word None": Bad("None"),
    "the word NaN": Bad("NaN"),
    "null": Bad("null"),
    "an empty list": Bad("[]"),
    "a list": Bad('[{"action":"heartbeat"}]'),
    "a string": Bad('"heartbeat"'),
    "a number": Bad("7"),
    "5,000 digits alone": Bad("1" * 5_000),
    "no action": Bad("{}"),
    "action null": _action(None),
    "action empty": _action(""),
    "action a number": _action(1),
    "action a list": _action(["heartbeat"]),
    "action an object": _action({"action": "heartbeat"}),
    "action NaN": Bad('{"action":NaN}'),
    "action a lone surrogate": _action("\ud800"),
    "unknown action": _action("dance"),
    "action in capitals": Bad('{"action":"SPEAK","sequence":1,"text":"Hello."}'),
    "action with a capital": _action("Speak"),
    "a route of the gateway": _action("$disconnect"),
    "deep lists": Bad("[" * 60_000),
    "deeper lists": Bad("[" * 100_000),
    "deep objects": Bad('{"action":' * 12_000),
    "deep and closed": Bad('{"action":"heartbeat","x":' + "[" * 50_000 + "]" * 50_000 + "}"),
    "NaN": _sequence("NaN", says=""),
    "NaN elsewhere": Bad('{"action":"heartbeat","x":NaN}'),
    "Infinity": _sequence("-Infinity", says=""),
    "beyond a float": _sequence("1e999", says=""),
    "5,000 digits": _sequence("9" * 5_000, says=""),
    "sequence beyond 2^53": _sequence(str(MAX_SEQUENCE + 1)),
    "sequence 0": _sequence("0"),
    "sequence negative": _sequence("-1"),
    "sequence a fraction": _sequence("1.5"),
    "sequence a float": _sequence("1.0"),
    "sequence true": _sequence("true"),
    "sequence a string": _sequence('"1"'),
    "sequence a list": _sequence("[1]"),
    "sequence null": _sequence("null"),
    "no sequence": Bad('{"action":"speak","text":"Hello."}', says="sequence"),
    "no text": Bad('{"action":"speak","sequence":1}', says="text"),
    "text null": _text(None),
    "text empty": _text(""),
    "text blank": _text(" \t\n\u2003"),
    "text an ideographic space": _text("\u3000"),
    "text a zero-width space": _text("\u200b"),
    "text joiners": _text("\u200d\ufeff\u2060"),
    "text marks of direction": _text("\u200e \u00ad"),
    "text a variation selector": _text("\ufe0f"),
    "text a combining joiner": _text("\u034f"),
    "text NUL": _text("\x00"),
    "text a number": _text(7),
    "text a list": _text(["Hello."]),
    "text an object": _text({"text": "Hello."}),
    "text half a surrogate pair": _half("Hi \\ud83d."),
    "text one half alone": _half("\\ud83d"),
    "text the other half": _half("ok \\ude00"),
    "text a pair in the wrong order": _half("\\ude00\\ud83d"),
    "draft without a sequence": Bad('{"action":"draft","text":"Hel"}', says="sequence"),
    "draft of sequence 0": Bad('{"action":"draft","sequence":0,"text":"Hel"}', says="sequence"),
    "draft without a text": Bad('{"action":"draft","sequence":1}', says="text"),
    "draft blank": Bad('{"action":"draft","sequence":1,"text":" "}', says="text"),
    "draft half a surrogate pair": Bad(
        '{"action":"draft","sequence":1,"text":"Hi \\ud83d"}', says="surrogate"
    ),
    "binary": Bad(b"\x00\xff\xfe", says="binary"),
    "binary JSON": Bad(b'{"action":"heartbeat"}', says="binary"),
    "binary nothing": Bad(b"", says="binary"),
}
"""BAD_MESSAGE, from everyone."""

_NO_WISHES: Mapping[str, object] = {"null": None, "a number": 1, "a string": "true", "a list": []}

LANGUAGE_CHANGES: Mapping[str, Bad] = {
    "without a language": Bad('{"action":"changeLanguage"}', "INVALID_LANGUAGE"),
    **{
        name: Bad(json.dumps({"action": "changeLanguage", "targetLanguage": value}), code)
        for name, (value, code) in LANGUAGES.items()
    },
    **{
        f"voice {name}": Bad(
            json.dumps({"action": "changeLanguage", "targetLanguage": "pt", "voice": value}),
            says="voice must be true or false",
        )
        for name, value in _NO_WISHES.items()
    },
    "overlays without a word": Bad('{"action":"overlays"}', says="hidden must be true or false"),
    **{
        f"overlays {name}": Bad(
            json.dumps({"action": "overlays", "hidden": value}),
            says="hidden must be true or false",
        )
        for name, value in _NO_WISHES.items()
    },
}

TOO_MUCH_SAID: Mapping[str, Bad] = {
    name: Bad(
        json.dumps({"action": "speak", "sequence": 1, "text": text}, ensure_ascii=False),
        "TEXT_TOO_LONG",
    )
    for name, text in TOO_LONG.items()
}

NOT_FOR_LISTENERS: Mapping[str, Bad] = {
    "speak": Bad('{"action":"speak","sequence":1,"text":"I say."}', "NOT_SPEAKER"),
    "draft": Bad('{"action":"draft","sequence":1,"text":"I sa"}', "NOT_SPEAKER"),
    "end": Bad('{"action":"end"}', "NOT_SPEAKER"),
}

FROM_A_LISTENER: Mapping[str, Bad] = {
    **MALFORMED,
    **{f"a change of language: {name}": bad for name, bad in LANGUAGE_CHANGES.items()},
    **{f"said: {name}": bad for name, bad in TOO_MUCH_SAID.items()},
    **NOT_FOR_LISTENERS,
}
"""All of them."""


class Unpassable(NamedTuple):
    """A frame that the gateway passes to no function, and how it closes the connection."""

    data: bytes
    is_text: bool
    close_code: int
    reason: str


_TOO_BIG = (1009, "Message too big")
_NO_TEXT = (1007, "Invalid UTF-8")
UNPASSABLE: Mapping[str, Unpassable] = {
    "one byte too many": Unpassable(b"x" * (MAX_MESSAGE_BYTES + 1), True, *_TOO_BIG),
    "two bytes too many, in fewer characters": Unpassable(
        ("\xdf" * (MAX_MESSAGE_BYTES // 2 + 1)).encode(), True, *_TOO_BIG
    ),
    "1 MB": Unpassable(b"x" * 1_000_000, True, *_TOO_BIG),
    "1 MB binary": Unpassable(b"\x00" * 1_000_000, False, *_TOO_BIG),
    "2 MB": Unpassable(b"x" * 2_000_000, True, 1009, ""),  # more than the gateway reads
    "half a character": Unpassable(b"\xc3\x28", True, *_NO_TEXT),
    "no UTF-8": Unpassable(b'{"action":"\xff\xfe"}', True, *_NO_TEXT),
}
