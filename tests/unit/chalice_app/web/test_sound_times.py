"""When sentences sounded: from a recogniser's guesses, and as the server is told."""

from collections.abc import Iterator

import pytest

from tests.deno import Deno, running_deno

NOW = 500_000


@pytest.fixture(scope="module")
def deno() -> Iterator[Deno]:
    """A process that has the modules."""
    with running_deno("speaker/sound-times.js", "speaker/talk-clock.js") as running:
        yield running


@pytest.mark.parametrize(
    ("began", "ended", "told"),
    [
        (NOW - 4_200.4, NOW - 700, {"beganMsAgo": 4_200, "endedMsAgo": 700}),
        (NOW - 120_000, NOW - 120_000, {"beganMsAgo": 120_000, "endedMsAgo": 120_000}),
        (NOW - 120_001, NOW - 700, None),
        (NOW + 30, NOW + 60, {"beganMsAgo": 0, "endedMsAgo": 0}),
        (NOW - 100, NOW - 300, {"beganMsAgo": 300, "endedMsAgo": 300}),
    ],
)
def test_the_server_is_told_how_long_ago_it_was(
    deno: Deno, began: float, ended: float, told: dict[str, int] | None
) -> None:
    sound = {"beganAt": began, "endedAt": ended}
    found = deno.evaluate("({ soundAgo }, sound, now) => soundAgo(sound, now)", sound, NOW)
    assert found == ({"sound": told} if told else {})


def test_what_is_typed_has_no_times(deno: Deno) -> None:
    assert deno.evaluate("({ soundAgo }) => soundAgo(null, 1000)") == {}


def test_parts_of_a_long_sentence_share_its_time(deno: Deno) -> None:
    found = deno.evaluate(
        "({ shares }) => shares({ beganAt: 1000, endedAt: 5000 }, ['one half', 'and half'])"
    )
    assert found == [{"beganAt": 1_000, "endedAt": 3_000}, {"beganAt": 3_000, "endedAt": 5_000}]


def test_guesses_tell_when_their_words_came(deno: Deno) -> None:
    found = deno.evaluate("""
      ({ GuessTimes }) => {
        const times = new GuessTimes();
        const early = times.said("Nobody guessed it.", 500);
        times.guessed("good", 1000);
        times.guessed("good evening", 1400);
        const first = times.said("Good evening.", 3000);
        times.guessed("welcome", 5000);
        return [early, first, times.said("Welcome to all.", 6000)];
      }
    """)
    assert found == [
        None,
        {"beganAt": 1_000, "endedAt": 1_400},
        {"beganAt": 5_000, "endedAt": 6_000},
    ]


def test_gaps_and_late_chunks_move_the_talks_clock(deno: Deno) -> None:
    found = deno.evaluate("""
      ({ TalkClock }) => {
        const clock = new TalkClock();
        const chunk = 1600;
        const before = clock.at(0);
        [1000, 1103, 1205, 9000, 9100].forEach((now, at) => clock.appended(at * chunk, chunk, now));
        return [before, ...[0, 2, 3, 4.5].map((at) => clock.at(at * chunk))];
      }
    """)
    assert found == [None, 900, 1_100, 8_900, 9_050]
