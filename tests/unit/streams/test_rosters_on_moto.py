"""The handler on real stream records: of moto's DynamoDB, written through the adapters.

moto's streams have quirks that DynamoDB's have not (an upsert by UpdateItem emits two INSERTs, a
write that changes nothing a MODIFY, a cancelled transaction may leave an INSERT): a handler that
takes records for hints alone does not mind.
"""

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import boto3
import pytest
from types_boto3_dynamodbstreams import DynamoDBStreamsClient

from chalice_app.aws.clients import Clients
from chalice_app.bootstrap.adapters import Adapters
from chalice_app.bootstrap.application import Application
from chalice_app.bootstrap.process import composed
from chalice_app.domain.session import Connection, Session
from infra.local.dynamodb.stream_records import Record
from streams.rosters import handler
from tests.fakes.delivery import RecordingGateway
from tests.fakes.domain import MANY, FakeClock, listener, session, speaker
from tests.fakes.observability import RecordingMetrics
from tests.fakes.translation import StubTranslator
from tests.fakes.world import SETTINGS
from tests.unit.streams.moto_stream import MotoStream

LANGUAGES = ["es", "fr", "pt-BR"]


@dataclass
class Hall:
    """Two sessions in moto, and the stream of their connections."""

    application: Application
    gateway: RecordingGateway
    stream: MotoStream
    sessions: tuple[Session, ...]

    def records(self) -> list[Record]:
        """Everything in the stream so far, as Lambda would be given it."""
        return self.stream.records()

    def deliver(self, records: list[Record]) -> None:
        assert handler({"Records": records}, None) == {"batchItemFailures": []}

    def roster(self, of: Session) -> Mapping[str, Sequence[str]]:
        return self.application.adapters.roster.read_roster(of).languages

    def check_counts(self) -> None:
        """At every instant: listenerCount = sum per language = the rosters."""
        for each in self.sessions:
            found = self.now(each)
            rosters = {language: len(self.roster(each).get(language, [])) for language in LANGUAGES}
            assert found.languages == {key: count for key, count in rosters.items() if count}
            assert found.listener_count == sum(rosters.values())

    def check_everyone(self) -> None:
        """At rest: who is counted is who is there."""
        self.check_counts()
        for each in self.sessions:
            there = list(self.application.adapters.connections.query_listeners(each.session_id))
            assert self.now(each).languages == Counter(one.target_language for one in there)
            for language in LANGUAGES:
                roster = self.roster(each).get(language, [])
                assert set(roster) == {
                    one.connection_id for one in there if one.target_language == language
                }

    def now(self, of: Session) -> Session:
        found = self.application.adapters.sessions.get_session(of.session_id)
        assert found is not None
        return found


@pytest.fixture(scope="module")
def streams(aws_environment: None) -> DynamoDBStreamsClient:
    return boto3.client("dynamodbstreams", region_name=SETTINGS.region)


@pytest.fixture
def hall(
    adapters: Adapters, streams: DynamoDBStreamsClient, tables: dict[str, dict[str, str]]
) -> Iterator[Hall]:
    gateway = RecordingGateway()
    # Everything that is no table of ours is a fake.
    faked = replace(
        adapters,
        translator=StubTranslator(),
        gateway=gateway,
        metrics=RecordingMetrics(),
        clock=FakeClock(),
    )
    sessions = (session("golden-eagle-427"), session("silver-fox-100"))
    for each in sessions:
        faked.sessions.put_session(each)
    with composed(Application(SETTINGS, faked)) as application:
        yield Hall(
            application,
            gateway,
            MotoStream(streams, tables["ConnectionsTable"]["stream"]),
            sessions,
        )


def test_who_joins_is_counted_and_told(hall: Hall) -> None:
    of, _ = hall.sessions
    hall.application.adapters.sessions.set_speaker(of, "speaker")
    hall.application.adapters.connections.put_connection(speaker(of, "speaker"))
    hall.application.adapters.connections.put_connection(listener(of, "c1", "es"))
    hall.deliver(hall.records())
    hall.check_everyone()
    assert [message["type"] for message in hall.gateway.to("c1")] == ["joined"]
    assert [message["type"] for message in hall.gateway.to("speaker")] == ["joined", "roster"]
    assert hall.gateway.to("speaker", "roster")[0]["languages"] == {"es": 1}


def test_records_delivered_again_count_nothing_twice(hall: Hall) -> None:
    of, _ = hall.sessions
    for n in range(5):
        hall.application.adapters.connections.put_connection(listener(of, f"c{n}", "es"))
    records = hall.records()
    for _ in range(3):
        hall.deliver(records)
    assert hall.now(of).languages == {"es": 5}
    hall.check_everyone()


def test_a_session_that_expires_takes_its_counts_with_it(hall: Hall, clients: Clients) -> None:
    of, other = hall.sessions
    hall.application.adapters.connections.put_connection(listener(of, "c1"))
    hall.application.adapters.connections.put_connection(listener(other, "c2"))
    hall.deliver(hall.records())
    key: Any = {"sessionId": {"S": of.session_id}}
    clients.dynamodb.delete_item(TableName=SETTINGS.sessions_table, Key=key)
    again = replace(of, created_at=of.created_at + 1)
    hall.application.adapters.sessions.put_session(again)
    hall.application.adapters.connections.delete_connection("c1")
    hall.deliver(hall.records())
    assert hall.now(again).listener_count == 0
    assert hall.now(other).languages == {"es": 1}


@pytest.mark.parametrize("seed", range(4))
def test_any_history_in_any_batches_with_any_repetition_is_counted_exactly(
    hall: Hall, seed: int
) -> None:
    chance = random.Random(seed)
    present: list[Connection] = []
    delivered = 0
    for number in range(40):
        act(hall, chance, present, number)
        if chance.random() < 0.4:
            records = hall.records()
            # Like Lambda: on from the checkpoint, or again from somewhere before it.
            start = chance.randint(0, delivered) if chance.random() < 0.3 else delivered
            end = chance.randint(start, len(records))
            hall.deliver(records[start:end])
            hall.check_counts()
            delivered = max(delivered, end)
    records = hall.records()
    hall.deliver(records[delivered:])
    hall.check_everyone()
    repeated = [*records, *chance.sample(records, len(records))]
    hall.deliver(repeated)
    hall.check_everyone()


def act(hall: Hall, chance: random.Random, present: list[Connection], number: int) -> None:
    """Someone comes, goes or changes the language."""
    connections = hall.application.adapters.connections
    what = chance.random()
    if what < 0.5 or not present:
        came = listener(chance.choice(hall.sessions), f"c{number}", chance.choice(LANGUAGES))
        connections.put_connection(came)
        present.append(came)
    elif what < 0.8:
        mover = chance.choice(present).connection_id
        connections.change_language(mover, chance.choice(LANGUAGES), MANY)
    else:
        gone = present.pop(chance.randrange(len(present)))
        connections.delete_connection(gone.connection_id)
