"""What the reconciler reads and corrects, held by DynamoDB (moto's) and by the fakes alike."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from chalice_app.aws.clients import Clients
from chalice_app.aws.dynamodb.connections import ConnectionsTable
from chalice_app.aws.dynamodb.roster_survey import DynamoDbSurvey
from chalice_app.aws.dynamodb.rosters import RostersTable
from chalice_app.aws.dynamodb.sessions import SessionsTable
from chalice_app.aws.dynamodb.table import Table
from chalice_app.domain.errors import ConditionFailed
from chalice_app.rosters.ledger import Deltas, LedgerRow, SessionCounts, State
from chalice_app.rosters.ports import Ledger, RosterSurvey
from chalice_app.rosters.repair import Reconciler
from chalice_app.rosters.synchronisation import RosterSync
from chalice_app.sessions.ports import ConnectionStore, SessionStore
from chalice_app.wire.attribute_values import encode, encode_value
from tests.fakes.domain import MANY, ledger_key, ledger_keys, listener, session, speaker
from tests.fakes.world import SETTINGS, MemoryTables, World

HERE = session()
PARTITION = f"{HERE.session_id}#{HERE.created_at}#0"


@dataclass
class Stores:
    """One implementation of what a survey is over."""

    sessions: SessionStore
    connections: ConnectionStore
    ledger: Ledger
    survey: RosterSurvey


@pytest.fixture(params=["memory", "dynamodb"])
def stores(request: pytest.FixtureRequest) -> Stores:
    """Three listeners and a speaker in one session, counted, with one sentence spoken."""
    made = in_memory() if request.param == "memory" else in_dynamodb(request)
    made.sessions.put_session(HERE)
    for connection in (
        listener(HERE, "a", "es"),
        listener(HERE, "b", "es"),
        listener(HERE, "c", "zh-TW"),
        speaker(HERE, "s"),
    ):
        made.connections.put_connection(connection)
    RosterSync(made.ledger).synchronise(ledger_keys(HERE, "a", "b", "c", "s"))
    return made


def in_memory() -> Stores:
    tables = MemoryTables()
    tables.lag_ms = 0  # moto does not lag
    return Stores(tables, tables, tables, tables)


def in_dynamodb(request: pytest.FixtureRequest) -> Stores:
    request.getfixturevalue("tables")
    clients: Clients = request.getfixturevalue("clients")
    sessions = Table(clients, SETTINGS.sessions_table, "sessionId")
    connections = ConnectionsTable(Table(clients, SETTINGS.connections_table, "connectionId"))
    rosters = Table(clients, SETTINGS.rosters_table, "sessionKey")
    return Stores(
        SessionsTable(sessions),
        connections,
        RostersTable(rosters, sessions, connections),
        DynamoDbSurvey(sessions, connections.table, rosters),
    )


def reconciler(of: Stores) -> Reconciler:
    """The reconciler over these stores; nobody is notified, nothing is measured."""
    world = World()
    return replace(
        world.app.reconciler,
        survey=of.survey,
        connections=of.connections,
        sync=RosterSync(of.ledger),
        wait=lambda _: None,
    )


def counts(of: Stores) -> SessionCounts:
    (found,) = of.survey.scan_counts()
    return found


def test_every_connection_is_seen(stores: Stores) -> None:
    assert sorted(each.connection_id for each in stores.survey.scan_connections()) == [
        "a",
        "b",
        "c",
        "s",
    ]


def test_every_counted_connection_is_seen_with_its_session_and_language(stores: Stores) -> None:
    row = LedgerRow(State.IN, 1, "zh-TW")
    assert dict(stores.survey.scan_ledger())[ledger_key(HERE, "c")] == row


def test_who_has_left_is_not_counted(stores: Stores) -> None:
    stores.connections.delete_connection("a")
    RosterSync(stores.ledger).synchronise(ledger_keys(HERE, "a"))
    rows = list(stores.survey.scan_session((HERE.session_id, HERE.created_at)))
    assert sorted(row.target_language for row in rows) == ["es", "zh-TW"]
    left = dict(stores.survey.scan_ledger())[ledger_key(HERE, "a")]
    assert left.state is State.OUT


def test_sessions_are_seen_with_their_counts_and_sentences_are_not(stores: Stores) -> None:
    assert counts(stores) == SessionCounts(
        HERE.session_id, HERE.created_at, 3, {"es": 2, "zh-TW": 1}, revision=1
    )


def test_counts_are_corrected_by_what_they_are_off(stores: Stores) -> None:
    stores.survey.correct_counts(counts(stores), Deltas({"es": -1, "fr": 4}))
    corrected = counts(stores)
    assert corrected.listener_count == 6
    assert corrected.languages == {"es": 1, "fr": 4, "zh-TW": 1}


def test_voices_are_corrected_by_what_they_are_off(stores: Stores) -> None:
    stores.connections.change_language("a", "es", MANY, wants_voice=True)
    RosterSync(stores.ledger).synchronise(ledger_keys(HERE, "a"))
    assert counts(stores).voices == {"es": 1}
    stores.survey.correct_counts(counts(stores), Deltas(voices={"es": 1, "zh-TW": 1}))
    corrected = counts(stores)
    assert corrected.voices == {"es": 2, "zh-TW": 1}
    assert (corrected.listener_count, corrected.languages) == (3, {"es": 2, "zh-TW": 1})
    stores.survey.correct_counts(corrected, Deltas(voices={"es": -2}))
    assert counts(stores).voices == {"es": 0, "zh-TW": 1}


def test_voices_that_have_moved_are_not_corrected(stores: Stores) -> None:
    seen = counts(stores)
    stores.connections.change_language("a", "es", MANY, wants_voice=True)
    RosterSync(stores.ledger).synchronise(ledger_keys(HERE, "a"))
    for deltas in (Deltas(voices={"es": 1}), Deltas({"es": 1})):
        with pytest.raises(ConditionFailed):
            stores.survey.correct_counts(seen, deltas)
    assert counts(stores).voices == {"es": 1}


def test_a_session_of_a_version_without_voices_is_corrected(stores: Stores) -> None:
    assert counts(stores).voices == {}
    assert reconciler(stores).reconcile().sessions == 0
    stores.connections.change_language("a", "es", MANY, wants_voice=True)
    RosterSync(stores.ledger).synchronise(ledger_keys(HERE, "a"))
    assert counts(stores).voices == {"es": 1}
    stores.connections.delete_connection("a")
    RosterSync(stores.ledger).synchronise(ledger_keys(HERE, "a"))
    assert counts(stores).voices == {"es": 0}
    assert reconciler(stores).reconcile().sessions == 0


def test_counts_that_have_moved_are_not_corrected(stores: Stores) -> None:
    seen = counts(stores)
    stores.connections.delete_connection("c")
    RosterSync(stores.ledger).synchronise(ledger_keys(HERE, "c"))
    with pytest.raises(ConditionFailed):
        stores.survey.correct_counts(seen, Deltas({"es": 1}))
    assert counts(stores).listener_count == 2


def test_a_swap_that_leaves_every_count_as_it_was_is_a_move(stores: Stores) -> None:
    seen = counts(stores)
    stores.connections.change_language("a", "zh-TW", MANY)
    stores.connections.change_language("c", "es", MANY)
    RosterSync(stores.ledger).synchronise(ledger_keys(HERE, "a", "c"))
    assert counts(stores).languages == seen.languages
    with pytest.raises(ConditionFailed):
        stores.survey.correct_counts(seen, Deltas({"es": 1}))


def test_malformed_rows_hide_nobody_else(
    tables: object, clients: Clients, request: pytest.FixtureRequest
) -> None:
    stores = in_dynamodb(request)
    stores.connections.put_connection(listener(HERE, "a", "es"))
    for table, odd in (
        (SETTINGS.connections_table, {"connectionId": "odd"}),
        (SETTINGS.connections_table, {"connectionId": "heckler", "role": "heckler", "v": 1}),
        (SETTINGS.rosters_table, {"connectionId": "odd", "sessionKey": "odd", "state": "MAYBE"}),
        (SETTINGS.rosters_table, {"connectionId": "b", "sessionKey": PARTITION, "state": "IN"}),
        (SETTINGS.rosters_table, {"connectionId": "c", "sessionKey": PARTITION, "v": 1}),
    ):
        clients.dynamodb.put_item(TableName=table, Item=encode(odd))
    stores.sessions.put_session(HERE)
    RosterSync(stores.ledger).synchronise(ledger_keys(HERE, "a"))
    assert [each.connection_id for each in stores.survey.scan_connections()] == ["a"]
    assert [key for key, _ in stores.survey.scan_ledger()] == ledger_keys(HERE, "a")
    (row,) = stores.survey.scan_session((HERE.session_id, HERE.created_at))
    assert row.target_language == "es"


def test_a_sum_that_somebody_has_taken_away_is_put_back(
    tables: object, clients: Clients, request: pytest.FixtureRequest
) -> None:
    stores = in_dynamodb(request)
    stores.sessions.put_session(HERE)
    stores.connections.put_connection(listener(HERE, "a", "es"))
    RosterSync(stores.ledger).synchronise(ledger_keys(HERE, "a"))
    clients.dynamodb.update_item(
        TableName=SETTINGS.sessions_table,
        Key=encode({"sessionId": HERE.session_id}),
        UpdateExpression="REMOVE listenerCount",
    )
    seen = counts(stores)
    assert seen.listener_count is None
    stores.survey.correct_counts(seen, Deltas())
    assert counts(stores).listener_count == 1


@pytest.mark.parametrize("what", ["two", None, True, ["2"]])
def test_counts_that_somebody_has_made_no_numbers_are_numbers_again(
    tables: object, clients: Clients, request: pytest.FixtureRequest, what: Any
) -> None:
    stores = in_dynamodb(request)
    stores.sessions.put_session(HERE)
    for name, language in (("a", "es"), ("b", "es"), ("c", "fr")):
        wants_voice = name != "a"
        stores.connections.put_connection(listener(HERE, name, language, wants_voice=wants_voice))
    RosterSync(stores.ledger).synchronise(ledger_keys(HERE, "a", "b", "c"))
    tampered = {"NULL": True} if what is None else encode_value(what)
    clients.dynamodb.update_item(
        TableName=SETTINGS.sessions_table,
        Key=encode({"sessionId": HERE.session_id}),
        UpdateExpression="SET listenerCount = :x, #es = :x, #voice = :x, countsRevision = :x",
        ExpressionAttributeNames={"#es": "listeners.es", "#voice": "voices.es"},
        ExpressionAttributeValues={":x": tampered},
    )
    seen = counts(stores)
    assert (seen.listener_count, seen.languages, seen.revision) == (None, {"fr": 1}, None)
    assert seen.voices == {"fr": 1}
    malformed = ["countsRevision", "listenerCount", "listeners.es", "voices.es"]
    assert sorted(seen.malformed) == malformed
    assert reconciler(stores).reconcile().sessions == 1
    assert counts(stores) == SessionCounts(
        HERE.session_id,
        HERE.created_at,
        3,
        {"es": 2, "fr": 1},
        revision=1,
        voices={"es": 1, "fr": 1},
    )
    stores.connections.put_connection(listener(HERE, "d", "es"))
    RosterSync(stores.ledger).synchronise(ledger_keys(HERE, "d"))
    assert counts(stores).languages == {"es": 3, "fr": 1}


def test_a_count_that_is_a_number_again_is_not_taken_away(
    tables: object, clients: Clients, request: pytest.FixtureRequest
) -> None:
    stores = in_dynamodb(request)
    stores.sessions.put_session(HERE)
    seen = replace(counts(stores), listener_count=None, malformed=("listenerCount",))
    with pytest.raises(ConditionFailed):
        stores.survey.correct_counts(seen, Deltas())
    assert counts(stores).listener_count == 0


def test_only_a_row_past_its_life_is_deleted_as_expired(stores: Stores) -> None:
    ttl = listener(HERE, "a", "es").ttl
    stores.connections.delete_expired("a", ttl - 1)
    assert stores.connections.get_connection("a") is not None
    stores.connections.delete_expired("a", ttl)
    assert stores.connections.get_connection("a") is None
    stores.connections.delete_expired("a", ttl)
