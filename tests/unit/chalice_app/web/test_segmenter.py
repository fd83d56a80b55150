"""When what a recogniser hears becomes a sentence, and that nothing is lost or said twice."""

import pytest

from tests.deno import Deno
from tests.unit.chalice_app.web.recogniser import (
    FINISH,
    STEP_MS,
    WORD_MS,
    advance,
    final,
    heard,
    items,
    partial,
    restart,
    sentences,
)

# Stops, and results that end


def test_a_sentence_leaves_at_its_full_stop_in_the_stable_part(segmenter: Deno) -> None:
    loose, stable = heard(
        segmenter, "en", partial("It is good. Now", stable=2), partial("It is good. Now", stable=3)
    )
    assert (loose["sentences"], loose["draft"]) == ([], "It is good. Now")
    assert stable["sentences"] == [{"text": "It is good.", "startMs": 0, "endMs": 880}]
    assert stable["draft"] == "Now"


def test_a_stop_that_is_not_stable_ends_nothing(segmenter: Deno) -> None:
    call = partial("The Amazon is the law.")
    call[1]["items"][-1]["stable"] = False
    answers = heard(segmenter, "en", call, final("The Amazon is the largest rainforest."))
    assert sentences(answers) == ["The Amazon is the largest rainforest."]


def test_one_or_two_words_go_with_the_next_sentence_without_a_pause(segmenter: Deno) -> None:
    answers = heard(segmenter, "en", final("Thank you. Amen. Let us pray. Amen. We stand."), FINISH)
    assert sentences(answers) == ["Thank you. Amen.", "Let us pray.", "Amen. We stand."]


def test_one_or_two_words_go_with_the_sentence_before_where_the_pause_is_known(
    segmenter: Deno,
) -> None:
    for end in (FINISH, final("We stand.", at=3000, name="b")):
        answers = heard(segmenter, "en", partial("Let us pray. Amen.", stable=0), end)
        assert sentences(answers)[0] == "Let us pray. Amen."


@pytest.mark.parametrize("text", ["Amen.", "Amen", "Thank you."])
def test_one_or_two_words_leave_after_a_pause(segmenter: Deno, text: str) -> None:
    assert sentences(heard(segmenter, "en", final(text), advance(5000))) == [text]
    assert sentences(heard(segmenter, "en", final(text), final("We", at=5000, name="b"))) == [text]


def test_growing_finals_of_one_utterance_are_one_sentence(segmenter: Deno) -> None:
    """Case M1."""
    texts = ("Good", "Good evening", "Good evening all")
    for names in ("aaa", "abc"):
        calls = [final(text, name=name) for text, name in zip(texts, names, strict=True)]
        assert sentences(heard(segmenter, "en", *calls, advance(9000))) == ["Good evening all"]


def test_a_final_that_comes_twice_is_said_once_and_a_second_amen_is_another(
    segmenter: Deno,
) -> None:
    """Case M2."""
    first = [final("Amen."), final("Amen."), advance(5000), final("Amen.")]
    for name in "ab":
        second = [final("Amen.", at=6000, name=name), final("Amen.", at=6000, name=name)]
        answers = heard(segmenter, "en", *first, *second, advance(15_000))
        assert sentences(answers) == ["Amen.", "Amen."]


def test_words_that_never_became_final_leave_when_the_stream_ends(segmenter: Deno) -> None:
    """Case M7."""
    answers = heard(segmenter, "en", partial("and so we", stable=1), FINISH, FINISH)
    assert sentences(answers) == ["and so we"]
    assert answers[-1]["draft"] == ""


def test_a_later_final_result_ends_a_partial_one_that_had_none(segmenter: Deno) -> None:
    calls = [partial("we have come", stable=1), final("to this place today.", at=900, name="b")]
    assert sentences(heard(segmenter, "en", *calls)) == ["we have come to this place today."]


def test_an_empty_final_keeps_what_was_stable(segmenter: Deno) -> None:
    empty = ["hear", {"id": "a", "partial": False, "startMs": 0, "endMs": 2000, "items": []}]
    answers = heard(segmenter, "en", partial("we have gone", stable=2), empty)
    assert sentences(answers) == ["we have"]


def test_a_partial_after_its_final_changes_nothing(segmenter: Deno) -> None:
    answers = heard(segmenter, "en", final("we have come"), partial("we have"), FINISH)
    assert sentences(answers) == ["we have come"]


