"""The roster ledger in figures: `.venv/bin/python tests/benchmarks/roster_sync.py`.

On the embedded DynamoDB, started on a free port and ended again; under 90 seconds. Three figures:

- **A batch**: 1,000 joins of one session, handed to the stream's function at once.
- **Throughput**: 10,000 joins and leaves over 100 sessions, in batches as the mapping makes them.
- **Lag**: from `put_connection` to the count that includes it, by the local stage's event source,
  woken after the write as the stage wakes it after each call, and left to its own polling.
"""

import argparse
import logging
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run as a script, from anywhere


from chalice_app.aws.clients import Clients
from chalice_app.bootstrap.process import composed
from chalice_app.domain.session import Session
from infra.local.dynamodb.expiries import Expiries
from infra.local.dynamodb.tables import wait_for_endpoint
from infra.local.event_sources.batches import BatchPolicy
from infra.local.event_sources.checkpoints import Checkpoints
from infra.local.event_sources.event_source import EventSource
from infra.local.event_sources.failure_destination import FailureFile
from infra.local.event_sources.shard_reader import EventSourceMapping
from infra.local.invocation import Function, Invoker
from streams.rosters import handler
from tests.benchmarks.results import RESULTS, Figure, percentile, report
from tests.benchmarks.roster_hall import Hall, hall
from tests.cache_stage import START_SECONDS, running_dynamodb, sdk_environment
from tests.fakes.world import SETTINGS

CROWD, BATCH_TARGET_SECONDS = 1_000, 1.0
CHANGES, SESSIONS, LEAVES = 10_000, 100, 4_000
BATCH_SIZE = 500
"""The mapping's (`streams.rosters.handler`)."""

LAG_SAMPLES = 100
PATIENCE = 10.0


def one_batch(rounds: int = 3) -> Iterator[Figure]:
    """The best of a few: whatever else the machine does only adds to it."""
    seconds, wrong = [], 0
    for number in range(rounds):
        with hall(f"batch{number}") as at:
            (of,) = at.open(1)
            joining = [at.joining(of, f"c{n}") for n in range(CROWD)]
            at.write(joining)
            seconds.append(at.handle(at.records(), CROWD))
            wrong += at.drift([of], joining)
    name = f"rosters: a batch of {CROWD:,} joins of one session"
    spread = f"({min(seconds):.2f} to {max(seconds):.2f})"
    yield Figure(name, min(seconds), "s", BATCH_TARGET_SECONDS, note=spread)
    yield Figure(f"{name}, drift", wrong, "listeners", 0)


def throughput() -> Iterator[Figure]:
    """Joins and leaves of many sessions, mixed."""
    with hall("throughput") as at:
        sessions = at.open(SESSIONS)
        joining = [at.joining(at.chance.choice(sessions), f"c{n}") for n in range(CHANGES - LEAVES)]
        at.write(joining)
        leaving = set(at.chance.sample([each.connection_id for each in joining], LEAVES // 2))
        # Half of the leaves are handled together with their joins, half after them.
        at.ledger.connections.table.batch_delete(sorted(leaving))
        records = at.records()
        seconds = at.handle(records, BATCH_SIZE)
        there = [each for each in joining if each.connection_id not in leaving]
        at.chance.shuffle(there)
        at.ledger.connections.table.batch_delete(
            each.connection_id for each in there[: LEAVES // 2]
        )
        later = at.records()
        seconds += at.handle(later, BATCH_SIZE)
        wrong = at.drift(sessions, there[LEAVES // 2 :])
    name = f"rosters: {CHANGES:,} joins and leaves over {SESSIONS} sessions"
    yield Figure(name, (len(records) + len(later)) / seconds, "records/s")
    yield Figure(f"{name}, drift", wrong, "listeners", 0)


def lag(*, woken: bool) -> Iterator[Figure]:
    """One join after the other, at intervals of any length up to a poll's."""
    with hall(f"lag{woken}") as at, tempfile.TemporaryDirectory() as directory:
        (of,) = at.open(1)
        source = EventSource(_mapping(at, Path(directory)))
        source.start()
        lags = []
        with composed(at.app):
            for number in range(LAG_SAMPLES):
                time.sleep(at.chance.uniform(0, 0.1))  # the poll's phase must be any
                begun = time.perf_counter()
                at.app.adapters.connections.put_connection(at.joining(of, f"c{number}"))
                if woken:
                    source.wake()
                _await_count(at, of, number + 1)
                lags.append((time.perf_counter() - begun) * 1000)
            source.stop(time.monotonic() + PATIENCE)
            source.join()
    name = "rosters: put_connection to its count, " + ("woken" if woken else "polled")
    yield Figure(f"{name}, median", percentile(lags, 0.5), "ms")
    yield Figure(f"{name}, p99", percentile(lags, 0.99), "ms")


def _mapping(at: Hall, directory: Path) -> EventSourceMapping:
    return EventSourceMapping(
        stream_arn=at.stream,
        function=Function("rosters", handler),
        policy=BatchPolicy(BATCH_SIZE),
        client=at.streams,
        invoker=Invoker(1),
        checkpoints=Checkpoints(directory / "checkpoints.json"),
        failures=FailureFile(directory / "failures.jsonl"),
        expiries=Expiries([at.stream]),
        note_age=lambda _: None,
        preview=lambda _: None,
    )


def _await_count(at: Hall, of: Session, wanted: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        found = at.app.adapters.sessions.get_session(of.session_id)
        if found is not None and found.listener_count == wanted:
            return
        assert time.monotonic() < deadline, f"{found} never counted {wanted}"


def main() -> None:
    """Measures, prints and appends."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    with running_dynamodb() as address:
        os.environ.update(sdk_environment(address))
        waiting = Clients(SETTINGS.region)
        wait_for_endpoint(waiting.dynamodb, START_SECONDS)
        waiting.dynamodb.close()
        for measured in (one_batch(), throughput(), lag(woken=True), lag(woken=False)):
            report(measured, options.results)


if __name__ == "__main__":
    main()
