"""What the account admits is read, said, and followed by the rate of posts."""

import json
from pathlib import Path

import pytest

from chalice_app.settings import POSTS_PER_SECOND
from infra.deployment.errors import DeploymentError
from infra.deployment.quotas import Quotas
from infra.deployment.route_throttle import MESSAGES, USUAL_RATE, message_rate
from infra.deployment.stage_deployment import StageDeployment
from infra.deployment.stage_names import PROJECT
from tests.unit.infra.deployment.fake_aws import FakeAws
from tests.unit.infra.deployment.fake_chalice import deployed_to, stage_of

SMALL_REGIONS = (
    "af-south-1", "eu-south-1", "ap-southeast-3", "me-central-1", "ap-south-2", "ap-southeast-4",
    "eu-south-2", "eu-central-2", "il-central-1", "ca-west-1", "ap-southeast-5", "ap-southeast-7",
    "mx-central-1",
)  # fmt: skip
"""Those whose accounts begin with 2,500 requests a second."""


def of_stage(project: Path, **variables: str) -> None:
    """The stage's own settings."""
    path = project / ".chalice" / "config.json"
    config = json.loads(path.read_text())
    config["stages"]["dev"]["environment_variables"] = variables
    path.write_text(json.dumps(config))


@pytest.mark.parametrize("region", [*SMALL_REGIONS, "sa-east-1", "eu-nowhere-9"])
def test_a_region_without_translate_is_refused_before_anything_is_made(
    region: str, project: Path, said: list[str]
) -> None:
    aws = FakeAws(region_name=region)
    with pytest.raises(
        DeploymentError, match=f"{region} has no Amazon Translate: set AWS_REGION to one of .*eu-"
    ):
        deployed_to(project, said, aws).run()
    assert aws.stacks == {}


def test_the_usual_quotas_are_said_and_change_nothing(
    deployment: StageDeployment, project: Path, said: list[str]
) -> None:
    deployment.run()
    assert (
        "API Gateway: 10,000 requests a second in this account and region; POSTS_PER_SECOND is "
        "8,000 for each talk: enough for 1 large hall at once"
    ) in said
    assert "Lambda: 1,000 functions at once in this account and region" in said
    assert "POSTS_PER_SECOND" not in stage_of(project)["environment_variables"]


def test_messages_of_clients_leave_the_quota_to_posts(
    deployment: StageDeployment, said: list[str]
) -> None:
    aws: FakeAws = deployment.session
    deployment.run()
    (api,) = aws.routes
    assert aws.routes[api] == {
        "$default": {"ThrottlingBurstLimit": 1_000, "ThrottlingRateLimit": 1_000.0}
    }
    assert "throttle of messages: 1,000 a second, updated" in said
    aws.routes[api] |= {"$connect": {"ThrottlingRateLimit": 5.0}}
    deployment.run()
    assert "throttle of messages: 1,000 a second, unchanged" in said
    aws.requests_per_second = 2_500.0
    deployment.run()
    assert aws.routes[api] == {
        "$default": {"ThrottlingBurstLimit": 250, "ThrottlingRateLimit": 250.0},
        "$connect": {"ThrottlingRateLimit": 5.0},
    }
    aws.requests_per_second = None
    deployment.run()
    assert aws.routes[api]["$default"]["ThrottlingBurstLimit"] == 1_000


def test_the_one_stack_way_has_the_usual_throttle() -> None:
    template = json.loads((PROJECT / "infra" / "app-merge.json").read_text())
    stage = template["Resources"]["WebsocketAPIStage"]["Properties"]
    assert stage["RouteSettings"] == {
        MESSAGES: {"ThrottlingBurstLimit": USUAL_RATE, "ThrottlingRateLimit": USUAL_RATE}
    }
    usual = Quotas(POSTS_PER_SECOND * 5 // 4, 1_000)
    assert message_rate(usual) == message_rate(Quotas(None, None)) == USUAL_RATE


def test_the_rate_of_posts_follows_a_smaller_quota(
    deployment: StageDeployment, project: Path, said: list[str]
) -> None:
    deployment.session.requests_per_second = 2_500.0
    deployment.run()
    assert stage_of(project)["environment_variables"]["POSTS_PER_SECOND"] == "2000"
    assert any("2,500 requests a second" in line and "is 2,000 for" in line for line in said)
    runs = deployment.chalice.runs  # type: ignore[attr-defined]
    deployment.run()
    assert deployment.chalice.runs == runs + 1  # type: ignore[attr-defined]


def test_the_rate_of_posts_follows_a_larger_quota(
    deployment: StageDeployment, project: Path
) -> None:
    deployment.session.requests_per_second = 50_000.0
    deployment.run()
    assert stage_of(project)["environment_variables"]["POSTS_PER_SECOND"] == "40000"


def test_the_owner_s_own_rate_stays_and_is_named_when_it_is_too_high(
    deployment: StageDeployment, project: Path, said: list[str]
) -> None:
    of_stage(project, POSTS_PER_SECOND="8000")
    deployment.session.requests_per_second = 2_500.0
    deployment.run()
    assert stage_of(project)["environment_variables"]["POSTS_PER_SECOND"] == "8000"
    assert any("POSTS_PER_SECOND is 8,000" in line and "2,000 at most" in line for line in said)


def test_it_is_said_how_many_halls_the_quota_is_enough_for(
    deployment: StageDeployment, project: Path, said: list[str]
) -> None:
    of_stage(project, POSTS_PER_SECOND="2000")
    deployment.run()
    assert any(line.endswith("enough for 4 large halls at once") for line in said)


def test_a_new_account_s_concurrency_is_said_with_what_to_ask_for(
    deployment: StageDeployment, said: list[str]
) -> None:
    deployment.session.concurrency = 10
    deployment.run()
    (line,) = [line for line in said if line.startswith("Lambda: 10 functions at once")]
    assert "L-B99A9384" in line


def test_quotas_that_cannot_be_read_stop_nothing(
    deployment: StageDeployment, project: Path, said: list[str]
) -> None:
    deployment.session.requests_per_second = None
    deployment.session.concurrency = None
    deployment.run()
    assert (
        "API Gateway: its quota could not be read; POSTS_PER_SECOND is 8,000 for each talk"
    ) in said
    assert "Lambda: how many functions run at once could not be read" in said
    assert "POSTS_PER_SECOND" not in stage_of(project)["environment_variables"]


def test_a_tiny_quota_leaves_a_post() -> None:
    assert Quotas(1, 1).posts_per_second == 1


def test_a_setting_without_sense_is_refused_before_anything_is_made(
    deployment: StageDeployment, project: Path
) -> None:
    of_stage(project, POSTS_PER_SECOND="many")
    with pytest.raises(DeploymentError, match="POSTS_PER_SECOND must be a whole number"):
        deployment.run()
    assert deployment.session.stacks == {}
