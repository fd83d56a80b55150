"""Rows and records that cannot be handled: they stop nobody but themselves. DynamoDB is moto's."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from chalice_app.aws.clients import Clients
from chalice_app.aws.dynamodb.connections import ConnectionsTable
from chalice_app.aws.dynamodb.rosters import RostersTable
from chalice_app.aws.dynamodb.sessions import SessionsTable
from chalice_app.aws.dynamodb.table import Table
from chalice_app.bootstrap.adapters import Adapters
from chalice_app.bootstrap.application import Application
from chalice_app.bootstrap.process import composed, current
from chalice_app.domain.session import Session
from chalice_app.rosters.synchronisation import RosterSync
from chalice_app.wire.attribute_values import encode
from streams import cache_access, rosters
from tests.fakes.delivery import RecordingGateway
from tests.fakes.domain import FakeClock, ledger_key, ledger_keys, listener, session
from tests.fakes.observability import RecordingMetrics
from tests.fakes.translation import StubTranslator
from tests.fakes.world import SETTINGS
from tests.hostile.stream_record import CONNECTIONS, HERE, RECORDS, ROW, of, record

PARTITION = f"{HERE.session_id}#{HERE.created_at}#0"


class Stores:
    """The adapters over moto, with one session of two good listeners."""

    def __init__(self, clients: Clients) -> None:
        self.clients = clients
        sessions = Table(clients, SETTINGS.sessions_table, "sessionId")
        self.connections = ConnectionsTable(
            Table(clients, SETTINGS.connections_table, "connectionId")
        )
        self.sessions = SessionsTable(sessions)
        self.rosters = RostersTable(
            Table(clients, SETTINGS.rosters_table, "sessionKey"), sessions, self.connections
        )
        self.sync = RosterSync(self.rosters, wait=lambda _: None)
        self.sessions.put_session(HERE)
        for key in ("a", "b"):
            self.connections.put_connection(listener(HERE, key, "es"))

    def put(self, table: str, **item: Any) -> None:
        """Writes a row as no code of ours would."""
        sets = {name: {"SS": sorted(value)} for name, value in item.items() if type(value) is set}
        plain = {name: value for name, value in item.items() if name not in sets}
        self.clients.dynamodb.put_item(TableName=table, Item={**encode(plain), **sets})

    def now(self) -> Session:
        found = self.sessions.get_session(HERE.session_id)
        assert found is not None
        return found


@pytest.fixture
def stores(tables: object, clients: Clients) -> Stores:
    return Stores(clients)


@pytest.mark.parametrize("poison", CONNECTIONS.values(), ids=CONNECTIONS)
def test_a_malformed_connection_fails_alone_and_the_others_are_counted(
    stores: Stores, poison: Mapping[str, Any]
) -> None:
    stores.put(SETTINGS.connections_table, **poison)
    result = stores.sync.synchronise(ledger_keys(HERE, "a", "poison", "b"))
    assert result.failed == {"poison"}
    assert stores.now().languages == {"es": 2}


def test_once_it_is_corrected_the_same_record_counts_it(stores: Stores) -> None:
    stores.put(SETTINGS.connections_table, connectionId="poison")
    assert stores.sync.synchronise(ledger_keys(HERE, "poison")).failed == {"poison"}
    stores.put(SETTINGS.connections_table, **ROW)
    assert stores.sync.synchronise(ledger_keys(HERE, "poison")).failed == set()
    assert stores.now().languages == {"es": 1}


def test_a_malformed_session_fails_its_own_connections_alone(stores: Stores) -> None:
    stores.put(SETTINGS.sessions_table, sessionId="broken-egg-100", createdAt="x")
    stores.put(
        SETTINGS.connections_table,
        **{**ROW, "sessionId": "broken-egg-100"},
    )
    broken = session("broken-egg-100")
    keys = [*ledger_keys(HERE, "a", "b"), ledger_key(broken, "poison")]
    result = stores.sync.synchronise(keys)
    assert result.failed == {"poison"}
    assert stores.now().languages == {"es": 2}


def test_a_malformed_ledger_row_fails_alone(stores: Stores) -> None:
    stores.put(SETTINGS.rosters_table, sessionKey=PARTITION, connectionId="a", state="MAYBE", v=1)
    result = stores.sync.synchronise(ledger_keys(HERE, "a", "b"))
    assert result.failed == {"a"}
    assert stores.now().languages == {"es": 1}


def test_a_connection_of_no_session_at_all_is_not_counted_and_fails_nothing(
    stores: Stores,
) -> None:
    stores.put(SETTINGS.connections_table, **{**ROW, "sessionId": "never-was-100"})
    keys = [ledger_key(session("never-was-100"), "poison"), ledger_key(HERE, "a")]
    assert stores.sync.synchronise(keys).failed == set()
    assert stores.now().languages == {"es": 1}


# --- Through the functions, as Lambda calls them -------------------------------------------------


@pytest.fixture
def functions(stores: Stores, adapters: Adapters) -> Iterator[Stores]:
    """The functions over the same tables; nobody's socket is really there."""
    faked = replace(
        adapters,
        translator=StubTranslator(),
        gateway=RecordingGateway(),
        metrics=RecordingMetrics(),
        clock=FakeClock(),
    )
    with composed(Application(SETTINGS, faked)):
        yield stores


