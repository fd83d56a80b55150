"""Glossaries as clients send them: what is right, and what is wrong where."""

import json
from typing import Any

import pytest

from chalice_app.domain.errors import BadGlossary
from chalice_app.glossary.parsing import MAX_BYTES, parse_glossary
from chalice_app.glossary.terms import Glossary, Term


def parsed(body: object) -> Glossary:
    return parse_glossary(json.dumps(body).encode())


def term(**fields: Any) -> dict[str, Any]:
    return {"source": "hall", "keep": True, **fields}


def test_the_contract_s_example() -> None:
    body = {
        "terms": [
            {"source": "Grace Hall", "keep": True},
            {"source": "grace", "targets": {"es": "gracia"}, "caseSensitive": True},
        ],
        "blocked": ["darn"],
    }
    glossary = parsed(body)
    assert glossary == Glossary(
        (Term("Grace Hall", keep=True), Term("grace", False, {"es": "gracia"}, True)), ("darn",)
    )
    assert glossary.body() == body


@pytest.mark.parametrize("body", [{}, {"terms": []}, {"terms": [], "blocked": [], "more": 1}])
def test_an_empty_glossary_is_one(body: object) -> None:
    assert not parsed(body)


def test_texts_are_composed_and_on_one_line() -> None:
    glossary = parsed({"terms": [term(source="\t cafe\u0301  au lait \n")], "blocked": [" a  b "]})
    assert glossary == Glossary((Term("caf\u00e9 au lait", keep=True),), ("a b",))


def test_languages_are_spelt_as_the_engine_spells_them() -> None:
    (only,) = parsed({"terms": [{"source": "a", "targets": {"ES-mx": "b"}}]}).terms
    assert only.targets == {"es-MX": "b"}


@pytest.mark.parametrize(
    "terms",
    [
        [term(), term(source="Grace Hall"), term(source="Grace")],
        [term(source="Grace", caseSensitive=True), term(source="grace")],
        [term(source="Grace", caseSensitive=True), term(source="grace", caseSensitive=True)],
        [term(source="\u0645\u06cc\u200c\u0631\u0648\u0645"), term(source="A>B & C")],
        [term(keep=True, targets={})],
        [term(source=f"term {number}") for number in range(500)],
    ],
    ids=["overlapping", "case", "cases", "joiner", "no targets", "500"],
)
def test_these_are_right(terms: list[object]) -> None:
    assert len(parsed({"terms": terms}).terms) == len(terms)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ("hall", "object"),
        ({}, "source"),
        (term(source=5), "string"),
        (term(source=""), "empty"),
        (term(source=" \u00a0 "), "empty"),
        (term(source="!?"), "letter"),
        (term(source="\u0301"), "empty"),
        (term(source="a<b>c"), "markup"),
        (term(source="a\u200fb"), "invisible"),
        (term(source="\u202ehall"), "invisible"),
        (term(source="ha\u200bll"), "invisible"),
        (term(source="\u3164"), "invisible"),
        (term(source="ha\u2800ll"), "invisible"),
        (term(source="hall\u200d"), "invisible"),
        (term(source="ha\x00ll"), "control"),
        (term(source="\ud800"), "invisible"),
        (term(keep="yes"), "keep"),
        (term(keep=None), "keep"),
        (term(caseSensitive=1), "caseSensitive"),
        (term(keep=False), "keep or targets"),
        ({"source": "hall"}, "keep or targets"),
        ({"source": "hall", "targets": {}}, "keep or targets"),
        (term(targets={"es": "sala"}), "not both"),
        (term(keep=False, targets=["sala"]), "targets"),
        (term(keep=False, targets={"es": 5}), "string"),
        (term(keep=False, targets={"es": ""}), "empty"),
        (term(keep=False, targets={"es": "<i>sala</i>"}), "markup"),
        (term(keep=False, targets={"es": "\u200esala"}), "invisible"),
        (term(keep=False, targets={"tlh": "pa"}), "known"),
        (term(keep=False, targets={"spanish": "sala"}), "languages"),
        (term(keep=False, targets={"": "sala"}), "languages"),
        (term(keep=False, targets={"es": "a", "ES": "b"}), "once"),
        (term(source="x" * 201), "200 characters"),
        (term(keep=False, targets={"es": "x" * 201}), "200 characters"),
        (term(source="\uff46\uff49\uff52\uff53\uff54"), "same as term 1"),
        (term(source="first"), "same as term 1"),
        (term(source="FIRST"), "same as term 1"),
    ],
)
def test_a_wrong_term_is_named(bad: object, says: str) -> None:
    with pytest.raises(BadGlossary, match=says) as failure:
        parsed({"terms": [term(source="first"), bad]})
    assert failure.value.details == {"term": 1}
    assert failure.value.message.startswith("term 2: ")


@pytest.mark.parametrize("bad", [5, "", " ", "<b>", "a\u200e", "***", "first", "FIRST", None])
def test_a_wrong_blocked_word_is_named(bad: object) -> None:
    with pytest.raises(BadGlossary) as failure:
        parsed({"blocked": ["first", bad]})
    assert failure.value.details == {"blocked": 1}


@pytest.mark.parametrize(
    "body",
    [
        [],
        "x",
        None,
        {"terms": {}},
        {"terms": None},
        {"blocked": "x"},
        {"terms": [term(source=f"term {number}") for number in range(501)]},
        {"blocked": [f"word {number}" for number in range(101)]},
    ],
)
def test_a_glossary_of_another_form_or_size_is_refused(body: object) -> None:
    with pytest.raises(BadGlossary):
        parsed(body)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"NaN", b"[" * 90_000])
def test_what_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(BadGlossary, match="JSON"):
        parse_glossary(body)


def test_a_byte_too_many_is_refused() -> None:
    assert not parse_glossary(b"{}" + b" " * (MAX_BYTES - 2))
    with pytest.raises(BadGlossary, match="100000 bytes"):
        parse_glossary(b"{}" + b" " * (MAX_BYTES - 1))


def test_the_version_is_of_the_words() -> None:
    one, same = parsed({"terms": [term()]}), parsed({"terms": [term(note="x")], "blocked": []})
    assert one.version == same.version
    assert len({one.version, parsed({}).version, parsed({"blocked": ["hall"]}).version}) == 3
