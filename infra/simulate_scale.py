"""What a talk of any size comes to on AWS: `python -m infra.simulate_scale [--listeners 100000]`.

Works out, step by step, how a sentence gets to the last listener under AWS's limits, and what an
hour costs; prints both with every limit and price that was used and where it stands. Nothing is
called. What was measured of this project's own code says so.
"""

import argparse
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from chalice_app.settings import POSTS_PER_SECOND, SLICE_LISTENERS
from infra.interruption import run_command

_GATEWAY: Final = "docs.aws.amazon.com/apigateway/latest/developerguide/limits.html"
_LAMBDA: Final = "docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"
_DYNAMODB: Final = "docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html"
_FANOUT: Final = 'tests/benchmarks/fanout.py, "https 15 ms, ours with 100 in flight"'


@dataclass(frozen=True, slots=True)
class Known:
    """A limit, a price or a measurement, with its source."""

    name: str
    value: float
    unit: str
    source: str


ACCOUNT_REQUESTS = Known("requests an account and region", 10_000, "/s", _GATEWAY)
NEW_CONNECTIONS = Known("new WebSocket connections", 500, "/s", _GATEWAY)
# As measured on one core; 100 in flight and 15 ms of latency admit 6,667.
FUNCTION_POSTS = Known("posts of one function, 100 in flight", 5_800, "/s", _FANOUT)
CONCURRENCY = Known("concurrent executions of an account", 1_000, "", _LAMBDA)
PARTITION_READS = Known("reads of one partition", 3_000, "units/s", _DYNAMODB)
# A session's roster is one: twice what API Gateway lets in (see ROSTER_BUCKETS).
PARTITION_WRITES = Known("writes of one partition", 1_000, "units/s", _DYNAMODB)
PAGE_BYTES = Known("a page of a query", 1_048_576, "bytes", _DYNAMODB)
ROSTER_ROW_BYTES = Known("a row of the roster", 98, "bytes", "python -m tests.simulation")
PAGE_MS = Known("a page's way from DynamoDB", 25, "ms", "1 MB at what a function's network brings")
START_MS = Known(
    "an asynchronous function's start, cold", 450, "ms", "tests/benchmarks/cold_start.py"
)
BEFORE_MS = Known(
    "checks, claim and cache before the first post", 40, "ms", "8 DynamoDB calls of 5 ms"
)
TRANSLATE_MS = Known("a translation", 150, "ms", "docs.aws.amazon.com/translate (no promise)")
KNOWN = (
    *(ACCOUNT_REQUESTS, NEW_CONNECTIONS, FUNCTION_POSTS, CONCURRENCY, PARTITION_READS),
    *(PARTITION_WRITES, PAGE_BYTES, ROSTER_ROW_BYTES, PAGE_MS, START_MS, BEFORE_MS, TRANSLATE_MS),
)

POST = Known("a post or message", 1.00 / 1e6, "$", "aws.amazon.com/api-gateway/pricing")
MINUTE = Known("a connection's minute", 0.25 / 1e6, "$", "aws.amazon.com/api-gateway/pricing")
CHARACTER = Known("a character translated", 15 / 1e6, "$", "aws.amazon.com/translate/pricing")
READ = Known("a read unit", 0.125 / 1e6, "$", "aws.amazon.com/dynamodb/pricing/on-demand")
WRITE = Known("a write unit", 0.625 / 1e6, "$", "aws.amazon.com/dynamodb/pricing/on-demand")
CALL = Known("a function's call", 0.20 / 1e6, "$", "aws.amazon.com/lambda/pricing")
GB_SECOND = Known("a GB-second on arm64", 13.33 / 1e6, "$", "aws.amazon.com/lambda/pricing")
GIGABYTE = Known("a GB to the internet", 0.09, "$", "aws.amazon.com/ec2/pricing/on-demand")
PRICES = (POST, MINUTE, CHARACTER, READ, WRITE, CALL, GB_SECOND, GIGABYTE)

MEMORY_GB = 1.769
CAPTION_BYTES = 350
SECONDS_OF_LIFE = 10.0
JOIN_WRITES = 4
"""Write units of a listener who comes, and of one who goes (`tests/simulation/write_units.py`)."""


