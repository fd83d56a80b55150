"""A long talk for `box.py`: phones lose the network, leave and scan anew, and memory stays flat.

A phone counts as having missed a sentence if it was said after the phone had come for the first
time, and the phone has it neither live nor by the replay after it came back.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from statistics import linear_regression

from tests.benchmarks.box_dictation import SCAN_SECONDS
from tests.benchmarks.box_hall import Box, Guest, Hall, guest, hall
from tests.benchmarks.box_talk import JOIN_SECONDS, warm_up
from tests.benchmarks.hall_phones import all_in
from tests.benchmarks.results import Figure
from tests.benchmarks.soak_memory import Memory, memory_figures
from tests.integration.client import Client
from tests.speech.recording import turns_of

PACE_SECONDS = 4.0
CHANGE_SECONDS = 1.0
"""So often somebody loses the network, or leaves and another one scans."""
LEAVING = 0.3
NEW_SENTENCES = 0.7
LOOK_SECONDS = 4.0
WARM_SECONDS = 150.0
"""As in `soak.py`: pools get their threads one by one."""
HELD = ("functions", "gateway", "translate_server", "polly_server")
"""The emulator is shown apart: it holds in memory what rows the talk has made."""
SETTLE_SECONDS = 30.0
IN_FLIGHT = 2
"""Sentences that somebody who leaves may still have been waiting for."""


@dataclass
class Soak:
    """One run."""

    here: Hall
    memory: Memory
    seconds: float
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    left: list[int] = field(default_factory=list)
    """Sentences missed by each phone that has left."""
    visits: int = 0
    failed: list[str] = field(default_factory=list)
    unreported: int = 0
    totals: list[tuple[float, int]] = field(default_factory=list)
    _begun: float = field(default_factory=time.perf_counter)

    async def run(self, speaker: Client) -> None:
        """Talk, coming and going, and a look at the memory now and then, until the time is over."""
        self._begun = time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            for work in (self._talk(speaker), self._change(), self._watch()):
                tasks.create_task(work)

    @property
    def _goes_on(self) -> bool:
        return time.perf_counter() < self._begun + self.seconds

    async def _talk(self, speaker: Client) -> None:
        for number, text in enumerate(cycle(s for turn in turns_of() for s in turn)):
            if not self._goes_on:
                return
            begun = time.perf_counter()
            is_new = self.chance.random() < NEW_SENTENCES
            said = f"{text[:-1]}, as number {number} says." if is_new else text
            report = await self.here.at.say(speaker, said)
            self.unreported += sum("failed" in each for each in report["languages"].values())
            await asyncio.sleep(max(0.0, begun + PACE_SECONDS - time.perf_counter()))

    async def _change(self) -> None:
        """One is cut, or leaves while another comes."""
        while self._goes_on:
            await asyncio.sleep(CHANGE_SECONDS)
            place = self.chance.randrange(len(self.here.guests))
            present = self.here.guests[place]
            if self.chance.random() < LEAVING:
                await self._replace(place, present)
            else:
                present.phone.cut()

    async def _replace(self, place: int, leaving: Guest) -> None:
        if leaving.phone.is_in:  # one on its way back has not had the replay yet
            self.left.append(missed(leaving, self.here.at.sequence - IN_FLIGHT))
        await leaving.leave()
        new = guest(self.here, place, leaving.phone.source, place < self.here.voices)
        self.here.guests[place] = new
        await new.scan(self.here.session)
        self.visits += 1
        if new.error:
            self.failed.append(new.error)
            await new.scan(self.here.session)

    async def _watch(self) -> None:
        while self._goes_on:
            await asyncio.sleep(LOOK_SECONDS)
            passed = time.perf_counter() - self._begun
            total = await asyncio.to_thread(self.memory.look, passed)
            if passed >= self.memory.warm_seconds:
                self.totals.append((passed, total))

    async def missing(self) -> int:
        """Sentences that phones have missed, when all have had time to come back."""
        end = time.perf_counter() + SETTLE_SECONDS
        while (count := self._missing_now()) and time.perf_counter() < end:
            await asyncio.sleep(0.1)
        return count + sum(self.left)

    def _missing_now(self) -> int:
        return sum(missed(guest, self.here.at.sequence) for guest in self.here.guests)


def missed(guest: Guest, until: int) -> int:
    """How many sentences up to that number a phone should have, and has not."""
    since = guest.phone.joined_after
    return 0 if since < 0 else guest.phone.missed(range(since + 1, until + 1))


async def soaked(
    box: Box, languages: Sequence[str], phones: int, voices: int, minutes: float
) -> AsyncIterator[Figure]:
    """All of it."""
    warm = min(WARM_SECONDS, minutes * 60 / 6)
    async with hall(box, languages, phones, voices) as here:
        await here.arrive(SCAN_SECONDS)
        await all_in([guest.phone for guest in here.guests], JOIN_SECONDS)
        speaker = await here.at.join_speaker()
        await warm_up(here, speaker)
        soak = Soak(here, Memory(box.at_home.pid or 0, warm), minutes * 60)
        await soak.run(speaker)
        missing = await soak.missing()
        out = await all_in([guest.phone for guest in here.guests], JOIN_SECONDS)
        for figure in _figures(soak, minutes, missing, out):
            yield figure


def _figures(soak: Soak, minutes: float, missing: int, out: int) -> Iterator[Figure]:
    about = f"box: soak of {minutes:g} minutes"
    here = soak.here
    yield Figure(f"{about}: sentences", here.at.sequence, "sentences")
    yield Figure(f"{about}: sentences that a phone missed", missing, "captions", 0)
    yield Figure(f"{about}: languages that failed", soak.unreported, "languages", 0)
    yield Figure(f"{about}: phones not in at the end", out, "phones", 0)
    note = "; ".join(sorted(set(soak.failed))[:2])
    yield Figure(f"{about}: visits", soak.visits, "visits")
    yield Figure(f"{about}: visits that failed", len(soak.failed), "visits", 0, note=note)
    failed = here.sounds_failed.total()
    yield Figure(f"{about}: sounds that a phone could not fetch", failed, "sounds", 0)
    memory = soak.memory
    yield from memory_figures(f"{about}: memory gained", memory, memory.names, HELD)
    if len(soak.totals) >= 2:
        slope, _ = linear_regression(*zip(*soak.totals, strict=True))
        note = f"from {soak.totals[0][1] / 1e6:.0f} to {soak.totals[-1][1] / 1e6:.0f} MB"
        yield Figure(
            f"{about}: memory of all processes, slope", slope * 60 / 1e6, "MB/min", note=note
        )
