"""A bare `chalice deploy` of a stage of which a part is missing is refused, with the command."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.deployment.errors import DeploymentError
from infra.deployment.stage_deployment import StageDeployment
from infra.deployment.standing import require_standing
from tests.unit.infra.deployment.fake_aws import FakeAws
from tests.unit.infra.deployment.fake_chalice import (
    Chalice,
    deployed_to,
    stage_of,
)


@pytest.fixture
def deployment(project: Path, aws: FakeAws) -> StageDeployment:
    """Of a stage that stands."""
    deployment = deployed_to(project, [], aws)
    deployment.run()
    return deployment


def bare_deploy(deployment: StageDeployment) -> None:
    """What `chalice deploy` looks at before it does anything."""
    project = deployment.record.project
    require_standing(
        deployment.session, deployment.record, stage_of(project)["environment_variables"]
    )


def test_a_stage_that_stands_is_deployed(deployment: StageDeployment) -> None:
    bare_deploy(deployment)


def test_a_stage_that_was_deleted_is_refused_and_make_deploy_makes_it_whole(
    deployment: StageDeployment, project: Path, aws: FakeAws
) -> None:
    chalice: Chalice = deployment.chalice  # type: ignore[assignment]
    former = stage_of(project)["environment_variables"]
    chalice.delete()
    with pytest.raises(DeploymentError, match=r"stage dev was deleted.*: make deploy STAGE=dev$"):
        bare_deploy(deployment)
    runs = chalice.runs
    deployment.run()
    assert chalice.runs == runs + 2
    variables = stage_of(project)["environment_variables"]
    assert variables["WEBSOCKET_API_ID"] in aws.apis
    assert variables["WEBSOCKET_API_ID"] != former["WEBSOCKET_API_ID"]
    assert variables["PAGE_ORIGIN"] != former["PAGE_ORIGIN"]
    bare_deploy(deployment)


def test_a_deleted_stage_s_functions_never_get_the_id_of_the_deleted_api(
    deployment: StageDeployment, project: Path
) -> None:
    chalice: Chalice = deployment.chalice  # type: ignore[assignment]
    chalice.delete()
    chalice.exit_code = 2
    with pytest.raises(DeploymentError, match="chalice deploy ended with exit code 2"):
        deployment.run()
    variables = stage_of(project)["environment_variables"]
    assert not {"WEBSOCKET_API_ID", "PAGE_ORIGIN"} & variables.keys()
    message = project / ".chalice" / "generated" / "dev" / "websocket_message.json"
    assert "execute-api" not in message.read_text()
    with pytest.raises(DeploymentError, match=r"run: make deploy STAGE=dev$"):
        bare_deploy(deployment)


def test_a_stage_whose_functions_never_got_the_api_s_id_is_refused(
    deployment: StageDeployment, project: Path
) -> None:
    path = project / ".chalice" / "config.json"
    config = json.loads(path.read_text())
    del config["stages"]["dev"]["environment_variables"]["WEBSOCKET_API_ID"]
    path.write_text(json.dumps(config))
    with pytest.raises(DeploymentError, match="WEBSOCKET_API_ID is not set, and stage dev has"):
        bare_deploy(deployment)


def lose_an_api(aws: FakeAws, kind: str) -> None:
    (lost,) = [each for each in aws.apis if each.startswith(kind)]
    aws.apis.remove(lost)


def lose_a_mapping(aws: FakeAws) -> None:
    del aws.mappings[min(aws.mappings)]


def lose_the_behaviour(aws: FakeAws) -> None:
    aws.mappings[min(aws.mappings)]["FunctionResponseTypes"] = []


def lose_the_stream(aws: FakeAws) -> None:
    aws.mappings[min(aws.mappings)]["EventSourceArn"] += "-former"


def lose_the_failure_destination(aws: FakeAws) -> None:
    aws.invoke_configs.clear()


def lose_the_voice(aws: FakeAws) -> None:
    del aws.invoke_configs["translation-broadcaster-dev-voice"]


def lose_the_transcript(aws: FakeAws) -> None:
    del aws.invoke_configs["translation-broadcaster-dev-transcript"]


@pytest.mark.parametrize(
    ("lose", "reason"),
    [
        (lambda aws: lose_an_api(aws, "webs"), "the WebSocket API webs.* does not exist any more"),
        (lambda aws: lose_an_api(aws, "rest"), "the HTTP API rest.* does not exist any more"),
        (lose_a_mapping, "the stream of rosters has no mapping that keeps its failures"),
        (lose_the_behaviour, "the stream of rosters has no mapping that keeps its failures"),
        (lose_the_stream, "the stream of rosters has no mapping that keeps its failures"),
        (lose_the_failure_destination, "-broadcast is missing, or does not keep its failures"),
        (lose_the_voice, "-voice is missing, or would be retried"),
        (lose_the_transcript, "-transcript is missing, or would be retried"),
    ],
)
def test_a_part_that_was_deleted_by_hand_is_named_and_make_deploy_makes_it(
    deployment: StageDeployment, aws: FakeAws, lose: Callable[[FakeAws], None], reason: str
) -> None:
    lose(aws)
    with pytest.raises(DeploymentError, match=f"{reason}: run: make deploy STAGE=dev$"):
        bare_deploy(deployment)
    deployment.run()
    bare_deploy(deployment)
