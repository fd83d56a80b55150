"""How a caption's time grows: `.venv/bin/python -m tests.benchmarks.growth`; two minutes.

A cached sentence on the local stage, from `speak` to its last listener's caption: by listeners of
one language, and by languages of as many listeners. Prints the slopes of the straight lines through
the medians, and draws both into docs/growth.png (where there is a browser to draw with).
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import correlation

from infra.chromium import NAMES, find_chromium
from tests.benchmarks.crowd import Crowd
from tests.benchmarks.end_to_end import CACHED, enter, filled_hall, hear
from tests.benchmarks.line_plot import Panel, save_png, svg
from tests.benchmarks.results import RESULTS, Figure, report
from tests.integration.client import Client, Stage, Talk, running_stage

LISTENERS = (50, 100, 250, 500, 1_000, 1_500, 2_000)
OF_LANGUAGES = 300
"""Listeners among whom the languages are divided."""

ROUNDS = 11
PICTURE = Path(__file__).resolve().parents[2] / "docs" / "growth.png"


async def last_captions(at: Talk, speaker: Client, crowd: Crowd, languages: int) -> Sequence[float]:
    """Milliseconds to the last listener, of each round."""
    everyone = len(crowd.transports)
    for _ in range(languages):  # until every language is cached, and more sockets are open
        await hear(at, speaker, crowd, everyone, CACHED)
    heard = [await hear(at, speaker, crowd, everyone, CACHED) for _ in range(ROUNDS)]
    assert not any(each.missing for each in heard), "somebody has missed a caption"
    return [each.times_ms[-1] for each in heard]


async def by_listeners(stage: Stage, language: str) -> Mapping[float, Sequence[float]]:
    """One hall that fills."""
    measured: dict[float, Sequence[float]] = {}
    async with filled_hall(stage, LISTENERS[0], [language]) as (at, speaker, crowd, _):
        for count in LISTENERS:
            await enter(at, crowd, [language] * (count - len(crowd.transports)))
            measured[count] = await last_captions(at, speaker, crowd, 1)
    return measured


async def by_languages(stage: Stage, offered: Sequence[str]) -> Mapping[float, Sequence[float]]:
    """A hall for each number of languages, equally large."""
    measured: dict[float, Sequence[float]] = {}
    for count in range(1, len(offered) + 1):
        async with filled_hall(stage, OF_LANGUAGES, offered[:count]) as (at, speaker, crowd, _):
            measured[count] = await last_captions(at, speaker, crowd, count)
    return measured


async def measure(stage: Stage, results: Path) -> Sequence[Panel]:
    """Both diagrams; each one's figures are printed when it is measured."""
    offered = [code for code in stage.languages() if code != "en"]
    listeners = Panel("Last caption by listeners, one language", "listeners", "ms",
                      await by_listeners(stage, offered[0]))  # fmt: skip
    report(figures(listeners), results)
    title = f"Last caption by languages, {OF_LANGUAGES} listeners in all"
    languages = Panel(title, "languages", "ms", await by_languages(stage, offered))
    report(figures(languages), results)
    return listeners, languages


def figures(panel: Panel) -> Iterator[Figure]:
    """The medians, the line through them and how well it fits."""
    name = f"growth by {panel.x_label}"
    for x, middle in panel.medians.items():
        yield Figure(f"{name}, {x:g}: last caption", middle, "ms")
    slope, intercept = panel.fit
    straight = correlation(list(panel.medians), list(panel.medians.values())) ** 2
    note = f"(from {intercept:.1f} ms; r2 = {straight:.3f})"
    yield Figure(f"{name}: slope", slope * 1000, f"us/{panel.x_label[:-1]}", note=note)


def main() -> None:
    """Measures, prints, appends and draws."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--picture", type=Path, default=PICTURE)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory) / "stage.log"
        with running_stage(log, "--data-dir", directory) as stage:
            panels = asyncio.run(measure(stage, options.results))
    browser = find_chromium()
    if browser is None:
        print(f"no picture: none of {', '.join(NAMES)} is installed", file=sys.stderr)
        return
    save_png(svg(panels), options.picture, browser)


if __name__ == "__main__":
    main()
