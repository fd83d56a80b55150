"""What the stage's processes are told, and what is kept from them."""

import os
from dataclasses import replace
from pathlib import Path

import boto3
import pytest

from chalice_app.admission.limits import GUESSES_PER_MINUTE
from infra.local.hall.place import HallPlace
from infra.local.stage.environment import (
    Ports,
    admission_settings,
    child_environment,
    emulator_environment,
    hall_settings,
    stage_settings,
    table_settings,
    use_settings,
)
from tests.unit.infra.local.hall.machines import WIFI, hall_at

PORTS = Ports(http=8000, ws=8001, dynamodb=1, translate=2, functions=3)
USER = {
    "PATH": "/usr/bin",
    "HOME": "/home/ana",
    "AWS_PROFILE": "work",
    "AWS_ACCESS_KEY_ID": "AKIAREAL",
    "AWS_SESSION_TOKEN": "real",
    "AWS_ENDPOINT_URL_S3": "https://elsewhere",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "AWS_CHALICE_CLI_MODE": "true",
    "https_proxy": "http://proxy",
    "NO_PROXY": "example.org",
    "SESSIONS_TABLE_NAME": "Sessions-prod",
    "CACHE_TTL_SECONDS": "60",
    "GATEWAY_PORT": "4566",
    "LOCALSTACK_HOSTNAME": "elsewhere",
}


def test_nothing_of_the_users_aws_reaches_a_child() -> None:
    settings = {"SESSIONS_TABLE_NAME": "Sessions-local"}
    environment = child_environment(USER, stage_settings(PORTS), settings)
    assert "AWS_PROFILE" not in environment
    assert "AWS_SESSION_TOKEN" not in environment
    assert "AWS_ENDPOINT_URL_S3" not in environment
    assert "AWS_CHALICE_CLI_MODE" not in environment
    assert environment["AWS_ACCESS_KEY_ID"] == "local"
    assert environment["SESSIONS_TABLE_NAME"] == "Sessions-local"


def test_no_proxy_stands_between_the_processes() -> None:
    environment = child_environment(USER, stage_settings(PORTS))
    assert not [name for name in environment if name.lower().endswith("_proxy")]


def test_the_users_own_settings_of_the_application_are_kept() -> None:
    environment = child_environment(USER, stage_settings(PORTS))
    assert environment["CACHE_TTL_SECONDS"] == "60"
    assert environment["PATH"] == "/usr/bin"


def test_every_service_is_found_on_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_PROFILE", "work")
    for name, value in stage_settings(PORTS).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE")
    session = boto3.Session()
    endpoints = {
        "dynamodb": "http://127.0.0.1:1",
        "dynamodbstreams": "http://127.0.0.1:1",
        "translate": "http://127.0.0.1:2",
        "lambda": "http://127.0.0.1:3",
        "cloudwatch": "http://127.0.0.1:3",
        "apigatewaymanagementapi": "http://127.0.0.1:8001",
        "s3": "http://127.0.0.1:1",
    }
    for service, endpoint in endpoints.items():
        client = session.client(service)  # type: ignore[call-overload]
        assert client.meta.endpoint_url == endpoint
        assert client.meta.region_name == "us-east-1"


def test_this_process_can_become_a_part_of_the_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "to be replaced")
    use_settings({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"})
    assert "AWS_PROFILE" not in os.environ
    assert os.environ["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"


def test_the_stage_lets_its_own_page_in_and_sets_loopback_no_limits() -> None:
    settings = admission_settings(USER, PORTS)
    assert settings == {
        "ALLOWED_ORIGINS": "http://127.0.0.1:8000,http://localhost:8000",
        "UNLIMITED_ADDRESSES": "127.0.0.0/8,::1/128",
        "OPERATOR_TOKEN_HASH": "open",
    }


@pytest.mark.parametrize(
    ("given", "origins"),
    [
        ("https://a.example", "https://a.example,http://127.0.0.1:8000,http://localhost:8000"),
        ("*", "*"),
    ],
)
def test_what_the_user_says_of_admission_stands(given: str, origins: str) -> None:
    others = {"UNLIMITED_ADDRESSES": "", "OPERATOR_TOKEN_HASH": "5e" * 32}
    settings = admission_settings({"ALLOWED_ORIGINS": given, **others}, PORTS)
    assert settings == {"ALLOWED_ORIGINS": origins, **others}


HALL = HallPlace(hall_at(WIFI, "hall.local"), 8000)


def test_in_a_hall_browsers_are_told_its_address_and_programs_loopback() -> None:
    settings = {**stage_settings(PORTS), **hall_settings(HALL)}
    assert settings["WEBSOCKET_URL"] == "/"
    assert settings["LISTENERS_URL"] == "http://hall.local:8000"
    assert settings["SOUNDS_ENDPOINT_URL"] == "http://hall.local:8000"
    of_hall = [name for name, value in settings.items() if "hall" in value]
    assert of_hall == ["LISTENERS_URL", "SOUNDS_ENDPOINT_URL"]
    assert hall_settings(None) == {}


def test_in_a_hall_one_phone_that_guesses_does_not_keep_the_others_out() -> None:
    name = "SESSION_GUESSES_PER_MINUTE"
    assert int(admission_settings({}, PORTS, HALL)[name]) > GUESSES_PER_MINUTE
    assert admission_settings({name: "7"}, PORTS, HALL)[name] == "7"
    assert name not in admission_settings({}, PORTS)


def test_the_pages_of_a_hall_are_let_in_and_its_phones_have_limits() -> None:
    settings = admission_settings(USER, PORTS, HALL)
    assert settings["ALLOWED_ORIGINS"].split(",") == [
        "http://127.0.0.1:8000",
        "http://localhost:8000",
        "http://hall.local:8000",
        "http://192.168.1.7:8000",
    ]
    assert settings["UNLIMITED_ADDRESSES"] == "127.0.0.0/8,::1/128"


def test_an_origin_at_the_usual_port_is_as_browsers_send_it() -> None:
    settings = admission_settings({}, replace(PORTS, http=80))
    assert settings["ALLOWED_ORIGINS"] == "http://127.0.0.1,http://localhost"


def test_a_stage_that_serves_no_page_leaves_the_origins_to_who_does() -> None:
    assert "ALLOWED_ORIGINS" not in admission_settings({}, replace(PORTS, http=None))


def test_tables_are_told_by_the_names_of_their_settings() -> None:
    tables = {
        "CachedTranslationsTable": {"name": "CachedTranslations-local", "stream": "arn"},
        "RostersTable": {"name": "SessionRosters-local"},
    }
    assert table_settings(tables) == {
        "CACHED_TRANSLATIONS_TABLE_NAME": "CachedTranslations-local",
        "CACHED_TRANSLATIONS_STREAM_ARN": "arn",
        "ROSTERS_TABLE_NAME": "SessionRosters-local",
    }


def test_the_emulator_gets_only_what_is_meant_for_it(tmp_path: Path) -> None:
    environment = emulator_environment(USER, 7, tmp_path)
    assert environment["BIND_HOST"] == "127.0.0.1"
    assert environment["GATEWAY_PORT"] == "7"
    assert environment["STATE_DIR"].startswith(str(tmp_path))
    assert "LOCALSTACK_HOSTNAME" not in environment
    assert not [name for name in environment if name.startswith("AWS_")]


def test_what_a_stage_signs_nobody_else_can_sign() -> None:
    """A presigned address opens a sound, a transcript or the recogniser to whoever has it."""
    one, other = (stage_settings(PORTS)["AWS_SECRET_ACCESS_KEY"] for _ in range(2))
    assert one != other
    assert len(one) >= 40
