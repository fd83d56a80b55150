"""Everything at once: `.venv/bin/python tests/benchmarks/soak.py [--minutes 10]`.

A real stage, 500 listeners, ten times a second one who comes, goes, is cut or changes its language,
a speaker who says a sentence a second, and at random moments `kill -9` of a process that the stage
must bring back: mostly the functions with their event source, also the gateway and the Translate
server. Two calls in a thousand of DynamoDB, its streams, Translate and `@connections` are late,
throttled, failing or cut, before or after they were carried out.

Ends with exit code 1 if
- a sentence was lost: neither delivered to everyone who was there all along, nor reported
  (`soak_book` has the definitions);
- when everyone has come to rest the counts are not those of the open sockets;
- a process of the project has gained more than 5 % of memory since it was warm (`soak_memory`).
  The emulator is told apart: it holds in memory what rows and stream records the run has made.
"""

import argparse
import asyncio
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run as a script, from anywhere

from tests.benchmarks.results import RESULTS, Figure, report
from tests.benchmarks.soak_memory import GROWTH_PERCENT, Memory, children, memory_figures
from tests.benchmarks.soak_people import Hall
from tests.integration.client import Stage
from tests.integration.faulty import KINDS, SERVICES, Faults
from tests.integration.faulty_stage import faulty_stage

LANGUAGES = 4
REST_SECONDS = 120.0
"""Two minutes: rows of sockets whose $disconnect met a dead function go when they are next posted
to, and none younger than 35 s does."""

VICTIMS = {"functions": 0.6, "gateway": 0.2, "translate_server": 0.2}
LOOK_SECONDS = 4.0
WARM_SECONDS = 150.0
"""Pools get their threads one by one, whenever more is going on at once than ever before: measured
without any kill, the functions have 71.5 MB after 40 s, 73 after 200 s and 74 after 400 s."""

CALM_SECONDS = 300.0
"""At the end nobody is killed for so long: or else no process would live long enough to show what
it gains once it is warm."""


