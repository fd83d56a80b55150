"""A stage's settings for the commands in `infra`: what its deployment recorded, or the environment.

`make deploy` writes a stage's table names and ARNs into `.chalice/config.json`. The environment
goes first, so that a command can be pointed at a local stage by its variables.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from chalice_app.config import Settings

CONFIG = Path(__file__).parents[1] / ".chalice" / "config.json"


def stage_environment(
    stage: str, environ: Mapping[str, str] = os.environ, config: Path = CONFIG
) -> dict[str, str]:
    """The environment of the stage's functions, as far as it is known here."""
    recorded = json.loads(config.read_text(encoding="utf-8"))
    of_stage = recorded.get("stages", {}).get(stage, {}).get("environment_variables", {})
    return {"STAGE": stage, **of_stage, **environ}


def stage_settings(stage: str) -> Settings:
    """The settings of a stage.

    Raises:
        ConfigurationError: nothing is recorded for it and the environment does not tell either.
    """
    return Settings.from_env(stage_environment(stage))
