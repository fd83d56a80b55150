"""What can go wrong when somebody deploys: one line each, with what mends it.

AWS is `fake_aws`; Chalice is a function that leaves its record. `tests/deploy` has them both real.
"""

import argparse
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    InvalidRegionError,
    NoCredentialsError,
    NoRegionError,
)
from chalice.config import Config
from chalice.deploy.appgraph import ApplicationGraphBuilder, DependencyBuilder

import app
from infra import deploy
from infra.deployment.errors import DeploymentError
from infra.deployment.mappings import BEHAVIOUR
from infra.deployment.stacks import Stack
from infra.deployment.stage_deployment import StageDeployment
from infra.deployment.stage_names import NAME_LIMIT, PROJECT, Stage, read_config, stage_named
from tests.unit.infra.deployment.fake_aws import FakeAws
from tests.unit.infra.deployment.fake_chalice import deployed_to, stage_of

# --- What is recorded ---------------------------------------------------------------------------


def test_the_stacks_outputs_are_recorded_for_the_stage(
    deployment: StageDeployment, project: Path
) -> None:
    deployment.run()
    variables = stage_of(project)["environment_variables"]
    assert variables["STAGE"] == "dev"
    assert variables["SESSIONS_TABLE_NAME"] == "Sessions-dev"
    assert "Connections-dev/stream/" in variables["CONNECTIONS_STREAM_ARN"]
    (page_id,) = [each for each in deployment.session.apis if each.startswith("rest")]
    (api_id,) = deployment.session.apis - {page_id}
    assert variables["WEBSOCKET_API_ID"] == api_id
    assert variables["PAGE_ORIGIN"] == f"https://{page_id}.execute-api.us-east-1.amazonaws.com"
    assert variables["SOUNDS_BUCKET_NAME"] == "translation-broadcaster-dev-tables-soundsbucket-1abc"
    assert "ALLOWED_ORIGINS" not in variables


def test_the_api_s_id_costs_the_first_deployment_alone_a_second_run_of_chalice(
    deployment: StageDeployment,
) -> None:
    deployment.run()
    assert deployment.chalice.runs == 2  # type: ignore[attr-defined]
    deployment.run()
    assert deployment.chalice.runs == 3  # type: ignore[attr-defined]


def test_a_rerun_records_nothing_new(
    deployment: StageDeployment, project: Path, said: list[str]
) -> None:
    deployment.run()
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    said.clear()
    deployment.run()
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before
    assert said[3] == "outputs for Chalice: unchanged"


def test_a_stage_s_own_settings_stay(deployment: StageDeployment, project: Path) -> None:
    path = project / ".chalice" / "config.json"
    config = json.loads(path.read_text())
    config["stages"]["dev"] = {"environment_variables": {"CACHE_TTL_SECONDS": "60"}, "xray": True}
    path.write_text(json.dumps(config))
    deployment.run()
    assert stage_of(project)["environment_variables"]["CACHE_TTL_SECONDS"] == "60"
    policy = (project / ".chalice" / "generated" / "dev" / "rosters.json").read_text()
    assert "xray:PutTraceSegments" in policy


def test_the_policies_name_this_stage_s_resources_exactly(
    deployment: StageDeployment, project: Path
) -> None:
    deployment.run()
    policies = project / ".chalice" / "generated" / "dev"
    assert "${" not in "".join(path.read_text() for path in policies.glob("*.json"))
    message = (policies / "websocket_message.json").read_text()
    account = "123456789012"
    assert f"arn:aws:dynamodb:us-east-1:{account}:table/Sessions-dev" in message
    api_id = stage_of(project)["environment_variables"]["WEBSOCKET_API_ID"]
    assert f"arn:aws:execute-api:us-east-1:{account}:{api_id}/api/POST/@connections/*" in message
    assert "function:translation-broadcaster-dev-broadcast" in message
    assert "function:translation-broadcaster-dev-voice" in message
    bucket = "arn:aws:s3:::translation-broadcaster-dev-tables-soundsbucket-1abc"
    assert f'"{bucket}/sounds/*"' in (policies / "voice.json").read_text()
    api = (policies / "api_handler.json").read_text()
    assert f'"{bucket}/transcripts/*"' in api
    assert "function:translation-broadcaster-dev-transcript" in api
    files = {each["iam_policy_file"] for each in stage_of(project)["lambda_functions"].values()}
    assert files == {f"generated/dev/{path.name}" for path in policies.glob("*.json")}


