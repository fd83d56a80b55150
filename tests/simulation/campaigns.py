"""Many runs: ranges of seeds over several processes, and the hunt for mutants.

A seed is a run of one kind: an even one counts, with all that can happen to the rows, an odd one
delivers, with counting as what goes on beneath. A mutant is hunted by runs of its own kind alone.
"""

import gc
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass

from tests.simulation.delivery import runs as delivery_runs
from tests.simulation.delivery import schedules as delivery_schedules
from tests.simulation.designs import PRODUCTION, Design
from tests.simulation.mutants import MUTANTS
from tests.simulation.runs import Outcome, Totals, run, silence
from tests.simulation.schedules import drawn
from tests.simulation.shrinking import Plan, shrunk

_SEEDS_A_TASK = 250

_OBJECTS_BETWEEN_COLLECTIONS = 200_000
"""Hardly anything outlives a run: to look for garbage more often takes a tenth of the time."""

Progress = Callable[[str], None]
Run = Callable[[Plan, Design, list[str] | None], Outcome]


@dataclass(frozen=True)
class Failure:
    """A seed whose run went wrong."""

    seed: int
    violation: str


@dataclass(frozen=True)
class Hunted:
    """A mutant, and the first seed that caught it (None: it survived)."""

    name: str
    tried: int
    caught: Failure | None


def simulate(seeds: range, jobs: int, progress: Progress) -> tuple[Totals, list[Failure]]:
    """Runs the production design with every seed."""
    tasks = [seeds[start : start + _SEEDS_A_TASK] for start in range(0, len(seeds), _SEEDS_A_TASK)]
    totals, failures = Totals(), list[Failure]()
    with _workers(jobs) as workers:
        for future in _completed(workers, tasks):
            added, failed = future.result()
            totals.add(added)
            failures += failed
            progress(f"{totals.schedules} of {len(seeds)} schedules, {len(failures)} failures")
    return totals, sorted(failures, key=lambda failure: failure.seed)


def hunt(seeds: range, jobs: int, progress: Progress) -> list[Hunted]:
    """Looks for the first seed that catches each mutant."""
    with _workers(jobs) as workers:
        futures = [workers.submit(_hunt_numbered, number, seeds) for number in range(len(MUTANTS))]
        for done, _ in enumerate(as_completed(futures), start=1):
            progress(f"{done} of {len(futures)} mutants hunted")
        return [future.result() for future in futures]


def hunt_one(mutant: Design, seeds: Sequence[int]) -> Hunted:
    """Tries seed after seed until one catches the mutant."""
    with silence():
        for tried, seed in enumerate(seeds, start=1):
            violation = run_seed(seed, mutant, delivers=mutant.delivers).violation
            if violation is not None:
                return Hunted(mutant.name, tried, Failure(seed, violation))
    return Hunted(mutant.name, len(seeds), None)


def run_all(seeds: range) -> tuple[Totals, list[Failure]]:
    """Runs the production design with every seed, in this process."""
    totals, failures = Totals(), list[Failure]()
    with silence():
        for seed in seeds:
            try:
                outcome = run_seed(seed, delivers=delivers(seed))
            except Exception as error:
                error.add_note(f"seed {seed}")
                raise
            totals.add(outcome.totals)
            if outcome.found is not None:
                failures.append(Failure(seed, outcome.found))
    return totals, failures


def delivers(seed: int) -> bool:
    """Whether a seed's run of the production design is one of delivery."""
    return seed % 2 == 1


def run_seed(seed: int, design: Design = PRODUCTION, *, delivers: bool) -> Outcome:
    """One run of a seed, of that kind."""
    if delivers:
        return delivery_runs.run(delivery_schedules.drawn(seed), design)
    return run(drawn(seed), design)


def shortest_trace(seed: int, design: Design = PRODUCTION) -> list[str]:
    """What happens in the shortest schedule found that fails as the seed's does."""
    with silence():
        if design.delivers or (design is PRODUCTION and delivers(seed)):
            return _shortest(delivery_schedules.drawn(seed), delivery_runs.run, design)
        return _shortest(drawn(seed), run, design)


def _shortest(schedule: Plan, run: Run[Plan], design: Design) -> list[str]:
    whole = run(schedule, design, None)
    if whole.found is not None:
        schedule = shrunk(schedule, lambda shorter: _same(run(shorter, design, None), whole))
    trace: list[str] = []
    run(schedule, design, trace)
    return trace


def _same(outcome: Outcome, other: Outcome) -> bool:
    """Whether both broke what must be true, or both only wrote in a replay."""
    return outcome.found is not None and (outcome.violation is None) == (other.violation is None)


def _hunt_numbered(number: int, seeds: range) -> Hunted:
    """A mutant by its place: its parts cannot travel to another process."""
    return hunt_one(MUTANTS[number], seeds)


@contextmanager
def _workers(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that start afresh, whatever threads this one has."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_hurry) as workers:
        try:
            yield workers
        except BaseException:
            workers.shutdown(cancel_futures=True)
            raise


def _hurry() -> None:
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)


def _completed(
    workers: ProcessPoolExecutor, tasks: Sequence[range]
) -> Iterator[Future[tuple[Totals, list[Failure]]]]:
    return as_completed([workers.submit(run_all, task) for task in tasks])
