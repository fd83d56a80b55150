"""The speaker's audio on its way to a recogniser that fails in every way, over made-up time."""

import random
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import pytest

from tests.deno import Deno, running_deno

Entry = dict[str, Any]
Talk = dict[str, Any]

SEED = 20_261
TALKS = 12
HOUR = 3_600_000
FAULTS = ("refusing", "hanging", "mute", "slow")
ACTS = (
    "cut",
    "close",
    "garbage",
    "text",
    "notJson",
    "odd",
    "BadRequestException Your request timed out because no new audio was received for 15 seconds.",
    "BadRequestException wrong",
    "LimitExceededException",
    "InternalFailureException",
    "ServiceUnavailableException",
    "ConflictException",
    "SomethingNewException",
)


@pytest.fixture(scope="module")
def deno() -> Iterator[Deno]:
    """A process that has the stream, a recogniser for it and a clock."""
    with running_deno("../../tests/fakes/talk.js") as running:
        yield running


def talk(
    deno: Deno,
    *moments: tuple[int, str],
    words: Sequence[int] = (),
    until: int = 60_000,
    **options: object,
) -> Talk:
    """A talk of which each word begins at a time; what happened."""
    settings = {"untilMs": until, "words": words, "moments": sorted(moments), **options}
    happened: Talk = deno.evaluate("({ talk }, settings) => talk(settings)", settings)
    return happened


def spoken(begin: int, end: int) -> list[int]:
    """Sentences of six words without an end in sight."""
    starts = []
    while begin + 4_000 < end:
        starts += [begin + 500 * n for n in range(6)]
        begin += 4_000
    return starts


def said(happened: Talk) -> list[str]:
    """The words of all sentences."""
    return " ".join(each["sentence"]["text"] for each in entries(happened, "sentence")).split()


def entries(happened: Talk, kind: str) -> list[Entry]:
    """What was told of one kind."""
    return [each for each in happened["log"] if kind in each]


def states(happened: Talk) -> list[tuple[str, str]]:
    """What the speaker is shown."""
    return [
        (each["state"]["state"], each["state"]["problem"]) for each in entries(happened, "state")
    ]


def names(words: Sequence[int]) -> list[str]:
    """The words, as the recogniser writes them."""
    return [f"w{n}" for n in range(len(words))]


def test_a_talk_becomes_sentences_with_their_times(deno: Deno) -> None:
    words = spoken(1_000, 58_000)
    happened = talk(deno, words=words)
    assert said(happened) == names(words)
    for each in entries(happened, "sentence"):
        first, *_, last = (int(word[1:]) for word in each["sentence"]["text"].split())
        assert each["sentence"]["startMs"] == words[first]
        assert each["sentence"]["endMs"] == words[last] + 400
    assert states(happened) == [("connecting", ""), ("live", "")]
    assert (happened["grants"], happened["opened"]) == (1, 1)


@pytest.mark.parametrize("trouble", ["", "cut", "deaf", "pause"])
def test_sentences_have_the_times_at_which_they_were_spoken(deno: Deno, trouble: str) -> None:
    words = spoken(1_000, 20_000) + spoken(30_000, 58_000)
    ends = {"deaf": (28_000, ""), "pause": (28_000, "start")}
    moments = [each for each in [(21_500, trouble), ends.get(trouble)] if each and trouble]
    happened = talk(deno, *moments, words=words)
    assert said(happened) == names(words)
    for each in entries(happened, "sentence"):
        first, *_, last = (int(word[1:]) for word in each["sentence"]["text"].split())
        assert each["sound"]["beganAt"] == pytest.approx(words[first], abs=200)
        assert each["sound"]["endedAt"] == pytest.approx(words[last] + 400, abs=200)


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("at", [20_000, 21_350, 24_200])
def test_after_a_failure_nothing_is_lost_and_nothing_is_said_twice(
    deno: Deno, act: str, at: int
) -> None:
    words = spoken(1_000, 55_000)
    happened = talk(deno, (at, act), words=words)
    assert said(happened) == names(words)
    assert (happened["grants"], happened["opened"], happened["most"]) == (1, 2, 1)


@pytest.mark.parametrize("fault", FAULTS)
def test_after_a_fault_that_lasts_what_was_said_is_heard(deno: Deno, fault: str) -> None:
    words = spoken(1_000, 85_000)
    moments = [(20_500, fault), (20_600, "cut" if fault in {"refusing", "hanging"} else fault)]
    happened = talk(deno, *moments, (38_000, ""), words=words, until=90_000, mayGiveUp=False)
    assert said(happened) == names(words)
    assert states(happened)[-1] == ("live", "")