@pytest.mark.parametrize("bad", RECORDS.values(), ids=RECORDS)
def test_a_bad_record_is_passed_over_and_the_others_are_counted(
    functions: Stores, bad: Mapping[str, Any]
) -> None:
    batch = {"Records": [record(1, **of("a")), bad, record(3, **of("b"))]}
    for _ in range(2):
        assert rosters.handler(batch, None) == {"batchItemFailures": []}
        assert functions.now().languages == {"es": 2}


def test_a_record_of_a_malformed_row_is_reported_alone_however_often_it_comes(
    functions: Stores,
) -> None:
    functions.put(SETTINGS.connections_table, **{**ROW, "role": "heckler"})
    batch = [record(1, **of("a")), record(2, **of("poison")), record(3, **of("b"))]
    for _ in range(2):
        failed = rosters.handler({"Records": batch}, None)
        assert failed == {"batchItemFailures": [{"itemIdentifier": "2"}]}
        assert functions.now().languages == {"es": 2}


@pytest.mark.parametrize("last_sequence", [None, 0], ids=["for the first time", "coming back"])
def test_a_record_of_a_malformed_session_is_reported_alone(
    functions: Stores, last_sequence: int | None
) -> None:
    broken = replace(session("bold-egg-111"), session_id="bold-egg-111")
    functions.sessions.put_session(broken)
    comes = replace(listener(broken, "poison", "es"), last_sequence=last_sequence)
    functions.connections.put_connection(comes)
    functions.clients.dynamodb.update_item(
        TableName=SETTINGS.sessions_table,
        Key=encode({"sessionId": broken.session_id}),
        UpdateExpression="REMOVE listenerCount",
    )
    image = encode({**ROW, "sessionId": broken.session_id, "lastSequence": last_sequence})
    poison = record(2, **of("poison"), NewImage=image)
    batch = {"Records": [record(1, **of("a")), poison, record(3, **of("b"))]}
    assert rosters.handler(batch, None) == {"batchItemFailures": [{"itemIdentifier": "2"}]}
    assert functions.now().languages == {"es": 2}


def test_a_record_of_a_session_that_is_missing_is_no_failure(functions: Stores) -> None:
    functions.put(SETTINGS.connections_table, **{**ROW, "sessionId": "never-was-100"})
    batch = {"Records": [record(1, **of("poison")), record(2, **of("a"))]}
    assert rosters.handler(batch, None) == {"batchItemFailures": []}
    assert functions.now().languages == {"es": 1}


@pytest.mark.parametrize("bad", RECORDS.values(), ids=RECORDS)
def test_a_bad_record_does_not_stop_the_cache_s_statistics(
    functions: Stores, bad: Mapping[str, Any]
) -> None:
    functions.put(
        SETTINGS.cached_translations_table, cacheKey="hit#c#0", hits={}, ttl=HERE.expires_at_seconds
    )
    batch = {"Records": [bad, record(3, Keys=encode({"cacheKey": "hit#c#0"}))]}
    assert cache_access.handler(batch, None) == {"batchItemFailures": []}
    table = Table(functions.clients, SETTINGS.cached_translations_table, "cacheKey")
    assert table.get("hit#c#0") is None


def test_malformed_rows_never_stop_the_reconciler(functions: Stores) -> None:
    functions.put(SETTINGS.connections_table, **{**ROW, "role": {"listener"}})
    functions.put(SETTINGS.connections_table, connectionId="keys-alone")
    functions.put(SETTINGS.sessions_table, sessionId="broken-egg-100", tokenHash="", createdAt="x")
    functions.put(SETTINGS.rosters_table, sessionKey=PARTITION, connectionId="b", state="MAYBE")
    report = replace(current(Application).reconciler, wait=lambda _: None).reconcile()
    assert (report.connections, report.drift) == (2, 2)
    assert functions.now().languages == {"es": 1}
