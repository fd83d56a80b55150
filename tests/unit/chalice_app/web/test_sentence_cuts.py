"""Where a sentence that is long without a stop is cut: `|` is where."""

import pytest

from tests.deno import Deno
from tests.unit.chalice_app.web.recogniser import (
    FINISH,
    STEP_MS,
    Call,
    final,
    heard,
    partial,
    sentences,
)

LONG = {
    "at a comma": (
        "en",
        """we have come from every town of this old valley,| to speak of what the river gave and
        took away from us this year""",
    ),
    "at a comma rather than before a conjunction": (
        "en",
        """we have come from every town,| to speak of what the river gave and took away from us in
        all of this year""",
    ),
    "before a conjunction": (
        "en",
        """we have come from every town of this old valley| because the river took away so much from
        us in this last year""",
    ),
    "before a Spanish conjunction": (
        "es",
        """hemos venido de todos los pueblos de este viejo valle| porque el agua del río nos quitó
        tanto en este último año""",
    ),
    "before a German conjunction": (
        "de",
        """wir kommen heute alle aus vielen kleinen Orten hier im Tal| weil uns das Wasser dieses
        Jahr so viel von allem genommen hat""",
    ),
    "at a stop that is near, beyond twenty words": (
        "en",
        """we have come from every town, to speak of what the river gave and took away from us in
        all of this year at last.| Now""",
    ),
    "not inside a number": (
        "en",
        """there are so many people as 1, 000 here| where the river comes to the sea at 9: 30 this
        day of the year""",
    ),
}


@pytest.mark.parametrize(
    ("language", "text"),
    [
        (
            "zh",
            "我们今天来自这个古老山谷的每一个城镇想要谈谈那条河流给予我们的东西以及如何在将来更方便地保护它们",
        ),
        (
            "ja",
            "私たちは今日この古い谷のすべての町から集まってきましたそして川が私たちに与えてくれたものについて話したいと思っています",
        ),
        (
            "th",
            "เราเดินทางมาจากทุกเมืองในหุบเขาเก่าแก่แห่งนี้เพื่อพูดคุยเกี่ยวกับสิ่งที่แม่น้ำได้มอบให้แก่พวกเราทุกคนในปีที่ผ่านมา",
        ),
    ],
)
def test_characters_without_spaces_are_cut_between_words(
    segmenter: Deno, language: str, text: str
) -> None:
    items = segmenter.evaluate(
        """(_, text) => Array.from(
          new Intl.Segmenter("und", { granularity: "grapheme" }).segment(text),
          ({ segment }) => segment,
        )""",
        text,
    )
    ends = segmenter.evaluate(
        """(_, text) => Array.from(new Intl.Segmenter("und", { granularity: "word" }).segment(text),
          ({ index, segment }) => index + segment.length)""",
        text,
    )
    parts = sentences(heard(segmenter, language, final(" ".join(items)), FINISH))
    assert "".join(parts) == text
    assert len(parts) > 1
    at = 0
    for part in parts:
        at += len(part)
        assert at in ends, parts


@pytest.mark.parametrize("name", LONG)
def test_a_long_sentence_is_cut(segmenter: Deno, name: str) -> None:
    language, text = LONG[name]
    first, rest = (" ".join(part.split()) for part in text.split("|"))
    assert sentences(heard(segmenter, language, partial(f"{first} {rest}")))[0] == first


def test_without_a_clause_it_is_cut_at_the_longest_gap_but_not_after_an_article(
    segmenter: Deno,
) -> None:
    text = """old men saw that big dog near the farm house last night before dinner time came round
    again some people say that they were not so very glad"""
    call = partial(text)
    for at, gap in ((8, 500), (13, 300)):  # after "the", after "before"
        for item in call[1]["items"][at:]:
            item["startMs"] += gap
            item["endMs"] += gap
    call[1]["items"][9]["startMs"] += 100  # after "farm"
    assert sentences(heard(segmenter, "en", call))[0] == "old men saw that big dog near the farm"


def test_a_sentence_of_plain_words_is_cut_before_it_has_thirty(segmenter: Deno) -> None:
    answers = heard(segmenter, "xx", *(partial("w " * count) for count in range(1, 100)), FINISH)
    counts = [len(text.split()) for text in sentences(answers)]
    assert sum(counts) == 99
    assert max(counts) <= 30
    assert min(counts[:-1]) >= 15


def words(count: int, *, comma: int = 0, step: int = STEP_MS) -> Call:
    """So many words; after the `comma`th one there is a comma."""
    text = " ".join(f"w{at}," if at == comma else f"w{at}" for at in range(1, count + 1))
    call = partial(text)
    for item in call[1]["items"]:
        number = int(item["content"][1:]) - 1 if item["content"] != "," else comma - 1
        item["startMs"], item["endMs"] = number * step, (number + 1) * step
    call[1]["endMs"] = count * step
    return call


@pytest.mark.parametrize(
    ("count", "comma", "step", "cut"),
    [
        (20, 10, 300, 0),
        (21, 10, 300, 10),
        (10, 5, 800, 0),
        (10, 5, 801, 5),
        (10, 4, 801, 4),
        (10, 2, 1200, 9),
        (24, 0, 300, 0),
        (25, 0, 300, 24),
        (10, 0, 1000, 0),
        (10, 0, 1001, 9),
        (22, 20, 300, 0),
        (23, 20, 300, 20),
        (25, 23, 300, 23),
    ],
)
def test_a_sentence_is_long_after_so_many_words_or_so_much_time(
    segmenter: Deno, count: int, comma: int, step: int, cut: int
) -> None:
    (answer,) = heard(segmenter, "xx", words(count, comma=comma, step=step))
    assert [len(each["text"].split()) for each in answer["sentences"]] == [cut] * bool(cut)


@pytest.mark.parametrize(("count", "first"), [(30, 30), (31, 24)])
def test_a_stop_that_is_heard_already_ends_up_to_thirty_words(
    segmenter: Deno, count: int, first: int
) -> None:
    text = " ".join(f"w{at}" for at in range(count)) + "."
    assert len(sentences(heard(segmenter, "xx", final(text)))[0].split()) == first


def test_a_stop_that_is_not_stable_yet_is_waited_for(segmenter: Deno) -> None:
    text = " ".join(f"w{at}" for at in range(27)) + ". w"
    waits, stable = heard(segmenter, "xx", partial(text, stable=26), partial(text, stable=27))
    assert (waits["sentences"], len(stable["sentences"][0]["text"].split())) == ([], 27)


def test_slow_speech_is_cut_by_its_time(segmenter: Deno) -> None:
    call = partial("we have come from far, to see this")
    for at, item in enumerate(call[1]["items"]):
        item["startMs"], item["endMs"] = at * 1000, at * 1000 + 900
    call[1]["endMs"] = 9000
    assert sentences(heard(segmenter, "en", call)) == ["we have come from far,"]


def test_a_short_end_of_a_long_sentence_is_not_left_alone(segmenter: Deno) -> None:
    text = f"{' '.join(f'w{at}' for at in range(20))}, of course"
    assert sentences(heard(segmenter, "en", final(text), FINISH)) == [text]
