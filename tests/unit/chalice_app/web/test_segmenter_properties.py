"""Random cuts of real transcripts: what was said comes out, each word once, in order.

A falsifying example names its seed: `Talk(deno, language, Random(seed))` is the same talk again.
"""

import re
import tomllib
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.deno import Deno

TRANSCRIPTS: dict[str, str] = tomllib.loads(
    Path(__file__).with_name("transcripts.toml").read_text(encoding="utf-8")
)
SPACELESS = ("ja", "zh", "th")
NO_BREAK = "\u00a0"
STOPS = ".!?…。！？؟।"
PAUSE_MS = 700
BEGIN = """({ Segmenter }, language) => {
  globalThis.segmenter = new Segmenter(language);
  globalThis.words = new Intl.Segmenter(language, { granularity: "word" });
}"""
CALLS = """(_, calls) => calls.map(([name, ...args]) => {
  const heard = segmenter[name](...args);
  const isWord = ({ isWordLike }) => isWordLike;
  for (const sentence of heard.sentences) {
    sentence.segments = [...words.segment(sentence.text)].filter(isWord).length;
  }
  return heard;
})"""


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a transcript, as it is spoken."""

    written: str
    start: int
    end: int
    pause: int
    """Until the next word."""

    def moved(self, milliseconds: int) -> "Word":
        """The same word, a little earlier or later."""
        start = max(0, self.start + milliseconds)
        return replace(self, start=start, end=max(start + 1, self.end + milliseconds))

    def items(self, content: str, *, stable: bool, marks_stable: bool) -> list[dict[str, Any]]:
        """The recogniser's: the word, and its marks one by one."""
        before, word, after = parts_of(self.written)
        times = {"startMs": self.start, "endMs": self.end}
        mark = {"kind": "punctuation", **times, "stable": stable and marks_stable}
        return [
            *({"content": each, **mark} for each in before),
            {"content": content or word, "kind": "word", **times, "stable": stable},
            *({"content": each, **mark} for each in after.replace(NO_BREAK, "")),
        ]


def spoken(language: str, random: Random, *, pauses: float = 0.1) -> list[Word]:
    """A stretch of the transcript with random times."""
    texts = pieces(language, random)
    first = random.randrange(len(texts))
    words, at = [], random.randrange(0, 2000)
    for text in texts[first : first + random.randrange(1, 120)]:
        end = at + random.randrange(120, 500)
        pause = random.choice([0, 0, 0, 20, 80, 150])
        if random.random() < pauses:
            pause = random.randrange(PAUSE_MS, 4000)
        words.append(Word(text, at, end, pause))
        at = end + pause
    return words


def pieces(language: str, random: Random) -> list[str]:
    """The transcript's words with their marks; where there are no spaces, cut anywhere."""
    text = " ".join(TRANSCRIPTS[language].split())
    if language not in SPACELESS:
        return re.sub(r" (?=[?!:](?: |$))", NO_BREAK, text).split(" ")
    found: list[str] = []
    length = 0
    for character in text.replace(" ", ""):
        joins = unicodedata.category(character)[0] in "MP"
        if not joins and (length == 0 or is_mark(found[-1][-1])):
            found.append("")
            length = random.randrange(1, 5)
        length -= not joins
        found[-1] += character
    return found


def parts_of(written: str) -> tuple[str, str, str]:
    """The marks before the word, the word, and the marks after it."""
    first = next(at for at, each in enumerate(written) if not is_mark(each))
    last = max(at for at, each in enumerate(written) if not is_mark(each)) + 1
    return written[:first], written[first:last], written[last:]


def is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] == "P" or character == NO_BREAK


