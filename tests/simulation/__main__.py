"""Shows that counts and delivery are exact, or prints the shortest way in which they are not.

    python -m tests.simulation --seeds 100000 --mutants --jobs 2
    python -m tests.simulation --trace 4711
    python -m tests.simulation --trace 7 --mutant "reconciler: revision not compared"

Runs the production code (the stream's function, speech, replays, slices, the reconciler, and the
adapters with their real expressions) against a simulated DynamoDB, a simulated event source and
simulated sockets. One seed is one schedule: an even one of everything that can happen to the rows
that are counted (`schedules`), an odd one of everything between a sentence and its listeners
(`delivery.schedules`), in which counting goes on beneath. The counts are checked after every write,
the rosters at rest (`invariants`), and what is sent and reported at each post
(`delivery.invariants`). A simulator that finds nothing proves little, so `--mutants` has it find
designs that are known to be wrong (`mutants`, `delivery.mutants`). The exit status is 1 if a
schedule broke something or a mutant survived.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from tests.simulation.campaigns import Failure, Hunted, hunt, shortest_trace, simulate
from tests.simulation.costs import Costs, measured, read_units
from tests.simulation.designs import PRODUCTION, Design
from tests.simulation.mutants import MUTANTS
from tests.simulation.runs import Totals

_MUTANT_SEEDS = 4_000
MAX_JOIN_UNITS = 4.1
MAX_CHANGE_UNITS = 5.1
HALLS = (100, 1_000, 10_000)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs what is asked for; returns the exit status."""
    asked = _arguments(arguments)
    if asked.trace is not None:
        print(*shortest_trace(asked.trace, asked.mutant), sep="\n")
        return 0
    seeds = range(asked.start, asked.start + asked.seeds)
    started = time.monotonic()
    totals, failures = simulate(seeds, asked.jobs, _progress)
    print(*_totals_table(totals, time.monotonic() - started), sep="\n")
    print(*_failures(failures), sep="\n", end="\n" * bool(failures))
    hunted = hunt(range(_MUTANT_SEEDS), asked.jobs, _progress) if asked.mutants else []
    print(*_mutants_table(hunted), sep="\n", end="\n" * bool(hunted))
    costs = measured()
    print(*_costs_table(costs), sep="\n")
    return exit_status(failures, hunted, costs)


def exit_status(failures: Sequence[Failure], hunted: Sequence[Hunted], costs: Costs) -> int:
    """1 if a schedule broke something, a mutant survived or a write costs more than it may."""
    survived = any(mutant.caught is None for mutant in hunted)
    dear = max(costs.join, costs.late_join, costs.leave) > MAX_JOIN_UNITS
    dear |= max(costs.change_language, costs.change_wish) > MAX_CHANGE_UNITS
    dear |= costs.replay_writes > 0
    return int(bool(failures) or survived or dear)


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seeds", type=int, default=1_000, help="how many schedules")
    parser.add_argument("--from", type=int, default=0, dest="start", help="the first seed")
    parser.add_argument("--mutants", action="store_true", help="hunt the mutants, too")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--trace", type=int, metavar="SEED", help="print what one seed does")
    parser.add_argument(
        "--mutant", type=_mutant, default=PRODUCTION, metavar="NAME", help="whose trace it is to be"
    )
    return parser.parse_args(arguments)


def _mutant(name: str) -> Design:
    """The mutant of that name."""
    for mutant in MUTANTS:
        if mutant.name == name:
            return mutant
    raise argparse.ArgumentTypeError(f"none of {', '.join(mutant.name for mutant in MUTANTS)}")


def _progress(line: str) -> None:
    """Over the line before, on a terminal; a log would keep them all."""
    if sys.stderr.isatty():
        print(f"\r{line}", end="", file=sys.stderr, flush=True)


def _end_progress() -> None:
    if sys.stderr.isatty():
        print(file=sys.stderr)


def _totals_table(totals: Totals, seconds: float) -> Iterator[str]:
    """What happened, one count a line."""
    _end_progress()
    for name, count in asdict(totals).items():
        yield f"{name:<12} {count:>12,}"
    yield f"{'seconds':<12} {seconds:>12,.1f}"


def _failures(failures: Sequence[Failure]) -> Iterator[str]:
    """The first seeds that failed, and the shortest trace of the first."""
    for failure in failures[:10]:
        yield f"seed {failure.seed}: {failure.violation}"
    if failures:
        yield f"the shortest trace found for seed {failures[0].seed}:"
        yield from shortest_trace(failures[0].seed)


def _mutants_table(hunted: Sequence[Hunted]) -> Iterator[str]:
    """Which seed caught each mutant."""
    if hunted:
        _end_progress()
        yield f"{'mutant':<68} caught at seed"
    for mutant in hunted:
        seed = "SURVIVED" if mutant.caught is None else f"{mutant.caught.seed:,}"
        yield f"{mutant.name:<68} {seed:>14}"


def _costs_table(costs: Costs) -> Iterator[str]:
    yield f"{'write units':<12}   of one listener"
    for name, units in costs._asdict().items():
        yield f"{name.replace('_', ' '):<16} {units:>8.2f}"
    yield f"{'read units':<12}   of one sentence's roster"
    for listeners in HALLS:
        yield f"{listeners:>6,} listeners {read_units(listeners):>8,}"


if __name__ == "__main__":
    sys.exit(main())
