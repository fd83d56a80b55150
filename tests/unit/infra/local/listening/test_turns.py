"""When a voice's sounds are heard: in order, one at a time, and never far behind."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from infra.local.listening.turns import (
    FASTER,
    GAP_SECONDS,
    JUMP_AFTER_SECONDS,
    Sound,
    Turn,
    heard,
    turns,
)


def sound(sequence: int, came_at: float, seconds: float = 1.0, **others: int) -> Sound:
    """Its caption came half a second before it."""
    return Sound(sequence, came_at - 0.5, came_at, seconds, **others)


def taken(*sounds: Sound) -> list[Turn]:
    return list(turns(sounds))


def order(of: list[Turn]) -> list[tuple[int, int]]:
    return [turn.sound.place for turn in heard(of)]


def skipped(of: list[Turn]) -> dict[int, str]:
    return {turn.sound.sequence: turn.skipped for turn in of if turn.skipped}


def test_a_sound_is_heard_as_it_comes_and_the_next_one_after_it() -> None:
    first, second = taken(sound(1, 3.0, 2.0), sound(2, 3.5))
    assert (first.begins, first.ends) == (3.0, 5.0)
    assert (second.begins, second.speed) == (5.0, 1.0)


def test_a_sound_that_overtook_another_waits_for_it() -> None:
    of = taken(sound(1, 1.0), sound(3, 2.5), sound(2, 3.5))
    assert order(of) == [(1, 1), (2, 1), (3, 1)]
    assert of[1].begins == 3.5


def test_a_missing_sound_is_waited_for_two_seconds_and_not_heard_afterwards() -> None:
    of = taken(sound(1, 1.0), sound(3, 2.5), sound(2, 5.0))
    assert order(of) == [(1, 1), (3, 1)]
    assert of[1].begins == 2.5 + GAP_SECONDS
    assert skipped(of) == {2: "came too late"}


def test_the_first_sound_that_comes_is_not_waited_for() -> None:
    (turn,) = taken(sound(7, 2.0))
    assert turn.begins == 2.0


def test_the_parts_of_a_sentence_follow_each_other() -> None:
    of = taken(sound(1, 1.0, part=1, parts=2), sound(2, 1.2), sound(1, 2.5, part=2, parts=2))
    assert order(of) == [(1, 1), (1, 2), (2, 1)]
    assert of[1].begins == 2.5


def test_a_part_that_never_comes_is_waited_for_no_longer() -> None:
    of = taken(sound(1, 1.0, part=1, parts=2), sound(2, 1.2))
    assert order(of) == [(1, 1), (2, 1)]
    assert of[1].begins == 1.2 + GAP_SECONDS


def test_a_voice_that_falls_behind_speaks_faster_until_it_is_hardly_behind() -> None:
    of = taken(*(sound(n, 1.0, 1.5) for n in (1, 2, 3, 4, 5)), sound(6, 9.0))
    # The fifth would begin 6 s late: faster; when the fourth begins it still would be 5.25 s late.
    assert [turn.speed for turn in of] == [FASTER, FASTER, FASTER, FASTER, 1.0, 1.0]
    assert of[0].ends == 1.0 + 1.5 / FASTER


def test_a_voice_that_falls_too_far_behind_leaves_out_the_oldest_until_it_is_near() -> None:
    of = taken(sound(1, 1.0, 12.0), *(sound(n, 1.5) for n in (2, 3, 4)), sound(5, 14.0))
    assert order(of) == [(1, 1), (4, 1), (5, 1)]
    assert skipped(of) == dict.fromkeys((2, 3), "left out to catch up")


def test_what_is_left_out_is_not_waited_for_when_it_comes_after_all() -> None:
    late_part = sound(2, 13.5, part=2, parts=2)
    of = taken(sound(1, 1.0, 12.0), sound(2, 1.5, part=1, parts=2), sound(3, 2.0), late_part)
    assert order(of) == [(1, 1), (3, 1)]
    assert of[2].begins == 13.0
    assert of[3] == Turn(late_part, skipped="came too late")


places = st.tuples(st.integers(1, 12), st.integers(1, 3))
talks = st.lists(
    st.tuples(places, st.floats(0, 30), st.floats(0, 3), st.floats(0.1, 9)),
    unique_by=lambda each: each[0],
    max_size=20,
)


@given(talks)
def test_every_sound_gets_one_turn_and_no_two_are_heard_at_once(
    talk: list[tuple[tuple[int, int], float, float, float]],
) -> None:
    sounds = [
        Sound(sequence, captioned, captioned + lag, seconds, part, 3)
        for (sequence, part), captioned, lag, seconds in talk
    ]
    of = list(turns(sounds))
    assert sorted(turn.sound.place for turn in of) == sorted(each.place for each in sounds)
    voices = heard(of)
    assert order(of) == sorted(order(of)), "in the order of the talk"
    for turn, following in pairwise(voices):
        assert following.begins >= turn.ends
    assert all(turn.begins >= turn.sound.came_at for turn in voices)


@given(st.lists(st.tuples(st.floats(0, 3), st.floats(0.1, 6)), max_size=30))
def test_no_sound_begins_more_than_ten_seconds_late(talk: list[tuple[float, float]]) -> None:
    now, sounds = 0.0, []
    for sequence, (pause, seconds) in enumerate(talk, 1):
        now += pause
        sounds.append(sound(sequence, now, seconds))
    for turn in heard(list(turns(sounds))):
        is_late = turn.begins - turn.sound.came_at > JUMP_AFTER_SECONDS
        assert not is_late
