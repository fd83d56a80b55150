"""How fast one caption reaches many connections: ours against boto3, Chalice, aiobotocore and wrk.

Run `.venv/bin/python tests/benchmarks/fanout.py`; two minutes. Every way posts the same
bytes to a stub gateway on another core, over HTTP and TLS, answering at once and after 15 ms. The
ways take turns, round after round, so that whatever else the machine does meets them all; a figure
is the median of its rounds. CPU is the client's alone.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run as a script, from anywhere

from tests.benchmarks.other_posters import WRK, aiobotocore, floor, wrk
from tests.benchmarks.posters import Sample, Way, chalice, one_by_one, ours, threads
from tests.benchmarks.results import RESULTS, Figure, report
from tests.benchmarks.running_gateway import CLIENT, pin, running_gateway, self_signed

BASELINE, THREADS = "boto3 one by one", "boto3 with 100 threads"
OURS, OURS_WIDE = "ours with 100 in flight", "ours with 200 in flight"
FASTEST = "wrk with 200 in flight"

WAYS: Mapping[str, Way] = {
    BASELINE: one_by_one,
    "Chalice's websocket_api.send": chalice,
    THREADS: threads,
    "aiobotocore with 100 in flight": aiobotocore,
    OURS: lambda endpoint: ours(endpoint, 100),
    OURS_WIDE: lambda endpoint: ours(endpoint, 200),
    "epoll floor with 200 in flight": lambda endpoint: floor(endpoint, 200),
    FASTEST: lambda endpoint: wrk(endpoint, 200),
}

CPU_US = {"http": 30.0, "https": 40.0}
"""The most CPU that a post of ours may take."""

TIMES_THREADS = {0: (OURS, 25.0), 15: (OURS_WIDE, 10.0)}
"""By milliseconds of latency: which of ours is to be so many times as fast as boto3's threads."""

OF_WRK = 0.4
"""The share of wrk's rate that ours is to reach, where the gateway answers at once."""

Samples = Mapping[str, list[Sample]]


def main() -> None:
    """Measures every way and every setting, prints the tables and appends the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=0.4, help="of a way's round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    pin(0, CLIENT)
    if not WRK:
        print("wrk is not installed (Debian's package of that name): left out", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        certificate = self_signed(Path(folder))
        os.environ["AWS_CA_BUNDLE"] = str(certificate)  # what boto3 and Chalice trust
        for transport in ("http", "https"):
            for latency_ms in (0, 15):
                with running_gateway(latency_ms, certificate if transport == "https" else None) as (
                    port
                ):
                    endpoint = f"{transport}://127.0.0.1:{port}/api"
                    ways = [way for way in WAYS if way != FASTEST or (WRK and not latency_ms)]
                    samples = measure(endpoint, ways, options.seconds, options.rounds)
                report(figures(samples, transport, latency_ms), options.results)


def measure(endpoint: str, ways: Sequence[str], seconds: float, rounds: int) -> Samples:
    """These ways' rounds against one gateway."""
    samples: dict[str, list[Sample]] = {way: [] for way in ways}
    with ExitStack() as stack:
        runs = {way: stack.enter_context(WAYS[way](endpoint)) for way in ways}
        for _ in range(rounds):
            for way, run in runs.items():
                samples[way].append(run(seconds))
    return samples


def figures(samples: Samples, transport: str, latency_ms: int) -> Iterator[Figure]:
    """Rates, CPU, and what ours is held to."""
    name = f"fan-out {transport} {latency_ms} ms"
    rates = {way: median(each.posts / each.elapsed for each in of) for way, of in samples.items()}
    cpu = {way: median(each.cpu / each.posts * 1e6 for each in of) for way, of in samples.items()}
    base = f"{name}, {BASELINE}"
    for way, rate in rates.items():
        yield Figure(f"{name}, {way}", rate, "posts/s", ratio_to=base, ratio=rate / rates[BASELINE])
    for way, spent in cpu.items():
        target = CPU_US[transport] if way in {OURS, OURS_WIDE} else None
        ratio = spent / cpu[BASELINE]
        yield Figure(f"{name}, {way}: CPU", spent, "us/post", target, f"{base}: CPU", ratio)
    way, least = TIMES_THREADS[latency_ms]
    times = rates[way] / rates[THREADS]
    yield Figure(f"{name}, {way} to {THREADS}", times, "x", at_least=least)
    if FASTEST in rates:
        share = rates[OURS_WIDE] / rates[FASTEST]
        yield Figure(f"{name}, {OURS_WIDE} to wrk", share, "x", at_least=OF_WRK)


if __name__ == "__main__":
    main()