@dataclass(frozen=True, slots=True)
class Talk:
    """What is simulated; `posts_per_second` is the setting, `quota` what the account has."""

    listeners: int = 100_000
    languages: int = 5
    sentences_an_hour: int = 720
    characters: int = 80
    hit_rate: float = 0.0
    quota: float = ACCOUNT_REQUESTS.value
    posts_per_second: float = POSTS_PER_SECOND
    slice_listeners: int = SLICE_LISTENERS

    @property
    def a_language(self) -> int:
        """Listeners of each language."""
        return -(-self.listeners // self.languages)

    @property
    def batches(self) -> int:
        """Functions besides the first: none where that one reaches everyone."""
        if self.listeners <= self.slice_listeners:
            return 0
        return self.languages * -(-self.a_language // self.slice_listeners)

    @property
    def rate(self) -> float:
        """Posts a second of all functions together."""
        functions = max(1, min(self.batches, int(CONCURRENCY.value)))
        return min(self.posts_per_second, self.quota, functions * FUNCTION_POSTS.value)


@dataclass(frozen=True, slots=True)
class Step:
    """A part of a sentence's way, and what bounds it."""

    name: str
    milliseconds: float
    bound: str


def steps(talk: Talk) -> Iterator[Step]:
    """A sentence's way, one after the other."""
    yield Step("checked, claimed, looked up", BEFORE_MS.value, "round trips")
    translating = TRANSLATE_MS.value if talk.hit_rate < 1 else 0
    if translating:
        yield Step("translated", translating, "the engine")
    pages = math.ceil(talk.listeners * ROSTER_ROW_BYTES.value / PAGE_BYTES.value)
    units = talk.listeners * ROSTER_ROW_BYTES.value / 4096
    # A partition gives a second's units at once, and is throttled beyond them.
    throttled = (units / PARTITION_READS.value - 1) * 1000
    reading = max(pages * PAGE_MS.value, throttled) - translating
    yield Step(
        f"roster of {pages} pages read beside it", max(0, reading), "one page after the other"
    )
    if talk.batches:
        yield Step(
            f"{talk.batches} functions started",
            START_MS.value,
            "a cold start; 50 ms warm",
        )
    sending = talk.listeners / talk.rate * 1000
    yield Step("posted", sending, f"{talk.rate:,.0f} posts/s")


def dollars(talk: Talk) -> Iterator[tuple[str, float]]:
    """An hour's costs; everyone comes and goes once, and nobody but the speaker sends."""
    posts = talk.listeners * talk.sentences_an_hour
    yield "posts", posts * POST.value
    yield "connections", talk.listeners * 60 * MINUTE.value
    characters = talk.sentences_an_hour * talk.characters * talk.languages * (1 - talk.hit_rate)
    yield "translation", characters * CHARACTER.value
    reads = posts * ROSTER_ROW_BYTES.value / 4096 + talk.sentences_an_hour * 10
    yield "reads", reads * READ.value
    writes = talk.listeners * 2 * JOIN_WRITES + talk.sentences_an_hour * (8 + 3 * talk.batches)
    yield "writes", writes * WRITE.value
    busy = posts / min(talk.rate, FUNCTION_POSTS.value) + talk.sentences_an_hour * 0.3
    calls = talk.listeners * 2 + talk.sentences_an_hour * (1 + talk.batches)
    yield "functions", calls * CALL.value + busy * MEMORY_GB * GB_SECOND.value
    yield "egress", posts * CAPTION_BYTES / 1e9 * GIGABYTE.value


def warnings(talk: Talk, last_ms: float) -> Iterator[str]:
    """What the operator must know before the event."""
    every = 3600 / talk.sentences_an_hour
    needed = talk.listeners / every
    if needed > talk.rate:
        yield (
            f"a sentence each {every:g} s to {talk.listeners:,} needs {needed:,.0f} posts/s: ask "
            f"AWS for a quota of {needed / 0.8:,.0f}/s and set POSTS_PER_SECOND to {needed:,.0f}"
        )
    if last_ms > SECONDS_OF_LIFE * 1000:
        reached = 1 - (last_ms / 1000 - SECONDS_OF_LIFE) * talk.rate / talk.listeners
        yield f"nothing is sent after {SECONDS_OF_LIFE:g} s: {max(0, reached):.0%} get the caption"
    coming = talk.listeners / NEW_CONNECTIONS.value
    if coming > 60:
        yield f"to come in takes {coming / 60:.1f} minutes at {NEW_CONNECTIONS.value:g} a second"


def report(talk: Talk) -> Iterator[str]:
    """The whole, line by line."""
    yield (
        f"{talk.listeners:,} listeners, {talk.languages} languages, {talk.sentences_an_hour} "
        f"sentences/h of {talk.characters} characters, {talk.hit_rate:.0%} cached"
    )
    way = list(steps(talk))
    last_ms = sum(step.milliseconds for step in way)
    yield from (f"  {step.name:<44}{step.milliseconds:>9,.0f} ms  {step.bound}" for step in way)
    yield f"  {'last caption':<44}{last_ms:>9,.0f} ms"
    costs = list(dollars(talk))
    yield from (f"  {name:<44}{amount:>9.2f} $/h" for name, amount in costs)
    yield f"  {'an hour':<44}{sum(amount for _, amount in costs):>9.2f} $"
    yield from (f"  ! {each}" for each in warnings(talk, last_ms))


def sources(known: Sequence[Known]) -> Iterator[str]:
    """What was reckoned with."""
    for each in known:
        value = f"{each.value:,.0f} {each.unit}"
        if each.unit == "$":
            value = f"${each.value:.2f}" if each.value > 0.01 else f"${each.value * 1e6:,.3f}/M"
        yield f"  {each.name:<46}{value:>18}  {each.source}"


def main() -> None:
    """Prints the talk asked for: under the default quota, and under one that suffices."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    usual = Talk()
    parser.add_argument("--listeners", type=int, default=usual.listeners)
    parser.add_argument("--languages", type=int, default=usual.languages)
    parser.add_argument("--sentences", type=int, default=usual.sentences_an_hour, help="an hour")
    parser.add_argument("--hit-rate", type=float, default=usual.hit_rate, help="0 to 1")
    chosen = parser.parse_args()
    asked = (chosen.listeners, chosen.languages, chosen.sentences, 80, chosen.hit_rate)
    needed = chosen.listeners / (3600 / chosen.sentences)
    print("Under the quotas of a new account:")
    print("\n".join(report(Talk(*asked))))
    if needed > POSTS_PER_SECOND:
        print(f"\nWith a quota of {needed / 0.4:,.0f} requests/s, of which posts take four fifths:")
        granted = Talk(*asked, quota=needed / 0.4, posts_per_second=needed / 0.5)
        print("\n".join(report(granted)))
    print("\nReckoned with:")
    print("\n".join((*sources(KNOWN), *sources(PRICES))))


if __name__ == "__main__":
    run_command("simulate_scale", main)
