"""A hall behind one address, with the deployed defaults: `python -m tests.benchmarks.hall`.

The stage has no limit lifted: the addresses of loopback count as addresses of clients. 300 phones
scan the QR code within five seconds, and each obeys what the page obeys (`hall_phones`). Then all
lose the network at once, and then all renew their connections. The same with 1,000 phones, and with
50 addresses instead of one.

Then an attacker with 100 addresses guesses the code of a session, and names, while a hall with the
right code comes in (`hall_attack`). At last one connection changes its language 200 times a second
under a talk.

Ends with exit code 1 if a target is missed. Every wait has an end.
"""

import argparse
import asyncio
import itertools
import os
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run as a script, from anywhere

from tests.benchmarks.hall_attack import (
    ADDRESSES,
    NAMES,
    Attack,
    calculated_chance,
    simulated_chance,
)
from tests.benchmarks.hall_phones import (
    HANDSHAKE_SECONDS,
    SWITCHED,
    TOO_MANY,
    Line,
    Phone,
    all_in,
    open_socket,
)
from tests.benchmarks.results import RESULTS, Figure, percentile, report
from tests.integration.client import Client, Session, Stage, Talk, running_stage

SCAN_SECONDS = 5.0
"""Within so long all have scanned: the link is on the screen for all at the same moment."""

RENEWALS_A_SECOND = 15
"""The deployed stage gives a hall 300 s: of 300 phones, one comes back a second."""

HALLS = {300: 30.0, 1000: 90.0}
"""Phones, and the seconds within which all must be in."""

ADDRESS_COUNTS = (1, 50)
GATEWAY_BURST = 500
"""More handshakes at once than that are refused by the gateway, as by API Gateway."""

PATIENCE = 2.0
"""So many times the target is waited; then who is not in counts as missing."""

GUESSES_A_MINUTE = 10
CHANCE_PERCENT = 1.0
ATTACK_SECONDS = 125.0
"""At least one whole minute of the clock lies in it."""
ATTACKED_HALL = 50
CODE = "gr8-hall"

PARTS = ("crowds", "attack", "names", "flood")

TALK_PHONES, TALK_SECONDS, TALK_ROUNDS = 60, 12.0, 2
SENTENCE_PAUSE_SECONDS = 0.5
CHANGES_A_SECOND = 200
SLOWER = 1.3
SENTENCES = (
    "Four score and seven years ago our fathers brought forth a new nation.",
    "Now we are engaged in a great civil war.",
    "We are met on a great battlefield of that war.",
)


@dataclass
class Hall:
    """A session with its speaker and its phones."""

    at: Talk
    line: Line
    phones: Sequence[Phone]

    async def join_speaker(self, source: str) -> Client:
        """The speaker, from that address."""
        socket = await open_socket(self.at.session.address(token=self.at.session.token), source)
        self.at.sockets.push_async_callback(socket.close)
        speaker = Client(socket)
        await speaker.expect("joined")
        return speaker

    async def arrive(self, seconds: float) -> tuple[float, int]:
        """All scan; the longest way in (seconds), and how many are not in when the time is over."""

        async def one(phone: Phone) -> float:
            await asyncio.sleep(random.random() * SCAN_SECONDS)
            begun = time.perf_counter()
            phone.scan()
            return begun

        begun = await asyncio.gather(*map(one, self.phones))
        out = await all_in(self.phones, seconds * PATIENCE)
        ways = [
            phone.joined_at - at
            for phone, at in zip(self.phones, begun, strict=True)
            if phone.is_in
        ]
        return max(ways, default=0.0), out

    async def come_back(self, seconds: float) -> tuple[float, int]:
        """All are cut at once; how long until the last is back, and how many are not."""
        begun = time.perf_counter()
        for phone in self.phones:
            phone.cut()
        out = await all_in(self.phones, seconds * PATIENCE)
        return max(phone.joined_at for phone in self.phones) - begun, out

    async def renew(self) -> Counter[int]:
        """All renew their connections at random moments; how many handshakes had which status."""
        within = len(self.phones) / RENEWALS_A_SECOND
        pauses = [random.random() * within for _ in self.phones]
        async with asyncio.timeout(within + 3 * HANDSHAKE_SECONDS):
            return Counter(
                await asyncio.gather(
                    *(phone.renew(pause) for phone, pause in zip(self.phones, pauses, strict=True))
                )
            )


@asynccontextmanager
async def hall(
    stage: Stage, sources: Sequence[str], count: int, code: str = ""
) -> AsyncIterator[Hall]:
    """A new session; the phones have these addresses in turn."""
    session = _open(stage, code)
    async with AsyncExitStack() as sockets:
        at = Talk(stage, session, sockets)
        line = Line(stage, session, "en", code)
        phones = [Phone(line, source) for _, source in zip(range(count), itertools.cycle(sources))]
        try:
            yield Hall(at, line, phones)
        finally:
            await asyncio.gather(*(phone.leave() for phone in phones))
            with suppress(OSError):  # a stage that is still busy with those who left
                await asyncio.to_thread(stage.end, session)


