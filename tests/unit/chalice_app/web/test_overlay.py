"""What an overlay shows when, over made-up time, and what it reads from its address."""

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from tests.deno import Deno, running_deno

Moment = tuple[float, str, Sequence[object]]
Frame = dict[str, Any]

SEED = 20_020
SECOND = 1_000
BEGINS, ENDS = 4 * SECOND, 12 * SECOND
"""A caption appears within so long, and its last word."""
SILENCE = 8 * SECOND
SHORTEST = 833

RUN = """
  ({ CaptionFlow }, capacity, moments, until) => {
    const flow = new CaptionFlow(capacity);
    const frames = [];
    let due = Infinity;
    const step = (now) => {
      due = flow.advance(now);
      if (due <= now) throw new Error("it would never rest");
      const shown = flow.shown.map(({ text }) => text);
      if (String(shown) !== String(frames.at(-1)?.shown ?? [])) frames.push({ at: now, shown });
      if (flow.sequences.length > 100) throw new Error("it keeps too much");
    };
    for (const [at, what, args] of [...moments, [until, "advance", []]]) {
      while (due <= at) step(due);
      if (what === "add" || what === "replace") flow[what](...args, at);
      else if (what !== "advance") flow[what](...args);
      step(at);
    }
    return frames;
  }
"""


@pytest.fixture(scope="module")
def deno() -> Iterator[Deno]:
    """A process that has the overlay's modules without a page."""
    with running_deno("overlay/overlay-flow.js", "overlay/overlay-options.js") as running:
        yield running


def run(deno: Deno, *moments: Moment, capacity: int = 2, until: float = 60_000) -> list[Frame]:
    """Each picture, and when it came."""
    frames: list[Frame] = deno.evaluate(RUN, capacity, moments, until)
    return frames


def says(at: float, sequence: int, *texts: str) -> Moment:
    """A caption comes, in so many steps."""
    return (at, "add", [sequence, list(texts)])


def pictures(frames: list[Frame]) -> list[list[str]]:
    """What was shown, without the times."""
    return [frame["shown"] for frame in frames]


def test_a_step_appears_at_once_where_there_is_room(deno: Deno) -> None:
    frames = run(deno, says(0, 1, "a", "b"))
    assert frames[0] == {"at": 0, "shown": ["a", "b"]}


def test_a_third_line_waits_until_the_first_could_be_read(deno: Deno) -> None:
    line = "x" * 34
    frames = run(deno, says(0, 1, line, "b", "c"))
    assert frames[1] == {"at": 2 * SECOND, "shown": ["b", "c"]}


def test_the_eyes_come_to_a_line_after_the_one_above_it(deno: Deno) -> None:
    frames = run(deno, says(0, 1, "x" * 34, "y" * 34, "c", "d"))
    assert [frame["at"] for frame in frames[:3]] == [0, 2 * SECOND, 4 * SECOND]


def test_a_full_width_character_counts_as_two(deno: Deno) -> None:
    frames = run(deno, says(0, 1, "国" * 17, "b", "c"))
    assert frames[1]["at"] == 2 * SECOND


def test_a_block_is_replaced_by_the_next_after_it_could_be_read(deno: Deno) -> None:
    frames = run(deno, says(0, 1, "a"), says(100, 2, "b"), capacity=1)
    assert frames[:2] == [{"at": 0, "shown": ["a"]}, {"at": SHORTEST, "shown": ["b"]}]


def test_a_long_caption_alone_is_not_hurried(deno: Deno) -> None:
    frames = run(deno, says(0, 1, *(f"{part}".ljust(45, "x") for part in range(4))))
    assert [round(frame["at"]) for frame in frames[:3]] == [0, 2_647, 5_294]


def test_one_that_follows_closely_hurries_it(deno: Deno) -> None:
    long = [f"{part}".ljust(45, "x") for part in range(5)]
    frames = run(deno, says(0, 1, *long), says(1_000, 2, "next"))
    assert next(frame["at"] for frame in frames if "next" in frame["shown"]) <= 5_000 + 1


def test_after_a_silence_nothing_is_shown(deno: Deno) -> None:
    frames = run(deno, says(0, 1, "a"))
    assert frames == [{"at": 0, "shown": ["a"]}, {"at": SHORTEST + SILENCE, "shown": []}]


def test_what_follows_in_time_keeps_the_former_line(deno: Deno) -> None:
    assert pictures(run(deno, says(0, 1, "a"), says(5_000, 2, "b")))[1] == ["a", "b"]


def test_a_correction_takes_its_caption_s_place(deno: Deno) -> None:
    moments: list[Moment] = [says(0, 1, "a"), says(1, 2, "b"), (2, "replace", [1, ["A"]])]
    assert pictures(run(deno, *moments))[2] == ["A", "b"]


def test_a_longer_correction_waits_for_its_turn(deno: Deno) -> None:
    moments = (says(0, 1, "a"), says(1, 2, "b"), (2, "replace", [2, ["B", "C"]]))
    assert pictures(run(deno, *moments))[2:4] == [["a", "B"], ["B", "C"]]


