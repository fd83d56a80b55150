"""What a deployment records for Chalice: a stage's environment and its functions' policies.

The environment goes into the stage's part of `.chalice/config.json`, beside whatever else stands
there (a stage may set CACHE_TTL_SECONDS, say); the policies into `.chalice/generated/<stage>/`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from infra.deployment.errors import DeploymentError
from infra.deployment.policies import read_policies, with_arns
from infra.deployment.stage_names import (
    BROADCAST,
    TRANSCRIPT,
    VOICE,
    Stage,
    read_config,
    recorded_environment,
)

GENERATED: Final = "generated"

VARIABLES: Final = {
    "SessionsTableName": "SESSIONS_TABLE_NAME",
    "ConnectionsTableName": "CONNECTIONS_TABLE_NAME",
    "CachedTranslationsTableName": "CACHED_TRANSLATIONS_TABLE_NAME",
    "RostersTableName": "ROSTERS_TABLE_NAME",
    "SentencesTableName": "SENTENCES_TABLE_NAME",
    "SoundsBucketName": "SOUNDS_BUCKET_NAME",
    "ConnectionsStreamArn": "CONNECTIONS_STREAM_ARN",
    "CachedTranslationsStreamArn": "CACHED_TRANSLATIONS_STREAM_ARN",
}
"""The stacks' outputs that the functions need, and the environment variables that hold them."""

_STAGE: Final = "STAGE"
_API_ID: Final = "WEBSOCKET_API_ID"
_PAGE_ORIGIN: Final = "PAGE_ORIGIN"
_SOUNDS_BUCKET: Final = VARIABLES["SoundsBucketName"]
_WEBSOCKET_URL: Final = "WEBSOCKET_URL"
"""A setting of the stage's owner, unless the deployment has given the stage a domain."""


def is_recorded_variable(name: str) -> bool:
    """Whether a deployment records the variable; any other is a setting of the stage's owner."""
    return name in {_STAGE, _API_ID, _PAGE_ORIGIN, *VARIABLES.values()}


@dataclass(frozen=True)
class Place:
    """Where a stage is deployed."""

    partition: str
    region: str
    account: str

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource here."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"


def recorded_place(environment: Mapping[str, str]) -> Place | None:
    """Where the recorded stage is, by its streams' ARNs; None when nothing is recorded."""
    parts = environment.get("CONNECTIONS_STREAM_ARN", "").split(":")
    return Place(parts[1], parts[3], parts[4]) if len(parts) > 5 else None


def websocket_name(domain: str) -> str:
    """The name that WebSockets have beside a domain."""
    return f"ws.{domain}"


def recorded_domain(environment: Mapping[str, str]) -> str | None:
    """The domain that the stage was deployed with; None where its owner's settings stand alone."""
    domain = urlsplit(environment.get(_PAGE_ORIGIN, "").partition(",")[0]).netloc
    recorded = environment.get(_WEBSOCKET_URL)
    return domain if domain and recorded == f"wss://{websocket_name(domain)}" else None


