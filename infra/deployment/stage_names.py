"""The names that follow from a stage's name: of its functions, its stacks and its tables."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from infra.deployment.errors import DeploymentError

PROJECT: Final = Path(__file__).parents[2]

API_HANDLER: Final = "api_handler"
"""What Chalice calls the function behind all HTTP routes."""

BROADCAST: Final = "broadcast"
"""The function that sends a batch of a large hall; the one function that another invokes."""

_STAGE: Final = re.compile(r"[a-z][a-z0-9-]{0,30}")
"""Also the pattern of the templates' parameter: it is part of every name."""


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

    def function_name(self, function: str) -> str:
        """A function's name on AWS; Chalice leaves out its own part for the HTTP function."""
        base = f"{self.application}-{self.name}"
        return base if function == API_HANDLER else f"{base}-{function}"


def stage_named(name: str, project: Path = PROJECT) -> Stage:
    """The stage of that name.

    Raises:
        DeploymentError: nothing on AWS could be named after it.
    """
    require_stage_name(name)
    return Stage(name, read_config(project)["app_name"])


def require_stage_name(name: str) -> None:
    """Raises DeploymentError where nothing on AWS could be named after it."""
    if not _STAGE.fullmatch(name):
        raise DeploymentError(
            f"{name!r} is not a valid stage name",
            "use lower-case letters, digits and hyphens, a letter first, 31 at most (STAGE=dev)",
        )


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
        DeploymentError: the file is missing or not valid JSON.
    """
    path = project / ".chalice" / "config.json"
    try:
        config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DeploymentError(
            f"{path} cannot be read: {error}", f"git checkout -- {path}"
        ) from error
    return config


def recorded_environment(config: Mapping[str, Any], stage: str) -> Mapping[str, str]:
    """The environment of the stage's functions, as far as it is recorded."""
    of_stage: Mapping[str, str] = (
        config.get("stages", {}).get(stage, {}).get("environment_variables", {})
    )
    return of_stage
