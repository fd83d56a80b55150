"""boto3's clients are made when they are first used, from one session."""

import pytest

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
    made = (clients.dynamodb, clients.lambda_, clients.translate, clients.cloudwatch)
    names = {each.meta.service_model.service_name for each in made}
    assert names == {"dynamodb", "lambda", "translate", "cloudwatch"}


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
