"""What a listener hears, over made-up time: in order, one at a time, and never far behind."""

import random
from collections.abc import Iterator
from typing import Any

import pytest

from tests.deno import Deno, running_deno

Entry = dict[str, Any]
Moment = tuple[float, str, Any]

SEED = 20_262
TALKS = 60
FADE_MS = 150
ALWAYS = 10_000
"""Nobody is further behind."""


@pytest.fixture(scope="module")
def deno() -> Iterator[Deno]:
    """A process that has the player, and something that sounds over made-up time."""
    with running_deno("../../tests/fakes/listened_talk.js") as running:
        yield running


def listen(deno: Deno, *moments: Moment, until: float = 60_000, **options: object) -> Entry:
    """What came of these moments."""
    ordered = sorted(moments, key=lambda moment: moment[0])
    settings = {"moments": ordered, "untilMs": until, **options}
    told: Entry = deno.evaluate("({ listen }, settings) => listen(settings)", settings)
    assert told["mostAtOnce"] <= 1
    return told


def sound(at: float, sequence: int, **fields: object) -> Moment:
    """A sentence's sound comes; it lasts two seconds unless told otherwise."""
    return (at, "add", {"sequence": sequence, **fields})


def order(told: Entry) -> list[int]:
    """The sentences that sounded."""
    return [each["sequence"] for each in told["heard"]]


def starts(told: Entry) -> list[float]:
    """When each began."""
    return [each["at"] for each in told["heard"]]


def skips(told: Entry) -> list[tuple[str, list[int]]]:
    """What was not heard, and why."""
    return [(each["why"], each["sequences"]) for each in told["skipped"]]


def test_a_sound_is_played_as_it_comes_and_the_next_after_it(deno: Deno) -> None:
    told = listen(deno, sound(100, 1), sound(200, 2), sound(5_000, 3))
    assert order(told) == [1, 2, 3]
    assert starts(told) == [100, 2_100, 5_000]
    assert not skips(told)
    assert all(each["rates"] == [1] for each in told["heard"])


def test_who_comes_in_the_middle_waits_for_nothing(deno: Deno) -> None:
    assert starts(listen(deno, sound(0, 41))) == [0]


def test_sounds_are_heard_in_the_order_of_the_talk_and_each_once(deno: Deno) -> None:
    moments = (sound(0, 1), sound(10, 3), sound(20, 2), sound(30, 2), sound(40, 1), sound(50, 3))
    assert order(listen(deno, *moments)) == [1, 2, 3]


def test_the_parts_of_a_sentence_are_heard_in_their_order(deno: Deno) -> None:
    parts = [sound(10 * n, 1, part=n, parts=3) for n in (1, 3, 2, 2)]
    told = listen(deno, *parts, sound(40, 2))
    assert [(each["sequence"], each["part"]) for each in told["heard"]] == [
        (1, 1),
        (1, 2),
        (1, 3),
        (2, 1),
    ]


def test_what_is_missing_is_waited_for_two_seconds_and_no_longer(deno: Deno) -> None:
    told = listen(deno, sound(0, 1), sound(3_000, 3), sound(4_000, 2))
    assert order(told) == [1, 2, 3]
    told = listen(deno, sound(0, 1), sound(3_000, 3), sound(5_100, 2), sound(9_000, 4))
    assert order(told) == [1, 3, 4]
    assert starts(told)[1] == 5_000
    assert skips(told) == [("missing", [2])]


def test_the_rest_of_a_sentence_is_not_waited_for_for_ever(deno: Deno) -> None:
    told = listen(deno, sound(0, 1, part=1, parts=2), sound(3_000, 2))
    assert starts(told) == [0, 5_000]
    assert skips(told) == [("missing", [1])]


def test_what_has_no_voice_or_was_taken_back_is_not_waited_for(deno: Deno) -> None:
    told = listen(deno, sound(0, 1), (100, "leaveOut", 2), sound(3_000, 3))
    assert starts(told) == [0, 3_000]
    assert not skips(told)


def test_what_was_taken_back_is_not_heard_whenever_its_sound_comes(deno: Deno) -> None:
    told = listen(
        deno,
        sound(0, 1),
        sound(10, 2),
        (20, "leaveOut", 2),
        (30, "leaveOut", 3),
        sound(40, 3),
        sound(50, 4),
    )
    assert order(told) == [1, 4]
    assert not skips(told)
    assert {"2.1"} <= set(told["forgotten"])