@dataclass
class Talk:
    """A talk. The recogniser guesses, is late, ends its results anywhere and loses its stream."""

    deno: Deno
    language: str
    random: Random
    words: list[Word]
    restarts: float = 0.0
    guesses: bool = True
    lies: bool = False
    """The recogniser changes words that it has called stable or final, and moves them by 50 ms."""
    repeats: bool = True
    said: list[dict[str, Any]] = field(default_factory=list)
    draft: str = ""
    heard: int = 0
    """So many words have been heard so far."""
    clock: int = 0
    latency: int = 0
    _number: int = 0

    def run(self) -> "Talk":
        self.deno.evaluate(BEGIN, self.language)
        self.latency = self.random.randrange(500, 1200)
        at = 0
        while at < len(self.words):
            end = min(len(self.words), at + self.random.randrange(1, 25))
            at = self._result(at, end)
        self._listen_to_the_last_pause()
        self._call(["finish"])
        return self

    def _result(self, first: int, end: int) -> int:
        """Where the next result begins."""
        self._number += 1
        name, reached, stable = f"result-{self._number}", first, first
        while reached < end:
            reached = self._update(reached, end)
            stable = self.random.randrange(stable, reached + 1)
            self._advance(reached)
            loses = self.random.random() < self.restarts
            guessed = range(stable, reached) if self.guesses and not loses else range(0)
            self._send(name, first, reached, stable, guessed, partial=True)
            if loses:
                return self._restart(first)
        self._advance(end)
        self._send(name, first, end, end, range(0), partial=False)
        return end

    def _update(self, reached: int, end: int) -> int:
        """The next update has the words of half a second at most."""
        start = self.words[reached].start
        for number in range(reached + 1, min(end, reached + self.random.randrange(1, 5))):
            if self.words[number].end > start + 500:
                return number
            reached = number
        return reached + 1

    def _restart(self, first: int) -> int:
        if self.random.random() < 0.5:
            self._number = 0
        oldest = self.random.choice([0, self.words[self.random.randrange(first, self.heard)].start])
        resume = self._call(["restart", oldest])["resumeMs"]
        assert resume == max(oldest, self.said[-1]["endMs"] if self.said else 0)
        return next(
            (n for n, word in enumerate(self.words) if word.start >= resume), len(self.words)
        )

    def _advance(self, reached: int) -> None:
        """The recogniser is half a second to a second and a half behind."""
        target = self.words[reached - 1].end + self.latency + self.random.randrange(300)
        calls = []
        while self.clock < target:
            self.clock = min(target, self.clock + self.random.randrange(50, 400))
            calls.append(["advance", self.clock])
        self._call(*calls)

    def _listen_to_the_last_pause(self) -> None:
        self.clock += self.words[-1].pause
        self._call(["advance", self.clock])

    def _send(
        self, name: str, first: int, end: int, stable: int, guessed: range, *, partial: bool
    ) -> None:
        items = []
        for number in range(first, end):
            is_guess = number in guessed and self.random.random() < 0.5
            content = "甲" if self.language in SPACELESS else f"Guess{self.random.randrange(10**6)}"
            is_stable = number < stable
            marks = number < stable - 1 or not partial or self.random.random() < 0.7
            word = self.words[number]
            if self.lies:
                is_guess = is_guess or self.random.random() < 0.2
                word = word.moved(self.random.randrange(-50, 50))
            items += word.items(content if is_guess else "", stable=is_stable, marks_stable=marks)
        span = {"startMs": self.words[first].start, "endMs": self.words[end - 1].end}
        result = {"id": name, "partial": partial, **span, "items": items}
        self.heard = max(self.heard, end)
        self._call(["hear", result])
        while self.repeats and self.random.random() < 0.2:
            before = self.draft
            assert self._call(["hear", result])["sentences"] == []
            assert self.draft == before

    def _call(self, *calls: list[Any]) -> dict[str, Any]:
        """The answer to the last call."""
        answer: dict[str, Any] = {}
        for answer in self.deno.evaluate(CALLS, calls):
            self.said += ({**sentence, "heard": self.heard} for sentence in answer["sentences"])
            self.draft = answer["draft"]
            self._covers_everything()
        return answer

    def _covers_everything(self) -> None:
        shown = [*(sentence["text"] for sentence in self.said), self.draft]
        if self.language not in SPACELESS:
            assert sum(map(words_in, shown)) == sum(
                words_in(word.written) for word in self.words[: self.heard]
            )

    @property
    def text(self) -> str:
        """All that came out."""
        return joined(self.language, [sentence["text"] for sentence in self.said])

    def first_word(self, sentence: dict[str, Any]) -> int:
        """The number of the word that the sentence begins with."""
        return next(n for n, word in enumerate(self.words) if word.start >= sentence["startMs"])

    def last_word(self, sentence: dict[str, Any]) -> Word:
        """The word that the sentence ends with."""
        return next(word for word in self.words if word.end >= sentence["endMs"])


