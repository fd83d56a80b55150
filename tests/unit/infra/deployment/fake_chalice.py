"""A project to deploy from, and `chalice deploy`, as far as others see it."""

import json
import shutil
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from infra.deployment.policies import read_policies
from infra.deployment.record import Record
from infra.deployment.stage_deployment import StageDeployment
from infra.deployment.stage_names import PROJECT, Stage, stage_named
from tests.unit.infra.deployment.fake_aws import FakeAws


def copied_project(directory: Path) -> Path:
    """A project as it is checked out: templates and policies, nothing recorded."""
    for folder in ("infra", ".chalice"):
        (directory / folder).mkdir()
    for template in ("tables.yaml", "alarms.yaml", "domain.yaml"):
        shutil.copy(PROJECT / "infra" / template, directory / "infra")
    shutil.copytree(PROJECT / ".chalice" / "policies", directory / ".chalice" / "policies")
    config = {
        "app_name": "translation-broadcaster", "api_gateway_stage": "api", "stages": {"dev": {}},
    }  # fmt: skip
    (directory / ".chalice" / "config.json").write_text(json.dumps(config))
    return directory


class Chalice:
    """`chalice deploy`, as far as others see it: functions, mappings, APIs with ids, and a record.

    It knows a mapping from its record alone, and writes that after its last step.
    """

    def __init__(self, project: Path, aws: FakeAws, stage: Stage) -> None:
        self.project, self.aws, self.stage = project, aws, stage
        self.runs = 0
        self.exit_code = 0
        self.said = ""

    def __call__(self) -> int:
        self.runs += 1
        try:
            for name in read_policies(self.project):
                self.aws.create_role(f"{self.stage.application}-{self.stage.name}-{name}")
                self.aws.create_function(self.stage.function_name(name))
            mappings = [self._subscribe(*each) for each in self._recorded_streams().items()]
        except ClientError as error:
            self.said = str(error)
            return 1
        if self.exit_code:
            return self.exit_code
        socket_id = self._api("websocket_api")
        resource = {"resource_type": "websocket_api", "websocket_api_id": socket_id}
        page_id = self._api("rest_api")
        url = f"https://{page_id}.execute-api.us-east-1.amazonaws.com/api/"
        page = {"resource_type": "rest_api", "rest_api_id": page_id, "rest_api_url": url}
        record = {"resources": [*mappings, page, resource], "schema_version": "2.0"}
        self._path.parent.mkdir(exist_ok=True)
        self._path.write_text(json.dumps(record))
        return 0

    def _subscribe(self, function: str, stream: str) -> dict[str, str]:
        uuid = next((each["event_uuid"] for each in self._recorded(function)), None)
        found = self.aws.mappings.get(uuid) if uuid else None
        if found is None or found["EventSourceArn"] != stream:
            uuid = self.aws.create_event_source_mapping(function, stream)["UUID"]
        assert uuid is not None
        return {"resource_type": "dynamodb_event", "lambda_arn": function, "event_uuid": uuid}

    def delete(self) -> None:
        """`chalice delete`: the settings in config.json stay as they are."""
        self.aws.apis.clear()
        self.aws.mappings.clear()
        self.aws.invoke_configs.clear()
        self._path.write_text(json.dumps({"resources": [], "schema_version": "2.0"}))

    def _recorded_streams(self) -> dict[str, str]:
        """The streams that Chalice would subscribe the functions to."""
        variables = stage_of(self.project, self.stage.name)["environment_variables"]
        return {
            self.stage.function_name("rosters"): variables["CONNECTIONS_STREAM_ARN"],
            self.stage.function_name("cache_access"): variables["CACHED_TRANSLATIONS_STREAM_ARN"],
        }

    def _api(self, kind: str) -> str:
        recorded = (each[f"{kind}_id"] for each in self._resources if f"{kind}_id" in each)
        found = next(recorded, None)
        return found if found in self.aws.apis and found else self.aws.create_api(kind[:4])

    def _recorded(self, function: str) -> list[dict[str, str]]:
        return [each for each in self._resources if each.get("lambda_arn") == function]

    @property
    def _resources(self) -> list[dict[str, str]]:
        if not self._path.exists():
            return []
        resources: list[dict[str, str]] = json.loads(self._path.read_text())["resources"]
        return resources

    @property
    def _path(self) -> Path:
        return self.project / ".chalice" / "deployed" / f"{self.stage.name}.json"


def deployed_to(
    project: Path, said: list[str], aws: FakeAws, stage: Stage | None = None
) -> StageDeployment:
    """A deployment of a stage, dev unless given."""
    record = Record(project, stage or stage_named("dev", project))
    chalice = Chalice(project, aws, record.stage)
    return StageDeployment(aws, record, chalice, said.append, seconds=0.01)


def stage_of(project: Path, stage: str = "dev") -> Any:
    return json.loads((project / ".chalice" / "config.json").read_text())["stages"][stage]
