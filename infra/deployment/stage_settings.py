"""A stage's settings as its functions will read them, checked before anything is deployed.

A function that cannot read its settings fails at every request. Chalice merges
`environment_variables` from three places of `.chalice/config.json`: the application's, the stage's,
and those of a function of the stage.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chalice.config import Config

from chalice_app import settings
from chalice_app.settings import ConfigurationError, Settings
from infra.deployment.errors import DeploymentError

_PLACE = ".chalice/config.json"


def stage_variables(config: Mapping[str, Any], stage: str, function: str = "") -> Mapping[str, str]:
    """The variables that a stage's functions share, or those of one of them."""
    return Config(stage, function, config_from_disk=dict(config)).environment_variables


def require_settings(config: Mapping[str, Any], stage: str) -> Settings:
    """Checks the settings of every function of a stage.

    Args:
        config: Chalice's configuration.
        stage: the stage's name.

    Returns:
        The settings that the stage's functions share.

    Raises:
        DeploymentError: a function could not start with them; the message names the setting.
    """
    of_stage = config.get("stages", {}).get(stage, {})
    for function in of_stage.get("lambda_functions", {}):
        _settings(stage_variables(config, stage, function))
    return _settings(stage_variables(config, stage))


def _settings(variables: Mapping[str, Any]) -> Settings:
    for name, value in variables.items():
        if not isinstance(value, str):
            raise DeploymentError(
                f"{name} must be a string, not {value!r}",
                f"write {json.dumps(str(value).lower())} in {_PLACE}",
            )
    try:
        return settings.require_settings(variables)
    except ConfigurationError as error:
        raise DeploymentError(str(error), f"correct it in {_PLACE}") from error
