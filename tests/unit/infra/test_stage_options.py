"""What the operator's commands say when they cannot work: one line, with what mends it."""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from chalice_app.domain.errors import SessionNotFound, Unavailable
from chalice_app.settings import ConfigurationError
from infra.deployment.stage_names import PROJECT
from infra.reconcile import reconcile
from infra.stage_options import add_stage_options, error_line, stage_settings
from tests.fakes.world import World

COMMANDS = (
    ("reconcile", "--session", "golden-eagle-427"),
    ("cache", "stats"),
    ("redrive", "--file", "FILE"),
)
RECORD = {
    "eventName": "INSERT",
    "dynamodb": {"SequenceNumber": "1", "Keys": {"connectionId": {"S": "a"}}},
}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_without_credentials_a_command_says_how_to_log_in(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    path = tmp_path / "failures.jsonl"
    path.write_text(json.dumps({"payload": {"Records": [RECORD]}}))
    name, *rest = [str(path) if word == "FILE" else word for word in command]
    done = subprocess.run(  # noqa: S603 - this project, run as its README says
        [sys.executable, "-m", f"infra.{name}", *rest],
        cwd=PROJECT, env=without_aws(), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"{name}: the database did not answer: no AWS credentials (")
    assert "log in: export AWS_PROFILE" in line


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        ({}, "deploy: no region is chosen: export AWS_REGION=us-east-1"),
        ({"AWS_REGION": "us-east-1"}, "deploy: no AWS credentials (Unable to locate credentials)"),
        ({"AWS_PROFILE": "nobody"}, "deploy: no AWS credentials (The config profile (nobody)"),
        (
            {"AWS_REGION": "us east", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"},
            "deploy: Provided region_name 'us east' doesn't match a supported format.: check AWS_R",
        ),
    ],
)
def test_a_deployment_says_what_of_the_environment_is_wrong(
    variables: Mapping[str, str], line: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "infra.deploy", "--stage", "dev"],
        cwd=PROJECT, env={**without_aws(), **variables}, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    (told,) = done.stderr.splitlines()
    assert told.startswith(line)


def without_aws() -> dict[str, str]:
    """The environment of somebody who has never logged in."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    nowhere = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    return {**kept, **nowhere, "AWS_EC2_METADATA_DISABLED": "true"}


def test_a_session_that_is_not_there_is_told(world: World) -> None:
    world.open()
    with pytest.raises(SessionNotFound, match="stage test has no session 'no-such-100': "):
        reconcile(world.app, "no-such-100")


def test_one_that_is_there_is_looked_at(world: World) -> None:
    assert reconcile(world.app, world.open().session_id).drift == 0


@pytest.mark.parametrize("option", ["--dynamodb", "--translate", "--gateway"])
@pytest.mark.parametrize(
    "text", ["127.0.0.1:25909", "foo", "http://", "http://h:99999", "ws://h:1"]
)
def test_an_endpoint_that_is_no_url_is_refused(
    option: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = argparse.ArgumentParser()
    add_stage_options(parser)
    with pytest.raises(SystemExit) as ended:
        parser.parse_args([option, text])
    assert ended.value.code == 2
    line = f"argument {option}: {text!r} is not a URL such as http://127.0.0.1:8001\n"
    assert capsys.readouterr().err.endswith(line)


def test_the_local_stage_is_found_by_its_endpoint_alone(tmp_path: Path) -> None:
    nothing_recorded = tmp_path / "config.json"
    for stage, environ in (("local", {}), (None, {"STAGE": "local"})):
        with pytest.raises(ConfigurationError, match="needs --dynamodb: "):
            stage_settings(stage, environ, nothing_recorded)
    environ = {"AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:1"}
    assert stage_settings("local", environ, nothing_recorded).stage == "local"


def test_another_stage_s_gateway_is_refused(tmp_path: Path) -> None:
    gateway = {"AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI": "http://127.0.0.1:1"}
    nothing_recorded = tmp_path / "config.json"
    with pytest.raises(ConfigurationError, match="give --gateway with --dynamodb"):
        stage_settings("prod", gateway, nothing_recorded)
    for tables in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB"):
        whole = {**gateway, tables: "http://127.0.0.1:2"}
        assert stage_settings("prod", whole, nothing_recorded).stage == "prod"


@pytest.mark.parametrize("name", ["Dev", "dev_1", "../dev", "d v"])
def test_an_odd_stage_name_is_refused(name: str) -> None:
    with pytest.raises(
        ConfigurationError, match="is not a valid stage name: use lower-case letters"
    ):
        stage_settings(name, {})


def test_what_is_recorded_of_another_stage_is_refused(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    variables = {"SESSIONS_TABLE_NAME": "Sessions-dev", "ROSTERS_TABLE_NAME": "SessionRosters-prod"}
    config.write_text(json.dumps({"stages": {"dev": {"environment_variables": variables}}}))
    with pytest.raises(
        ConfigurationError,
        match=r"ROSTERS_TABLE_NAME .* SessionRosters-prod .* make deploy STAGE=dev",
    ):
        stage_settings("dev", {}, config)


STREAM = "arn:aws:dynamodb:eu-west-1:123456789012:table/Connections-dev/stream/2026"


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """A configuration with the stage dev in eu-west-1."""
    config = tmp_path / "config.json"
    variables = {"CONNECTIONS_STREAM_ARN": STREAM, "WEBSOCKET_API_ID": "abc123"}
    config.write_text(json.dumps({"stages": {"dev": {"environment_variables": variables}}}))
    return config


@pytest.mark.parametrize("environ", [{}, {"AWS_REGION": "eu-west-1"}])
def test_a_recorded_stage_is_looked_for_where_it_is(
    environ: Mapping[str, str], recorded: Path
) -> None:
    assert stage_settings("dev", environ, recorded).region == "eu-west-1"
    assert stage_settings(None, environ, recorded).region == "eu-west-1"


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_another_region_than_the_recorded_one_is_refused(name: str, recorded: Path) -> None:
    with pytest.raises(ConfigurationError, match="in eu-west-1, not in us-east-1: set AWS_REGION="):
        stage_settings("dev", {name: "us-east-1"}, recorded)


def test_a_table_that_is_not_there_is_told_with_where_to_look() -> None:
    missing = ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "Scan")
    failure = Unavailable("the database refused")
    failure.__cause__ = missing
    line = error_line(failure)
    assert line.startswith("the database refused: An error occurred (ResourceNotFound")
    assert line.endswith("is the stage deployed there? check STAGE and AWS_REGION")
