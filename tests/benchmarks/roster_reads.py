"""What reading a roster costs: `.venv/bin/python tests/benchmarks/roster_reads.py`.

10,000 connection ids of one session, from the embedded store to a list: as the application reads
them, and as boto3 does by itself. CPU is this process's alone; the store has its own.
"""

import argparse
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run as a script, from anywhere

from chalice_app.aws.dynamodb.rosters import RostersTable, partition_keys
from chalice_app.aws.dynamodb.table import Table
from chalice_app.domain.session import Session
from tests.benchmarks.embedded_store import Store, embedded_store
from tests.benchmarks.results import RESULTS, Figure, report

LISTENERS, ROUNDS = 10_000, 9
SESSION = Session("golden-eagle-427", "en", "0" * 64, 1_780_000_000_000, 1_780_003_600)
(PARTITION,) = partition_keys((SESSION.session_id, SESSION.created_at), 1)
PLAIN = "roster of 10,000, boto3's own parser"


def main() -> None:
    """Fills the store, measures both ways, prints and appends."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    with embedded_store() as store:
        rosters = Table(store.clients, store.names["RostersTable"], "sessionKey")
        rosters.batch_put(map(row, range(LISTENERS)))
        sessions = Table(store.clients, "unused", "sessionId")
        table = RostersTable(rosters, sessions, connections=None)  # type: ignore[arg-type]
        plain = milliseconds(lambda: by_boto3(store))
        lean = milliseconds(lambda: sum(map(len, table.read_roster(SESSION, 1).languages.values())))
    report(
        (
            Figure(PLAIN, plain[0], "CPU ms"),
            Figure("roster of 10,000, ours", lean[0], "CPU ms", 30, PLAIN, lean[0] / plain[0]),
            Figure(f"{PLAIN}: elapsed", plain[1], "ms"),
            Figure("roster of 10,000, ours: elapsed", lean[1], "ms", None, f"{PLAIN}: elapsed",
                   lean[1] / plain[1]),
        ),
        options.results,
    )  # fmt: skip


def row(number: int) -> Mapping[str, Any]:
    """A row that is IN, as `RostersTable` writes it; four listeners in five are of one language."""
    return {
        "sessionKey": PARTITION,
        "connectionId": f"L0SM9cOF{number:07d}=",
        "state": "IN",
        "v": 1,
        "targetLanguage": "es" if number % 5 else "zh-TW",
    }


def by_boto3(store: Store) -> int:
    """As every example does it."""
    pages = store.plain.get_paginator("query").paginate(
        TableName=store.names["RostersTable"],
        ConsistentRead=True,
        KeyConditionExpression="sessionKey = :partition",
        ExpressionAttributeValues={":partition": {"S": PARTITION}},
    )
    return len([item["connectionId"]["S"] for page in pages for item in page["Items"]])


def milliseconds(read: Callable[[], int]) -> tuple[float, float]:
    """The medians of CPU and elapsed milliseconds of a read."""
    cpu, elapsed = [], []
    for _ in range(ROUNDS):
        begun, spent = time.perf_counter(), time.process_time()
        assert read() == LISTENERS
        cpu.append((time.process_time() - spent) * 1000)
        elapsed.append((time.perf_counter() - begun) * 1000)
    return median(cpu), median(elapsed)


if __name__ == "__main__":
    main()
