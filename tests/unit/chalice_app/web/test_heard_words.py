"""Values that no recogniser should send, and floods."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.deno import Deno
from tests.unit.chalice_app.web.recogniser import (
    FINISH,
    Call,
    heard,
    sentences,
)

finite = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
json_like = st.recursive(
    st.none() | st.booleans() | finite | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4)
    ),
    max_leaves=8,
)
hostile_times = st.sampled_from([0, 300, 900, -1, 1e12, 0.5, "7", None]) | json_like
hostile_texts = st.sampled_from(["", " ", ".", "word", "\0", "a b", "。", "的", "…", '"', "\ud800"])
hostile_items = st.fixed_dictionaries(
    {},
    optional={
        "content": hostile_texts | json_like,
        "kind": st.sampled_from(["word", "punctuation"]) | json_like,
        "startMs": hostile_times,
        "endMs": hostile_times,
        "stable": st.booleans() | json_like,
    },
)
hostile_results = st.fixed_dictionaries(
    {},
    optional={
        "id": st.sampled_from(["a", "b"]) | json_like,
        "partial": st.booleans() | json_like,
        "startMs": hostile_times,
        "endMs": hostile_times,
        "items": st.lists(hostile_items | json_like, max_size=6) | json_like,
    },
)
hostile_calls = st.lists(
    st.one_of(
        st.tuples(st.just("hear"), hostile_results | json_like),
        st.tuples(st.sampled_from(["advance", "restart"]), hostile_times),
        st.just(("finish",)),
    ).map(list),
    max_size=12,
)


@given(calls=hostile_calls)
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_that_has_the_shape_of_json_throws(segmenter: Deno, calls: list[Call]) -> None:
    answers = heard(segmenter, "en", *calls, FINISH)
    assert answers[-1]["draft"] == ""
    ends = [0]
    for answer in answers:
        for sentence in answer["sentences"]:
            assert sentence["text"].strip()
            assert ends[-1] <= sentence["startMs"] <= sentence["endMs"]
            ends.append(sentence["endMs"])


def test_a_flood_costs_little(segmenter: Deno) -> None:
    """Ten thousand words, one result each, then all at once, then none of them stable."""
    count = 10_000
    source = """({ Segmenter }, count) => {
      const item = (at, stable) => ({
        content: `w${at}`, kind: "word", startMs: at * 300, endMs: at * 300 + 280, stable });
      const run = (results) => {
        const segmenter = new Segmenter("en");
        const all = results.flatMap((result) => segmenter.hear(result).sentences);
        return [...all, ...segmenter.finish().sentences].map(({ text }) => text).join(" ");
      };
      const every = (stable) => Array.from({ length: count }, (_, at) => item(at, stable));
      const span = { startMs: 0, endMs: count * 300 };
      const result = (one, at, partial) => ({ ...one, id: `${at}`, partial, items: [one] });
      const each = (partial) => every(true).map((one, at) => result(one, at, partial));
      return [
        run(each(true)),
        run(each(false)),
        run([{ id: "a", partial: false, ...span, items: every(true) }]),
        run(Array(20).fill({ id: "a", partial: true, ...span, items: every(false) })),
      ];
    }"""
    expected = " ".join(f"w{at}" for at in range(count))
    assert segmenter.evaluate(source, count) == [expected] * 4


def test_times_that_are_no_numbers_are_as_if_they_were_missing(segmenter: Deno) -> None:
    source = """({ Segmenter }) => {
      const segmenter = new Segmenter("en");
      const times = [[NaN, undefined], [0, 280], [Infinity, -Infinity], [900, NaN], ["1", null]];
      const item = ([startMs, endMs], at) => ({ content: `w${at}`, kind: "word", startMs, endMs });
      const items = times.map(item);
      segmenter.advance(NaN);
      segmenter.hear({ id: "a", partial: false, startMs: NaN, endMs: Infinity, items });
      return segmenter.finish().sentences;
    }"""
    assert segmenter.evaluate(source) == [{"text": "w0 w1 w2 w3 w4", "startMs": 0, "endMs": 900}]


@pytest.mark.parametrize(
    "content", ["a", "的", "ー", "々", "ก", "\N{KHMER SIGN COENG}", "的a", "a的", "👍"]
)
def test_a_word_without_an_end_is_cut(segmenter: Deno, content: str) -> None:
    """A sentence is not longer than the protocol's 4,000 characters."""
    long = content * 12_000
    item = {"content": long, "kind": "word", "startMs": 0, "endMs": 9000, "stable": True}
    result = {"id": "a", "partial": False, "startMs": 0, "endMs": 9000, "items": [item]}
    texts = sentences(heard(segmenter, "en", ["hear", result], FINISH))
    assert "".join(texts).replace(" ", "") == long
    assert max(map(len, texts)) < 4_000
