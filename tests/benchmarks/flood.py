"""A talk in a flood: `.venv/bin/python tests/benchmarks/flood.py [--flood 2000] [--seconds 10]`.

A real stage and a talk on it: 100 listeners of four languages, a sentence every half second. Then
one address opens 2,000 connections in ten seconds by the talk's own public link, and keeps them.
Prints how long after `speak` a caption reached a listener of the talk, before and meanwhile, and
what became of the handshakes. Ends with exit code 1 if the median has more than doubled or a
caption is missing.

The flood is a process of its own, as on its own machine; it shares this machine's cores
nevertheless. It comes from 127.0.0.2. With `--limited` the limits per address, which the local
stage lifts for loopback, hold for that one; without it the gateway alone stands in the way.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run as a script, from anywhere

from tests.benchmarks.crowd import Crowd
from tests.benchmarks.results import RESULTS, Figure, percentile, report
from tests.integration.client import Client, Session, Stage, Talk, running_stage

LISTENERS, LANGUAGES = 100, 4
PAUSE_SECONDS = 0.5
HANDSHAKES_AT_ONCE = 16
PATIENCE_SECONDS = 10.0
GROWTH = 2.0
TALK, FLOODER = "127.0.0.1", "127.0.0.2"
SENTENCES = (
    "Four score and seven years ago our fathers brought forth a new nation.",
    "Now we are engaged in a great civil war.",
    "We are met on a great battlefield of that war.",
)


@dataclass
class Captions:
    """How long each listener waited for each sentence, in milliseconds, and how many in vain."""

    waits: list[float] = field(default_factory=list)
    missing: int = 0


class Speech:
    """The talk's speaker, and what its listeners hear."""

    def __init__(self, at: Talk, speaker: Client, crowd: Crowd) -> None:
        self._at, self._speaker, self._crowd = at, speaker, crowd

    async def go_on(self, seconds: float) -> Captions:
        """Speaks for so long."""
        heard = Captions()
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            begun = time.perf_counter()
            sequence = self._at.sequence + 1
            text = SENTENCES[sequence % len(SENTENCES)]
            speaking = asyncio.create_task(self._at.say(self._speaker, text))
            times = await self._crowd.times_of(sequence, LISTENERS, PATIENCE_SECONDS)
            await speaking
            heard.waits += [(at - begun) * 1000 for at in times]
            heard.missing += LISTENERS - len(times)
            await asyncio.sleep(max(0.0, begun + PAUSE_SECONDS - time.perf_counter()))
        return heard


async def measure(stage: Stage, options: argparse.Namespace) -> tuple[list[Figure], bool]:
    """The figures, and whether the talk stood it."""
    languages = [code for code in stage.languages() if code != "en"][:LANGUAGES]
    async with AsyncExitStack() as sockets:
        at = Talk(stage, stage.open_session(), sockets)
        speaker = await at.join_speaker()
        crowd = Crowd()
        addresses = [
            at.session.address(targetLanguage=languages[n % len(languages)])
            for n in range(LISTENERS)
        ]
        await crowd.enter(addresses, HANDSHAKES_AT_ONCE)
        speech = Speech(at, speaker, crowd)
        await speech.go_on(3.0)  # engines and cache are warm then
        before = await speech.go_on(options.seconds)
        flooding = asyncio.create_task(_flood(at.session, options))
        during = await speech.go_on(options.seconds)
        answers = await flooding
        crowd.leave(LISTENERS)
    stood = median(during.waits) <= GROWTH * median(before.waits)
    return list(_figures(before, during, answers)), stood and not during.missing


def _figures(before: Captions, during: Captions, answers: Mapping[str, int]) -> Iterator[Figure]:
    calm = median(before.waits)
    for when, heard in (("before", before), ("during", during)):
        middle = median(heard.waits)
        ratio = middle / calm
        name = f"flood: caption latency {when}, median"
        target = GROWTH * calm if heard is during else None
        yield Figure(name, middle, "ms", target, "flood: caption latency before, median", ratio)
        yield Figure(f"flood: caption latency {when}, p99", percentile(heard.waits, 0.99), "ms")
    yield Figure("flood: captions missing", before.missing + during.missing, "captions", 0)
    told = ", ".join(f"{count} x {answer}" for answer, count in sorted(answers.items()))
    yield Figure("flood: handshakes", sum(answers.values()), "handshakes", note=f"({told})")


async def _flood(session: Session, options: argparse.Namespace) -> Mapping[str, int]:
    """The flood, in a process of its own; what each handshake was answered."""
    address = session.address(targetLanguage="pt")
    numbers = [str(options.flood), str(options.seconds)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, __file__, "--into", address, "--flood", numbers[0], "--seconds", numbers[1],
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await process.communicate()
    answers: Mapping[str, int] = json.loads(output)
    return answers


class _Handshake(asyncio.Protocol):
    """Sends one, notes the status, and reads on without looking: nobody else must be slow."""

    def __init__(self, address: str, answers: Counter[str]) -> None:
        url = urlsplit(address)
        self._request = (
            f"GET /?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n"
        ).encode()
        self._answers = answers
        self._answered = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asks."""
        assert isinstance(transport, asyncio.Transport)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Only the first line matters."""
        if not self._answered:
            self._answered = True
            self._answers[data[9:12].decode("latin-1")] += 1

    def connection_lost(self, error: Exception | None) -> None:
        """A socket that ends before it was answered has been cut."""
        if not self._answered:
            self._answered = True
            self._answers["cut"] += 1


async def _open_all(options: argparse.Namespace) -> None:
    """So many handshakes, evenly over the time; says what they were answered."""
    loop = asyncio.get_running_loop()
    url = urlsplit(options.into)
    answers: Counter[str] = Counter()
    begun = loop.time()
    transports = []
    for number in range(options.flood):
        await asyncio.sleep(begun + number * options.seconds / options.flood - loop.time())
        try:
            transport, _ = await loop.create_connection(
                lambda: _Handshake(options.into, answers),
                url.hostname,
                url.port,
                local_addr=(FLOODER, 0),
            )
            transports.append(transport)
        except OSError:
            answers["not accepted"] += 1
    await asyncio.sleep(begun + options.seconds - loop.time())
    answers["no answer yet"] += options.flood - answers.total()
    print(json.dumps({answer: count for answer, count in answers.items() if count}))
    for transport in transports:
        transport.abort()


def main() -> int:
    """Starts the stage and ends it; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--flood", type=int, default=2000, help="connections")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--limited", action="store_true", help="limits per address hold for it")
    parser.add_argument("--into", help=argparse.SUPPRESS)
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    if options.into is not None:
        asyncio.run(_open_all(options))
        return 0
    if options.limited:
        os.environ["UNLIMITED_ADDRESSES"] = TALK
    with (
        tempfile.TemporaryDirectory() as directory,
        running_stage(Path(directory) / "stage.log") as stage,
    ):
        figures, stood = asyncio.run(measure(stage, options))
    report(figures, options.results)
    return 0 if stood else 1


if __name__ == "__main__":
    sys.exit(main())
