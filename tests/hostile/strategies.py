"""What fuzzing is made of: nonsense, and valid messages with something wrong in them."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from hypothesis import strategies as st

from chalice_app.wire.incoming import MAX_SEQUENCE, MAX_TEXT_CHARACTERS

NASTY = (
    *("", " ", "\0", "\u200b", "\u202e", "\ufeff", "\ud800", "\udfff", "\ud83d\ude00", "\u0130"),
    *("null", "NaN", "1e999", "0x1", "\u0663", "-0", "9" * 5_000, "../..", "%00", "%ED%A0%80"),
    *("ES", "es\0", "pt-br", "zh-Hant-TW", "i-klingon", "x" * 300, "e\u0301" * 2_000),
    *("a" * MAX_TEXT_CHARACTERS, "a" * (MAX_TEXT_CHARACTERS + 1), "\U0001d49c" * 4_000),
    *("<script>", "'; --", "${x}", "#under-way", "golden-eagle-427#1#1", "listeners.es"),
)
NUMBERS = (0, -1, 1, 2, MAX_SEQUENCE, MAX_SEQUENCE + 1, -(2**63), 2**64, 10**400, 1.0, 1.5, 1e308)
FIELDS = (
    *("action", "sequence", "text", "targetLanguage", "sourceLanguage", "sessionId", "token"),
    *("lastSequence", "type", "requestId", "__proto__", "details"),
)

texts = st.sampled_from(NASTY) | st.text(st.characters(), max_size=40)
"""Lone surrogates, too: JSON can spell them."""
scalars = st.none() | st.booleans() | st.sampled_from(NUMBERS) | st.floats() | st.integers() | texts
names = st.sampled_from(FIELDS) | texts
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=8,
)


@st.composite
def mutated(draw: st.DrawFn, valid: st.SearchStrategy[Mapping[str, Any]]) -> Any:
    """A valid object with up to three of its fields replaced, removed, renamed or added."""
    body = dict(draw(valid))
    for _ in range(draw(st.integers(0, 3))):
        name = draw(st.sampled_from(sorted(body)) if body else names)
        match draw(st.integers(0, 3)):
            case 0:
                body[name] = draw(values)
            case 1:
                body.pop(name, None)
            case 2:
                body[draw(names)] = body.pop(name, None)
            case 3:
                body[draw(names)] = draw(values)
    return body


@st.composite
def _spelled(draw: st.DrawFn, objects: st.SearchStrategy[Any]) -> str:
    """JSON, maybe cut off, doubled, padded, or with one key twice."""
    text = json.dumps(draw(objects), ensure_ascii=draw(st.booleans()))
    match draw(st.integers(0, 6)):
        case 0:
            return text[: draw(st.integers(0, len(text)))]
        case 1:
            return text + text
        case 2:
            return draw(st.sampled_from(["\ufeff", " \r\n\t", "\0", "\u2028"])) + text
        case 3 if text.startswith("{") and len(text) > 2:
            name, value = json.dumps(draw(names)), json.dumps(draw(values))
            return f"{text[:-1]},{name}:{value},{text[1:]}"
    return text


@st.composite
def _deep(draw: st.DrawFn) -> str:
    depth = draw(st.sampled_from([1, 10, 900, 1_100, 10_000, 60_000]))
    opening, closing = draw(st.sampled_from([("[", "]"), ('{"a":', "}"), ('[{"action":', "}]")]))
    return opening * depth + draw(st.sampled_from(["", "1"])) + closing * depth


@st.composite
def _long_numbers(draw: st.DrawFn) -> str:
    digits = draw(st.sampled_from(["9" * 4_299, "9" * 5_000, "1" + "0" * 100_000, "1e400", "-0"]))
    return f'{{"action":"speak","sequence":{digits},"text":"Hello"}}'


def bodies(
    valid: st.SearchStrategy[Mapping[str, Any]], table: Iterable[str | bytes]
) -> st.SearchStrategy[str]:
    """The text of a message or a request: of the table, or made."""
    known = st.sampled_from([each for each in table if isinstance(each, str)])
    made = (_spelled(mutated(valid)), _spelled(values), texts, st.deferred(_deep), _long_numbers())
    return st.one_of(known, *made)


documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
"""What JSON can say."""


messages = st.one_of(
    st.fixed_dictionaries(
        {
            "action": st.sampled_from(["speak", "draft"]),
            "sequence": st.integers(1, 9),
            "text": texts,
        },
        optional={"sourceLanguage": st.sampled_from(["es", "xx", "?", 7, None])},
    ),
    st.fixed_dictionaries(
        {"action": st.just("changeLanguage"), "targetLanguage": st.sampled_from(["es", "fr"])}
    ),
    st.fixed_dictionaries({"action": st.sampled_from(["heartbeat", "status", "end"])}),
)
"""What the protocol knows."""
