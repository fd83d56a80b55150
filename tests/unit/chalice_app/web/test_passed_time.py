"""The pages' clock: it goes on while a device sleeps, and nobody can set it."""

from collections.abc import Iterator, Sequence

import pytest

from tests.deno import Deno, running_deno

YEARS_MS = 20 * 365 * 86_400_000

PASSED = """
async ({ passedMs }, steps) => {
  const wall = Date.now, ran = performance.now.bind(performance);
  const set = { wall: 0, ran: 0 };
  Date.now = () => wall.call(Date) + set.wall;
  performance.now = () => ran() + set.ran;
  const start = passedMs(), told = [];
  for (const [wallMs, ranMs] of steps) {
    set.wall += wallMs;
    set.ran += ranMs;
    told.push(passedMs() - start);
  }
  Date.now = wall;
  performance.now = ran;
  return told;
}
"""


@pytest.fixture
def deno() -> Iterator[Deno]:
    """A process that has the clock."""
    with running_deno("shared/timers.js") as running:
        yield running


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        # By how much each of the two clocks goes on; and what has passed in all.
        ([(500, 500), (2_000, 2_000)], [500, 2_500]),
        # A device that sleeps for a minute.
        ([(60_000, 0), (1_000, 1_000)], [60_000, 61_000]),
        # Somebody sets the clock back, and it goes on.
        ([(-YEARS_MS, 0), (1_000, 1_000)], [0, 1_000]),
        ([(1_000, 1_000), (-YEARS_MS + 500, 500), (60_000, 0)], [1_000, 1_500, 61_500]),
        # And forward: that looks like sleep, and then it goes on.
        ([(YEARS_MS, 0), (1_000, 1_000)], [YEARS_MS, YEARS_MS + 1_000]),
    ],
)
def test_what_has_passed(
    deno: Deno, steps: Sequence[tuple[int, int]], expected: Sequence[int]
) -> None:
    assert deno.evaluate(PASSED, steps) == pytest.approx(expected, abs=999)


def test_small_steps_do_not_add_up(deno: Deno) -> None:
    steps = [(1, 0.5)] * 1_000
    assert deno.evaluate(PASSED, steps)[-1] < 500 + 1_000 + 999


GRANTS = """
async ({ StreamGrant }, offMs, ages) => {
  let now = 0, asked = 0;
  const clock = { now: () => now, wallNow: () => 1_700_000_000_000 + now + offMs };
  const ask = async () => {
    asked += 1;
    return { url: "wss://x", expiresAt: 1_700_000_000_000 + now + 300_000 };
  };
  const grant = new StreamGrant(ask, clock);
  const told = [];
  for (const age of ages) {
    now = age;
    await grant.get();
    told.push(asked);
  }
  return told;
}
"""


@pytest.mark.parametrize(
    ("off_ms", "asked"),
    [
        (0, [1, 1, 1, 2]),
        (60_000, [1, 1, 2, 2]),
        # Nobody knows how long the address is good.
        (-YEARS_MS, [1, 1, 2, 3]),
        (YEARS_MS, [1, 1, 2, 3]),
    ],
)
def test_a_recognisers_address_is_used_as_long_as_it_is_good(off_ms: int, asked: list[int]) -> None:
    with running_deno("speaker/stream-grant.js") as deno:
        assert deno.evaluate(GRANTS, off_ms, [0, 30_000, 250_000, 320_000]) == asked
