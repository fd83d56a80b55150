"""The Connections index at 10,000 rows: `.venv/bin/python tests/benchmarks/access_patterns.py`.

The two questions that the index is for, on the embedded store, a page of 100 at a time: which
languages a session has (a hop from each language to the next), and who listens to one of them.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run as a script, from anywhere

from chalice_app.aws.connections_table import LISTENERS_INDEX
from chalice_app.aws.dynamodb import Table
from tests.benchmarks.embedded_store import Store, embedded_store
from tests.benchmarks.results import RESULTS, Figure, percentile, report

CONNECTIONS, PAGE, PAGES = 10_000, 100, 200
SESSIONS = ("golden-eagle-427", "silver-fox-100", "quiet-river-811")
LANGUAGES = ("de", "es", "fr", "it", "ja", "pt", "pt-BR", "zh-TW")
BUDGET_MS = 50.0


def main() -> None:
    """Fills the store, asks, prints and appends."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    with embedded_store() as store:
        fill(store)
        for name, pages in (
            ("languages of a session", languages_of_sessions(store)),
            (f"listeners of a language, {PAGE} a page", listeners_of_languages(store)),
        ):
            times = [milliseconds(page) for page in pages]
            assert len(times) >= PAGES
            report(
                (
                    Figure(f"access pattern, {name}: median page", median(times), "ms"),
                    Figure(f"access pattern, {name}: p99 page", percentile(times, 0.99), "ms",
                           BUDGET_MS),
                ),
                options.results,
            )  # fmt: skip


def fill(store: Store) -> None:
    """Connections of three sessions, most of them in the first."""
    dice = random.Random(1)
    table = Table(store.clients, store.names["ConnectionsTable"], "connectionId")
    table.batch_put(
        {
            "connectionId": f"L0SM9cOF{number:07d}=",
            "sessionId": dice.choices(SESSIONS, (8, 1, 1))[0],
            "sessionEpoch": 1_780_000_000_000,
            "targetLanguage": dice.choice(LANGUAGES),
            "role": "listener",
            "connectedAt": 1_780_000_000_000 + number,
            "ttl": 1_780_007_800,
            "v": 1,
        }
        for number in range(CONNECTIONS)
    )


def languages_of_sessions(store: Store) -> Iterator[Callable[[], object]]:
    """Hops: the first connection beyond a language, which is of the next one."""
    hops = 0
    while hops < PAGES:
        for session in SESSIONS:
            language, found = " ", True  # before every tag
            while found:
                answers: list[Any] = []

                def hop(
                    session: str = session, language: str = language, to: list[Any] = answers
                ) -> None:
                    to.append(ask(store, session, "targetLanguage > :language", language, 1))

                yield hop
                hops += 1
                items = answers[0]["Items"]
                found = bool(items)
                language = items[0]["targetLanguage"]["S"] if found else language


def listeners_of_languages(store: Store) -> Iterator[Callable[[], object]]:
    """Pages: whole rosters, one after the other."""
    pages = 0
    while pages < PAGES:
        for language in LANGUAGES:
            start: Any = {}
            while start is not None:
                answers: list[Any] = []

                def page(
                    language: str = language, start: Any = start, to: list[Any] = answers
                ) -> None:
                    to.append(
                        ask(store, SESSIONS[0], "targetLanguage = :language", language, PAGE, start)
                    )

                yield page
                pages += 1
                start = answers[0].get("LastEvaluatedKey")


def ask(
    store: Store, session: str, condition: str, language: str, limit: int, start: Any = None
) -> Any:
    """One Query of the index."""
    request: dict[str, Any] = {
        "TableName": store.names["ConnectionsTable"],
        "IndexName": LISTENERS_INDEX,
        "KeyConditionExpression": f"sessionId = :session AND {condition}",
        "ExpressionAttributeValues": {":session": {"S": session}, ":language": {"S": language}},
        "Limit": limit,
    }
    if start:
        request["ExclusiveStartKey"] = start
    return store.clients.dynamodb.query(**request)


def milliseconds(page: Callable[[], object]) -> float:
    """How long a page takes."""
    begun = time.perf_counter()
    page()
    return (time.perf_counter() - begun) * 1000


if __name__ == "__main__":
    main()
