"""Rosters are exact whatever the way to DynamoDB does: faults at any call, by botocore's own hooks.

On the embedded DynamoDB and its stream, through the production adapters and the stream's handler:
requests that are lost, answers that are lost though the write was done, throttling, conflicts,
errors of the server, batches answered in part, and somebody else who acts between any two calls.
A seed names a whole history; everything runs in one thread, so it always runs alike.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from chalice_app.aws.clients import Clients
from chalice_app.aws.dynamodb.rosters import RostersTable, ledger_key_from
from chalice_app.aws.dynamodb.sessions import SessionsTable, session_from
from chalice_app.aws.dynamodb.table import Table
from chalice_app.bootstrap.adapters import aws_adapters
from chalice_app.bootstrap.application import Application
from chalice_app.bootstrap.process import composed
from chalice_app.domain.errors import BroadcasterError
from chalice_app.domain.session import Session
from chalice_app.wire.attribute_values import decode, encode
from infra.local.dynamodb.tables import ensure_tables, read_tables, wait_for_endpoint
from infra.local.event_sources.batches import BatchPolicy, ShardBatches, first_failure
from infra.local.event_sources.shards import ShardIterator, describe_shards
from streams.rosters import handler
from tests.cache_stage import START_SECONDS, running_dynamodb, sdk_environment
from tests.fakes.delivery import RecordingGateway
from tests.fakes.domain import MANY, NOW_MS, FakeClock, listener, session
from tests.fakes.observability import RecordingMetrics
from tests.fakes.translation import StubTranslator
from tests.fakes.world import SETTINGS
from tests.integration.dynamodb_faults import REFUSALS, Faults

STEPS = 70
LANGUAGES = ["es", "pt", "zh-TW"]
NAMES = ["golden-eagle-427", "quiet-lake-100"]
LIFE_MS = (3 * 3600 + 1) * 1000
"""After that long a session's name is free: its life, and what was said is kept for two hours."""


