"""What keeping a talk costs: `.venv/bin/python -m tests.benchmarks.keeping`.

A sentence every five seconds is spoken to 300 listeners of each language, once in a session that
keeps nothing and once in one that keeps all. Every write of a sentence's way is measured by
DynamoDB's rules (`simulation.write_units`) from the item before and after it: the claim, the marks,
the session's row, the settling, the cache's entries. "New" sentences are translated and cached;
those "said before" come from the cache, whose statistics are written by the minute and not by the
sentence.
"""

import argparse
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, cast

import boto3
from moto import mock_aws

from chalice_app.aws.clients import Clients
from chalice_app.aws.dynamodb.cache_recency import RECENCY_INDEX
from chalice_app.aws.dynamodb.sessions import LANGUAGE_PREFIX
from chalice_app.aws.dynamodb.table import Table
from chalice_app.bootstrap.adapters import aws_adapters
from chalice_app.bootstrap.application import Application
from chalice_app.domain.sentence import Sentence
from chalice_app.domain.session import Session
from chalice_app.domain.style import PLAIN, Style
from chalice_app.sessions.ports import SessionRoster
from chalice_app.wire.incoming import OpenSession
from infra.local.dynamodb.tables import ensure_tables, read_tables
from tests.benchmarks.kept_talk import TALK
from tests.benchmarks.results import RESULTS, Figure, report
from tests.cache_stage import sdk_environment
from tests.fakes.delivery import RecordingGateway
from tests.fakes.domain import FakeClock
from tests.fakes.observability import RecordingMetrics
from tests.fakes.translation import StubTranslator
from tests.fakes.world import SETTINGS
from tests.simulation.tables import SENTENCES, SESSIONS
from tests.simulation.write_units import IndexDefinition, TableDefinition, write_units

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

LANGUAGES = ("es", "fr", "de", "it", "pt", "nl", "pl", "ru", "ar", "ja")
HALLS = (1, 3, 6, 8, 10)
LISTENERS = 300
"""As many as decide how many digits a report has."""

SENTENCES_SAID = 24
PACE_MS = 5_000
"""Of a talk: 1,440 sentences in two hours."""

MOST = 1.1
"""Of the write units that a sentence had before sentences were kept (`_units_before`)."""

_CACHE = TableDefinition(
    "CachedTranslations",
    "cacheKey",
    {
        RECENCY_INDEX: IndexDefinition(
            "recencyBucket", "lastAccessedAt", frozenset({"accessCount", "ttl"})
        )
    },
)
_TABLES = {f"{each.name}-test": each for each in (SESSIONS, SENTENCES, _CACHE)}


class MeteredClient:
    """botocore's client, and what its single and batched writes cost."""

    def __init__(self, client: "DynamoDBClient", plain: "DynamoDBClient") -> None:
        self._client = client
        self._plain = plain
        self._lock = RLock()  # an item before and after a write is its own
        self.units = 0

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)
        if name not in ("put_item", "update_item", "delete_item", "batch_write_item"):
            return method

        def metered(**request: Any) -> Any:
            with self._lock:
                keys = list(_keys(name, request))
                before = [self._item(table, key) for table, key in keys]
                answer = method(**request)
                after = [self._item(table, key) for table, key in keys]
                for (table, _), old, new in zip(keys, before, after, strict=True):
                    self.units += write_units(_TABLES[table], old, new, transactional=False)
                return answer

        return metered

    def _item(self, table: str, key: Mapping[str, Any]) -> Any:
        return self._plain.get_item(TableName=table, Key=dict(key), ConsistentRead=True).get("Item")


