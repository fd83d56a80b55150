"""The Connections index at 10,000 rows: `.venv/bin/python tests/benchmarks/access_patterns.py`.

The two questions that the index is for, on the embedded store, a page of 100 at a time: which
languages a session has (a hop from each language to the next), and who listens to one of them.
First with the connections in 20 sessions, which the budget is for; then all in one, where the
figures are the embedded store's own: it walks the whole partition for a page, DynamoDB does not.
On a busy machine only the CPU tells: nearly all of it is the store's.
"""

import argparse
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run as a script, from anywhere

from chalice_app.aws.dynamodb.connections import LISTENERS_INDEX
from chalice_app.aws.dynamodb.table import Table
from tests.benchmarks.embedded_store import Store, embedded_store
from tests.benchmarks.results import RESULTS, Figure, percentile, report

CONNECTIONS, PAGE = 10_000, 100
HALLS = ((20, 300, 50.0), (1, 20, None))
"""Sessions that the connections are in, pages that are read, and the budget in ms."""

LANGUAGES = ("de", "es", "fr", "it", "ja", "pt", "pt-BR", "zh-TW")


@dataclass
class Page:
    """One Query of the index; `read` fills `items`, and `next` where there is more."""

    store: Store
    session: str
    condition: str
    language: str
    limit: int
    start: Any = None
    items: Sequence[Any] = ()
    next: Any = None

    def read(self) -> None:
        """Asks the store."""
        request: dict[str, Any] = {
            "TableName": self.store.names["ConnectionsTable"],
            "IndexName": LISTENERS_INDEX,
            "KeyConditionExpression": f"sessionId = :session AND {self.condition}",
            "ExpressionAttributeValues": {
                ":session": {"S": self.session},
                ":language": {"S": self.language},
            },
            "Limit": self.limit,
        }
        if self.start:
            request["ExclusiveStartKey"] = self.start
        answer = self.store.clients.dynamodb.query(**request)
        self.items, self.next = answer["Items"], answer.get("LastEvaluatedKey")


def main() -> None:
    """Fills the store, asks, prints and appends."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    with embedded_store() as store:
        for sessions, pages, budget in HALLS:
            names = [f"golden-eagle-{sessions}{number:02d}" for number in range(sessions)]
            fill(store, names)
            for name, asked in (
                ("languages of a session", languages_of_sessions(store, names)),
                (f"listeners of a language, {PAGE} a page", listeners_of_languages(store, names)),
            ):
                spent = time.process_time(), store.cpu_seconds()
                times = [milliseconds(page) for page in islice(asked, pages)]
                ours, theirs = time.process_time() - spent[0], store.cpu_seconds() - spent[1]
                title = f"{name}, 10,000 in {sessions} sessions"
                middle = Figure(f"{title}: median", median(times), "ms")
                last = Figure(f"{title}: p99", percentile(times, 0.99), "ms", budget)
                cpu = (
                    Figure(f"{title}: the store's CPU", theirs / pages * 1000, "ms/page"),
                    Figure(f"{title}: the client's CPU", ours / pages * 1000, "ms/page"),
                )
                report((middle, last, *cpu), options.results)


def fill(store: Store, sessions: Sequence[str]) -> None:
    """Connections of these sessions, replacing those that were."""
    dice = random.Random(1)
    table = Table(store.clients, store.names["ConnectionsTable"], "connectionId")
    table.batch_put(
        {
            "connectionId": f"L0SM9cOF{number:07d}=",
            "sessionId": dice.choice(sessions),
            "sessionEpoch": 1_780_000_000_000,
            "targetLanguage": dice.choice(LANGUAGES),
            "role": "listener",
            "connectedAt": 1_780_000_000_000 + number,
            "ttl": 1_780_007_800,
            "v": 1,
        }
        for number in range(CONNECTIONS)
    )


def languages_of_sessions(store: Store, sessions: Sequence[str]) -> Iterator[Page]:
    """Hops: the first connection beyond a language, which is of the next one; without end."""
    for session in cycle(sessions):
        language = " "  # before every tag
        while language:
            page = Page(store, session, "targetLanguage > :language", language, 1)
            yield page
            language = page.items[0]["targetLanguage"]["S"] if page.items else ""


def listeners_of_languages(store: Store, sessions: Sequence[str]) -> Iterator[Page]:
    """Pages: whole rosters, one after the other; without end."""
    for session, language in cycle((each, code) for each in sessions for code in LANGUAGES):
        page = Page(store, session, "targetLanguage = :language", language, PAGE)
        yield page
        while page.next:
            page = Page(store, session, page.condition, language, PAGE, page.next)
            yield page


def milliseconds(page: Page) -> float:
    """How long a page takes."""
    begun = time.perf_counter()
    page.read()
    return (time.perf_counter() - begun) * 1000


if __name__ == "__main__":
    main()