@dataclass(frozen=True)
class Record:
    """The record of one stage in a project's `.chalice`."""

    project: Path
    stage: Stage

    def environment(self) -> Mapping[str, str]:
        """What is recorded now."""
        return recorded_environment(read_config(self.project), self.stage.name)

    def websocket_api_id(self) -> str | None:
        """The id of the WebSocket API that Chalice has deployed, by Chalice's own record."""
        return self._first("websocket_api", "websocket_api_id")

    def rest_api_id(self) -> str | None:
        """The id of the HTTP API that Chalice has deployed, by Chalice's own record."""
        return self._first("rest_api", "rest_api_id")

    def mapping_ids(self) -> set[str]:
        """The mappings of streams that Chalice has deployed, by Chalice's own record."""
        return {str(each["event_uuid"]) for each in self._of_type("dynamodb_event")}

    def page_origin(self) -> str | None:
        """Where browsers get the pages from, as they name it in a handshake's Origin."""
        for resource in self._of_type("rest_api"):
            if "rest_api_url" in resource:
                address = urlsplit(str(resource["rest_api_url"]))
                return f"{address.scheme}://{address.netloc}"
        return None

    def _first(self, kind: str, name: str) -> str | None:
        return next((str(each[name]) for each in self._of_type(kind)), None)

    def _of_type(self, kind: str) -> Iterator[Mapping[str, Any]]:
        return (each for each in self.deployed() if each.get("resource_type") == kind)

    def deployed(self) -> list[dict[str, Any]]:
        """What Chalice has noted of its last deployment.

        Raises:
            DeploymentError: the note cannot be read.
        """
        path = self.project / ".chalice" / "deployed" / f"{self.stage.name}.json"
        if not path.exists():
            return []
        try:
            record: dict[str, list[dict[str, Any]]] = json.loads(path.read_text(encoding="utf-8"))
            return record["resources"]
        except (ValueError, LookupError, TypeError) as error:
            raise DeploymentError(
                f"{path} is not a deployment record of Chalice ({error!r})",
                "copy that file from where the stage was deployed, or remove the stage's "
                "functions and APIs, then the file",
            ) from error

    def write(
        self,
        outputs: Mapping[str, str],
        place: Place,
        api_id: str | None,
        domain: str | None,
        speaks: bool = True,
    ) -> bool:
        """Records the stacks' outputs, the API's id and the domain; returns whether that is new.

        Args:
            outputs: of the stacks.
            place: where the stage is.
            api_id: of the WebSocket API; None before there is one.
            domain: that the stage has, if it has one.
            speaks: whether the stage has voices; without them no function learns of the bucket.

        Raises:
            DeploymentError: the outputs are not those of `infra/tables.yaml`.
        """
        missing = sorted(VARIABLES.keys() - outputs.keys())
        if missing:
            raise DeploymentError(
                f"the stack {self.stage.tables_stack} has no output {missing[0]}",
                "it is not of infra/tables.yaml: use another STAGE, or see what made it",
            )
        variables: dict[str, str | None] = {
            **{name: outputs[output] for output, name in VARIABLES.items()},
            _STAGE: self.stage.name,
            # None once `chalice delete` has deleted the APIs: nothing may name them any more.
            _API_ID: api_id,
            _PAGE_ORIGIN: self._page_origins(domain),
        }
        if not speaks:
            variables[_SOUNDS_BUCKET] = None
        if domain is not None:
            variables[_WEBSOCKET_URL] = f"wss://{websocket_name(domain)}"
        elif recorded_domain(self.environment()) is not None:
            variables[_WEBSOCKET_URL] = None
        policies = self._write_policies(outputs, place, api_id)
        return self._write_config(variables) or policies

    def _page_origins(self, domain: str | None) -> str | None:
        """The domain's, and the API's own, under which the pages are served as before."""
        origins = (domain and f"https://{domain}", self.page_origin())
        return ",".join(origin for origin in origins if origin) or None

    def set_variable(self, name: str, value: str) -> None:
        """Records a setting of the stage's owner, who had none."""
        self._write_config({name: value})

    def _write_config(self, variables: Mapping[str, str | None]) -> bool:
        config = read_config(self.project)
        stage = config.setdefault("stages", {}).setdefault(self.stage.name, {})
        all_of_them = {**stage.get("environment_variables", {}), **variables}
        stage["environment_variables"] = {
            name: value for name, value in all_of_them.items() if value is not None
        }
        functions = stage.setdefault("lambda_functions", {})
        for name in read_policies(self.project):
            file = f"{GENERATED}/{self.stage.name}/{name}.json"
            functions.setdefault(name, {})["iam_policy_file"] = file
        return _write_if_new(self.project / ".chalice" / "config.json", config)

    def _write_policies(self, outputs: Mapping[str, str], place: Place, api_id: str | None) -> bool:
        traced = is_traced(read_config(self.project), self.stage.name)
        directory = self.project / ".chalice" / GENERATED / self.stage.name
        directory.mkdir(parents=True, exist_ok=True)
        changes = []
        for name, policy in read_policies(self.project, traced).items():
            group = f"log-group:/aws/lambda/{self.stage.function_name(name)}"
            arns = {
                **outputs,
                "LogGroupArn": place.arn("logs", group),
                "BroadcastFunctionArn": self._function_arn(place, BROADCAST),
                "VoiceFunctionArn": self._function_arn(place, VOICE),
                "TranscriptFunctionArn": self._function_arn(place, TRANSCRIPT),
            }
            if api_id is not None:
                arns["WebSocketApiArn"] = place.arn("execute-api", api_id)
            changes.append(_write_if_new(directory / f"{name}.json", with_arns(policy, arns)))
        return any(changes)

    def _function_arn(self, place: Place, function: str) -> str:
        return place.arn("lambda", f"function:{self.stage.function_name(function)}")


def is_traced(config: Mapping[str, Any], stage: str) -> bool:
    """Whether X-Ray is asked for in the stage, or else for all; no function has its own setting."""
    of_stage = config.get("stages", {}).get(stage, {})
    return bool(of_stage.get("xray", config.get("xray", False)))


def _write_if_new(path: Path, content: Any) -> bool:
    text = json.dumps(content, indent=2) + "\n"
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    # Whole or not at all: a half-written configuration would stop every Chalice command.
    draft = path.with_suffix(".new")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
    return True