@dataclass
class Soak:
    """One run."""

    stage: Stage
    hall: Hall
    options: argparse.Namespace
    chance: random.Random
    memory: Memory
    faults: Faults
    killed: Counter[str] = field(default_factory=Counter)
    begun: float = field(default_factory=time.monotonic)

    async def run(self) -> Mapping[str, int]:
        """Everything at once, then rest; returns the drift that remains, by language."""
        seconds = self.options.minutes * 60
        async with self.hall.open(self.options.listeners):
            work = [self._churn(), self._kill(), self._watch()]
            tasks = [asyncio.create_task(each) for each in work]
            disturbed = {"kinds": KINDS, "rate": self.options.fault_rate}
            try:
                await asyncio.to_thread(self.faults.set, dict.fromkeys(SERVICES, disturbed))
                await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
                for task in tasks[:2]:
                    task.cancel()
                await asyncio.to_thread(self.faults.stop)
                return await self._rest()
            finally:
                for task in tasks:
                    task.cancel()
                ended = await asyncio.gather(*tasks, return_exceptions=True)
                self.memory.look(time.monotonic())
                for error in ended:
                    if isinstance(error, Exception):
                        raise error

    async def _churn(self) -> None:
        while True:
            await asyncio.sleep(self.chance.expovariate(self.options.churn))
            await self.hall.change_somebody()

    async def _kill(self) -> None:
        """Never so soon after another that the stage would give up, and not to the very end."""
        await asyncio.sleep(self.memory.warm_seconds / 2)
        seconds = self.options.minutes * 60
        last = self.begun + seconds - min(CALM_SECONDS, seconds / 2)
        while True:
            await asyncio.sleep(16 + self.chance.expovariate(1 / (self.options.kill_every - 16)))
            if time.monotonic() > last:
                return
            (name,) = self.chance.choices(list(VICTIMS), list(VICTIMS.values()))
            pid = children(self.stage.pid or 0).get(name)
            if pid is not None:
                os.kill(pid, signal.SIGKILL)
                self.killed[name] += 1
                if name == "gateway":
                    self.memory.crowd()

    async def _watch(self) -> None:
        """Looks at the memory, and says a line a minute."""
        minute = 1
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            size = await asyncio.to_thread(self.memory.look, time.monotonic())
            if time.monotonic() - self.begun >= minute * 60:
                print(f"minute {minute}: {await self._line()}, {size / 1e6:.0f} MB", flush=True)
                minute += 1

    async def _line(self) -> str:
        book, heard = self.hall.book, self.hall.heard
        drift = await self._drift()
        off = "no answer" if drift is None else f"{sum(drift.values())} off now"
        outcomes = ", ".join(f"{count} {name}" for name, count in sorted(book.outcomes.items()))
        return (
            f"{book.spoken_count} spoken, {outcomes}, {heard.captions} captions,"
            f" p50 {heard.percentile(0.5)} ms, p99 {heard.percentile(0.99)} ms,"
            f" {self.hall.sockets().total()} sockets, {off}, {self.killed.total()} killed"
        )

    async def _rest(self) -> Mapping[str, int]:
        """Nobody comes or goes; the speaker goes on. Until all is right, or too long."""
        deadline = time.monotonic() + REST_SECONDS
        while True:
            drift = await self._drift()
            everyone = self.hall.sockets().total() == self.options.listeners
            if everyone and drift is not None and not any(drift.values()):
                return drift
            if time.monotonic() >= deadline:
                return drift or {"no answer": self.options.listeners}
            await asyncio.sleep(0.5)

    async def _drift(self) -> Mapping[str, int] | None:
        """By how many listeners the counts are off, by language; None while nobody answers."""
        try:
            total, languages = await asyncio.to_thread(self.stage.counts, self.hall.speaker.session)
        except (OSError, HTTPException, AssertionError):
            return None
        sockets = self.hall.sockets()
        off = {
            language: abs(languages.get(language, 0) - sockets[language])
            for language in {*languages, *sockets}
        }
        return {**off, "in all": abs(total - sockets.total())}

    def figures(self, drift: Mapping[str, int]) -> Iterator[Figure]:
        """What is printed at the end."""
        book, heard = self.hall.book, self.hall.heard
        kills = ", ".join(f"{count} x {name}" for name, count in sorted(self.killed.items()))
        told = ", ".join(f"{count} x {what}" for what, count in sorted(book.told.items()))
        yield Figure("soak: killed", self.killed.total(), "processes", note=f"({kills})")
        for service, kinds in self.faults.seen().items():
            seen = ", ".join(f"{count} x {kind}" for kind, count in sorted(kinds.items()))
            yield Figure(f"soak: faults of {service}", sum(kinds.values()), "", note=f"({seen})")
        yield Figure("soak: sentences spoken", book.outcomes.total(), "sentences")
        yield Figure("soak: ... delivered to all who were there", book.outcomes["delivered"], "")
        yield Figure("soak: ... else reported to the speaker", book.outcomes["reported"], "")
        yield Figure("soak: ... lost", book.outcomes["lost"], "", 0)
        yield Figure("soak: speaker told", book.told.total(), "sentences", note=f"({told})")
        yield Figure("soak: captions missed by who was there", book.missed, "captions")
        yield Figure("soak: captions missed by who came back", book.missed_by_returned, "captions")
        yield Figure("soak: captions delivered, as reported", book.delivered, "captions")
        yield Figure("soak: captions heard", heard.captions, "captions")
        yield Figure("soak: from spokenAt to a listener, p50", heard.percentile(0.5), "ms")
        yield Figure("soak: from spokenAt to a listener, p99", heard.percentile(0.99), "ms")
        names = (*VICTIMS, "dynamodb")
        yield from memory_figures("soak: memory", self.memory, names, VICTIMS)
        yield Figure("soak: drift", max(drift.values(), default=0), "listeners", 0)

    def passed(self, drift: Mapping[str, int]) -> bool:
        """Whether every promise was kept."""
        grown = [growth for name in VICTIMS if (growth := self.memory.growth(name)) is not None]
        flat = all(growth.percent <= GROWTH_PERCENT for growth in grown)
        return not any(drift.values()) and not self.hall.book.outcomes["lost"] and flat


async def soak(stage: Stage, faults: Faults, options: argparse.Namespace) -> int:
    """Runs, prints; returns the exit code."""
    chance = random.Random(options.seed)
    languages = [code for code in stage.languages() if code != "en"][:LANGUAGES]
    hall = Hall(stage.open_session(), languages, chance)
    warm = min(WARM_SECONDS, options.minutes * 60 / 6)
    run = Soak(stage, hall, options, chance, Memory(stage.pid or 0, warm), faults)
    drift = await run.run()
    report(run.figures(drift), options.results)
    for sentence in hall.book.lost:
        print(f"lost: sentence {sentence}")
    if any(drift.values()):
        print(f"drift: {drift}")
    passed = run.passed(drift)
    print("passed" if passed else "FAILED")
    return 0 if passed else 1


def main() -> int:
    """Starts the stage and ends it; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--churn", type=float, default=10.0, help="changes a second")
    parser.add_argument("--listeners", type=int, default=500)
    parser.add_argument("--kill-every", type=float, default=75.0, help="seconds, on average; > 16")
    parser.add_argument("--fault-rate", type=float, default=0.002, help="share of the calls")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # or else the stage would outlive it
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory) / "stage.log"
        with faulty_stage(log, "--data-dir", directory, seed=options.seed) as (stage, faults):
            return asyncio.run(soak(stage, faults, options))


if __name__ == "__main__":
    sys.exit(main())
