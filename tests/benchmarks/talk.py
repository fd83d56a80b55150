"""The main job in figures: `python tests/benchmarks/talk.py [--http URL] [--results FILE]`.

Starts a stage of its own, or measures the one at `--http` (then without start-up and memory).
Prints a table and appends a JSON line a figure. Nothing here asserts a figure: machines differ.
"""

import argparse
import asyncio
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run as a script, from anywhere

from tests.benchmarks.results import RESULTS, Figure, report
from tests.integration.client import Client, Stage, Talk, eventually, running_stage, talk

LISTENERS, LANGUAGES, ROUNDS = 100, 3, 20
CROWD, CROWD_ROUNDS = 200, 3
IDLE_MEGABYTES = 500.0
SENTENCE = "Four score and seven years ago our fathers brought forth a new nation."


def spread(values: Sequence[float]) -> str:
    """From the best to the worst."""
    return f"{min(values):.0f} to {max(values):.0f}, {len(values)} times"


async def measure_sentences(stage: Stage) -> Figure:
    """A sentence that is cached, from `speak` to the last caption of all listeners."""
    async with talk(stage) as at:
        speaker = await at.join_speaker()
        offered = [code for code in stage.languages() if code != "en"][:LANGUAGES]
        listeners = await at.join_all([offered[n % len(offered)] for n in range(LISTENERS)])
        await _warm_up(at, speaker, listeners)
        times = [await _say_once(at, speaker, listeners) for _ in range(ROUNDS)]
    name = f"talk: cached sentence to {LISTENERS} listeners in {len(offered)} languages"
    return Figure(name, median(times), "ms", target=300, note=spread(times))


async def _warm_up(at: Talk, speaker: Client, listeners: Sequence[Client]) -> None:
    """Says the sentence until every language has it from the cache."""
    cached = False
    while not cached:
        spoken = await at.say(speaker, SENTENCE)
        await asyncio.gather(*(each.expect("caption", sequence=at.sequence) for each in listeners))
        cached = all(language["cached"] for language in spoken["languages"].values())


async def _say_once(at: Talk, speaker: Client, listeners: Sequence[Client]) -> float:
    hearing = [
        asyncio.create_task(each.expect("caption", sequence=at.sequence + 1)) for each in listeners
    ]
    begun = time.perf_counter()
    speaking = asyncio.create_task(at.say(speaker, SENTENCE))
    await asyncio.gather(*hearing)
    took_ms = (time.perf_counter() - begun) * 1000
    await speaking
    return took_ms


async def measure_crowds(stage: Stage) -> list[Figure]:
    """Until the session's counts are exact, from the first handshake and from the cut."""
    times = [await _crowd(stage) for _ in range(CROWD_ROUNDS)]
    coming, going = zip(*times, strict=True)
    return [_crowd_figure("joining", coming), _crowd_figure("cut", going)]


def _crowd_figure(what: str, times: Sequence[float]) -> Figure:
    name = f"talk: {CROWD} {what} at once until the count is exact"
    return Figure(name, median(times), "ms", target=2000, note=spread(times))


async def _crowd(stage: Stage) -> tuple[float, float]:
    async with talk(stage) as at:
        wanted = ["pt", "en"] * (CROWD // 2)
        begun = time.perf_counter()
        entering = asyncio.gather(*(at.enter(targetLanguage=code) for code in wanted))
        await eventually(lambda: stage.counts(at.session), (CROWD, dict(Counter(wanted))))
        came_ms = (time.perf_counter() - begun) * 1000
        crowd = await entering
        begun = time.perf_counter()
        for listener in crowd:
            listener.cut()
        await eventually(lambda: stage.counts(at.session), (0, {}))
        return came_ms, (time.perf_counter() - begun) * 1000


def resident_megabytes(pid: int) -> float:
    """Resident memory of a process and all its descendants; shared pages count in each."""
    status, children = Path(f"/proc/{pid}/status"), Path(f"/proc/{pid}/task")
    found = re.search(r"^VmRSS:\s+(\d+) kB$", status.read_text(), re.MULTILINE)
    own = int(found.group(1)) / 1024 if found else 0.0
    return own + sum(
        resident_megabytes(child) for task in children.iterdir() for child in _of(task)
    )


def _of(task: Path) -> list[int]:
    """The processes that a thread has started; none where it has ended meanwhile."""
    with suppress(FileNotFoundError):
        return [int(pid) for pid in (task / "children").read_text().split()]
    return []


def measure_memory(stage: Stage, when: str, most: float | None = None) -> list[Figure]:
    """The memory of a stage that was started here; after a talk its engines are loaded, too."""
    if stage.pid is None:
        return []
    return [Figure(f"talk: stage {when}", resident_megabytes(stage.pid), "MB", most)]


@contextmanager
def measured_stage(http: str | None) -> Iterator[tuple[Stage, list[Figure]]]:
    """The stage to measure, and the figures of its start, if it was started here."""
    if http is not None:
        yield Stage(http.rstrip("/"), ws=""), []
        return
    with tempfile.TemporaryDirectory() as directory:
        begun = time.perf_counter()
        with running_stage(Path(directory) / "stage.log") as stage:
            took = time.perf_counter() - begun
            yield stage, [Figure("talk: start to the ready line", took, "s", target=5)]


async def measure(stage: Stage) -> list[Figure]:
    """Everything that a running stage shows."""
    return [
        *measure_memory(stage, "idle", IDLE_MEGABYTES),
        await measure_sentences(stage),
        *await measure_crowds(stage),
        *measure_memory(stage, "after all that"),
    ]


def main() -> None:
    """Measures, prints and appends."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--http", metavar="URL", help="a stage that runs already")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    with measured_stage(options.http) as (stage, figures):
        figures += asyncio.run(measure(stage))
    report(figures, options.results)


if __name__ == "__main__":
    main()