def random_talk(chance: random.Random) -> tuple[list[tuple[int, str]], list[int]]:
    """Up to six failures, and faults of up to ten seconds, over three minutes."""
    moments = []
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(2_000, 150_000)
        if chance.random() < 0.6:
            moments.append((at, chance.choice(ACTS)))
        else:
            moments += [(at, chance.choice(FAULTS)), (at + chance.randrange(10_000), "")]
    starts, at = [], 1_000
    while at < 165_000:
        starts.append(at)
        at += 500 + (chance.random() < 0.15) * chance.choice([700, 1_500, 6_000])
    return moments, starts


@pytest.mark.parametrize("part", range(4))
def test_whatever_fails_nothing_is_lost_and_nothing_is_said_twice(deno: Deno, part: int) -> None:
    chance = random.Random(f"{SEED} {part}")
    for n in range(TALKS // 4):
        moments, words = random_talk(chance)
        # Long enough for whatever pause the last failure left.
        happened = talk(deno, *moments, (175_000, ""), words=words, until=215_000, mayGiveUp=False)
        note = f"seed {SEED} {part}, talk {n}: {sorted(moments)} {words}"
        assert said(happened) == names(words), note
        assert happened["most"] == 1, note
        assert states(happened)[-1] == ("live", ""), note


def test_with_the_page_s_own_segmenter_too(deno: Deno) -> None:
    chance = random.Random(SEED)
    for n in range(4):
        moments, words = random_talk(chance)
        pause = chance.randrange(160_000, 170_000)
        moments += [(pause, "pause"), (pause + chance.randrange(100_000), "start"), (175_000, "")]
        kept = [at for at in words if at + 400 < pause]
        options = {"language": "en", "mayGiveUp": False}
        happened = talk(deno, *moments, words=kept, until=300_000, **options)
        note = f"seed {SEED}, talk {n}: {sorted(moments)} {kept}"
        assert [word.strip(".").lower() for word in said(happened)] == names(kept), note


def test_a_pause_is_filled_with_silence(deno: Deno) -> None:
    words = [*spoken(1_000, 20_000), *spoken(50_500, 70_000)]
    moments = [(20_000, "pause"), (50_000, "start")]
    happened = talk(deno, *moments, words=words, until=75_000)
    assert said(happened) == names(words)
    assert (happened["opened"], happened["released"]) == (1, 0)
    assert happened["sentMs"] >= 74_000


def test_what_was_said_before_a_pause_comes_and_nothing_after_it(deno: Deno) -> None:
    words = [1_000, 1_500, 2_000, 2_500, 3_000]
    happened = talk(deno, (2_100, "pause"), words=words, until=10_000)
    assert said(happened) == ["w0", "w1"]
    (sentence,) = entries(happened, "sentence")
    assert sentence["at"] <= 4_000


def test_a_long_pause_ends_the_stream_and_its_minutes(deno: Deno) -> None:
    words = [*spoken(1_000, 20_000), *spoken(200_500, 220_000)]
    moments = [(20_000, "pause"), (200_000, "start")]
    happened = talk(deno, *moments, words=words, until=230_000)
    assert said(happened) == names(words)
    assert (happened["opened"], happened["released"]) == (2, 1)
    assert happened["sentMs"] <= 112_000
    (rest,) = [each for each in entries(happened, "state") if each["state"]["state"] == "resting"]
    assert 80_000 <= rest["at"] <= 81_500
    again = [each["sentence"] for each in entries(happened, "sentence") if each["at"] > 200_000]
    assert again[0]["startMs"] == pytest.approx(81_000, abs=1_000), "the talk's clock stood still"


@pytest.mark.parametrize("at", [79_000, 80_050, 80_450, 81_000])
def test_going_on_while_the_stream_ends_loses_nothing(deno: Deno, at: int) -> None:
    words = [*spoken(1_000, 20_000), *spoken(at + 100, 100_000)]
    moments = [(20_000, "pause"), (at, "start")]
    happened = talk(deno, *moments, words=words, until=110_000)
    assert said(happened) == names(words)
    assert happened["open"] == 1


def test_a_microphone_that_sends_nothing_ends_no_stream(deno: Deno) -> None:
    words = [*spoken(1_000, 20_000), *spoken(45_000, 60_000)]
    happened = talk(deno, (21_000, "deaf"), (44_000, ""), words=words, until=65_000)
    assert said(happened) == names(words)
    assert happened["opened"] == 1
    assert happened["sentMs"] >= 63_000


def test_a_stream_is_renewed_within_four_hours_in_a_gap(deno: Deno) -> None:
    slept = int(3.49 * HOUR)
    words = [*spoken(1_000, 9_000), *spoken(slept + 20_000, slept + 80_000)]
    happened = talk(deno, (12_000, "sleep"), words=words, until=slept + 85_000)
    assert said(happened) == names(words)
    assert (happened["opened"], happened["grants"]) == (2, 2)
    assert states(happened) == [("connecting", ""), ("live", "")] * 2


@pytest.mark.parametrize(
    ("refusal", "problem"),
    [
        ("grant 404 0", "unsupported"),
        ("grant 401 0", "refused"),
        ("grant 400 0", "refused"),
        ("grant 429 7200000 0", "spent"),
        ("grant 429 1800000", "limited"),
    ],
)
def test_a_refusal_that_lasts_is_given_up_at_once(deno: Deno, refusal: str, problem: str) -> None:
    words = spoken(1_000, 30_000)
    happened = talk(
        deno,
        (9_900, refusal),
        (10_000, "pause"),
        (90_000, "start"),
        words=words,
        until=95_000,
        mayGiveUp=False,
    )
    assert states(happened)[-1] == ("over", problem)
    assert entries(happened, "state")[-1]["at"] <= 90_500
    assert happened["grants"] == 2


def test_the_stream_ends_with_the_session_s_minutes_and_its_last_words_come(deno: Deno) -> None:
    words = spoken(1_000, 60_000)
    happened = talk(deno, words=words, until=40_000, remainingSeconds=20)
    assert states(happened) == [("connecting", ""), ("live", ""), ("over", "spent")]
    assert entries(happened, "state")[-1]["at"] <= 22_000
    heard = said(happened)
    assert heard == names(words)[: len(heard)]
    assert len(heard) >= len([at for at in words if at + 400 < 19_800])
    assert (happened["released"], happened["open"]) == (1, 0)


@pytest.mark.parametrize("refusal", ["grant 0 0", "grant 503 0", "grant 429 5000"])
def test_a_refusal_that_passes_is_waited_for(deno: Deno, refusal: str) -> None:
    words = spoken(1_000, 30_000)
    happened = talk(deno, (0, refusal), (8_000, "grant"), words=words, until=40_000)
    assert said(happened) == names(words)
    assert happened["grants"] <= 8


def test_a_url_is_used_again_and_after_two_failures_another_is_asked_for(deno: Deno) -> None:
    happened = talk(deno, (0, "refusing"), (30_000, ""), until=60_000, mayGiveUp=False)
    assert happened["opened"] == pytest.approx(2 * happened["grants"], abs=2)
    assert states(happened)[-1] == ("live", "")


def test_failures_are_told_within_three_seconds_and_given_up_in_half_a_minute(deno: Deno) -> None:
    words = spoken(1_000, 55_000)
    for fault in ("refusing", "hanging"):
        happened = talk(deno, (20_000, fault), (20_050, "cut"), words=words)
        told = next(each for each in entries(happened, "state") if each["state"]["problem"])
        assert told["at"] <= 23_000
        assert told["state"]["problem"] == "unreachable"
        last = entries(happened, "state")[-1]
        assert (last["state"]["state"], last["state"]["problem"]) == ("over", "unreachable")
        assert last["at"] <= 50_000
        assert last["state"]["unheardMs"] >= last["at"] - 22_000
        heard = said(happened)
        assert heard == names(words)[: len(heard)]
        assert happened["released"] == 1


def test_a_recogniser_that_keeps_failing_is_asked_less_and_less_often(deno: Deno) -> None:
    every = [(at, "InternalFailureException") for at in range(500, 300_000, 50)]
    happened = talk(deno, *every, until=300_000, mayGiveUp=False)
    opened = [each["at"] for each in entries(happened, "state") if each["state"]["state"] == "live"]
    assert len(opened) <= 26
    assert all(later - earlier >= 15_000 for earlier, later in pairwise(opened[-5:]))


@pytest.mark.parametrize("act", ["garbage", "InternalFailureException"])
def test_streams_that_open_and_fail_are_one_trouble_that_stays_told(deno: Deno, act: str) -> None:
    every = [(at, act) for at in range(1_000, 40_000, 1_000)]
    happened = talk(deno, *every, until=20_000, mayGiveUp=False)
    shown = entries(happened, "state")
    told = next(each["at"] for each in shown if each["state"]["problem"] == "failing")
    assert told <= 1_000 + 3_000
    later = [each["state"]["problem"] for each in shown if each["at"] >= told]
    assert set(later) == {"failing"}


def test_a_recogniser_at_its_limit_is_given_more_time(deno: Deno) -> None:
    times = {}
    for act in ("LimitExceededException", "InternalFailureException"):
        every = [(at, act) for at in range(500, 30_000, 50)]
        times[act] = talk(deno, *every, until=30_000, mayGiveUp=False)["opened"]
    assert times["LimitExceededException"] < times["InternalFailureException"]


def test_a_recogniser_without_words_is_told_and_then_opened_anew(deno: Deno) -> None:
    words = spoken(1_000, 55_000)
    happened = talk(deno, (0, "mute"), words=words, until=100_000)
    problems = [(each["at"], each["state"]["problem"]) for each in entries(happened, "state")]
    first = {problem: at for at, problem in reversed(problems)}
    assert first["wordless"] <= 4_600  # 1 s of speech, and 2.5 s of it without a word
    assert first["unanswering"] <= 12_000
    assert states(happened)[-1] == ("over", "unanswering")


def test_music_after_words_is_no_reason_to_give_up(deno: Deno) -> None:
    words = spoken(1_000, 20_000)
    happened = talk(deno, words=words, until=200_000, noise=[21_000, 200_000])
    assert said(happened) == names(words)
    assert states(happened)[-1][0] == "live"
    assert happened["opened"] <= 5


def test_a_slow_line_is_told_and_nothing_is_dropped(deno: Deno) -> None:
    words = spoken(1_000, 55_000)
    happened = talk(deno, (20_000, "slow"), (30_000, ""), words=words)
    assert said(happened) == names(words)
    assert ("live", "behind") in states(happened)
    assert states(happened)[-1] == ("live", "")


def test_the_end_waits_for_the_last_words(deno: Deno) -> None:
    words = [1_000, 1_500, 2_000]
    happened = talk(deno, (2_300, "finish"), words=words, until=10_000)
    assert said(happened) == ["w0", "w1", "w2"]
    (end,) = entries(happened, "finished")
    assert end["at"] <= 4_000
    assert (happened["open"], happened["released"]) == (0, 1)


@pytest.mark.parametrize("fault", ["refusing", "hanging", "mute", "slow"])
def test_the_end_does_not_wait_for_ever(deno: Deno, fault: str) -> None:
    words = [1_000, 1_500, 2_000]
    happened = talk(
        deno, (2_300, fault), (2_350, "finish"), (2_400, "cut"), words=words, until=20_000
    )
    (end,) = entries(happened, "finished")
    assert end["at"] <= 7_600
    heard = said(happened)
    assert heard == names(words)[: len(heard)]
    assert happened["open"] == 0


def test_a_failure_at_the_end_loses_no_words(deno: Deno) -> None:
    words = [1_000, 1_500, 2_000]
    happened = talk(deno, (2_400, "finish"), (2_450, "cut"), words=words, until=20_000)
    assert said(happened) == ["w0", "w1", "w2"]
    assert len(entries(happened, "finished")) == 1


def test_an_end_at_once_says_what_was_heard_and_nothing_after(deno: Deno) -> None:
    words = spoken(1_000, 20_000)
    happened = talk(deno, (4_000, "abandon"), words=words, until=20_000)
    assert said(happened) == ["w0", "w1", "w2", "w3"]
    assert {each["at"] for each in entries(happened, "sentence")} == {4_000}
    assert states(happened)[-1] == ("off", "")
    assert (happened["open"], happened["released"]) == (0, 1)


def test_a_network_that_is_back_ends_the_pause(deno: Deno) -> None:
    moments = [(0, "grant 0 0"), (20_000, "grant"), (20_050, "retry"), (20_100, "retry")]
    happened = talk(deno, *moments, until=25_000, mayGiveUp=False)
    live = next(
        each["at"] for each in entries(happened, "state") if each["state"]["state"] == "live"
    )
    assert live <= 20_300


def test_after_giving_up_a_switch_tries_anew(deno: Deno) -> None:
    words = spoken(60_500, 80_000)
    moments = [(0, "refusing"), (50_000, ""), (60_000, "start")]
    happened = talk(deno, *moments, words=words, until=90_000)
    assert [each for each in states(happened) if not each[1]][-1] == ("live", "")
    assert said(happened) == names(words)
