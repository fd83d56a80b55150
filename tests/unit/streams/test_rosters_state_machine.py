"""Hypothesis drives the production roster code over moto's DynamoDB and its real streams.

moto's streams have quirks of their own (an upsert emits two INSERTs, the first with keys only; a
no-op write emits MODIFY), and the machine adds those of the real ones: records that come twice,
late, and in batches with any boundary; and one of a row that never was, as a cancelled transaction
has been seen to leave. The counts must be right at every step, and the rosters
those of the live connections whenever everything has been delivered.
"""

from collections import Counter
from typing import Any

import boto3
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from moto import mock_aws
from types_boto3_dynamodbstreams import DynamoDBStreamsClient

from chalice_app.aws.clients import Clients
from chalice_app.aws.dynamodb.connections import ConnectionsTable
from chalice_app.aws.dynamodb.rosters import RostersTable, ledger_key_from
from chalice_app.aws.dynamodb.sessions import SessionsTable
from chalice_app.aws.dynamodb.table import Table
from chalice_app.domain.errors import ConditionFailed
from chalice_app.domain.session import Session
from chalice_app.rosters.synchronisation import RosterSync
from chalice_app.wire.attribute_values import decode, encode
from infra.local.dynamodb.tables import Table as Template
from infra.local.dynamodb.tables import ensure_tables
from streams.batch import handle_batch
from streams.records import StreamRecord
from streams.rosters import changes_of
from tests.fakes.domain import MANY, NOW_MS, listener, session, speaker
from tests.fakes.world import SETTINGS
from tests.unit.streams.moto_stream import MotoStream

LANGUAGES = st.sampled_from(["es", "pt", "zh-TW"])
NAMES = st.sampled_from(["golden-eagle-427", "quiet-lake-100"])


