"""Where a sentence that is long without a stop is cut: `|` is where."""

import pytest

from tests.deno import Deno
from tests.unit.chalice_app.web.recogniser import (
    FINISH,
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


@pytest.mark.parametrize("name", LONG)
def test_a_long_sentence_is_cut(segmenter: Deno, name: str) -> None:
    language, text = LONG[name]
    first, rest = (" ".join(part.split()) for part in text.split("|"))
    assert sentences(heard(segmenter, language, partial(f"{first} {rest}")))[0] == first


def test_without_a_clause_it_is_cut_at_the_longest_gap_but_not_after_an_article(
    segmenter: Deno,
) -> None:
    words = """old men saw that big dog near the farm house last night before dinner time came round
    again some people say that they were not so very glad"""
    call = partial(words)
    for at, gap in ((8, 500), (13, 300)):  # after "the", after "before"
        for item in call[1]["items"][at:]:
            item["startMs"] += gap
            item["endMs"] += gap
    call[1]["items"][9]["startMs"] += 100  # after "farm"
    assert sentences(heard(segmenter, "en", call))[0] == "old men saw that big dog near the farm"


@pytest.mark.parametrize("gap", [0, 100])
def test_a_sentence_of_plain_words_is_cut_before_it_has_thirty(segmenter: Deno, gap: int) -> None:
    answers = heard(segmenter, "xx", *(partial("w " * count) for count in range(1, 100)), FINISH)
    counts = [len(text.split()) for text in sentences(answers)]
    assert sum(counts) == 99
    assert max(counts) <= 30
    assert min(counts[:-1]) >= 15


def test_slow_speech_is_cut_by_its_time(segmenter: Deno) -> None:
    call = partial("we have come from far, to see this")
    for at, item in enumerate(call[1]["items"]):
        item["startMs"], item["endMs"] = at * 1000, at * 1000 + 900
    call[1]["endMs"] = 9000
    assert sentences(heard(segmenter, "en", call)) == ["we have come from far,"]


def test_a_short_end_of_a_long_sentence_is_not_left_alone(segmenter: Deno) -> None:
    words = (
        "we have come from every town of this old valley of ours to speak of the river, of course"
    )
    assert sentences(heard(segmenter, "en", final(words), FINISH)) == [words]