def test_only_prod_is_deployed_as_prod(project: Path) -> None:
    names = ("dev", "staging", "prod", "alice")
    environments = [stage_named(name, project).environment for name in names]
    assert environments == ["dev", "staging", "prod", "dev"]


def test_the_mappings_get_what_chalice_cannot_say(
    deployment: StageDeployment, said: list[str]
) -> None:
    deployment.run()
    aws: FakeAws = deployment.session
    for mapping in aws.mappings.values():
        assert BEHAVIOUR.items() <= mapping.items()
        assert mapping["DestinationConfig"]["OnFailure"]["Destination"].endswith(":dead-letters")
    said.clear()
    deployment.run()
    assert said[-5:-3] == ["mapping of rosters: unchanged", "mapping of cache_access: unchanged"]


def test_a_slice_that_cannot_be_sent_is_tried_once_more_and_put_aside(
    deployment: StageDeployment, said: list[str]
) -> None:
    deployment.run()
    aws: FakeAws = deployment.session
    name = "translation-broadcaster-dev-broadcast"
    config = aws.invoke_configs[name]
    assert config["MaximumRetryAttempts"] == 1
    assert config["DestinationConfig"]["OnFailure"]["Destination"].endswith(":dead-letters")
    assert said[-3] == "invocations of broadcast: updated"
    deployment.run()
    assert said[-3] == "invocations of broadcast: unchanged"
    aws.invoke_configs[name] = {**config, "MaximumRetryAttempts": 2}
    deployment.run()
    assert aws.invoke_configs[name] == config


def test_a_sound_is_tried_once_alone_and_never_put_aside(
    deployment: StageDeployment, said: list[str]
) -> None:
    deployment.run()
    aws: FakeAws = deployment.session
    name = "translation-broadcaster-dev-voice"
    once = {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60, "DestinationConfig": {}}
    assert aws.invoke_configs[name] == once
    assert aws.invoke_configs["translation-broadcaster-dev-transcript"] == once
    assert aws.invoke_configs.keys() == {
        name,
        "translation-broadcaster-dev-broadcast",
        "translation-broadcaster-dev-transcript",
    }
    assert said[-2] == "invocations of voice: updated"
    # As AWS tells it.
    aws.invoke_configs[name] = {**once, "DestinationConfig": {"OnSuccess": {}, "OnFailure": {}}}
    deployment.run()
    assert said[-2] == "invocations of voice: unchanged"
    kept = {"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:123456789012:dead-letters"}}
    aws.invoke_configs[name] = {**once, "DestinationConfig": kept}
    deployment.run()
    assert aws.invoke_configs[name] == once


def test_who_is_notified_of_alarms_stays_until_another_is_named(
    deployment: StageDeployment,
) -> None:
    aws: FakeAws = deployment.session
    stack = "translation-broadcaster-dev-alarms"
    deployment.run({"AlarmEmail": "a@example.org", "CacheHitRateTells": "nobody"})
    deployment.run({"AlarmEmail": None, "CostEmail": "c@example.org"})
    parameters = aws.parameters(stack)
    assert parameters["AlarmEmail"] == "a@example.org"
    assert parameters["CostEmail"] == "c@example.org"
    assert parameters["CacheHitRateTells"] == "nobody"


def test_a_mapping_to_a_stream_that_is_no_more_is_let_go(
    deployment: StageDeployment, said: list[str]
) -> None:
    deployment.run()
    aws: FakeAws = deployment.session
    aws.stream_made_at = "2027"
    said.clear()
    deployment.run()
    assert any(line.startswith("rosters: let go of ") for line in said)
    assert all(each["EventSourceArn"].endswith("/2027") for each in aws.mappings.values())
    assert len(aws.mappings) == 2


