"""Results as a recogniser would send them, and what the segmenter makes of them."""

import re
from collections.abc import Iterable
from typing import Any

from tests.deno import Deno

STEP_MS, WORD_MS = 300, 280
RUN = """({ Segmenter }, language, calls) => {
  const segmenter = new Segmenter(language);
  return calls.map(([name, ...args]) => segmenter[name](...args));
}"""

Call = list[Any]
"""A method's name and its arguments."""
FINISH: Call = ["finish"]


def heard(deno: Deno, language: str, *calls: Call) -> list[dict[str, Any]]:
    """The answer to each call, of one new segmenter."""
    answers: list[dict[str, Any]] = deno.evaluate(RUN, language, calls)
    return answers


def sentences(answers: Iterable[dict[str, Any]]) -> list[str]:
    """The texts of all sentences."""
    return [sentence["text"] for answer in answers for sentence in answer["sentences"]]


def items(text: str, at: int = 0, stable: int | None = None) -> list[dict[str, Any]]:
    """The text's words and marks, a word each 300 ms; the first `stable` words are stable."""
    found: list[dict[str, Any]] = []
    for number, word in enumerate(text.split()):
        start, is_stable = at + number * STEP_MS, stable is None or number < stable
        content, marks = re.fullmatch(r"(.*?)([,.!?;:]*)", word).groups()  # type: ignore[union-attr]
        for kind, part in (("word", content), ("punctuation", marks)):
            times = {"startMs": start, "endMs": start + WORD_MS, "stable": is_stable}
            if part:
                found.append({"content": part, "kind": kind, **times})
    return found


def final(text: str, at: int = 0, name: str = "a") -> Call:
    """A final result."""
    return _result(name, items(text, at), partial=False)


def partial(text: str, at: int = 0, name: str = "a", stable: int | None = None) -> Call:
    """A partial result; all of it is stable unless said otherwise."""
    return _result(name, items(text, at, stable), partial=True)


def _result(name: str, content: list[dict[str, Any]], *, partial: bool) -> Call:
    span = {"startMs": content[0]["startMs"], "endMs": content[-1]["endMs"]}
    return ["hear", {"id": name, "partial": partial, **span, "items": content}]


def advance(milliseconds: float) -> Call:
    """The audio clock."""
    return ["advance", milliseconds]


def restart(milliseconds: float) -> Call:
    """A new stream, where audio from here on is still kept."""
    return ["restart", milliseconds]