def test_what_is_taken_back_while_it_sounds_fades(deno: Deno) -> None:
    told = listen(deno, sound(0, 1), sound(10, 2), (500, "leaveOut", 1))
    assert starts(told) == [0, 500 + FADE_MS]
    assert told["heard"][0]["outcome"] == "stopped"


def test_a_little_late_is_a_little_faster_and_then_as_it_was(deno: Deno) -> None:
    told = listen(deno, *(sound(n, n, durationMs=3_000) for n in (1, 2, 3)), sound(20_000, 4))
    assert [each["rates"][-1] for each in told["heard"]] == [1.2, 1.2, 1.2, 1]
    assert not skips(told)
    rates = {rate for each in told["heard"] for rate in each["rates"]}
    assert rates == {1, 1.2}


def test_who_falls_behind_jumps_to_what_is_live(deno: Deno) -> None:
    told = listen(deno, *(sound(n, n) for n in range(1, 41)))
    heard = order(told)
    assert heard[0] == 1
    assert heard[-1] == 40
    left_out = [each for _, sequences in skips(told) for each in sequences]
    assert sorted(heard + left_out) == list(range(1, 41))
    assert told["heard"][-1]["endedAt"] < ALWAYS


def test_it_goes_on_faster_until_it_is_hardly_late(deno: Deno) -> None:
    burst = [sound(n, n, durationMs=3_000) for n in (1, 2, 3)]
    told = listen(deno, *burst, sound(4_500, 4, durationMs=3_000))
    assert told["heard"][3]["at"] == pytest.approx(7_500, abs=5)
    assert told["heard"][3]["rates"] == [1.2], "three seconds late"


def test_where_nobody_knows_how_long_sounds_are_it_jumps_all_the_same(deno: Deno) -> None:
    told = listen(deno, *(sound(n, n, durationMs=0, realMs=2_000) for n in range(1, 41)))
    assert order(told)[-1] == 40
    assert told["heard"][-1]["endedAt"] < ALWAYS


def test_a_very_long_sound_ends_softly_when_the_next_would_come_too_late(deno: Deno) -> None:
    told = listen(deno, sound(0, 1, durationMs=20_000), sound(1_000, 2))
    assert starts(told) == [0, 1_000 + FADE_MS]
    assert skips(told) == [("behind", [1])]
    told = listen(deno, sound(0, 1, durationMs=10_000), sound(3_000, 2))
    assert not skips(told)


def test_after_a_jump_nothing_is_waited_for(deno: Deno) -> None:
    talk = (sound(0, 1, durationMs=4_000), sound(10, 2, durationMs=11_000))
    told = listen(deno, *talk, sound(3_000, 6, durationMs=1_000))
    assert order(told) == [1, 6]
    assert starts(told)[1] == 4_000


def test_one_long_sentence_is_heard_to_its_end_if_nothing_follows(deno: Deno) -> None:
    told = listen(
        deno,
        *(sound(100 * n, 1, part=n, parts=12, durationMs=18_000) for n in range(1, 13)),
        until=300_000,
    )
    assert len(told["heard"]) == 12
    assert not skips(told)
    assert {rate for each in told["heard"] for rate in each["rates"]} == {1}


def test_of_a_long_sentence_the_rest_is_left_out_when_the_talk_goes_on(deno: Deno) -> None:
    parts = [sound(100 * n, 1, part=n, parts=12, durationMs=18_000) for n in range(1, 13)]
    told = listen(deno, *parts, sound(5_000, 2), sound(7_000, 3), until=300_000)
    assert order(told) == [1, 2, 3]
    assert skips(told) == [("behind", [1])]
    assert starts(told)[1] == 5_000 + FADE_MS


def test_a_long_sound_is_no_reason_to_hurry(deno: Deno) -> None:
    told = listen(deno, sound(0, 1, durationMs=20_000), until=30_000)
    assert told["heard"][0]["rates"] == [1]


