"""From `speak` to the last caption: `.venv/bin/python tests/benchmarks/end_to_end.py`.

A whole stage (gateway, functions, DynamoDB, engine) on this machine's cores, which the listeners
share. Each hall hears sentences that are cached, sentences that are new, and corrections, whose
texts are new, too. Six minutes on a quiet machine, most of them with 5,000 listeners;
`--halls 100 1000` is quicker.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run as a script, from anywhere

from tests.benchmarks.crowd import Crowd
from tests.benchmarks.results import RESULTS, Figure, percentile, report
from tests.integration.client import Client, Message, Stage, Talk, eventually, running_stage, talk

HALLS = (100, 1_000, 5_000)
LANGUAGES = (1, 5)
ROUNDS, ROUNDS_OF_THOUSANDS = 9, 5
HANDSHAKES_AT_ONCE = 50
"""More would wait in the stage's queue of function calls until they time out."""

LEAVING_AT_ONCE = 500
COMING_SECONDS = 600.0
LIFE_SECONDS = 12.0
"""A caption that has not come by then never will: none is sent after 10 s."""

TARGETS_MS = {(1_000, 5, "cached"): 400.0}
"""What the last caption is to stay below, by listeners, languages and kind."""

CACHED = "Four score and seven years ago our fathers brought forth a new nation."
NEW = "The {} of us who meet here today resolve that nothing said was said in vain."
CORRECTED = "The {} of us who met there that day resolved that all they said was said for good."
NUMBERS = "one two three four five six seven eight nine ten eleven twelve thirteen".split()


@dataclass(frozen=True, slots=True)
class Hearing:
    """When a sentence was heard: milliseconds from `speak`, sorted; and by how many it was not."""

    times_ms: Sequence[float]
    missing: int


async def measure_hall(
    stage: Stage, listeners: int, languages: Sequence[str]
) -> AsyncIterator[Figure]:
    """Both kinds of sentences to one crowd."""
    hall = f"end to end, {listeners} listeners, {len(languages)} languages"
    async with filled_hall(stage, listeners, languages) as (at, speaker, crowd, came):
        note = f"{crowd.refused} handshakes refused at first" if crowd.refused else ""
        yield Figure(f"{hall}: all counted", came, "s", note=note)
        await hear(at, speaker, crowd, listeners, CACHED)
        rounds = ROUNDS if listeners <= 1_000 else ROUNDS_OF_THOUSANDS
        for kind, texts in (
            ("cached", [CACHED] * rounds),
            ("uncached", [NEW.format(NUMBERS[n]) + f" {listeners}" for n in range(rounds)]),
        ):
            heard = [await hear(at, speaker, crowd, listeners, text) for text in texts]
            target = TARGETS_MS.get((listeners, len(languages), kind))
            for figure in summary(f"{hall}, {kind}", heard, target):
                yield figure
        corrected = [
            await hear_again(at, speaker, crowd, listeners, CORRECTED.format(NUMBERS[n]))
            for n in range(rounds)
        ]
        for figure in summary(f"{hall}, corrected", corrected, None):
            yield figure


@asynccontextmanager
async def filled_hall(
    stage: Stage, listeners: int, languages: Sequence[str]
) -> AsyncIterator[tuple[Talk, Client, Crowd, float]]:
    """A talk, its speaker, so many listeners once they are counted, and the seconds it took."""
    async with talk(stage) as at:
        crowd = Crowd()
        speaker = await at.join_speaker()
        begun = time.perf_counter()
        try:
            await enter(at, crowd, [languages[n % len(languages)] for n in range(listeners)])
            yield at, speaker, crowd, time.perf_counter() - begun
        finally:
            # Everyone is gone before the session ends: 5,000 closings take longer than an answer.
            while crowd.transports:
                crowd.leave(LEAVING_AT_ONCE)
                await counted(at, len(crowd.transports))


async def enter(at: Talk, crowd: Crowd, languages: Sequence[str]) -> None:
    """A listener more of each, until all are counted."""
    addresses = [at.session.address(targetLanguage=language) for language in languages]
    await crowd.enter(addresses, HANDSHAKES_AT_ONCE)
    await counted(at, len(crowd.transports))


async def counted(at: Talk, listeners: int) -> None:
    """Waits until the session has so many; a busy stage may fail to answer now and then."""

    def read() -> int | None:
        with suppress(OSError, HTTPException):
            answer = at.stage.request("GET", f"/sessions/{at.session.session_id}")
            if answer.status == 200:
                count: int = answer.json["listenerCount"]
                return count
        return None

    await eventually(read, listeners, COMING_SECONDS)


async def hear(at: Talk, speaker: Client, crowd: Crowd, listeners: int, text: str) -> Hearing:
    """Says a sentence and waits for everyone to have it, and for the report."""
    return await _heard(at.say(speaker, text), crowd, at.sequence + 1, listeners)


async def hear_again(at: Talk, speaker: Client, crowd: Crowd, listeners: int, text: str) -> Hearing:
    """Corrects the last sentence to a text that this hall has not heard, and waits as `hear`."""
    new = f"{text} {listeners}"
    return await _heard(at.correct(speaker, at.sequence, new), crowd, at.sequence, listeners)


async def _heard(
    saying: Coroutine[Any, Any, Message], crowd: Crowd, sequence: int, listeners: int
) -> Hearing:
    begun = time.perf_counter()
    report_due = asyncio.create_task(saying)
    times = await crowd.times_of(sequence, listeners, LIFE_SECONDS)
    report = await report_due
    delivered = sum(each["delivered"] for each in report["languages"].values())
    assert delivered >= len(times), "whoever has it must have been counted as delivered"
    return Hearing([(at - begun) * 1000 for at in times], listeners - len(times))


def summary(name: str, heard: Sequence[Hearing], target: float | None) -> Iterator[Figure]:
    """Medians over the sentences of the first, median, p99 and last listener's caption."""
    yield Figure(f"{name}: missing", sum(each.missing for each in heard), "captions", 0)
    times = [each.times_ms for each in heard if each.times_ms]
    if not times:
        return
    yield Figure(f"{name}: first", median(each[0] for each in times), "ms")
    yield Figure(f"{name}: median", median(median(each) for each in times), "ms")
    yield Figure(f"{name}: p99", median(percentile(each, 0.99) for each in times), "ms")
    last = [each[-1] for each in times]
    spread = f"({min(last):.0f} to {max(last):.0f})"
    yield Figure(f"{name}: last", median(last), "ms", target, note=spread)


async def measure(stage: Stage, halls: Sequence[int], results: Path) -> None:
    """Every hall, each printed when it is done."""
    offered = [code for code in stage.languages() if code != "en"]
    for listeners in halls:
        for count in LANGUAGES:
            languages = (*offered, "en")[:count]
            async for figure in measure_hall(stage, listeners, languages):
                report([figure], results)


def main() -> None:
    """Measures, prints and appends."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--halls", type=int, nargs="*", default=HALLS, help="of so many listeners")
    parser.add_argument("--http", metavar="URL", help="a stage that runs already")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    if options.http:
        asyncio.run(measure(Stage(options.http.rstrip("/"), ws=""), options.halls, options.results))
        return
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory) / "stage.log"
        with running_stage(log, "--data-dir", directory) as stage:
            asyncio.run(measure(stage, options.halls, options.results))


if __name__ == "__main__":
    main()
