"""boto3's clients are made when they are first used, from one session."""

from typing import Any

import pytest
from botocore.validate import ParamValidationDecorator

from chalice_app.aws.clients import Clients, NoCredentials


def test_the_clients_share_one_session_and_are_made_once(clients: Clients) -> None:
    assert clients.session is clients.session
    assert clients.dynamodb is clients.dynamodb
    assert clients.translate is clients.translate
    assert clients.dynamodb.meta.region_name == clients.region


def test_those_of_a_sentence_are_made_beforehand(clients: Clients) -> None:
    clients.prepare()
    assert {"dynamodb", "translate"} <= vars(clients).keys()


def test_every_service_of_ours_has_a_client(clients: Clients) -> None:
    made = (
        clients.dynamodb,
        clients.lambda_,
        clients.translate,
        clients.cloudwatch,
        clients.polly,
        clients.s3,
    )
    names = {each.meta.service_model.service_name for each in made}
    assert names == set(clients.session.get_available_services())


def test_a_sound_s_calls_end_within_its_time(clients: Clients) -> None:
    polly, s3 = clients.polly.meta.config, clients.s3.meta.config
    assert (polly.connect_timeout, polly.read_timeout) == (0.5, 2)
    assert polly.retries == {"mode": "standard", "total_max_attempts": 1}
    assert (s3.connect_timeout, s3.read_timeout) == (0.5, 1)
    assert s3.retries == {"mode": "standard", "total_max_attempts": 2}
    assert polly.max_pool_connections == s3.max_pool_connections == 64
    assert polly.tcp_keepalive
    assert s3.tcp_keepalive


def test_no_sentence_pays_for_the_clients_of_voices(aws_environment: None) -> None:
    clients = Clients("us-east-1")
    clients.prepare()
    assert not {"polly", "s3"} & vars(clients).keys()


def test_the_credentials_are_those_of_the_environment(aws_environment: None) -> None:
    credentials = Clients("us-east-1").credentials()
    assert (credentials.access_key, credentials.secret_key) == ("testing", "testing")


def test_an_environment_without_credentials_is_told(
    aws_environment: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "/nowhere")
    with pytest.raises(NoCredentials):
        Clients("us-east-1").credentials()


@pytest.mark.parametrize(
    ("service", "read_seconds", "attempts"),
    [("dynamodb", 2, 4), ("lambda_", 2, 2), ("translate", 2, 2), ("cloudwatch", 4, 2)],
)
def test_a_call_ends_while_its_caller_still_waits(
    clients: Clients, service: str, read_seconds: int, attempts: int
) -> None:
    config = getattr(clients, service).meta.config
    assert (config.connect_timeout, config.read_timeout) == (1, read_seconds)
    assert config.retries == {"mode": "standard", "total_max_attempts": attempts}


@pytest.mark.parametrize("service", ["dynamodb", "lambda_", "translate"])
def test_what_a_sentence_needs_has_a_connection_a_thread_that_nat_keeps(
    clients: Clients, service: str
) -> None:
    config = getattr(clients, service).meta.config
    assert config.max_pool_connections == 64
    assert config.tcp_keepalive


def test_only_requests_to_dynamodb_are_left_to_the_service_to_check(clients: Clients) -> None:
    def is_checked(client: Any) -> bool:
        return isinstance(client._serializer, ParamValidationDecorator)

    assert not is_checked(clients.dynamodb)
    assert is_checked(clients.translate)


def test_the_services_are_known_without_a_look_at_the_disk(clients: Clients) -> None:
    services = clients.session.get_available_services()
    assert services == ["cloudwatch", "dynamodb", "lambda", "polly", "s3", "translate"]
