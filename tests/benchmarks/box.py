"""A hall in a box, on real hosts: `python -m tests.benchmarks.box [--quick] [--parts scan talk]`.

The stage runs on a laptop's host with `--hall`, and its speaker is there; 300 phones are on another
host, each with an address of its own, and know no more than the page that they load. All of them
share this machine's processors. Needs root and Linux (`tests/network`).

- scan: all open the link within ten seconds, with empty caches, and join.
- talk: sentences in four languages to all of them, new ones and then the same from the cache.
- voice: a recording is dictated to the page's own recogniser, and 30 of the phones hear voices.
- soak: a quarter of an hour of talk. Phones lose the network, leave, and scan anew all the time.

Every wait has an end. `--quick` is for trying: fewer sentences and two minutes of soak.
"""

import argparse
import asyncio
import os
import resource
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run as a script, from anywhere

from tests.benchmarks.box_dictation import dictated
from tests.benchmarks.box_hall import Box
from tests.benchmarks.box_soak import soaked
from tests.benchmarks.box_talk import scanned_and_spoken
from tests.benchmarks.results import RESULTS, Figure, report
from tests.integration.client import Stage, running_stage
from tests.network.hosts import PHONES, hosts, missing

PARTS = ("scan", "talk", "voice", "soak")
PORT = 8000
LANGUAGES = 4


@dataclass(frozen=True)
class Size:
    """How much of everything."""

    phones: int = 300
    voices: int = 30
    scan_seconds: float = 10.0
    sentences: int = 40
    dictated_seconds: float = 180.0
    soak_minutes: float = 15.0


QUICK = Size(sentences=10, dictated_seconds=45.0, soak_minutes=2.0)


@contextmanager
def box(directory: Path, phones: int) -> Iterator[Box]:
    """The stage on the laptop; this thread is there, too, until the end."""
    ports = ("--http-port", str(PORT))
    with (
        hosts(phones) as both,
        running_stage(
            directory / "stage.log",
            *("--hall", "--data-dir", str(directory)),
            ports=ports,
            within=both.laptop.program(),
        ) as stage,
        both.laptop.inside(),
    ):
        yield Box(_at_home(stage), stage, both.phones.connect, PHONES[:phones])


def _at_home(stage: Stage) -> Stage:
    port = urlsplit(stage.http).port
    return Stage(f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}", stage.pid, stage.dynamodb)


async def measure(here: Box, parts: list[str], size: Size) -> AsyncIterator[Figure]:
    """The parts that are wanted, in their order."""
    languages = [each for each in here.at_home.languages() if each != "en"][:LANGUAGES]
    if "scan" in parts or "talk" in parts:
        sentences = size.sentences if "talk" in parts else 0
        async for figure in scanned_and_spoken(
            here, languages, size.phones, size.scan_seconds, sentences
        ):
            yield figure
    if "voice" in parts:
        async for figure in dictated(
            here, languages, size.phones, size.voices, size.dictated_seconds
        ):
            yield figure
    if "soak" in parts:
        async for figure in soaked(here, languages, size.phones, size.voices, size.soak_minutes):
            yield figure


async def _report_all(here: Box, parts: list[str], size: Size, results: Path) -> bool:
    """Prints and keeps each figure as it comes; returns whether all targets were met."""
    met = True
    async for figure in measure(here, parts, size):
        report([figure], results)
        met = met and figure.met is not False
    return met


def main() -> int:
    """Measures, prints and appends; 1 if a target is missed, or where there can be no hosts."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--quick", action="store_true", help="to try it: its figures say little")
    parser.add_argument("--phones", type=int, default=300)
    parser.add_argument("--minutes", type=float, help="of the soak")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    if reason := missing():
        print(f"box: not measured: {reason}", file=sys.stderr)
        return 1
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    chosen = QUICK if options.quick else Size()
    size = replace(
        chosen, phones=options.phones, soak_minutes=options.minutes or chosen.soak_minutes
    )
    print(f"load before: {os.getloadavg()[0]:.2f}", flush=True)
    with tempfile.TemporaryDirectory() as directory, box(Path(directory), size.phones) as here:
        met = asyncio.run(_report_all(here, options.parts, size, options.results))
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