class Hall:
    """Sessions and connections on tables of their own, with a way to them that is disturbed."""

    def __init__(self, seed: int, undisturbed: Clients, streams: Any) -> None:
        self.chance = random.Random(seed)
        stage = f"faults{seed}"
        names = {"sessions": "Sessions", "connections": "Connections", "rosters": "SessionRosters"}
        names["sentences"] = "Sentences"
        renamed = {f"{key}_table": f"{name}-{stage}" for key, name in names.items()}
        self.settings = replace(SETTINGS, **renamed)  # type: ignore[arg-type]
        adapters = replace(
            aws_adapters(self.settings),
            translator=StubTranslator(),
            gateway=RecordingGateway(),
            metrics=RecordingMetrics(),
            clock=FakeClock(),
        )
        self.app = Application(self.settings, adapters)
        assert isinstance(adapters.ledger, RostersTable)
        disturbed = adapters.ledger.table.clients
        self.faults = Faults(disturbed, random.Random(seed + 1), self.somebody_acts)
        self.undisturbed = undisturbed
        made = ensure_tables(self.undisturbed.dynamodb, read_tables(stage=stage))
        self.sessions = SessionsTable(Table(undisturbed, self.settings.sessions_table, "sessionId"))
        self.shards = self._shards(streams, made["ConnectionsTable"]["stream"])
        self.delivered: list[list[Any]] = []
        self.aside: list[Any] = []
        self.ids: list[str] = []
        self.now, self.epoch, self.sequence = 0.0, NOW_MS, 0
        self.acts = {self.join: 40, self.change_language: 15, self.leave: 15, self.speak: 6}
        self.acts |= {self.is_found_gone: 8, self.end: 2, self.use_name_again: 4}

    def _shards(self, streams: Any, arn: str) -> list[tuple[ShardIterator, ShardBatches]]:
        policy = BatchPolicy(batch_size=self.chance.randint(3, 25))
        return [
            (
                ShardIterator(streams, arn, shard.id, None),
                ShardBatches(policy, randomness=self.chance),
            )
            for shard in describe_shards(streams, arn)
        ]

    # What people do

    def act(self) -> None:
        """Somebody comes, goes, or changes something; a call that fails is theirs to bear."""
        (act,) = self.chance.choices(list(self.acts), list(self.acts.values()))
        try:
            act(self.chance.choice(NAMES), self.chance.choice([*self.ids[-40:], "nobody"]))
        except BroadcasterError:
            self.faults.seen["refused people"] += 1

    def join(self, name: str, _: str) -> None:
        found = self.app.adapters.sessions.get_session(name)
        if found is not None:
            back = found.last_sequence if self.chance.random() < 0.3 else None
            self.ids.append(f"c{len(self.ids)}")
            language = self.chance.choice(LANGUAGES)
            wish = self.chance.random() < 0.5
            joining = listener(found, self.ids[-1], language, last_sequence=back, wants_voice=wish)
            self.app.adapters.connections.put_connection(joining)

    def change_language(self, _: str, key: str) -> None:
        language, wish = self.chance.choice(LANGUAGES), self.chance.choice((None, True, False))
        self.app.adapters.connections.change_language(key, language, MANY, wish)

    def leave(self, _: str, key: str) -> None:
        self.app.participants.leave(key)

    def is_found_gone(self, _: str, key: str) -> None:
        # One at a time, or the threads of it would draw from the same chances.
        self.app.adapters.connections.delete_gone([key], NOW_MS * 2)

    def speak(self, name: str, _: str) -> None:
        self.sequence += 1
        found = self.app.adapters.sessions.get_session(name)
        if found is not None:
            self.app.adapters.sessions.raise_last_sequence(found, self.sequence)

    def end(self, name: str, _: str) -> None:
        found = self.app.adapters.sessions.get_session(name)
        if found is not None:
            self.app.adapters.sessions.end_session(found, NOW_MS)

    def use_name_again(self, name: str, _: str) -> None:
        self.epoch += LIFE_MS
        if self.chance.random() < 0.5:
            # DynamoDB may have deleted the expired row before, or not yet.
            self.sessions.table.delete(name)
        self.app.adapters.sessions.put_session(session(name, created_at=self.epoch))

    # What the event source does

    def deliver(self) -> bool:
        """A batch of each shard, again if it failed before; False: there was none."""
        self.now += 10.0
        something = False
        for shard, delivery in self.shards:
            if delivery.room:
                delivery.offer(shard.read(delivery.room), self.now)
            if batch := list(delivery.due(self.now, flush=True)):
                something = True
                self.delivered.append(batch)
                aside = delivery.record_outcome(self.invoke(batch), self.now)
                self.aside += [aside] if aside else []
        return something

    def deliver_all(self) -> None:
        """Until there is nothing more to deliver."""
        while self.deliver():
            pass

    def invoke(self, batch: list[Any]) -> int | None:
        """Where the batch must be resumed."""
        try:
            return first_failure(handler({"Records": batch}, None), batch)
        except BroadcasterError:
            self.faults.seen["failed batches"] += 1
            return 0

    def somebody_acts(self) -> None:
        """In the middle of whatever is done: people, a late invocation, or an inspector."""
        what = self.chance.random()
        if what < 0.6:
            self.act()
        elif what < 0.8 and self.delivered:
            self.invoke(self.chance.choice(self.delivered))
        elif what < 0.85:
            self.reconcile()
        else:
            self.check_counts()

    def reconcile(self) -> None:
        """Like the schedule does; while it waits for its second look, somebody acts."""
        try:
            replace(self.app.reconciler, wait=lambda _: self.act()).reconcile()
        except BroadcasterError:
            self.faults.seen["failed reconcilers"] += 1
        self.faults.seen["reconcilers"] += 1

    def tamper(self) -> None:
        """Sets counts by hand, beyond the reach of any fault."""
        for name in NAMES:
            key = encode({"sessionId": name})
            self.undisturbed.dynamodb.update_item(
                TableName=self.settings.sessions_table,
                Key=key,
                UpdateExpression="SET listenerCount = :many, #es = :few, #voice = :many",
                ExpressionAttributeNames={"#es": "listeners.es", "#voice": "voices.es"},
                ExpressionAttributeValues=encode({":many": 99, ":few": -1}),
            )

    # What must be true

    def check_counts(self) -> dict[tuple[str, int], Session]:
        """At every instant the counts are those of the rows that are IN; returns the sessions."""
        rows: defaultdict[tuple[Any, Any], Counter[str]] = defaultdict(Counter)
        voices: defaultdict[tuple[Any, Any], Counter[str]] = defaultdict(Counter)
        for row in self.scan(self.settings.rosters_table):
            if row["state"] == "IN":
                rows[ledger_key_from(row).session_key][row["targetLanguage"]] += 1
                if "voice" in row:
                    voices[ledger_key_from(row).session_key][row["targetLanguage"]] += 1
        found = map(session_from, self.scan(self.settings.sessions_table))
        sessions = {(each.session_id, each.created_at): each for each in found}
        for key, each in sessions.items():
            assert each.languages == rows[key], key
            assert each.voices == voices[key], key
            assert each.listener_count == rows[key].total(), key
        return sessions

    def check_everyone(self) -> int:
        """At rest who is counted is who is there; returns how many."""
        there: defaultdict[tuple[Any, ...], set[str]] = defaultdict(set)
        hearing: defaultdict[tuple[Any, ...], set[str]] = defaultdict(set)
        for row in self.scan(self.settings.connections_table):
            place = row["sessionId"], row["sessionEpoch"], row["targetLanguage"]
            there[place].add(row["connectionId"])
            if "voice" in row:
                hearing[place].add(row["connectionId"])
        total = 0
        for key, each in self.check_counts().items():
            roster = self.app.adapters.roster.read_roster(each)
            for language in LANGUAGES:
                ids = roster.languages.get(language, ())
                assert set(ids) == there[*key, language], (key, language)
                assert set(roster.voices.get(language, ())) == hearing[*key, language]
                total += len(ids)
        return total

    def scan(self, table: str) -> Iterator[Any]:
        pages = self.undisturbed.dynamodb.get_paginator("scan").paginate(TableName=table)
        return (decode(item) for page in pages for item in page["Items"])