def test_functions_without_a_record_are_not_deployed_a_second_time(
    deployment: StageDeployment, project: Path
) -> None:
    deployment.run()
    (project / ".chalice" / "deployed" / "dev.json").unlink()
    with pytest.raises(DeploymentError, match="copy that file from where the stage was"):
        deployment.run()
    deployment.run(again=True)


def test_a_first_deployment_that_broke_off_after_the_mappings_goes_on(
    deployment: StageDeployment, said: list[str]
) -> None:
    aws: FakeAws = deployment.session
    deployment.chalice.exit_code = 2  # type: ignore[attr-defined]
    with pytest.raises(DeploymentError, match="ARGS=--again"):
        deployment.run()
    left = list(aws.mappings)
    assert len(left) == 2
    deployment.chalice.exit_code = 0  # type: ignore[attr-defined]
    deployment.run(again=True)
    assert f"rosters: let go of the mapping {left[0]}, which Chalice has no record of" in said
    assert len(aws.mappings) == 2
    assert all(BEHAVIOUR.items() <= each.items() for each in aws.mappings.values())


def test_a_mapping_that_was_made_by_hand_is_let_go(
    deployment: StageDeployment, said: list[str]
) -> None:
    deployment.run()
    aws: FakeAws = deployment.session
    uuid, found = next(iter(aws.mappings.items()))
    del aws.mappings[uuid]
    other = aws.create_event_source_mapping(found["FunctionName"], found["EventSourceArn"])["UUID"]
    deployment.run()
    assert f"rosters: let go of the mapping {other}, which Chalice has no record of" in said
    assert len(aws.mappings) == 2


def test_a_mapping_that_is_on_its_way_out_is_waited_for(deployment: StageDeployment) -> None:
    deployment.run()
    aws: FakeAws = deployment.session
    for uuid in aws.mappings:
        aws.delete_event_source_mapping(uuid)
    deployment.run()
    assert [each["State"] for each in aws.mappings.values()] == ["Enabled", "Enabled"]


def test_a_stack_that_could_not_be_made_is_told_with_the_first_failure(
    deployment: StageDeployment,
) -> None:
    aws: FakeAws = deployment.session
    aws.failure = "Resource limit exceeded"
    with pytest.raises(
        DeploymentError, match="was not created: SessionsTable: Resource limit exceeded"
    ):
        deployment.run()


# --- What goes wrong ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "Dev", "1st", "dev_1", "dev/..", "ünï", "dev\n"])
def test_an_odd_stage_name_is_refused(name: str, project: Path) -> None:
    with pytest.raises(DeploymentError, match="is not a valid stage name: use lower-case letters"):
        stage_named(name, project)


@pytest.mark.parametrize("length", [20, 31, 64, 1000])
def test_a_stage_name_that_is_too_long_for_aws_is_refused_with_the_limit(
    length: int, project: Path
) -> None:
    assert stage_named("a" * 19, project).name
    with pytest.raises(DeploymentError, match=r"AWS allows 64 for .*: use a STAGE of 19 at most"):
        stage_named("a" * length, project)


def test_the_longest_stage_name_is_deployed_and_aws_refuses_a_longer_one(
    project: Path, said: list[str]
) -> None:
    longest = stage_named("a" * 19, project)
    deployed_to(project, said, FakeAws(), longest).run()
    assert said[-2] == "invocations of voice: updated"
    longer = deployed_to(project, said, FakeAws(), Stage("a" * 20, longest.application))
    with pytest.raises(DeploymentError, match="chalice deploy ended with exit code 1"):
        longer.run()
    assert "less than or equal to 64" in longer.chalice.said  # type: ignore[attr-defined]


def test_an_application_with_a_longer_name_leaves_less_to_its_stages(project: Path) -> None:
    config = project / ".chalice" / "config.json"
    config.write_text(config.read_text().replace("translation-broadcaster", "b" * 30))
    assert stage_named("a" * 12, project).name
    with pytest.raises(DeploymentError, match="use a STAGE of 12 at most"):
        stage_named("a" * 13, project)