def _open(stage: Stage, code: str) -> Session:
    body = {"sourceLanguage": "en"} | ({"joinCode": code} if code else {})
    answer = stage.request("POST", "/sessions", body)
    assert answer.status == 201, answer
    opened = answer.json
    return Session(opened["sessionId"], opened["speakerToken"], opened["webSocketUrl"])


async def crowds(stage: Stage, sizes: Sequence[int]) -> AsyncIterator[Figure]:
    """Halls of each size behind one address and behind fifty."""
    for network, (addresses, count) in enumerate(itertools.product(ADDRESS_COUNTS, sizes)):
        seconds = HALLS[count]
        # Each hall has a network of its own, so that no hall pays for the one before it.
        sources = [f"127.2.{network}.{number}" for number in range(1, addresses + 1)]
        name = f"hall: {count:,} phones, {addresses} address{'es' if addresses > 1 else ''}"
        async with hall(stage, sources, count) as here:
            async for figure in _crowd(here, name, seconds):
                yield figure


async def _crowd(here: Hall, name: str, seconds: float) -> AsyncIterator[Figure]:
    speaker = await here.join_speaker(here.phones[0].source)
    in_seconds, out = await here.arrive(seconds)
    yield Figure(f"{name}: all in after", in_seconds, "s", seconds, note=_seen(here.line))
    yield Figure(f"{name}: not in", out, "phones", 0)
    await here.at.say(speaker, "This is said before all lose the network.")
    limited = here.line.refused[TOO_MANY]
    here.line.refused.clear()
    saying = asyncio.create_task(_say_later(here.at, speaker))
    back_seconds, out = await here.come_back(seconds)
    await saying
    yield Figure(f"{name}: all back after", back_seconds, "s", seconds, note=_seen(here.line))
    yield Figure(f"{name}: not back", out, "phones", 0)
    limited += here.line.refused[TOO_MANY]
    most = 0 if len(here.phones) <= GATEWAY_BURST else None
    yield Figure(f"{name}: refused by a limit", limited, "handshakes", most)
    renewed = await here.renew()
    refused = len(here.phones) - renewed[SWITCHED] - renewed[0]
    note = f"({renewed[0]} without an answer in time)"
    yield Figure(f"{name}: refused at the renewal", refused, "phones", 0, note=note)
    await here.at.say(speaker, "This is said after all have renewed.")
    yield Figure(f"{name}: captions missed", await _missed(here), "captions", 0)


async def _say_later(at: Talk, speaker: Client) -> None:
    """While the phones are on their way back: they get this by the replay."""
    await asyncio.sleep(0.5)
    await at.say(speaker, "This is said while nobody can hear it.")


async def _missed(here: Hall) -> int:
    """Captions that phones have not got; each has a few seconds to come."""
    sequences = range(1, here.at.sequence + 1)
    missed = 0
    for _ in range(100):
        missed = sum(phone.missed(sequences) for phone in here.phones)
        if not missed:
            break
        await asyncio.sleep(0.1)
    return missed


def _seen(line: Line) -> str:
    refused = ", ".join(f"{n} x {status}" for status, n in sorted(line.refused.items()))
    return f"(refused: {refused or 'none'})"


async def attacked(stage: Stage) -> AsyncIterator[Figure]:
    """Halls with a code come in while an attacker guesses the code, and names.

    One has the speaker's own address, which the stage knows to be good before the attack begins.
    The other is elsewhere: it waits until the session's allowance of wrong codes is not spent.
    """
    home, elsewhere = "127.3.0.1", "127.3.0.2"
    async with hall(stage, [home], ATTACKED_HALL, CODE) as here:
        await here.join_speaker(home)
        line = Line(stage, here.at.session, "en", CODE)
        others = Hall(here.at, line, [Phone(line, elsewhere) for _ in range(ATTACKED_HALL)])
        attack = Attack(stage, here.at.session, CODE)
        guessing = asyncio.create_task(attack.go_on(ATTACK_SECONDS))
        await asyncio.sleep(ATTACK_SECONDS / 4)  # what there is to spend has been spent
        (home_seconds, out), (other_seconds, others_out) = await asyncio.gather(
            here.arrive(HALLS[300]), others.arrive(HALLS[300])
        )
        await guessing
        await asyncio.gather(*(phone.leave() for phone in others.phones))
    name = "hall: 100 addresses guess"
    figures = (
        ("wrong codes of a session evaluated", attack.wrong_codes_evaluated()),
        ("right codes of theirs that passed", attack.right_codes_passed()),
        ("guesses of an address evaluated", attack.evaluated_of_an_address()),
    )
    yield Figure(f"{name}: tries", len(attack.guesses), "guesses", note=f"({attack.answers()})")
    for what, count in figures:
        yield Figure(f"{name}: {what}", count, "a minute", GUESSES_A_MINUTE)
    phones = f"{name}: {ATTACKED_HALL} phones"
    yield Figure(f"{phones} at the speaker's address in after", home_seconds, "s", HALLS[300])
    yield Figure(f"{phones} at the speaker's address not in", out, "phones", 0)
    yield Figure(f"{phones} elsewhere in after", other_seconds, "s", note=_seen(line))
    yield Figure(f"{phones} elsewhere not in", others_out, "phones")