def test_a_mark_that_comes_in_a_result_of_its_own_belongs_to_the_word_before(
    segmenter: Deno,
) -> None:
    mark = {"content": ".", "kind": "punctuation", "startMs": 880, "endMs": 880, "stable": True}
    for following in ([], items("Now", at=900)):
        result = {"id": "b", "partial": False, "startMs": 880, "endMs": 1200}
        calls = [final("it is so"), ["hear", {**result, "items": [mark, *following]}], FINISH]
        assert sentences(heard(segmenter, "en", *calls))[0].startswith("it is so.")


# Pauses


def test_a_pause_between_words_ends_a_sentence(segmenter: Deno) -> None:
    short, pause = (
        sentences(
            heard(segmenter, "en", final("we have come"), partial("to", at=880 + gap, name="b"))
        )
        for gap in (690, 700)
    )
    assert (short, pause) == ([], ["we have come"])


@pytest.mark.parametrize("text", ["we came to the", "we came and", "we came,"])
def test_somebody_who_looks_for_a_word_goes_on(segmenter: Deno, text: str) -> None:
    end = len(text.split()) * STEP_MS - STEP_MS + WORD_MS
    hesitates, pauses = (
        sentences(heard(segmenter, "en", final(text), final("town hall", at=end + gap, name="b")))
        for gap in (1300, 1400)
    )
    assert (hesitates, pauses) == ([], [text])


def test_a_final_result_in_the_middle_of_speech_ends_no_sentence(segmenter: Deno) -> None:
    """The recogniser is 1.2 s behind: what follows is heard 1.8 s after the final's end."""
    answers = heard(
        segmenter,
        "en",
        advance(1180),
        partial("we", stable=0),
        advance(1780),
        partial("we have come", stable=0),
        advance(2080),
        final("we have come"),
        *(advance(clock) for clock in range(2100, 2700, 50)),
        partial("to dedicate", at=900, name="b"),
    )
    assert sentences(answers) == []
    assert answers[-1]["draft"] == "we have come to dedicate"


def test_a_pause_is_seen_on_the_clock_once_later_words_would_have_been_heard(
    segmenter: Deno,
) -> None:
    clocks = range(2100, 4000, 100)
    calls = [advance(1400), partial("we", stable=0), advance(2000), final("we have come")]
    answers = heard(segmenter, "en", *calls, *map(advance, clocks))
    left = next(
        clock for clock, answer in zip(clocks, answers[4:], strict=True) if answer["sentences"]
    )
    # Words come up to 1.7 s after their beginning; the sentence ends at 0.88 s.
    assert left == 3300


def test_a_pause_that_the_recogniser_has_listened_to_needs_no_clock(segmenter: Deno) -> None:
    call = final("we have come")
    call[1]["endMs"] = 880 + 700
    assert sentences(heard(segmenter, "en", advance(1700), call)) == ["we have come"]


def test_no_clock_ends_what_is_not_final(segmenter: Deno) -> None:
    answers = heard(segmenter, "en", partial("we have come"), advance(60_000))
    assert sentences(answers) == []


# Streams that end


def test_a_new_stream_hears_again_what_had_not_left(segmenter: Deno) -> None:
    answers = heard(
        segmenter,
        "en",
        final("It is good. Now we are"),
        restart(0),
        partial("Now", at=900, name="a", stable=0),
        final("Now we are engaged.", at=900, name="a"),
        FINISH,
    )
    assert answers[1] == {"sentences": [], "draft": "Now we are", "resumeMs": 880}
    assert answers[2]["draft"] == "Now we are"
    assert sentences(answers) == ["It is good.", "Now we are engaged."]


def test_words_whose_audio_is_gone_leave(segmenter: Deno) -> None:
    answers = heard(segmenter, "en", partial("we are engaged in a war", stable=1), restart(700))
    assert answers[1]["sentences"] == [{"text": "we are engaged", "startMs": 0, "endMs": 880}]
    assert (answers[1]["draft"], answers[1]["resumeMs"]) == ("in a war", 880)


def test_audio_that_is_gone_is_not_asked_for(segmenter: Deno) -> None:
    assert heard(segmenter, "en", restart(5000))[0]["resumeMs"] == 5000


def test_words_that_no_new_stream_hears_leave_at_the_end(segmenter: Deno) -> None:
    answers = heard(segmenter, "en", final("we are engaged"), restart(0), restart(0), FINISH)
    assert sentences(answers) == ["we are engaged"]


def test_what_a_new_stream_hears_otherwise_counts(segmenter: Deno) -> None:
    calls = [final("we are in gauged"), restart(0), final("we are engaged today."), FINISH]
    assert sentences(heard(segmenter, "en", *calls)) == ["we are engaged today."]
