"""Rows and records that cannot be handled: they stop nobody but themselves. DynamoDB is moto's."""

from collections.abc import Mapping
from typing import Any

import pytest

from chalice_app.attribute_values import encode
from chalice_app.aws.clients import Clients
from chalice_app.aws.connections_table import ConnectionsTable
from chalice_app.aws.dynamodb import Table
from chalice_app.aws.rosters_table import RostersTable
from chalice_app.aws.sessions_table import SessionsTable
from chalice_app.models import Session
from streams.rosters import RosterSync
from tests.fakes import SETTINGS, listener, session

HERE = session()
WHOLE: Mapping[str, Any] = {
    "connectionId": "poison",
    "sessionId": HERE.session_id,
    "sessionEpoch": HERE.created_at,
    "role": "listener",
    "connectedAt": HERE.created_at,
    "ttl": HERE.expires_at,
    "v": 1,
    "targetLanguage": "es",
}


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
            Table(clients, SETTINGS.rosters_table, "connectionId"), sessions, self.connections
        )
        self.sync = RosterSync(self.rosters, wait=lambda _: None)
        self.sessions.put_session(HERE)
        for key in ("a", "b"):
            self.connections.put_connection(listener(HERE, key, "es"))

    def put(self, table: str, **item: Any) -> None:
        """Writes a row as no code of ours would."""
        self.clients.dynamodb.put_item(TableName=table, Item=encode(item))

    def now(self) -> Session:
        found = self.sessions.get_session(HERE.session_id)
        assert found is not None
        return found


@pytest.fixture
def stores(tables: object, clients: Clients) -> Stores:
    return Stores(clients)


@pytest.mark.parametrize(
    "poison",
    [
        {**WHOLE, "role": "heckler"},
        {**WHOLE, "sessionEpoch": "yesterday"},
        {name: value for name, value in WHOLE.items() if name != "sessionId"},
        {"connectionId": "poison"},
    ],
    ids=["unknown role", "epoch of another type", "no session", "keys alone"],
)
def test_a_malformed_connection_fails_alone_and_the_others_are_counted(
    stores: Stores, poison: dict[str, Any]
) -> None:
    stores.put(SETTINGS.connections_table, **poison)
    result = stores.sync.synchronise(["a", "poison", "b"])
    assert result.failed == {"poison"}
    assert stores.now().languages == {"es": 2}


def test_once_it_is_mended_the_same_record_counts_it(stores: Stores) -> None:
    stores.put(SETTINGS.connections_table, connectionId="poison")
    assert stores.sync.synchronise(["poison"]).failed == {"poison"}
    stores.put(SETTINGS.connections_table, **WHOLE)
    assert stores.sync.synchronise(["poison"]).failed == set()
    assert stores.now().languages == {"es": 1}


def test_a_malformed_session_fails_its_own_connections_alone(stores: Stores) -> None:
    stores.put(SETTINGS.sessions_table, sessionId="broken-egg-100", createdAt="x")
    stores.put(
        SETTINGS.connections_table,
        **{**WHOLE, "sessionId": "broken-egg-100"},
    )
    result = stores.sync.synchronise(["a", "poison", "b"])
    assert result.failed == {"poison"}
    assert stores.now().languages == {"es": 2}


def test_a_malformed_ledger_row_fails_alone(stores: Stores) -> None:
    stores.put(SETTINGS.rosters_table, connectionId="a", state="MAYBE", v=1)
    result = stores.sync.synchronise(["a", "b"])
    assert result.failed == {"a"}
    assert stores.now().languages == {"es": 1}


def test_a_connection_of_no_session_at_all_is_not_counted_and_fails_nothing(
    stores: Stores,
) -> None:
    stores.put(SETTINGS.connections_table, **{**WHOLE, "sessionId": "never-was-100"})
    assert stores.sync.synchronise(["poison", "a"]).failed == set()
    assert stores.now().languages == {"es": 1}