async def names(runs: int) -> AsyncIterator[Figure]:
    """The chance of finding one of 50 open sessions in ten minutes."""
    chance = 100 * calculated_chance(GUESSES_A_MINUTE)
    seen = 100 * simulated_chance(GUESSES_A_MINUTE, runs)
    name = "hall: a session is found by its name"
    guessing = f"({len(ADDRESSES)} addresses, {GUESSES_A_MINUTE} guesses a minute each)"
    yield Figure(f"{name}: names", NAMES, "names")
    yield Figure(f"{name}, calculated", chance, "%", CHANCE_PERCENT, note=guessing)
    yield Figure(f"{name}, simulated", seen, "%", note=f"({runs:,} attacks)")


async def flooded(stage: Stage) -> AsyncIterator[Figure]:
    """A talk with and without a connection that changes its language 200 times a second.

    Calm and flood take turns, so that what else the machine does falls on both.
    """
    async with hall(stage, [f"127.4.0.{n}" for n in range(1, 11)], TALK_PHONES) as here:
        speaker = await here.join_speaker(here.phones[0].source)
        _, out = await here.arrive(HALLS[300])
        yield Figure("hall: flood: phones of the talk not in", out, "phones", 0)
        calm: list[float] = []
        flood: list[float] = []
        sent = 0
        await _talk(here, speaker, [])
        address = here.at.session.address(targetLanguage="pt")
        flooder = Client(await open_socket(address, "127.4.1.1"))
        for _ in range(TALK_ROUNDS):
            await _talk(here, speaker, calm)
            ending = asyncio.Event()
            flooding = asyncio.create_task(_change_languages(flooder, ending))
            await _talk(here, speaker, flood)
            ending.set()
            sent += await flooding
        flooder.cut()
    ratio = median(flood) / median(calm)
    yield Figure("hall: caption latency, calm, median", median(calm), "ms")
    for share, what in ((0.5, "median"), (0.99, "p99")):
        value = percentile(flood, share)
        yield Figure(
            f"hall: caption latency, 200 changes of language a second, {what}", value, "ms"
        )
    seconds = TALK_ROUNDS * TALK_SECONDS
    yield Figure("hall: changes of language sent", sent / seconds, "a second")
    yield Figure("hall: caption latency in the flood to calm, medians", ratio, "x", SLOWER)


async def _talk(here: Hall, speaker: Client, waits: list[float]) -> None:
    """Speaks for a while, and adds how long each phone waited for each caption (ms)."""
    end = time.perf_counter() + TALK_SECONDS
    while (begun := time.perf_counter()) < end:
        text = SENTENCES[here.at.sequence % len(SENTENCES)]
        await here.at.say(speaker, text)
        heard = here.line.heard[here.at.sequence]
        while len(heard) < len(here.phones) and time.perf_counter() < begun + 10.0:
            await asyncio.sleep(0.01)
        waits += [(at - begun) * 1000 for at in heard]
        await asyncio.sleep(max(0.0, begun + SENTENCE_PAUSE_SECONDS - time.perf_counter()))


async def _change_languages(client: Client, ending: asyncio.Event) -> int:
    """Changes from one connection; how many were sent. What comes back is thrown away."""
    drain = asyncio.create_task(client.closed())
    begun, sent = time.perf_counter(), 0
    try:
        while not ending.is_set() and not drain.done():
            await client.send("changeLanguage", targetLanguage=("en", "pt")[sent % 2])
            sent += 1
            await asyncio.sleep(begun + sent / CHANGES_A_SECOND - time.perf_counter())
    finally:
        drain.cancel()
        await asyncio.gather(drain, return_exceptions=True)
    return sent


async def measure(stage: Stage, options: argparse.Namespace) -> bool:
    """Prints every part's figures as they come; whether each target was reached."""
    parts = {
        "crowds": crowds(stage, options.phones),
        "attack": attacked(stage),
        "names": names(options.runs),
        "flood": flooded(stage),
    }
    met = True
    for part in options.parts:
        async for figure in parts[part]:
            report([figure], options.results)
            met &= figure.met is not False
    return met


def main() -> int:
    """Starts the stage and ends it; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"some of: {', '.join(PARTS)}")
    parser.add_argument("--phones", type=int, nargs="+", default=list(HALLS), choices=HALLS)
    parser.add_argument("--runs", type=int, default=600, help="simulated attacks on names")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    options.parts = options.parts or PARTS
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(unknown)}")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with (
        tempfile.TemporaryDirectory() as directory,
        running_stage(
            Path(directory) / "stage.log", SENTENCES_PER_SECOND="", UNLIMITED_ADDRESSES=""
        ) as stage,
    ):
        met = asyncio.run(measure(stage, options))
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    print(f"load of the machine at the end: {load}, {os.cpu_count()} cores")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