def words_in(text: str) -> int:
    return sum(any(map(str.isalnum, word)) for word in text.split())


def size(language: str) -> Callable[[dict[str, Any]], int]:
    """How many words a sentence has; where there are no spaces, as the browser counts them."""
    if language in SPACELESS:
        return lambda sentence: sentence["segments"]
    return lambda sentence: len(sentence["text"].split())


def joined(language: str, texts: list[str]) -> str:
    return ("" if language in SPACELESS else " ").join(texts).replace(NO_BREAK, " ")


seeds = st.integers(min_value=0, max_value=2**32 - 1)
few = settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.mark.parametrize("language", TRANSCRIPTS)
@given(seed=seeds)
@few
def test_what_was_said_comes_out_once_and_in_order(
    segmenter: Deno, language: str, seed: int
) -> None:
    comes_out_once(segmenter, language, seed)


@pytest.mark.thorough
@pytest.mark.parametrize("language", TRANSCRIPTS)
@given(seed=seeds)
@settings(few, max_examples=100)
def test_what_was_said_comes_out_in_a_hundred_talks(
    segmenter: Deno, language: str, seed: int
) -> None:
    comes_out_once(segmenter, language, seed)


@pytest.mark.parametrize("language", [each for each in TRANSCRIPTS if each not in SPACELESS])
@given(seed=seeds)
@few
def test_a_recogniser_that_changes_its_mind_makes_no_word_more_and_none_less(
    segmenter: Deno, language: str, seed: int
) -> None:
    random = Random(seed)
    words = spoken(language, random)
    talk = Talk(segmenter, language, random, words, lies=True, repeats=False).run()
    said = sum(words_in(each["text"]) for each in talk.said)
    assert said == sum(words_in(word.written) for word in words)
    times = [time for each in talk.said for time in (each["startMs"], each["endMs"])]
    assert times == sorted(times)


def comes_out_once(segmenter: Deno, language: str, seed: int) -> None:
    """The sentences together are the transcript, and their times are its words' times."""
    random = Random(seed)
    words = spoken(language, random)
    talk = Talk(segmenter, language, random, words, restarts=random.choice([0, 0.1])).run()
    assert talk.text == joined(language, [word.written for word in words])
    assert talk.draft == ""
    assert max(map(size(language), talk.said)) <= 30
    times = [time for each in talk.said for time in (each["startMs"], each["endMs"])]
    assert times == sorted(times)
    assert {each["startMs"] for each in talk.said} <= {word.start for word in words}
    assert {each["endMs"] for each in talk.said} <= {word.end for word in words}


@pytest.mark.parametrize("language", TRANSCRIPTS)
@given(seed=seeds)
@few
def test_without_pauses_a_sentence_has_three_words(
    segmenter: Deno, language: str, seed: int
) -> None:
    random = Random(seed)
    talk = Talk(segmenter, language, random, spoken(language, random, pauses=0)).run()
    assert [each["text"] for each in talk.said[:-1] if size(language)(each) < 3] == []


@pytest.mark.parametrize("language", TRANSCRIPTS)
@given(seed=seeds)
@few
def test_a_sentence_ends_at_a_stop_at_a_pause_or_where_it_is_long(
    segmenter: Deno, language: str, seed: int
) -> None:
    """A final result, and a recogniser that is late, are no reason to cut."""
    random = Random(seed)
    talk = Talk(segmenter, language, random, spoken(language, random)).run()
    is_spaceless = language in SPACELESS
    for sentence in talk.said[:-1]:
        first, last = talk.first_word(sentence), talk.last_word(sentence)
        is_stop = last.written.rstrip('")')[-1] in STOPS
        following = talk.words[first : sentence["heard"]]
        units = len("".join(each.written for each in following) if is_spaceless else following)
        is_long = units > 20 or following[-1].end - sentence["startMs"] > 8_000
        assert is_stop or last.pause >= PAUSE_MS or is_long, sentence
