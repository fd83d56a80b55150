"""Every error of DynamoDB's becomes one of this project's, and keeps its detail from clients."""

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from chalice_app.aws.dynamodb.errors import errors_translated
from chalice_app.domain.errors import BroadcasterError, ConditionFailed, Conflict, Unavailable
from chalice_app.wire import outgoing


def client_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "the secret detail"}}, "GetItem")


@pytest.mark.parametrize(
    ("code", "ours"),
    [
        ("ConditionalCheckFailedException", ConditionFailed),
        ("TransactionCanceledException", Conflict),
        ("TransactionConflictException", Conflict),
        ("ProvisionedThroughputExceededException", Unavailable),
        ("ThrottlingException", Unavailable),
        ("InternalServerError", Unavailable),
        ("ResourceNotFoundException", Unavailable),
        ("AccessDeniedException", Unavailable),
        ("ValidationException", Unavailable),
    ],
)
def test_each_of_dynamodbs_errors_becomes_one_of_ours(
    code: str, ours: type[BroadcasterError]
) -> None:
    with pytest.raises(BroadcasterError) as raised, errors_translated():
        raise client_error(code)
    assert type(raised.value) is ours
    assert isinstance(raised.value.__cause__, ClientError)


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="https://x"),
        ConnectTimeoutError(endpoint_url="https://x"),
        ReadTimeoutError(endpoint_url="https://x"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_database_that_does_not_answer_is_unavailable(error: BotoCoreError) -> None:
    with pytest.raises(Unavailable), errors_translated():
        raise error


def test_an_error_of_our_own_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError), errors_translated():
        raise ZeroDivisionError


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException"])
def test_the_database_s_answer_is_not_in_a_client_s_error(code: str) -> None:
    with pytest.raises(Unavailable) as raised, errors_translated():
        raise client_error(code)
    sent = str(outgoing.error(raised.value, "request-1"))
    assert code not in sent
    assert "secret" not in sent


def test_a_refusal_is_logged_by_its_code(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(Unavailable), errors_translated():
        raise client_error("ThrottlingException")
    assert [(each.levelname, each.getMessage()) for each in caplog.records] == [
        ("WARNING", "DynamoDB refused: ThrottlingException")
    ]
