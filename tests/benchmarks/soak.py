"""Half an hour of everything at once: `.venv/bin/python tests/benchmarks/soak.py [--minutes 30]`.

A real stage, 500 listeners who come, go, are cut and change languages, a speaker who says a
sentence a second, and at random moments `kill -9` of a process that the stage must bring back:
mostly the functions with their event source, also the gateway and the Translate server.

Ends with exit code 1 if the counts are not those of the open sockets when everyone has come to
rest, or if the project's processes have gained more than 5 % of memory since they were warm. The
emulator is told apart: it holds in memory what rows the run has made (tombstones live a day).
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
from tests.benchmarks.soak_memory import Memory, children
from tests.benchmarks.soak_people import Hall
from tests.integration.client import Stage, running_stage

LANGUAGES = 4
REST_SECONDS = 120.0
"""Two minutes: rows of sockets whose $disconnect met a dead function go when they are next posted
to, and none younger than 35 s does."""

GROWTH_PERCENT = 5.0
VICTIMS = {"functions": 0.6, "gateway": 0.2, "translate_server": 0.2}
LOOK_SECONDS = 2.0


@dataclass
class Soak:
    """One run."""

    stage: Stage
    hall: Hall
    options: argparse.Namespace
    chance: random.Random
    memory: Memory
    killed: Counter[str] = field(default_factory=Counter)
    begun: float = field(default_factory=time.monotonic)

    async def run(self) -> Mapping[str, int]:
        """Everything at once, then rest; returns the drift that remains, by language."""
        seconds = self.options.minutes * 60
        async with self.hall.open(self.options.listeners):
            work = [self._churn(), self._kill(), self._watch()]
            tasks = [asyncio.create_task(each) for each in work]
            try:
                await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
                for task in tasks[:2]:
                    task.cancel()
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
        """Never so soon after another that the stage would give up, and not to the very end.

        The last processes must become warm, or nobody would see what they gain.
        """
        await asyncio.sleep(self.memory.warm_seconds)
        last = self.begun + self.options.minutes * 60 - 1.5 * self.memory.warm_seconds
        while True:
            await asyncio.sleep(16 + self.chance.expovariate(1 / (self.options.kill_every - 16)))
            if time.monotonic() > last:
                return
            (name,) = self.chance.choices(list(VICTIMS), list(VICTIMS.values()))
            pid = children(self.stage.pid or 0).get(name)
            if pid is not None:
                os.kill(pid, signal.SIGKILL)
                self.killed[name] += 1

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
        speaker, heard = self.hall.speaker, self.hall.heard
        drift = await self._drift()
        off = "no answer" if drift is None else f"{sum(drift.values())} off now"
        return (
            f"{speaker.spoken} spoken, {len(speaker.reported)} reported, {heard.captions} captions,"
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
        speaker, heard = self.hall.speaker, self.hall.heard
        kills = ", ".join(f"{count} x {name}" for name, count in sorted(self.killed.items()))
        yield Figure("soak: killed", self.killed.total(), "processes", note=f"({kills})")
        yield Figure("soak: sentences spoken", speaker.spoken, "sentences")
        yield Figure("soak: sentences heard by somebody", len(heard.sequences), "sentences")
        yield Figure("soak: sentences reported", len(speaker.reported), "sentences")
        yield Figure("soak: captions delivered, as reported", speaker.delivered, "captions")
        yield Figure("soak: captions heard", heard.captions, "captions")
        yield Figure("soak: from spokenAt to a listener, p50", heard.percentile(0.5), "ms")
        yield Figure("soak: from spokenAt to a listener, p99", heard.percentile(0.99), "ms")
        for name in ("functions", "gateway", "translate_server"):
            gained, percent = self.memory.growth(name)
            yield Figure(f"soak: memory, {name}", percent, "%", note=f"({gained / 1e6:+.1f} MB)")
        gained, percent = self.memory.growth("dynamodb")
        rows = f"({gained / 1e6:+.1f} MB, rows and stream records of the run)"
        yield Figure("soak: memory, the emulator", percent, "%", note=rows)
        yield Figure("soak: memory, all but the emulator", self.growth(), "%", GROWTH_PERCENT)
        yield Figure("soak: drift", max(drift.values(), default=0), "listeners", 0)

    def growth(self) -> float:
        """Percent that the project's own processes have gained."""
        return self.memory.growth(*VICTIMS)[1]


async def soak(stage: Stage, options: argparse.Namespace) -> int:
    """Runs, prints; returns the exit code."""
    chance = random.Random(options.seed)
    languages = [code for code in stage.languages() if code != "en"][:LANGUAGES]
    hall = Hall(stage.open_session(), languages, chance)
    warm = min(60.0, options.minutes * 60 / 4)
    run = Soak(stage, hall, options, chance, Memory(stage.pid or 0, warm))
    drift = await run.run()
    report(run.figures(drift), options.results)
    if any(drift.values()):
        print(f"drift: {drift}")
    return int(any(drift.values()) or run.growth() > GROWTH_PERCENT)


def main() -> int:
    """Starts the stage and ends it; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--churn", type=float, default=10.0, help="changes a second")
    parser.add_argument("--listeners", type=int, default=500)
    parser.add_argument("--kill-every", type=float, default=75.0, help="seconds, on average; > 16")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory) / "stage.log"
        with running_stage(log, "--data-dir", directory) as stage:
            return asyncio.run(soak(stage, options))


if __name__ == "__main__":
    sys.exit(main())
