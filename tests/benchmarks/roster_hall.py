"""Sessions and their connections on the embedded DynamoDB: what the roster benchmark runs over."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import boto3

from chalice_app.aws.dynamodb.rosters import RostersTable
from chalice_app.bootstrap.adapters import aws_adapters
from chalice_app.bootstrap.application import Application
from chalice_app.bootstrap.process import composed
from chalice_app.domain.session import Connection, Session
from infra.local.dynamodb.tables import ensure_tables, read_tables
from infra.local.event_sources.shards import ShardIterator, describe_shards
from streams.rosters import handler
from tests.fakes.delivery import RecordingGateway
from tests.fakes.domain import listener, session
from tests.fakes.observability import RecordingMetrics
from tests.fakes.translation import StubTranslator
from tests.fakes.world import SETTINGS

SEED = 20260501
LANGUAGES = ("es", "fr", "pt", "de", "ca")


@dataclass
class Hall:
    """The application over tables of its own; what it posts is only kept."""

    stage: str
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))

    def __post_init__(self) -> None:
        names = ("sessions", "connections", "rosters")
        renamed: Any = {f"{name}_table": f"{name.capitalize()}-{self.stage}" for name in names}
        settings = replace(SETTINGS, **renamed)
        adapters = replace(
            aws_adapters(settings),
            translator=StubTranslator(),
            gateway=RecordingGateway(),
            metrics=RecordingMetrics(),
        )
        assert isinstance(adapters.ledger, RostersTable)
        self.ledger = adapters.ledger
        made = ensure_tables(self.ledger.table.clients.dynamodb, read_tables(stage=self.stage))
        self.stream: str = made["ConnectionsTable"]["stream"]
        self.app = Application(settings, adapters)
        self.streams = boto3.client("dynamodbstreams")
        self.shards = [
            ShardIterator(self.streams, self.stream, shard.id, None)
            for shard in describe_shards(self.streams, self.stream)
        ]

    def open(self, count: int) -> list[Session]:
        """So many sessions."""
        sessions = [session(f"golden-eagle-{100 + n}") for n in range(count)]
        for each in sessions:
            self.app.adapters.sessions.put_session(each)
        return sessions

    def joining(self, of: Session, connection_id: str) -> Connection:
        """Somebody who joins, in any language."""
        return listener(of, connection_id, self.chance.choice(LANGUAGES))

    def write(self, joining: list[Connection]) -> None:
        """Puts rows as `$connect` would, 25 a call."""
        self.ledger.connections.table.batch_put(
            {
                "connectionId": each.connection_id,
                "sessionId": each.session_id,
                "sessionEpoch": each.session_epoch,
                "role": each.role.value,
                "connectedAt": each.connected_at,
                "ttl": each.ttl,
                "v": each.version,
                "targetLanguage": each.target_language,
            }
            for each in joining
        )

    def records(self) -> list[Any]:
        """What the stream has that was not read yet."""
        found: list[Any] = []
        for shard in self.shards:
            while page := shard.read(1000):
                found += page
        return found

    def handle(self, records: list[Any], batch_size: int) -> float:
        """Hands records to the function in such batches; returns the seconds it took."""
        begun = time.perf_counter()
        with composed(self.app):
            for start in range(0, len(records), batch_size):
                answer = handler({"Records": records[start : start + batch_size]}, None)
                assert answer == {"batchItemFailures": []}, answer
        return time.perf_counter() - begun

    def drift(self, sessions: list[Session], there: list[Connection]) -> int:
        """By how many listeners the counts and the rosters are wrong."""
        wrong = 0
        for each in sessions:
            languages = Counter(
                one.target_language for one in there if one.session_id == each.session_id
            )
            found = self.app.adapters.sessions.get_session(each.session_id)
            assert found is not None
            wrong += abs(found.listener_count - languages.total())
            for language in LANGUAGES:
                roster = len(self.ledger.read_roster(each).languages.get(language, []))
                wrong += abs(found.languages.get(language, 0) - languages[language])
                wrong += abs(roster - languages[language])
        return wrong

    def close(self) -> None:
        """Ends its connections."""
        self.ledger.table.clients.dynamodb.close()
        self.streams.close()


@contextmanager
def hall(stage: str) -> Iterator[Hall]:
    """A hall, closed at the end."""
    made = Hall(stage)
    try:
        yield made
    finally:
        made.close()
