"""What can go wrong when somebody deploys: one line each, with what mends it.

AWS is moto's; Chalice is a function that says what it would have deployed.
"""

import argparse
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
)
from moto import mock_aws

from infra import deploy
from infra.deployment.problem import DeploymentProblem
from infra.deployment.record import Record
from infra.deployment.stage_deployment import StageDeployment
from infra.deployment.stage_names import PROJECT, stage_named
from infra.deployment.stacks import Stack


@pytest.fixture(autouse=True)
def aws(aws_environment: None) -> Iterator[None]:
    with mock_aws():
        yield


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project as it is checked out: templates and policies, nothing recorded."""
    for folder in ("infra", ".chalice"):
        (tmp_path / folder).mkdir()
    for template in ("tables.yaml", "alarms.yaml"):
        shutil.copy(PROJECT / "infra" / template, tmp_path / "infra")
    shutil.copytree(PROJECT / ".chalice" / "policies", tmp_path / ".chalice" / "policies")
    config = {"app_name": "translation-broadcaster", "stages": {"dev": {}}}
    (tmp_path / ".chalice" / "config.json").write_text(json.dumps(config))
    return tmp_path


class Chalice:
    """`chalice deploy`, as far as others see it: a record, and an API with an id."""

    def __init__(self, project: Path, stage: str = "dev", api_id: str = "abc123") -> None:
        self.project, self.stage, self.api_id = project, stage, api_id
        self.runs = 0
        self.exit_code = 0

    def __call__(self) -> int:
        self.runs += 1
        deployed = self.project / ".chalice" / "deployed"
        deployed.mkdir(exist_ok=True)
        resource = {"resource_type": "websocket_api", "websocket_api_id": self.api_id}
        record = {"resources": [resource], "schema_version": "2.0"}
        (deployed / f"{self.stage}.json").write_text(json.dumps(record))
        return self.exit_code


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def deployment(project: Path, said: list[str]) -> StageDeployment:
    return deployed_to(project, "dev", said, boto3.Session(region_name="us-east-1"))


def deployed_to(
    project: Path, stage: str, said: list[str], session: boto3.Session
) -> StageDeployment:
    record = Record(project, stage_named(stage, project))
    return StageDeployment(session, record, Chalice(project, stage), said.append, seconds=0)


def up_to_mappings(deployment: StageDeployment) -> None:
    """Runs it; moto has no functions, so that it ends at their mappings."""
    with pytest.raises(DeploymentProblem, match="has no mapping"):
        deployment.run()


def stage_of(project: Path, stage: str = "dev") -> Any:
    return json.loads((project / ".chalice" / "config.json").read_text())["stages"][stage]


# --- What is recorded ---------------------------------------------------------------------------


def test_the_stacks_outputs_are_recorded_for_the_stage(
    deployment: StageDeployment, project: Path
) -> None:
    up_to_mappings(deployment)
    variables = stage_of(project)["environment_variables"]
    assert variables["STAGE"] == "dev"
    assert variables["SESSIONS_TABLE_NAME"] == "Sessions-dev"
    assert "Connections-dev/stream/" in variables["CONNECTIONS_STREAM_ARN"]
    assert variables["WEBSOCKET_API_ID"] == "abc123"


def test_the_api_s_id_costs_the_first_deployment_alone_a_second_run_of_chalice(
    deployment: StageDeployment,
) -> None:
    up_to_mappings(deployment)
    assert deployment.chalice.runs == 2  # type: ignore[attr-defined]
    up_to_mappings(deployment)
    assert deployment.chalice.runs == 3  # type: ignore[attr-defined]


def test_a_rerun_records_nothing_new(
    deployment: StageDeployment, project: Path, said: list[str]
) -> None:
    up_to_mappings(deployment)
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    said.clear()
    up_to_mappings(deployment)
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before
    assert said[3] == "outputs for Chalice: unchanged"


def test_a_stage_s_own_settings_stay(deployment: StageDeployment, project: Path) -> None:
    path = project / ".chalice" / "config.json"
    config = json.loads(path.read_text())
    config["stages"]["dev"] = {"environment_variables": {"CACHE_TTL_SECONDS": "60"}, "xray": True}
    path.write_text(json.dumps(config))
    up_to_mappings(deployment)
    assert stage_of(project)["environment_variables"]["CACHE_TTL_SECONDS"] == "60"
    policy = (project / ".chalice" / "generated" / "dev" / "rosters.json").read_text()
    assert "xray:PutTraceSegments" in policy


def test_the_policies_name_this_stage_s_resources_exactly(
    deployment: StageDeployment, project: Path
) -> None:
    up_to_mappings(deployment)
    policies = project / ".chalice" / "generated" / "dev"
    assert "${" not in "".join(path.read_text() for path in policies.glob("*.json"))
    message = (policies / "websocket_message.json").read_text()
    account = "123456789012"
    assert f"arn:aws:dynamodb:us-east-1:{account}:table/Sessions-dev" in message
    assert f"arn:aws:execute-api:us-east-1:{account}:abc123/api/POST/@connections/*" in message
    assert "function:translation-broadcaster-dev-broadcast" in message
    files = {each["iam_policy_file"] for each in stage_of(project)["lambda_functions"].values()}
    assert files == {f"generated/dev/{path.name}" for path in policies.glob("*.json")}


def test_only_prod_is_deployed_as_prod(project: Path) -> None:
    names = ("dev", "staging", "prod", "alice")
    environments = [stage_named(name, project).environment for name in names]
    assert environments == ["dev", "staging", "prod", "dev"]


# --- What goes wrong ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "Dev", "1st", "dev_1", "dev/..", "a" * 32, "ünï", "dev\n"])
def test_an_odd_stage_name_is_refused(name: str, project: Path) -> None:
    with pytest.raises(DeploymentProblem, match="is no stage name: use lower-case letters"):
        stage_named(name, project)


def test_a_table_that_exists_already_is_told_before_anything_is_made(
    deployment: StageDeployment, said: list[str]
) -> None:
    boto3.client("dynamodb").create_table(
        TableName="Rosters-dev",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    with pytest.raises(DeploymentProblem, match="the table Rosters-dev exists already"):
        deployment.run()
    assert len(said) == 1
    assert boto3.client("cloudformation").describe_stacks()["Stacks"] == []


def test_another_region_than_the_recorded_one_is_refused(
    deployment: StageDeployment, project: Path, said: list[str]
) -> None:
    up_to_mappings(deployment)
    elsewhere = deployed_to(project, "dev", said, boto3.Session(region_name="eu-west-1"))
    with pytest.raises(DeploymentProblem, match="set AWS_REGION=us-east-1, or use another STAGE"):
        elsewhere.run()


def test_another_account_than_the_recorded_one_is_refused(
    deployment: StageDeployment, project: Path
) -> None:
    up_to_mappings(deployment)
    path = project / ".chalice" / "config.json"
    path.write_text(path.read_text().replace("123456789012", "999999999999"))
    with pytest.raises(DeploymentProblem, match="is recorded in account 999999999999"):
        deployment.run()


def test_when_chalice_fails_it_is_said_what_stands(deployment: StageDeployment) -> None:
    deployment.chalice.exit_code = 2  # type: ignore[attr-defined]
    with pytest.raises(DeploymentProblem, match="the stacks stand, the functions may be deployed"):
        deployment.run()


def test_a_broken_configuration_is_told(project: Path) -> None:
    (project / ".chalice" / "config.json").write_text("{")
    with pytest.raises(DeploymentProblem, match="git checkout -- "):
        stage_named("dev", project)


@pytest.mark.parametrize(
    ("status", "mend"),
    [
        ("ROLLBACK_COMPLETE", "delete-stack --stack-name s"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback --stack-name s"),
        ("UPDATE_IN_PROGRESS", "wait, then run this again"),
        ("DELETE_FAILED", "describe-stack-events --stack-name s"),
    ],
)
def test_a_half_deployed_stack_is_told_with_its_mend(status: str, mend: str) -> None:
    with pytest.raises(DeploymentProblem, match=f"the stack s is {status}: .*{mend}"):
        Stack(None, "s").require_whole(status)


def failing(error: Exception) -> Callable[[], None]:
    def command() -> None:
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (NoCredentialsError(), "no AWS credentials (Unable to locate credentials): log in"),
        (NoRegionError(), "no region is chosen: export AWS_REGION=us-east-1"),
        (EndpointConnectionError(endpoint_url="https://x"), "check AWS_REGION and the network"),
        (
            ClientError({"Error": {"Code": "ExpiredToken", "Message": "old"}}, "GetCallerIdentity"),
            "AWS does not accept the credentials: log in",
        ),
        (
            ClientError({"Error": {"Code": "AccessDenied", "Message": "no\nno"}}, "CreateStack"),
            "An error occurred (AccessDenied) when calling the CreateStack operation: no no: mend",
        ),
        (DeploymentProblem("it is so", "do this"), "it is so: do this"),
    ],
)
def test_every_failure_is_one_line_with_its_mend(
    error: Exception, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert deploy.told(failing(error)) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    (told,) = captured.err.splitlines()
    assert told.startswith("deploy: ")
    assert line in told


def test_without_a_region_nothing_is_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(NoRegionError):
        deploy.deploy(argparse.Namespace(stage="dev"))