def test_of_a_corrected_caption_what_has_left_stays_away(deno: Deno) -> None:
    moments = (says(0, 1, "a", "b", "c"), (3_000, "replace", [1, ["A", "B", "C"]]))
    assert pictures(run(deno, *moments))[:3] == [["a", "b"], ["b", "c"], ["B", "C"]]


def test_a_correction_of_what_is_gone_shows_nothing(deno: Deno) -> None:
    moments = (says(0, 1, "a"), (20_000, "replace", [1, ["A"]]))
    assert pictures(run(deno, *moments)) == [["a"], []]


def test_what_is_retracted_goes_also_where_it_waits(deno: Deno) -> None:
    retractions: list[Moment] = [(2, "retract", [2]), (3, "retract", [1])]
    moments = [says(0, 1, "a", "b"), says(1, 2, "c"), *retractions]
    assert pictures(run(deno, *moments)) == [["a", "b"], []]


def test_emptied_it_shows_what_comes_afterwards_alone(deno: Deno) -> None:
    moments: list[Moment] = [says(0, 1, "a", "b", "c"), (1, "clear", []), says(2, 2, "d")]
    assert pictures(run(deno, *moments))[:3] == [["a", "b"], [], ["d"]]


def test_a_page_that_slept_shows_nothing_old(deno: Deno) -> None:
    asleep = """
      ({ CaptionFlow }) => {
        const flow = new CaptionFlow(2);
        flow.add(1, ["a", "b", "c", "d"], 0);
        flow.advance(0);
        flow.advance(60_000);
        flow.add(2, ["e"], 60_001);
        flow.advance(60_001);
        return flow.shown.map(({ text }) => text);
      }
    """
    assert deno.evaluate(asleep) == ["e"]


def test_in_any_talk_every_line_appears_in_order_and_soon(deno: Deno) -> None:
    chance = random.Random(SEED)
    for _ in range(40):
        now, moments, added = 0.0, list[Moment](), dict[str, float]()
        for sequence in range(1, 30):
            now += chance.choice((100, 1_000, 4_000, 9_000))
            steps = [
                f"{sequence}-{part} ".ljust(chance.randint(5, 60), "x")
                for part in range(chance.randint(1, 4))
            ]
            added |= dict.fromkeys(steps, now)
            moments.append(says(now, sequence, *steps))
        frames = run(deno, *moments, capacity=chance.randint(1, 3), until=now + 60_000)
        appeared: dict[str, float] = {}
        for frame in frames:
            for text in frame["shown"]:
                appeared.setdefault(text, frame["at"])
        assert list(appeared) == list(added), f"seed {SEED}"
        waits = {text: at - added[text] for text, at in appeared.items()}
        assert max(waits.values()) <= ENDS + 1, f"seed {SEED}"
        first = max(wait for text, wait in waits.items() if "-0 " in text)
        assert first <= BEGINS + 1, f"seed {SEED}"
        assert frames[-1]["shown"] == []


# --- The address ---------------------------------------------------------------------------------

DEFAULT: Mapping[str, Any] = {
    "language": "",
    "second": "",
    "lines": 2,
    "size": 48,
    "width": 68,
    "isBlocks": False,
    "align": "center",
    "isTop": False,
    "background": "transparent",
    "problems": [],
}


def options(deno: Deno, search: str) -> dict[str, Any]:
    """What is read where `red`, and digits behind `#`, are colours."""
    read: dict[str, Any] = deno.evaluate(
        "({ readOptions }, search) => readOptions(search, (c) => /^(red|#.*|tr.*nt)$/.test(c))",
        search,
    )
    return read


def test_an_address_without_parameters_has_the_defaults(deno: Deno) -> None:
    assert options(deno, "") == DEFAULT


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("?language=es&with=ar", {"language": "es", "second": "ar"}),
        ("?lines=3&size=72&width=90", {"lines": 3, "size": 72, "width": 90}),
        (
            "?mode=blocks&align=start&position=top",
            {"isBlocks": True, "align": "start", "isTop": True},
        ),
        ("?background=red", {"background": "red"}),
        ("?background=000080", {"background": "#000080"}),
        ("?background=%23fff", {"background": "#fff"}),
    ],
)
def test_a_parameter_is_read(deno: Deno, search: str, expected: dict[str, Any]) -> None:
    assert options(deno, search) == {**DEFAULT, **expected}


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("?lines=0", {"lines": 1}),
        ("?lines=99", {"lines": 8}),
        ("?lines=-1", {"lines": 2}),
        ("?lines=1e9", {"lines": 2}),
        ("?lines=", {"lines": 2}),
        ("?size=99999", {"size": 240}),
        ("?size=9999999999", {"size": 48}),
        ("?size=1", {"size": 16}),
        ("?width=100", {"width": 90}),
        ("?mode=Blocks", {}),
        ("?align=left", {}),
        ("?position=middle", {}),
        ("?background=url(x)", {}),
        ("?background=", {}),
        ("?background=red;color:red", {}),
        ("?Language=es", {}),
    ],
)
def test_what_is_wrong_is_said_once_and_replaced(
    deno: Deno, search: str, expected: dict[str, Any]
) -> None:
    read = options(deno, search)
    (problem,) = read.pop("problems")
    assert problem.endswith((".", "#."))
    assert {**read, "problems": []} == {**DEFAULT, **expected}
