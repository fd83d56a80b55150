"""Scanning and speaking, for `box.py`: how soon all phones are in, and all have a caption."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from tests.benchmarks.box_hall import Box, Hall, hall
from tests.benchmarks.hall_phones import all_in
from tests.benchmarks.results import Figure, percentile
from tests.benchmarks.soak_memory import children
from tests.integration.client import Client, eventually
from tests.speech.recording import turns_of

USABLE_SECONDS = 3.0
NEW_SECONDS, CACHED_SECONDS = 0.7, 0.3
CAPTION_SECONDS = 10.0
"""What is not there by then counts as missing."""
PACE_SECONDS = 1.0
JOIN_SECONDS = 60.0
WARM_UP = "Good morning to everybody in row"
WARM_UPS = 20


async def scanned_and_spoken(
    box: Box, languages: Sequence[str], phones: int, scan_seconds: float, sentences: int
) -> AsyncIterator[Figure]:
    """Both parts, in one hall."""
    async with hall(box, languages, phones, voices=0) as here:
        async for figure in scanned(here, scan_seconds):
            yield figure
        if sentences:
            async for figure in spoken(here, sentences):
                yield figure


async def scanned(here: Hall, seconds: float) -> AsyncIterator[Figure]:
    """All scan, load the page and join."""
    before = cpu_seconds(here.box.at_home.pid or 0)
    await here.arrive(seconds)
    await all_in([guest.phone for guest in here.guests], JOIN_SECONDS)
    spent = cpu_seconds(here.box.at_home.pid or 0)
    wanted = len(here.guests)
    inside = [guest for guest in here.guests if guest.phone.is_in]
    visits = [guest.visit for guest in inside if guest.visit is not None]
    about = f"box: {wanted} phones scan within {seconds:g} s"
    moments = {
        "all files are there": ([guest.visit.loaded_at for guest in inside if guest.visit], None),
        "the page is usable": ([guest.phone.joined_at for guest in inside], USABLE_SECONDS),
    }
    scans = [guest.scanned_at for guest in inside]
    for what, (ends, target) in moments.items():
        took = [end - begun for begun, end in zip(scans, ends, strict=True)]
        for share, held in ((0.5, None), (0.95, target), (1.0, None)):
            name = f"{about}: {what}, {'slowest' if share == 1 else f'p{share * 100:.0f}'}"
            yield Figure(name, percentile(took, share), "s", held)
    errors = {guest.error for guest in here.guests if guest.error}
    note = "; ".join(sorted(errors)[:3])
    yield Figure(f"{about}: without the page", wanted - len(visits), "phones", 0, note=note)
    yield await _counted(here, about)
    refused = sum((line.refused for line in here.lines), start=Counter[int]())
    note = ", ".join(f"{count} x {status}" for status, count in refused.items())
    yield Figure(f"{about}: handshakes refused", refused.total(), "handshakes", note=note)
    costs = {name: 1000 * (spent[name] - before.get(name, 0.0)) / wanted for name in spent}
    note = ", ".join(f"{name} {cost:.1f}" for name, cost in sorted(costs.items()) if cost >= 0.1)
    yield Figure(f"{about}: the stage's CPU, a phone", sum(costs.values()), "ms", note=note)
    yield Figure("box: files of a listener's page", visits[0].files, "files")
    yield Figure("box: a first visit transfers", visits[0].received_bytes / 1024, "KB")


def cpu_seconds(stage: int) -> dict[str, float]:
    """What each of the stage's processes has used until now: no other load changes that much."""
    ticks = os.sysconf("SC_CLK_TCK")
    used = {}
    for name, pid in children(stage).items():
        # After the name in parentheses, which may hold anything, user and system are 12th and 13th.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        used[name] = (int(fields[11]) + int(fields[12])) / ticks
    return used


async def _counted(here: Hall, about: str) -> Figure:
    """How many the session counts, once that is as many as there are, or too late."""
    wanted = len(here.guests)
    count = 0

    def counted() -> int:
        nonlocal count
        count, _ = here.at.stage.counts(here.at.session)
        return count

    with suppress(AssertionError):  # the figure says so
        await eventually(counted, wanted, seconds=10.0)
    return Figure(f"{about}: counted", count, "phones", wanted, at_least=wanted)


async def spoken(here: Hall, count: int) -> AsyncIterator[Figure]:
    """New sentences, and the same again."""
    speaker = await here.at.join_speaker()
    await warm_up(here, speaker)
    texts = [sentence for turn in turns_of() for sentence in turn][:count]
    for kind, target, is_cached in (
        ("new", NEW_SECONDS, False),
        ("cached", CACHED_SECONDS, True),
    ):
        lasts: list[float] = []
        firsts: list[float] = []
        missing = others = 0
        for text in texts:
            began = time.perf_counter()
            report = await here.at.say(speaker, text)
            times = await here.all_heard(here.at.sequence, CAPTION_SECONDS)
            missing += len(here.guests) - len(times)
            others += sum(each["cached"] != is_cached for each in report["languages"].values())
            lasts.append(max(times) - began)
            firsts.append(min(times) - began)
            await asyncio.sleep(max(0.0, began + PACE_SECONDS - time.perf_counter()))
        for figure in _caption_figures(here, kind, target, firsts, lasts):
            yield figure
        yield Figure(f"box: {kind} sentences: captions missing", missing, "captions", 0)
        name = f"box: {kind} sentences: languages that were not {kind}"
        yield Figure(name, others, "languages", 0)


def _caption_figures(
    here: Hall, kind: str, target: float, firsts: Sequence[float], lasts: Sequence[float]
) -> Iterator[Figure]:
    about = f"box: {kind} sentence to {len(here.guests)} phones"
    yield Figure(f"{about}: first caption, p50", percentile(firsts, 0.5), "s")
    yield Figure(f"{about}: last caption, p50", percentile(lasts, 0.5), "s")
    note = f"of {len(lasts)} sentences"
    yield Figure(f"{about}: last caption, p95", percentile(lasts, 0.95), "s", target, note=note)


async def warm_up(here: Hall, speaker: Client) -> None:
    """Until the engines have been loaded and the functions are warm."""
    for number in range(WARM_UPS):
        report = await here.at.say(speaker, f"{WARM_UP} {number}.")
        heard = await here.all_heard(here.at.sequence, CAPTION_SECONDS)
        failed = any("failed" in each for each in report["languages"].values())
        if number >= 4 and not failed and len(heard) == len(here.guests):
            return
    raise AssertionError(f"not everybody had a caption in {WARM_UPS} sentences")