@pytest.fixture(scope="module")
def undisturbed() -> Iterator[tuple[Clients, Any]]:
    with running_dynamodb() as address, pytest.MonkeyPatch.context() as patch:
        for name, value in sdk_environment(address).items():
            patch.setenv(name, value)
        # botocore's own pauses: its decisions stay, only nobody waits for them.
        patch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))
        clients = Clients(SETTINGS.region)
        streams = boto3.client("dynamodbstreams", region_name=SETTINGS.region)
        wait_for_endpoint(clients.dynamodb, START_SECONDS)
        yield clients, streams
        streams.close()
        clients.dynamodb.close()


@pytest.fixture
def hall(undisturbed: tuple[Clients, Any], seed: int) -> Iterator[Hall]:
    made = Hall(seed, *undisturbed)
    for name in NAMES:
        made.sessions.put_session(session(name, created_at=made.epoch))
    yield made
    made.faults.clients.dynamodb.close()


@pytest.mark.parametrize("seed", range(5))
def test_counts_and_rosters_are_exact_after_faults_at_any_call(hall: Hall, seed: int) -> None:
    print(f"seed {seed}")  # beside whatever fails
    hall.faults.on = True
    with composed(hall.app):
        for _ in range(STEPS):
            hall.act()
            if hall.chance.random() < 0.4:
                hall.deliver()
                hall.check_counts()
        hall.faults.on = False
        for name in NAMES:
            hall.join(name, "nobody")  # a session may just have been opened anew
        hall.deliver_all()
        # What had used up its tries lies at the failure destination, from where it is redriven.
        assert hall.invoke(hall.aside) is None
        assert hall.check_everyone() > 0, "nobody is left to be counted"
        hall.tamper()
        hall.reconcile()
        hall.deliver_all()
        hall.check_everyone()
    print(dict(hall.faults.seen))
    happened = {*REFUSALS, "lost request", "lost answer", "in part", "reconcilers"}
    missing = happened - set(+hall.faults.seen)
    assert not missing, "these faults never happened"
