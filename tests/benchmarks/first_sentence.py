"""The first sentence after the start: `.venv/bin/python tests/benchmarks/first_sentence.py`.

Fresh stages on free ports. After the ready line a session is opened, its speaker and six listeners
of six languages join, and as soon as each has had its `joined` the speaker speaks, once. How long
each caption took, and whether it is translated: on a quiet machine, and beside as many processes
that do nothing but burn a core as there are cores. In a `rush` all seven join at the same moment;
else they come one after the other. Five minutes; `--starts 3` is quicker.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run as a script, from anywhere

from tests.benchmarks.results import RESULTS, Figure, report
from tests.benchmarks.talk import resident_megabytes
from tests.integration.client import Client, Stage, Talk, running_stage, talk

LANGUAGES = ("pt", "es", "gl", "ca", "fr", "it")
STARTS = 10
SENTENCE = "Good morning, and welcome to the first talk of this conference."
BURN_SECONDS = 600
"""After which a busy process ends by itself, whatever became of this one."""

BURN = f"import time\nend = time.monotonic() + {BURN_SECONDS}\nwhile time.monotonic() < end: pass"
IDLE_SECONDS = 10.0
"""After the ready line: by then everything that a stage begins by itself is over."""

QUIET_MS = 1000.0


@dataclass(frozen=True, slots=True)
class Start:
    """One stage's start, and its first sentence."""

    ready_s: float
    joined_s: float
    """From the first handshake to the last `joined`."""

    last_ms: float
    """From `speak` to the last caption."""

    translated: int
    memory_mb: float


@contextmanager
def busy_processes(count: int) -> Iterator[None]:
    """So many processes that burn a core each."""
    command = [sys.executable, "-c", BURN]
    burning = [subprocess.Popen(command) for _ in range(count)]  # noqa: S603 - the program above
    try:
        yield
    finally:
        for process in burning:
            process.kill()
            process.wait()


def first_sentence(rush: bool) -> Start:
    """Starts a stage, has it translate one sentence, and ends it."""
    with tempfile.TemporaryDirectory() as directory:
        begun = time.perf_counter()
        with running_stage(Path(directory) / "stage.log") as stage:
            ready = time.perf_counter() - begun
            return asyncio.run(_speak(stage, ready, rush))


async def _speak(stage: Stage, ready: float, rush: bool) -> Start:
    async with talk(stage) as at:
        begun = time.perf_counter()
        speaker, listeners = await (_join_at_once(at) if rush else _join_in_turn(at))
        joined = time.perf_counter() - begun
        begun = time.perf_counter()
        hearing = [asyncio.create_task(each.expect("caption", sequence=1)) for each in listeners]
        await at.say(speaker, SENTENCE)
        captions = await asyncio.gather(*hearing)
        last = (time.perf_counter() - begun) * 1000
        translated = sum(not each.get("untranslated", False) for each in captions)
        memory = resident_megabytes(stage.pid) if stage.pid else 0.0
        return Start(ready, joined, last, translated, memory)


async def _join_at_once(at: Talk) -> tuple[Client, Sequence[Client]]:
    speaker, listeners = await asyncio.gather(at.join_speaker(), at.join_all(LANGUAGES))
    return speaker, listeners


async def _join_in_turn(at: Talk) -> tuple[Client, Sequence[Client]]:
    return await at.join_speaker(), [await at.join(language) for language in LANGUAGES]


def idle_memory() -> Sequence[Figure]:
    """A stage's memory when it is ready, and a little later, while nobody comes."""
    with (
        tempfile.TemporaryDirectory() as directory,
        running_stage(Path(directory) / "stage.log") as stage,
    ):
        assert stage.pid is not None
        at_once = resident_megabytes(stage.pid)
        time.sleep(IDLE_SECONDS)
        later = resident_megabytes(stage.pid)
    name = "first sentence: idle memory"
    return [
        Figure(f"{name}, ready", at_once, "MB"),
        Figure(f"{name}, {IDLE_SECONDS:g} s later", later, "MB"),
    ]


def figures(name: str, starts: Sequence[Start], most_ms: float | None) -> Iterator[Figure]:
    """What so many starts came to."""
    wanted = len(starts) * len(LANGUAGES)
    translated = sum(each.translated for each in starts)
    whole = sum(each.translated == len(LANGUAGES) for each in starts)
    yield Figure(
        f"{name}: translated captions of {wanted}",
        translated,
        "captions",
        at_least=wanted,
        note=f"({whole} of {len(starts)} starts whole)",
    )
    last = [each.last_ms for each in starts]
    yield Figure(f"{name}: last caption, median", median(last), "ms")
    yield Figure(f"{name}: last caption, worst", max(last), "ms", most_ms)
    ready, joined = [each.ready_s for each in starts], [each.joined_s for each in starts]
    yield Figure(f"{name}: start to ready", median(ready), "s", note=_worst(ready))
    yield Figure(f"{name}: all joined", median(joined), "s", note=_worst(joined))
    memory = [each.memory_mb for each in starts]
    yield Figure(f"{name}: memory after it", median(memory), "MB")


def _worst(seconds: Sequence[float]) -> str:
    return f"(worst {max(seconds):.2f})"


def main() -> None:
    """Measures, prints and appends."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--starts", type=int, default=STARTS, help="of each kind")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    report(idle_memory(), options.results)
    for kind, count, most_ms in (("quiet", 0, QUIET_MS), ("busy", os.cpu_count() or 1, None)):
        for joining in ("in turn", "rush"):
            with busy_processes(count):
                starts = [first_sentence(joining == "rush") for _ in range(options.starts)]
            name = f"first sentence, {kind}, {joining}"
            report(figures(name, starts, most_ms), options.results)


if __name__ == "__main__":
    main()
