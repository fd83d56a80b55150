"""Asynchronous invocations of functions: what Lambda is asked, and what its refusals become."""

import json
from collections.abc import Iterator

import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.stub import Stubber

from chalice_app.aws.clients import Clients
from chalice_app.aws.functions import BackgroundFunction
from chalice_app.domain.errors import Unavailable

PAYLOAD = {"caption": {"text": "año"}, "connection_ids": ["a=", "b="]}


@pytest.fixture
def lambda_(clients: Clients) -> Iterator[Stubber]:
    with Stubber(clients.lambda_) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def test_a_payload_is_queued_and_not_waited_for(clients: Clients, lambda_: Stubber) -> None:
    body = json.dumps(PAYLOAD, ensure_ascii=False, separators=(",", ":")).encode()
    lambda_.add_response(
        "invoke",
        {"StatusCode": 202},
        {"FunctionName": "broadcast", "InvocationType": "Event", "Payload": body},
    )
    BackgroundFunction(clients, "broadcast").invoke(PAYLOAD)


@pytest.mark.parametrize(
    "code", ["TooManyRequestsException", "ResourceNotFoundException", "RequestTooLargeException"]
)
def test_a_refusal_is_unavailable(clients: Clients, lambda_: Stubber, code: str) -> None:
    lambda_.add_client_error("invoke", code)
    with pytest.raises(Unavailable):
        BackgroundFunction(clients, "broadcast").invoke(PAYLOAD)


def test_no_answer_is_unavailable(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_answer(**_: object) -> None:
        raise ReadTimeoutError(endpoint_url="https://lambda")

    monkeypatch.setattr(clients.lambda_, "invoke", no_answer)
    with pytest.raises(Unavailable):
        BackgroundFunction(clients, "broadcast").invoke(PAYLOAD)