def test_what_does_not_play_is_left_out_and_after_three_the_page_says_so(deno: Deno) -> None:
    broken = [sound(n * 3_000, n, kind="fails") for n in range(1, 5)]
    told = listen(deno, *broken, sound(15_000, 5))
    assert order(told) == [5]
    assert skips(told) == [("failed", [n]) for n in range(1, 5)]
    assert told["states"] == ["on", "failing", "on"]


def test_a_sound_that_never_ends_is_given_up(deno: Deno) -> None:
    told = listen(deno, sound(0, 1, kind="endless"), sound(1_000, 2))
    assert order(told) == [1, 2]
    assert starts(told)[1] == 2_000 + 4_000 + FADE_MS
    assert skips(told) == [("failed", [1])]


@pytest.mark.parametrize("told_ms", [0, -5, 200, 1_000_000])
def test_a_wrong_length_hangs_nothing(deno: Deno, told_ms: int) -> None:
    told = listen(deno, sound(0, 1, durationMs=told_ms, realMs=2_500), sound(100, 2))
    assert order(told) == [1, 2]
    assert told["heard"][0]["outcome"] == "ended"
    assert starts(told)[1] == 2_500


def test_nothing_is_played_twice_and_nonsense_is_passed_over(deno: Deno) -> None:
    nonsense: list[Entry] = [{"sequence": None}, {"sequence": 1.5}, {"sequence": 1, "part": "x"}]
    told = listen(deno, *((0, "add", each) for each in nonsense), sound(1, 1))
    assert order(told) == [1]


def test_the_other_language_is_heard_from_the_next_sentence_on(deno: Deno) -> None:
    told = listen(
        deno,
        sound(0, 1),
        sound(10, 2),
        (500, "language", "pt"),
        sound(600, 3, language="pt"),
    )
    assert [(each["sequence"], each["language"]) for each in told["heard"]] == [
        (1, "es"),
        (3, "pt"),
    ]
    assert starts(told)[1] == 500 + FADE_MS
    assert not skips(told)


@pytest.mark.parametrize("can_pause", [True, False])
def test_a_pause_holds_the_sound_and_what_comes_meanwhile(deno: Deno, *, can_pause: bool) -> None:
    told = listen(
        deno,
        sound(0, 1),
        (1_000, "pause", None),
        sound(2_000, 2),
        sound(9_000, 3),
        (12_000, "resume", None),
        canPause=can_pause,
    )
    assert told["states"] == ["on", "paused", "on"]
    assert order(told) == ([1, 2, 3] if can_pause else [1, 1, 2, 3])
    assert not skips(told)
    assert starts(told)[-2] > 12_000


def test_a_pause_keeps_half_a_minute_of_the_talk(deno: Deno) -> None:
    told = listen(
        deno,
        sound(0, 1),
        (1_000, "pause", None),
        *(sound(1_000 + n * 2_000, n) for n in range(2, 40)),
        (90_000, "resume", None),
        sound(92_000, 40),
        sound(95_000, 41),
        until=200_000,
    )
    assert order(told) == [1, *range(25, 42)]
    assert skips(told) == [("pause", [n]) for n in range(2, 25)]
    assert told["heard"][-1]["rates"][-1] == 1.2


def test_when_the_pause_is_made_up_for_ten_seconds_are_the_limit_again(deno: Deno) -> None:
    told = listen(
        deno,
        (0, "pause", None),
        *(sound(n * 2_000, n) for n in range(1, 15)),
        (40_000, "resume", None),
        *(sound(90_000 + n, 14 + n) for n in range(1, 41)),
        until=200_000,
    )
    assert order(told)[:14] == list(range(1, 15))
    assert told["heard"][-1]["endedAt"] < 90_000 + ALWAYS
    assert {why for why, _ in skips(told)} == {"behind"}


def test_the_tap_that_the_browser_asks_for_lets_it_go_on(deno: Deno) -> None:
    told = listen(
        deno,
        (0, "block", True),
        sound(100, 1),
        sound(200, 2),
        (3_000, "block", False),
        (4_000, "resume", None),
    )
    assert told["states"] == ["on", "blocked", "on"]
    assert order(told) == [1, 2]
    assert starts(told)[0] == 4_000


def test_after_a_lost_connection_what_was_missed_is_not_waited_for(deno: Deno) -> None:
    told = listen(deno, sound(0, 1), (3_000, "restart", None), sound(4_000, 9))
    assert starts(told) == [0, 4_000]
    assert not skips(told)


