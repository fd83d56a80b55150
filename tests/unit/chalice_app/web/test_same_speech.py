"""Recognisers that break their promise: what was said is found again, and said once."""

import pytest

from tests.deno import Deno
from tests.unit.chalice_app.web.recogniser import (
    FINISH,
    final,
    heard,
    partial,
    sentences,
)

SAID = final("It is good.")
AGAIN = [
    ("the same words", "It is good. We go on."),
    ("in another case", "it is Good. We go on."),
    ("with another word", "It is food. We go on."),
]


@pytest.mark.parametrize("text", [each[1] for each in AGAIN], ids=[each[0] for each in AGAIN])
@pytest.mark.parametrize("name", ["a", "b"])
def test_what_was_said_is_not_said_again(segmenter: Deno, text: str, name: str) -> None:
    calls = [partial("It is good. We"), final(text, name=name), FINISH]
    assert sentences(heard(segmenter, "en", *calls)) == ["It is good.", "We go on."]


def test_words_that_were_joined_afterwards_are_found_by_their_time(segmenter: Deno) -> None:
    call = final("x good. We go on.", at=300)
    call[1]["items"][0] |= {"content": "It's", "startMs": 0, "endMs": 580}
    call[1]["startMs"] = 0
    answers = heard(segmenter, "en", partial("It is good. We"), call, FINISH)
    assert sentences(answers) == ["It is good.", "We go on."]


def test_without_times_words_are_found_by_their_count(segmenter: Deno) -> None:
    calls = [partial("It is good. We"), final("It was good. We go on."), FINISH]
    for _, result in calls[:2]:
        del result["startMs"], result["endMs"]
        for item in result["items"]:
            del item["startMs"], item["endMs"]
    assert sentences(heard(segmenter, "en", *calls)) == ["It is good.", "We go on."]


def test_a_result_that_overlaps_the_former_repeats_nothing(segmenter: Deno) -> None:
    calls = [final("we have come to"), final("come to dedicate it.", at=600, name="b")]
    assert sentences(heard(segmenter, "en", *calls)) == ["we have come to dedicate it."]


def test_a_clock_that_steps_back_loses_nothing(segmenter: Deno) -> None:
    calls = [final("It is good.", at=9000), final("We go on.", name="b"), FINISH]
    answers = heard(segmenter, "en", *calls)
    assert sentences(answers) == ["It is good.", "We go on."]
    times = [(each["startMs"], each["endMs"]) for answer in answers for each in answer["sentences"]]
    assert times == [(9000, 9880), (9880, 9880)]