class Rosters(RuleBasedStateMachine):
    """Two halls, people who come and go, and a stream that is delivered any which way."""

    connections = Bundle("connections")

    def __init__(
        self, clients: Clients, streams: DynamoDBStreamsClient, templates: list[Template]
    ) -> None:
        super().__init__()
        self.aws = mock_aws()
        self.aws.start()
        made = ensure_tables(clients.dynamodb, templates)
        self.stream = MotoStream(streams, made["ConnectionsTable"]["stream"])
        self.dynamodb = clients.dynamodb
        self.sessions_table = Table(clients, SETTINGS.sessions_table, "sessionId")
        self.sessions = SessionsTable(self.sessions_table)
        self.table = ConnectionsTable(Table(clients, SETTINGS.connections_table, "connectionId"))
        ledger = Table(clients, SETTINGS.rosters_table, "sessionKey")
        self.rosters = RostersTable(ledger, self.sessions_table, self.table)
        self.sync = RosterSync(self.rosters, wait=lambda _: None)
        self.epoch = NOW_MS
        self.joined = 0
        self.delivered = 0

    def teardown(self) -> None:
        self.aws.stop()

    @initialize()
    def open_halls(self) -> None:
        for name in ("golden-eagle-427", "quiet-lake-100"):
            self.sessions.put_session(session(name, created_at=self.epoch))

    @rule(target=connections, name=NAMES, language=LANGUAGES)
    def join(self, name: str, language: str) -> str:
        self.joined += 1
        key = f"c{self.joined}"
        found = self.sessions.get_session(name)
        if found is not None:
            self.table.put_connection(listener(found, key, language))
        return key

    @rule(target=connections, name=NAMES, language=LANGUAGES)
    def join_by_upsert(self, name: str, language: str) -> Any:
        """A row that is made by UpdateItem: two INSERTs, the first of them with keys alone."""
        self.joined += 1
        key = f"u{self.joined}"
        found = self.sessions.get_session(name)
        if found is None:
            return multiple()
        before = len(self.stream.records())
        row = {
            "sessionId": name,
            "sessionEpoch": found.created_at,
            "role": "listener",
            "connectedAt": self.epoch,
            "ttl": found.expires_at_seconds,
            "v": 1,
            "targetLanguage": language,
        }
        self.table.table.upsert(
            key,
            "SET " + ", ".join(f"#{name} = :{name}" for name in row),
            {f"#{name}": name for name in row},
            **row,
        )
        first, second = self.stream.records()[before:]
        assert first["eventName"] == second["eventName"] == "INSERT"
        assert first["dynamodb"]["NewImage"].keys() == {"connectionId"}
        return key

    @rule(key=connections)
    def write_again_what_is_there(self, key: str) -> None:
        """A write that changes nothing: a MODIFY."""
        found = self.dynamodb.get_item(
            TableName=SETTINGS.connections_table, Key=encode({"connectionId": key})
        )
        if item := found.get("Item"):
            self.dynamodb.put_item(TableName=SETTINGS.connections_table, Item=item)

    @rule(key=connections, change=st.sampled_from(["INSERT", "MODIFY", "REMOVE"]))
    def a_record_tells_what_never_was(self, key: str, change: str) -> None:
        """A phantom's record, and one that says of somebody what is not so, with keys alone."""
        records = [
            {
                "eventName": change,
                "dynamodb": {"SequenceNumber": "1", "Keys": encode({"connectionId": each})},
            }
            for each in ("phantom", key)
        ]
        assert handle_batch({"Records": records}, self.effect) == {"batchItemFailures": []}

    @rule(target=connections, name=NAMES)
    def speaker_joins(self, name: str) -> Any:
        self.joined += 1
        found = self.sessions.get_session(name)
        if found is None:
            return multiple()
        self.table.put_connection(speaker(found, f"s{self.joined}"))
        return f"s{self.joined}"

    @rule(key=connections, language=LANGUAGES)
    def change_language(self, key: str, language: str) -> None:
        if not key.startswith("s"):
            try:
                self.table.change_language(key, language, MANY)
            except ConditionFailed:
                return

    @rule(key=connections)
    def leave(self, key: str) -> None:
        self.table.delete_connection(key)

    @rule(name=NAMES)
    def session_row_expires(self, name: str) -> None:
        self.sessions_table.delete(name)

    @rule(name=NAMES)
    def the_name_is_used_again(self, name: str) -> None:
        self.epoch += 1000
        try:
            self.sessions.put_session(session(name, created_at=self.epoch))
        except ConditionFailed:
            return

    @rule(size=st.integers(1, 8), again=st.integers(0, 5))
    def deliver(self, size: int, again: int) -> None:
        """The next batch, with some records that were delivered before."""
        self.hand_over(max(0, self.delivered - again), self.delivered + size)

    @rule()
    def deliver_everything(self) -> None:
        self.hand_over(0, None)
        self.rest()

    @invariant()
    def counts_are_those_of_the_rows_at_every_instant(self) -> None:
        rows = Counter(
            (key.session_id, key.session_epoch, row["targetLanguage"])
            for row in self.scan(SETTINGS.rosters_table)
            if row["state"] == "IN"
            for key in [ledger_key_from(row)]
        )
        for found in self.open_sessions():
            counted = {
                language: n
                for (name, epoch, language), n in rows.items()
                if (name, epoch) == (found.session_id, found.created_at)
            }
            assert found.languages == counted
            assert found.listener_count == sum(counted.values())

    def rest(self) -> None:
        """Everything was delivered: the rosters are the live listeners."""
        there = list(self.scan(SETTINGS.connections_table))
        for found in self.open_sessions():
            for language in ("es", "pt", "zh-TW"):
                live = {
                    row["connectionId"]
                    for row in there
                    if (row["sessionId"], row["sessionEpoch"], row.get("targetLanguage"))
                    == (found.session_id, found.created_at, language)
                }
                assert set(self.rosters.read_roster(found).languages.get(language, [])) == live

    def hand_over(self, start: int, end: int | None) -> None:
        records = self.stream.records()
        self.delivered = min(len(records), end if end is not None else len(records))
        answer = handle_batch({"Records": records[start:end]}, self.effect)
        assert answer == {"batchItemFailures": []}

    def effect(self, records: Any) -> list[StreamRecord]:
        changes = changes_of(records)
        found, malformed = self.sync.find(changes.unnamed)
        assert not malformed
        assert self.sync.synchronise({*changes.changed, *found}).failed == set()
        return []

    def scan(self, table: str) -> Any:
        return map(decode, self.dynamodb.scan(TableName=table)["Items"])

    def open_sessions(self) -> list[Session]:
        return list(self.rosters.get_sessions(["golden-eagle-427", "quiet-lake-100"]).values())


def test_rosters_are_exact_over_real_streams(clients: Clients, templates: list[Template]) -> None:
    streams = boto3.client("dynamodbstreams", region_name=SETTINGS.region)

    class OverMoto(Rosters):
        def __init__(self) -> None:
            super().__init__(clients, streams, templates)

    run_state_machine_as_test(
        OverMoto,
        settings=settings(max_examples=10, stateful_step_count=25, deadline=None, print_blob=True),
    )