def test_off_is_silence_and_on_begins_with_what_comes_next(deno: Deno) -> None:
    told = listen(
        deno,
        sound(0, 1),
        sound(10, 2),
        (500, "stop", None),
        sound(600, 3),
        (610, "start", None),
        sound(700, 4),
    )
    assert order(told) == [1, 4]
    assert told["heard"][0]["endedAt"] == 500 + FADE_MS
    assert not skips(told)
    assert told["states"] == ["on", "off", "on"]


def test_sounds_are_fetched_ahead_and_forgotten_when_they_are_over(deno: Deno) -> None:
    told = listen(deno, *(sound(n, n) for n in (1, 2, 3, 4)), until=1_000)
    assert {"1.1", "2.1", "3.1", "4.1"} <= set(told["prepared"])
    told = listen(deno, *(sound(n, n) for n in (1, 2, 3, 4)))
    assert {"1.1", "2.1", "3.1", "4.1"} <= set(told["forgotten"])


def test_between_sentences_the_page_stays_awake_and_in_a_pause_it_does_not(deno: Deno) -> None:
    told = listen(deno, sound(0, 1), (5_000, "stop", None), until=6_000)
    assert told["rests"][0] is True
    assert told["rests"][-1] is False


def fast_talk(rng: random.Random) -> list[Moment]:
    """Sixty sentences in ninety seconds, by a voice that needs more time than the talk."""
    return [
        sound(1_500 * n + rng.uniform(-200, 200), n, durationMs=rng.uniform(1_650, 2_250))
        for n in range(1, 61)
    ]


def test_a_fast_talk_is_never_more_than_ten_seconds_behind(deno: Deno) -> None:
    rng = random.Random(SEED)
    for _ in range(TALKS):
        moments = fast_talk(rng)
        arrived = {fields["sequence"]: at for at, _, fields in moments}
        total = sum(fields["durationMs"] for *_, fields in moments)
        assert total > 90_000
        told = listen(deno, *moments, until=150_000)
        lags = [each["endedAt"] - arrived[each["sequence"]] for each in told["heard"]]
        assert max(lags) <= ALWAYS
        left_out = [each for _, sequences in skips(told) for each in sequences]
        assert sorted(order(told) + left_out) == list(range(1, 61))
        assert len(left_out) <= 3
        assert any(1.2 in each["rates"] for each in told["heard"])


def random_talk(rng: random.Random) -> list[Moment]:
    """Anything at any time."""
    moments: list[Moment] = []
    at = 0.0
    for sequence in range(1, 80):
        at += rng.choice((10, 400, 1_500, 4_000))
        parts = rng.choice((1, 1, 1, 1, 4))
        for part in range(1, parts + 1):
            fields: Entry = {
                "durationMs": rng.choice((0, 500, 2_000, 9_000)),
                "realMs": rng.choice((300, 2_000, 9_000)),
            }
            if parts > 1:
                fields |= {"part": part, "parts": parts}
            if rng.random() < 0.1:
                fields["kind"] = rng.choice(("fails", "endless"))
            if rng.random() < 0.9:
                moments.append(sound(at + rng.uniform(0, 3_000), sequence, **fields))
        if rng.random() < 0.3:
            act = rng.choice(("leaveOut", "pause", "restart", "block", "stop"))
            argument = {"leaveOut": sequence, "block": True}.get(act)
            moments.append((at, act, argument))
            undo = {"pause": "resume", "block": "resume", "stop": "start"}.get(act)
            if undo:
                later = at + rng.uniform(1, 60_000)
                moments += [(later, "block", False), (later + 1, undo, None)]
    return moments


def test_whatever_happens_the_player_goes_on(deno: Deno) -> None:
    rng = random.Random(SEED)
    for number in range(TALKS):
        moments = random_talk(rng)
        end = max(at for at, *_ in moments) + 200_000
        last = [(end, "block", False), (end + 1, "start", None), (end + 2, "restart", None)]
        told = listen(deno, *moments, *last, sound(end + 30_000, 99), until=end + 60_000)
        once = [(each["sequence"], each["part"]) for each in told["heard"]]
        assert once == sorted(set(once)), f"talk {number} of seed {SEED}"
        assert once[-1] == (99, 1), f"talk {number} of seed {SEED}"
