"""Do the unit tests notice it when one place of the application is wrong?

    python -m tests.mutants --sample 100 --seed 1 --jobs 2
    python -m tests.mutants --sample 1000 --within chalice_app/speech

Lists every mutant of chalice_app and streams (`mutations`), leaves those out that change nothing
(`equivalent.toml`), and draws a sample. Each mutant is put into a copy of the project, and the unit
tests that can notice it run there until one fails (`coverage_map`, `runs`). The exit status is 1 if
fewer than `--floor` percent were noticed.
"""

import argparse
import sys
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue

from tests.mutants import coverage_map
from tests.mutants.coverage_map import TESTS, CoverageMap
from tests.mutants.mutations import Mutant, mutants_of, sample
from tests.mutants.runs import Copy, NoTests, Verdict, copy_of

ROOT = Path(__file__).parents[2]
_EQUIVALENT = Path(__file__).with_name("equivalent.toml")
_KEPT_MAP = ROOT / ".mutants" / "coverage.json"

Key = tuple[str, str, str]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs what is asked for; returns the exit status."""
    asked = _arguments(arguments)
    started = time.monotonic()
    everything = all_mutants(ROOT)
    equivalent = equivalents(_EQUIVALENT.read_text(encoding="utf-8"))
    for module, statement, change in sorted(equivalent - {mutant.key for mutant in everything}):
        print(f"equivalent.toml: no such mutant: {module}: {statement}: {change}", file=sys.stderr)
    population = [
        mutant
        for mutant in everything
        if mutant.key not in equivalent and mutant.module.startswith(asked.within)
    ]
    drawn = sample(population, asked.sample, asked.seed)
    print(f"{len(drawn)} of {len(population):,} mutants, seed {asked.seed}", flush=True)
    try:
        verdicts = _verdicts(drawn, asked.jobs, asked.rounds)
    except NoTests as failed:
        print(failed, "no unit test passes without a mutant", sep="\n", file=sys.stderr)
        return 1
    print(*summary(verdicts, time.monotonic() - started), sep="\n")
    return exit_status(verdicts, asked.floor)


def all_mutants(root: Path) -> list[Mutant]:
    """Every mutant of the project."""
    return [
        mutant
        for path in coverage_map.modules(root)
        for mutant in mutants_of(
            path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")
        )
    ]


def equivalents(text: str) -> set[Key]:
    """The keys of the mutants that change nothing.

    Raises:
        KeyError: an entry lacks something, such as its reason.
    """
    entries = tomllib.loads(text).get("equivalent", ())
    return {
        (each["module"], each["statement"], each["change"]) for each in entries if each["reason"]
    }


def exit_status(verdicts: Sequence[Verdict], floor: float) -> int:
    """1 if fewer than `floor` percent were killed."""
    return int(_killed(verdicts) * 100 < floor * len(verdicts))


def summary(verdicts: Sequence[Verdict], seconds: float) -> Iterator[str]:
    """The survivors with their statements, and the share of the killed."""
    yield ""
    for each in verdicts:
        if each.killed_by is None:
            module, statement, change = each.mutant.key
            yield f"survived {each.asked} tests: {module}:{each.mutant.lines.start}"
            yield from (f"    {line}" for line in (*statement.splitlines(), change))
    share = _killed(verdicts) / max(1, len(verdicts))
    yield f"{_killed(verdicts)} of {len(verdicts)} killed: {share:.1%}, in {seconds:,.0f} s"


def _killed(verdicts: Sequence[Verdict]) -> int:
    return sum(each.killed_by is not None for each in verdicts)


def _verdicts(drawn: Sequence[Mutant], jobs: int, rounds: int | None) -> list[Verdict]:
    """Asks the tests about each mutant; a line a mutant, as soon as it is known."""
    with ExitStack() as stack:
        idle: SimpleQueue[Copy] = SimpleQueue()
        copies = [stack.enter_context(copy_of(ROOT)) for _ in range(jobs)]
        tests = _coverage_map(copies[0], jobs)
        for each in copies:
            idle.put(each)
        threads = stack.enter_context(ThreadPoolExecutor(jobs))
        return list(threads.map(_asker(idle, tests, rounds), drawn))


def _asker(
    idle: SimpleQueue[Copy], tests: CoverageMap, rounds: int | None
) -> Callable[[Mutant], Verdict]:
    def ask(mutant: Mutant) -> Verdict:
        project = idle.get()
        try:
            verdict = project.verdict(mutant, tests, rounds)
        finally:
            idle.put(project)
        print(line(verdict), flush=True)
        return verdict

    return ask


def line(verdict: Verdict) -> str:
    """One line of the table."""
    mutant = verdict.mutant
    change = " ".join(mutant.key[-1].split())
    return f"{mutant.module}:{mutant.lines.start}  {change}  {verdict.killed_by or 'SURVIVED'}"


def _coverage_map(project: Copy, workers: int) -> CoverageMap:
    """The map that an earlier run kept, as far as the sources are still the same."""
    now = coverage_map.digests(ROOT)
    before = coverage_map.kept(_KEPT_MAP)
    outdated = coverage_map.outdated(before[1], now) if before else None
    if before is None or outdated is None:
        tests = project.coverage_map(workers)
    elif outdated:
        there = sorted(file for file in outdated & now.keys() if file.startswith(TESTS))
        newer = project.coverage_map(workers, there) if there else CoverageMap({}, {})
        tests = before[0].renewed(outdated, newer)
    else:
        return before[0]
    coverage_map.keep(_KEPT_MAP, tests, now)
    return tests


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutants",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--sample", type=int, default=100, help="how many mutants")
    parser.add_argument("--seed", type=int, default=1, help="what the sample is drawn by")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--floor", type=float, default=97, help="percent that must be killed")
    parser.add_argument("--within", default="", metavar="PATH", help="only of modules below it")
    parser.add_argument(
        "--rounds", type=int, help="1 or 2: ask only the likeliest tests, for a first look"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