def test_the_longest_stage_name_that_is_taken_is_the_longest_that_aws_takes() -> None:
    names = names_that_chalice_makes("a" * 19)
    assert max(map(len, names)) == NAME_LIMIT
    assert all(len(name) <= NAME_LIMIT for name in names)


def names_that_chalice_makes(stage: str) -> set[str]:
    """Of functions, roles and rules, by Chalice's own rules."""
    config = Config(
        stage, user_provided_params={"chalice_app": app.app},
        config_from_disk={**read_config(), "project_dir": str(PROJECT)},
    )  # fmt: skip
    graph = ApplicationGraphBuilder().build(config, stage)
    resources = DependencyBuilder().build_dependencies(graph)
    attributes = ("function_name", "role_name", "rule_name")
    return {getattr(each, name) for each in resources for name in attributes if hasattr(each, name)}


@pytest.mark.parametrize("template", ["tables.yaml", "alarms.yaml"])
def test_the_templates_take_the_stages_that_a_deployment_takes(template: str) -> None:
    text = (PROJECT / "infra" / template).read_text()
    (pattern,) = re.findall(r'AllowedPattern: "(.*)"', text)
    assert re.fullmatch(pattern, "a" * 19)
    assert not re.fullmatch(pattern, "a" * 20)


def test_a_table_that_exists_already_is_told_before_anything_is_made(
    deployment: StageDeployment, said: list[str]
) -> None:
    aws: FakeAws = deployment.session
    aws.tables.add("SessionRosters-dev")
    with pytest.raises(DeploymentError, match="the table SessionRosters-dev exists already"):
        deployment.run()
    assert len(said) == 1
    assert aws.stacks == {}


def test_one_that_a_failed_deployment_of_prod_has_left_is_told_with_what_frees_it(
    deployment: StageDeployment,
) -> None:
    aws: FakeAws = deployment.session
    aws.tables.add("Sessions-dev")
    aws.protected.add("Sessions-dev")
    with pytest.raises(DeploymentError, match=r"--table-name Sessions-dev$"):
        deployment.run()


def test_rosters_of_another_key_are_refused_before_any_function_is_deployed(
    deployment: StageDeployment, said: list[str]
) -> None:
    aws: FakeAws = deployment.session
    aws.roster_key = ("connectionId",)
    with pytest.raises(DeploymentError, match="SessionRosters-dev is keyed by connectionId, not"):
        deployment.run()
    assert not any("chalice deploy" in line for line in said)


def test_a_stack_of_that_name_that_is_somebody_else_s_is_told(
    deployment: StageDeployment, project: Path
) -> None:
    aws: FakeAws = deployment.session
    aws.without_outputs = True
    with pytest.raises(DeploymentError, match=r"-dev-tables has no output .*another STAGE"):
        deployment.run()
    assert "environment_variables" not in stage_of(project)


def test_a_broken_record_of_chalice_s_is_told(deployment: StageDeployment, project: Path) -> None:
    deployment.run()
    (project / ".chalice" / "deployed" / "dev.json").write_text("{")
    with pytest.raises(DeploymentError, match=r"not a deployment record of .*: copy that file"):
        deployment.run()


def test_another_region_than_the_recorded_one_is_refused(
    deployment: StageDeployment, project: Path, said: list[str]
) -> None:
    deployment.run()
    elsewhere = deployed_to(project, said, FakeAws(region_name="eu-west-1"))
    with pytest.raises(DeploymentError, match="set AWS_REGION=us-east-1, or use another STAGE"):
        elsewhere.run()


def test_a_region_that_recognises_no_streams_is_said_and_deployed_to(
    project: Path, said: list[str]
) -> None:
    deployed_to(project, said, FakeAws(region_name="eu-west-3")).run()
    assert any(line.startswith("the SDK knows no Transcribe streaming in eu-w") for line in said)
    assert said[-2] == "invocations of voice: updated"