def _keys(method: str, request: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The tables and keys of the items that a request writes."""
    if method == "batch_write_item":
        for table, writes in request["RequestItems"].items():
            for write in writes:
                found = write.get("PutRequest", {}).get("Item")
                yield table, _key(table, found or write["DeleteRequest"]["Key"])
    else:
        yield (
            request["TableName"],
            _key(request["TableName"], request.get("Item") or request["Key"]),
        )


def _key(table: str, item: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: item[name] for name in _TABLES[table].keys}


class Translated(StubTranslator):
    """Answers with the talk's own translations."""

    def __init__(self) -> None:
        super().__init__("en", *LANGUAGES)

    def translate(
        self, text: str, source_language: str, target_language: str, style: Style = PLAIN
    ) -> str:
        number, _, sentence = text.partition(" ")
        return f"{number} {TALK[sentence][target_language]}"


@dataclass(frozen=True)
class FullHall:
    """The port of the roster: as many listeners of each of the languages."""

    languages: tuple[str, ...]

    def read_roster(self, session: Session, sequence: int | None = None) -> SessionRoster:
        """All of them."""
        return SessionRoster(
            {each: [f"{each}-{n}" for n in range(LISTENERS)] for each in self.languages}
        )


@dataclass(frozen=True)
class Hall:
    """The application over metered tables."""

    application: Application
    client: MeteredClient
    clock: FakeClock

    def speak(self, hours: int, languages: tuple[str, ...], numbers: range) -> tuple[float, float]:
        """The write units a sentence, of new ones and of what was said before."""
        app = self.application
        session, _ = app.sessions.open(OpenSession("en", retention_hours=hours))
        rows = Table(cast("Clients", _Client(self.client)), SETTINGS.sessions_table, "sessionId")
        counts = {f"{LANGUAGE_PREFIX}{each}": LISTENERS for each in languages}
        rows.add(session.session_id, counts, {"createdAt": session.created_at})
        session = app.sessions.get(session.session_id)
        new = self._say(session, numbers, 0)
        return new, self._say(session, numbers, len(numbers))

    def _say(self, session: Session, numbers: range, before: int) -> float:
        self.client.units = 0
        sentences = tuple(TALK)
        for sequence, number in enumerate(numbers, before + 1):
            text = f"{number} {sentences[number % len(sentences)]}"
            sentence = Sentence(sequence, text, "en", self.clock.now_ms())
            self.application.speech.speak(session, "speaker", sentence)
            self.clock.advance(PACE_MS)
        return self.client.units / len(numbers)


def _units_before(kind: str, languages: int) -> float:
    """What a sentence cost when nothing was kept but its claim.

    Claim, session, settling, one mark when it began and one when it was sent. A new one also had
    its entries in the cache, each with a place in the index, and its part of the session's budget.
    """
    return 5 + (1 + 2 * languages if kind == "new" else 0)


@dataclass(frozen=True)
class _Client:
    dynamodb: MeteredClient


@contextmanager
def metered() -> Iterator[tuple[Application, MeteredClient]]:
    """The application over moto, with an engine and a gateway that answer at once."""
    os.environ.update(sdk_environment("https://dynamodb.us-east-1.amazonaws.com"))
    os.environ.pop("AWS_ENDPOINT_URL_DYNAMODB", None)
    with mock_aws():
        plain = boto3.client("dynamodb", region_name="us-east-1")
        ensure_tables(plain, read_tables(stage="test"))
        settings = replace(SETTINGS, region="us-east-1")
        adapters = aws_adapters(settings)
        clients: Any = adapters.translator.clients  # type: ignore[attr-defined]
        client = MeteredClient(clients.dynamodb, plain)
        clients.__dict__["dynamodb"] = client
        faked = replace(
            adapters,
            translator=Translated(),
            gateway=RecordingGateway(),
            metrics=RecordingMetrics(),
        )
        yield Application(settings, faked), client


def main() -> None:
    """Measures, prints and appends."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    said = 0
    clock = FakeClock()
    with metered() as (application, client):
        for count in HALLS:
            languages = LANGUAGES[:count]
            adapters = replace(application.adapters, roster=FullHall(languages), clock=clock)
            hall = Hall(Application(application.settings, adapters), client, clock)
            costs = {}
            for hours in (0, 2):
                # Other numbers each time: nothing is in the cache yet.
                costs[hours] = hall.speak(hours, languages, range(said, said + SENTENCES_SAID))
                said += SENTENCES_SAID
            for kind, without, kept in zip(("new", "said before"), costs[0], costs[2], strict=True):
                name = f"write units a sentence, {count} languages, {kind}"
                before = _units_before(kind, count)
                figures = [
                    Figure(f"{name}, not kept", without, "units", before),
                    Figure(f"{name}, kept", kept, "units", before * MOST, "before", kept / before),
                ]
                report(figures, options.results)


if __name__ == "__main__":
    main()
