"""The names that follow from a stage's name: of its functions, its stacks and its tables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from infra.deployment.errors import DeploymentError

PROJECT: Final = Path(__file__).parents[2]

API_HANDLER: Final = "api_handler"
"""What Chalice calls the function behind all HTTP routes."""

BROADCAST: Final = "broadcast"
"""The function that sends a batch of a large hall; the functions that send sentences invoke it."""

VOICE: Final = "voice"
"""The function that makes a sentence's sounds; the functions that send captions invoke it."""

TRANSCRIPT: Final = "transcript"
"""The function that goes on translating a transcript; the HTTP routes' function invokes it."""

NAME_LIMIT: Final = 64
"""Characters that AWS allows for the name of a function, of a role and of a rule. Sources:
https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html,
https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html,
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
"""

SCHEDULED: Final = frozenset({"cache_eviction", "reconcile"})
"""The functions with a schedule; Chalice adds `-event` to name its rule."""

_STAGE: Final = re.compile(r"[a-z][a-z0-9-]*")
"""The templates' parameter has this pattern, too, and the limit: it is part of every name."""


_OBJECTS: Final = {"environment_variables": False, "stages": True, "lambda_functions": True}
"""What is a JSON object in Chalice's configuration, and whether it holds further ones."""


@dataclass(frozen=True)
class Stage:
    """A Chalice stage of the application."""

    name: str
    application: str

    @property
    def environment(self) -> str:
        """The templates' Environment: any stage that is not staging or prod is for development."""
        return self.name if self.name in {"staging", "prod"} else "dev"

    @property
    def tables_stack(self) -> str:
        """The stack of `infra/tables.yaml`."""
        return f"{self.application}-{self.name}-tables"

    @property
    def alarms_stack(self) -> str:
        """The stack of `infra/alarms.yaml`."""
        return f"{self.application}-{self.name}-alarms"

    @property
    def domain_stack(self) -> str:
        """The stack of `infra/domain.yaml`, where the stage has a domain of its own."""
        return f"{self.application}-{self.name}-domain"

    def function_name(self, function: str) -> str:
        """A function's name on AWS; Chalice leaves out its own part for the HTTP function."""
        base = f"{self.application}-{self.name}"
        return base if function == API_HANDLER else f"{base}-{function}"


def stage_named(name: str, project: Path = PROJECT) -> Stage:
    """The stage of that name.

    Raises:
        DeploymentError: nothing on AWS could be named after it.
    """
    application = read_config(project).get("app_name")
    if not isinstance(application, str):
        raise DeploymentError("app_name must be a string", "correct it in .chalice/config.json")
    require_stage_name(name, application)
    return Stage(name, application)


def require_stage_name(name: str, application: str) -> None:
    """Raises DeploymentError where nothing on AWS could be named after it."""
    if not _STAGE.fullmatch(name):
        raise DeploymentError(
            f"{name!r} is not a valid stage name",
            "use lower-case letters, digits and hyphens, a letter first (STAGE=dev)",
        )
    longest = max(_suffixes(), key=len)
    if (limit := NAME_LIMIT - len(f"{application}--{longest}")) < len(name):
        raise DeploymentError(
            f"the stage name {name!r} has {len(name)} characters: AWS allows {NAME_LIMIT} for "
            f"{application}-{name}-{longest}",
            f"use a STAGE of {limit} at most",
        )


def _suffixes() -> Iterator[str]:
    """How the names of roles, functions and rules end."""
    for policy in (PROJECT / ".chalice" / "policies").glob("*.json"):
        yield policy.stem
        if policy.stem in SCHEDULED:
            yield f"{policy.stem}-event"


def foreign_variable(environment: Mapping[str, str], stage: str) -> str | None:
    """The first variable of a recorded environment that names a table or a stream of another stage.

    Tables and streams are named `Sessions-dev` and `...:table/Connections-dev/stream/...`.
    """
    for name, value in environment.items():
        foreign_table = name.endswith("_TABLE_NAME") and not value.endswith(f"-{stage}")
        if foreign_table or (name.endswith("_STREAM_ARN") and f"-{stage}/stream/" not in value):
            return name
    return None


def read_config(project: Path = PROJECT) -> dict[str, Any]:
    """Chalice's configuration.

    Raises:
        DeploymentError: the file is missing, not valid JSON, or not of Chalice's shape.
    """
    path = project / ".chalice" / "config.json"
    try:
        config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DeploymentError(
            f"{path} cannot be read: {error}", f"git checkout -- {path}"
        ) from error
    if (wrong := _not_an_object(config, "the whole")) is not None:
        raise DeploymentError(f"{wrong} of {path} must be a JSON object", f"git diff -- {path}")
    return config


def _not_an_object(value: object, place: str) -> str | None:
    """The first place that must be a JSON object and is something else."""
    if not isinstance(value, dict):
        return place
    for name, holds_objects in _OBJECTS.items():
        inner = value.get(name, {})
        if not isinstance(inner, dict):
            return f"{name} in {place}"
        for key, each in inner.items() if holds_objects else ():
            if (wrong := _not_an_object(each, f"{name}.{key}")) is not None:
                return wrong
    return None


def recorded_environment(config: Mapping[str, Any], stage: str) -> Mapping[str, str]:
    """The environment of the stage's functions, as far as it is recorded."""
    of_stage: Mapping[str, str] = (
        config.get("stages", {}).get(stage, {}).get("environment_variables", {})
    )
    return of_stage