def test_a_region_without_neural_voices_is_said_and_deployed_to(
    project: Path, said: list[str]
) -> None:
    deployed_to(project, said, FakeAws(region_name="eu-north-1")).run()
    assert any(line.startswith("Polly has no neural voices in eu-north-1") for line in said)
    variables = stage_of(project)["environment_variables"]
    assert "SOUNDS_BUCKET_NAME" in variables
    assert "es=fair" in variables["VOICE_LANGUAGES"]
    variables_of = {**variables, "VOICE_LANGUAGES": "es=good"}
    record = deployed_to(project, said, FakeAws(region_name="eu-north-1")).record
    record.set_variable("VOICE_LANGUAGES", "es=good")
    deployed_to(project, said, FakeAws(region_name="eu-north-1")).run(again=True)
    assert stage_of(project)["environment_variables"] == variables_of


def test_a_region_without_polly_is_said_and_its_functions_learn_of_no_bucket(
    project: Path, said: list[str], aws: FakeAws
) -> None:
    aws.missing_services.add("polly")
    deployment = deployed_to(project, said, aws)
    deployment.run()
    assert any(line.startswith("the SDK knows no Polly in us-east-1") for line in said)
    assert "SOUNDS_BUCKET_NAME" not in stage_of(project)["environment_variables"]
    aws.missing_services.clear()
    deployment.run()
    assert "SOUNDS_BUCKET_NAME" in stage_of(project)["environment_variables"]


def test_another_account_than_the_recorded_one_is_refused(
    deployment: StageDeployment, project: Path
) -> None:
    deployment.run()
    path = project / ".chalice" / "config.json"
    path.write_text(path.read_text().replace("123456789012", "999999999999"))
    with pytest.raises(DeploymentError, match="is recorded in account 999999999999"):
        deployment.run()


def test_when_chalice_fails_it_is_said_what_stands(deployment: StageDeployment) -> None:
    deployment.chalice.exit_code = 2  # type: ignore[attr-defined]
    with pytest.raises(DeploymentError, match="the stacks stand, the functions may be deployed"):
        deployment.run()


def test_a_broken_configuration_is_told(project: Path) -> None:
    (project / ".chalice" / "config.json").write_text("{")
    with pytest.raises(DeploymentError, match="git checkout -- "):
        stage_named("dev", project)


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        ("ROLLBACK_COMPLETE", "delete-stack --stack-name s"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback --stack-name s"),
        ("UPDATE_IN_PROGRESS", "wait, then run this again"),
        ("DELETE_FAILED", "describe-stack-events --stack-name s"),
    ],
)
def test_a_half_deployed_stack_is_named_with_its_remedy(status: str, remedy: str) -> None:
    with pytest.raises(DeploymentError, match=f"the stack s is {status}: .*{remedy}"):
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
        (InvalidRegionError(region_name="us east"), "check AWS_REGION and the network"),
        (
            ClientError({"Error": {"Code": "ExpiredToken", "Message": "old"}}, "GetCallerIdentity"),
            "AWS does not accept the credentials: log in",
        ),
        (
            ClientError({"Error": {"Code": "AccessDenied", "Message": "no\nno"}}, "CreateStack"),
            (
                "An error occurred (AccessDenied) when calling the CreateStack operation: no no: "
                "correct that and run this again"
            ),
        ),
        (DeploymentError("it is so", "do this"), "it is so: do this"),
    ],
)
def test_every_failure_is_one_line_with_its_remedy(
    error: Exception, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert deploy.run_reporting(failing(error)) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    (told,) = captured.err.splitlines()
    assert told.startswith("deploy: ")
    assert line in told


def test_without_a_region_nothing_is_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    with pytest.raises(NoRegionError):
        deploy.deploy(argparse.Namespace(stage="dev", domain=None, certificate=None))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--domain", "https://talk.example.org"], "is not a domain such as talk.example.org"),
        (["--domain", ""], "is not a domain such as talk.example.org"),
        (["--certificate", "arn:aws:acm:x"], "CERTIFICATE is given without DOMAIN"),
        (["--stage", "a" * 20], "use a STAGE of 19 at most"),
    ],
)
def test_what_is_malformed_is_refused_in_one_line_before_aws_is_asked(
    options: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert deploy.main(options) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("deploy: ")
    assert reason in line
