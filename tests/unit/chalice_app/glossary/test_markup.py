"""What an engine must leave alone comes back as it went, or is missed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalice_app.glossary.markup import Protected, Replacement, TermsLost, protect

SPAN = '<span translate="no">'


def test_a_text_without_replacements_is_as_it_was() -> None:
    assert protect("a < b & c", []) == Protected("a < b & c")
    assert Protected("x").restore("a &amp; b") == "a &amp; b"


def test_the_form_is_put_in_before_the_translation() -> None:
    protected = protect("Q & A in the hall <now>", [Replacement(13, 17, "sala <1>")])
    assert protected.text == f"Q &amp; A in the {SPAN}sala &lt;1&gt;</span> &lt;now&gt;"
    answer = f"P &amp; R &lt;ahora&gt; en la {SPAN}sala &lt;1&gt;</span>"
    assert protected.restore(answer) == "P & R <ahora> en la sala <1>"


@pytest.mark.parametrize(
    "answer",
    [
        "en <span translate='no'>sala</span>",
        "en <SPAN translate=no>sala</SPAN>",
        'en <span class="x" translate = "no" >sala</span >',
    ],
)
def test_an_engine_may_write_the_tags_its_own_way(answer: str) -> None:
    assert protect("in hall", [Replacement(3, 7, "sala")]).restore(answer) == "en sala"


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "en sala",
        f"en {SPAN}sala",
        f"en {SPAN}room</span>",
        f"en {SPAN}sala</span> {SPAN}sala</span>",
        f"en {SPAN}sala</span></span>",
        f"en {SPAN}{SPAN}sala</span></span>",
    ],
)
def test_a_form_that_is_lost_doubled_or_altered_is_missed(answer: str) -> None:
    with pytest.raises(TermsLost):
        protect("in hall", [Replacement(3, 7, "sala")]).restore(answer)


def test_what_leaves_no_letters_needs_no_engine() -> None:
    assert protect("1. hall!", [Replacement(3, 7, "sala")]).whole == "1. sala!"
    assert protect("a hall", [Replacement(2, 6, "sala")]).whole is None
    assert protect("hall a", [Replacement(0, 4, "sala")]).whole is None
    assert protect("hi", []).whole is None


@pytest.mark.parametrize(
    ("ending", "answer", "restored"),
    [
        ("", f"las puertas de la {SPAN}sala</span>", "las puertas de la sala"),
        ("", f"{SPAN}sala</span>'s puertas", "sala puertas"),
        ("", f"{SPAN}sala</span>&#39;s puertas", "sala puertas"),
        ("", f"{SPAN}sala</span>\u2019s puertas", "sala puertas"),
        ("'", f"{SPAN}sala</span>'s puertas", "sala' puertas"),
        ("'", f"{SPAN}sala</span>'san", "sala'san"),
    ],
)
def test_a_possessive_is_the_engine_s_to_translate(ending: str, answer: str, restored: str) -> None:
    protected = protect("halls' doors", [Replacement(0, 6, "sala", True, ending)])
    assert protected.text == f"{SPAN}sala</span>'s doors"
    assert protected.restore(answer) == restored
    assert protect("halls'", [Replacement(0, 6, "sala", True, ending)]).whole == f"sala{ending}"


@given(st.text(), st.text(min_size=1), st.text())
def test_whatever_is_protected_is_restored(before: str, form: str, after: str) -> None:
    start = len(before)
    protected = protect(before + "x" + after, [Replacement(start, start + 1, form)])
    assert protected.restore(protected.text) == before + form + after
