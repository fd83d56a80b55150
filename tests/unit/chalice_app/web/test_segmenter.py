"""What a recogniser hears becomes sentences: each word once, in order, cut where it ought to be."""

from collections.abc import Iterator

import pytest

from tests.deno import Deno, running_deno
from tests.unit.chalice_app.web.recogniser import final, heard, partial, sentences


@pytest.fixture(scope="module")
def deno() -> Iterator[Deno]:
    """A process that has the module."""
    with running_deno("speaker/segmenter.js") as running:
        yield running


def test_a_sentence_leaves_at_its_full_stop_in_the_stable_part(deno: Deno) -> None:
    loose, stable = heard(
        deno, "en", partial("It is good. Now", stable=2), partial("It is good. Now", stable=3)
    )
    assert (loose["sentences"], loose["draft"]) == ([], "It is good. Now")
    assert stable["sentences"] == [{"text": "It is good.", "startMs": 0, "endMs": 880}]
    assert stable["draft"] == "Now"


def test_a_final_result_in_the_middle_of_speech_ends_no_sentence(deno: Deno) -> None:
    answers = heard(
        deno,
        "en",
        ["advance", 1000],
        partial("we have come"),
        ["advance", 1600],
        final("we have come"),
        ["advance", 2100],
        partial("to dedicate", at=900, name="b"),
    )
    assert sentences(answers) == []
    assert answers[-1]["draft"] == "we have come to dedicate"


def test_a_pause_between_words_ends_a_sentence(deno: Deno) -> None:
    answers = heard(
        deno, "en", final("we have come"), partial("to", at=880 + 690, name="b"), ["finish"]
    )
    assert sentences(answers) == ["we have come to"]
    answers = heard(deno, "en", final("we have come"), partial("to", at=880 + 700, name="b"))
    assert sentences(answers) == ["we have come"]


def test_the_growing_finals_of_one_utterance_are_one_sentence(deno: Deno) -> None:
    """Case M1."""
    for names in ("aaa", "abc"):
        texts = ("Good", "Good evening", "Good evening all")
        calls = [final(text, name=name) for text, name in zip(texts, names, strict=True)]
        assert sentences(heard(deno, "en", *calls, ["advance", 9000])) == ["Good evening all"]


def test_a_final_that_comes_twice_is_said_once_and_a_second_amen_is_another(deno: Deno) -> None:
    """Case M2."""
    first = [final("Amen."), final("Amen."), ["advance", 5000], final("Amen.")]
    second = [final("Amen.", at=6000, name="b"), final("Amen.", at=6000, name="b")]
    answers = heard(deno, "en", *first, *second, ["advance", 15_000])
    assert sentences(answers) == ["Amen.", "Amen."]
