"""When the words are on the screen."""

import sys
from collections import Counter
from collections.abc import Sequence

import pytest

from chalice_app.transcripts.cues import SHORTEST_MS, cues
from chalice_app.transcripts.formats import render
from chalice_app.transcripts.transcript import Transcript, TranscriptLine

T0 = 1_700_000_000_000
LONG = (
    "This sentence goes on and on, and its clauses are cut into cues; it has many words more. " * 2
)


def said(
    sequence: int, at: int, text: str, began: int | None = None, ended: int | None = None
) -> TranscriptLine:
    """A sentence in English; times are milliseconds from any moment."""
    began_at = None if began is None else T0 + began
    ended_at = None if ended is None else T0 + ended
    return TranscriptLine(sequence, T0 + at, began_at, ended_at, 0, {"en": text}, frozenset())


def times(*lines: TranscriptLine) -> Sequence[tuple[int, int, int]]:
    """Each cue's sequence, beginning and end."""
    talk = Transcript("golden-eagle-427", None, "en", T0, ("en",), lines)
    return [(cue.sequence, cue.start_ms, cue.end_ms) for cue in cues(talk)]


def test_a_spoken_sentence_is_shown_while_it_sounds() -> None:
    assert times(said(1, 9_000, "Hello.", 4_000, 7_500)) == [(1, 0, 3_500)]


def test_a_typed_one_from_when_it_was_sent_as_long_as_it_takes_to_read() -> None:
    assert times(said(1, 9_000, "x" * 34)) == [(1, 0, 2_000)]


def test_nothing_is_shown_too_shortly_or_too_long() -> None:
    assert times(said(1, 0, "No.")) == [(1, 0, SHORTEST_MS)]
    assert times(said(1, 60_000, "No.", 0, 60_000)) == [(1, 0, 7_000)]


def test_a_cue_stays_while_it_is_read_but_not_beyond_the_next_one() -> None:
    slow = said(1, 1_000, "x" * 40, 0, 500)
    assert times(slow, said(2, 9_000, "No.", 8_000, 9_000))[0] == (1, 0, 2_353)
    assert times(slow, said(2, 2_000, "No.", 1_500, 2_000))[0] == (1, 0, 1_500)


def test_sentences_that_came_at_once_follow_one_another() -> None:
    assert times(*(said(number, 0, "Yes.") for number in (1, 2, 3))) == [
        (1, 0, 834),
        (2, 834, 1_668),
        (3, 1_668, 2_502),
    ]


def test_time_goes_before_sequences() -> None:
    later, earlier = said(1, 9_000, "Second.", 5_000, 6_000), said(2, 9_000, "First.", 0, 2_000)
    assert [sequence for sequence, *_ in times(later, earlier)] == [2, 1]


def test_a_long_sentence_shares_its_time_by_length() -> None:
    made = times(said(1, 20_000, LONG, 0, 20_000))
    assert [sequence for sequence, *_ in made] == [1] * len(made)
    assert len(made) == 3
    assert (made[0][1], made[-1][2]) == (0, 20_000)
    assert all(5_000 < end - start < 8_500 for _, start, end in made)


def test_every_part_of_a_sentence_has_the_time_to_read_it() -> None:
    text = f"{LONG[:80]}Yes. {LONG}No."
    talk = Transcript("golden-eagle-427", None, "en", T0, ("en",), [said(1, 0, text)])
    for cue in cues(talk):
        needed = sum(map(len, cue.lines["en"])) * 1000 / 17
        assert max(SHORTEST_MS, needed) <= cue.end_ms - cue.start_ms <= needed + SHORTEST_MS


def test_in_a_fast_talk_every_part_has_the_shortest_time_at_least() -> None:
    made = times(said(1, 0, f"{LONG}No."), said(2, 3_000, "Yes."))
    assert all(end - start >= SHORTEST_MS for _, start, end in made)
    assert made[-1][1] >= 3_000


def test_times_that_cannot_be_do_no_harm() -> None:
    assert times(said(1, 0, "Yes.", 5_000, 1_000)) == [(1, 0, SHORTEST_MS)]


def test_untranslated_words_have_the_limits_of_their_own_language() -> None:
    line = TranscriptLine(1, T0, None, None, 0, {"ja": "x" * 34}, frozenset({"ja"}))
    (cue,) = cues(Transcript("golden-eagle-427", None, "en", T0, ("ja",), [line]))
    assert (cue.lines, cue.end_ms) == ({"ja": ("x" * 34,)}, 2_000)


def test_sentences_without_words_have_no_cue() -> None:
    assert times(said(1, 0, " \0\n"), said(2, 5_000, "Yes.")) == [(2, 5_000, 5_834)]


@pytest.mark.parametrize("format", ["txt", "srt", "vtt", "json"])
def test_twice_the_talk_is_twice_the_work(format: str) -> None:  # noqa: A002
    short, long = (calls_to_render(format, talk_of(sentences)) for sentences in (100, 200))
    assert long < 2.2 * short


def talk_of(sentences: int) -> Transcript:
    """A talk in English and Arabic."""
    lines = [
        TranscriptLine(
            *(number, T0 + 5_000 * number, None, None, 0),
            {
                "en": LONG[:120],
                "ar": "هذه جملة طويلة جدا، تستمر وتستمر، ويجب تقطيعها إلى عدة أجزاء.",
            },
            frozenset(),
        )
        for number in range(1, sentences + 1)
    ]
    return Transcript("golden-eagle-427", None, "en", T0, ("en", "ar"), lines)


def calls_to_render(format: str, talk: Transcript) -> int:  # noqa: A002
    """How many functions are called: that is the same on every machine."""
    events: Counter[str] = Counter()
    before = sys.getprofile()
    sys.setprofile(lambda _frame, event, _arg: events.update([event]))
    try:
        assert sum(map(len, render(format, talk)))
    finally:
        sys.setprofile(before)
    return events["call"] + events["c_call"]


@pytest.mark.parametrize("text", ["a ", "好", "ก", "!", "e\u0301", "。", "\u200b", "&<", "1:2.3 "])
@pytest.mark.parametrize("format", ["txt", "srt", "vtt", "json"])
def test_twice_the_text_is_twice_the_work(format: str, text: str) -> None:  # noqa: A002
    short, long = (
        Transcript("golden-eagle-427", None, "en", T0, ("en",), [said(1, 0, text * times)])
        for times in (1_000, 2_000)
    )
    assert calls_to_render(format, long) < 2.5 * calls_to_render(format, short) + 100
