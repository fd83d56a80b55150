"""What a session has dictated, where DynamoDB refuses, throttles, or loses its answer."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.stub import Stubber

from chalice_app.aws.clients import Clients
from chalice_app.aws.dynamodb.sessions import SessionsTable
from chalice_app.aws.dynamodb.table import Table
from chalice_app.domain.dictation import NOT_DICTATED, Dictated
from chalice_app.domain.errors import ConditionFailed, Unavailable
from tests.fakes.domain import NOW_MS, session

HERE = session()
BEGUN = Dictated(0, NOW_MS, "mine")


@pytest.fixture
def sessions(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> SessionsTable:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    return SessionsTable(Table(clients, "Sessions", "sessionId"))


@pytest.fixture
def dynamodb(clients: Clients) -> Iterator[Stubber]:
    """Answers in the given order; nothing leaves the process."""
    with Stubber(clients.dynamodb) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def refused(stubber: Stubber, code: str, found: dict[str, Any] | None = None) -> None:
    more = {"Item": found} if found else None
    stubber.add_client_error("update_item", code, modeled_fields=more)


def test_a_write_whose_answer_was_lost_meets_itself(
    sessions: SessionsTable, dynamodb: Stubber
) -> None:
    mine = {"dictatedChange": {"S": "mine"}, "dictatedMs": {"N": "0"}}
    refused(dynamodb, "ConditionalCheckFailedException", mine)
    sessions.put_dictated(HERE, NOT_DICTATED, BEGUN, only_open=True)


@pytest.mark.parametrize("found", [None, {"dictatedChange": {"S": "another's"}}])
def test_another_s_change_is_a_failed_condition(
    sessions: SessionsTable, dynamodb: Stubber, found: dict[str, Any] | None
) -> None:
    refused(dynamodb, "ConditionalCheckFailedException", found)
    with pytest.raises(ConditionFailed):
        sessions.put_dictated(HERE, NOT_DICTATED, BEGUN, only_open=True)


def test_a_row_that_a_roster_s_transaction_holds_is_written_when_it_lets_go(
    sessions: SessionsTable, dynamodb: Stubber
) -> None:
    refused(dynamodb, "TransactionConflictException")
    refused(dynamodb, "TransactionConflictException")
    dynamodb.add_response("update_item", {})
    sessions.put_dictated(HERE, NOT_DICTATED, BEGUN, only_open=True)


@pytest.mark.parametrize(
    ("code", "answers"),
    [
        ("TransactionConflictException", 8),
        ("ProvisionedThroughputExceededException", 1),
        ("ThrottlingException", 1),
        ("AccessDeniedException", 1),
    ],
)
def test_a_table_that_refuses_is_unavailable(
    sessions: SessionsTable, dynamodb: Stubber, code: str, answers: int
) -> None:
    for _ in range(answers):
        refused(dynamodb, code)
    with pytest.raises(Unavailable):
        sessions.put_dictated(HERE, NOT_DICTATED, BEGUN, only_open=True)


def test_only_the_session_s_own_minutes_are_written(
    sessions: SessionsTable, dynamodb: Stubber
) -> None:
    over = replace(BEGUN, spent_ms=90_000, since=None, change="over")
    dynamodb.add_response(
        "update_item",
        {},
        {
            "TableName": "Sessions",
            "Key": {"sessionId": {"S": HERE.session_id}},
            "UpdateExpression": (
                "SET dictatedMs = :spent, dictatedChange = :change REMOVE dictatedSince"
            ),
            "ConditionExpression": "createdAt = :epoch AND dictatedChange = :before",
            "ReturnValues": "ALL_NEW",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            "ExpressionAttributeValues": {
                ":epoch": {"N": str(NOW_MS)},
                ":spent": {"N": "90000"},
                ":change": {"S": "over"},
                ":before": {"S": "mine"},
            },
        },
    )
    sessions.put_dictated(HERE, BEGUN, over, only_open=False)
