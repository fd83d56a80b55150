"""`chalice deploy` and `chalice package` by hand: checked before Chalice does anything.

Both import `app.py`, which calls `prepare` first, with the stage's recorded environment already in
place. Chalice itself would subscribe to a stream without a name, and end in a traceback. It would
also make anew, and report success, what only `make deploy` can make whole: an API whose id the
functions need, or a mapping whose failures are to be kept.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from chalice.cli import cli

from infra.deployment.errors import DeploymentError, error_with_remedy
from infra.deployment.record import GENERATED, Record
from infra.deployment.runtime import layers, require_matching_layers, use_runtime
from infra.deployment.stage_names import (
    API_HANDLER,
    PROJECT,
    foreign_variable,
    read_config,
    stage_named,
)
from infra.deployment.stage_settings import require_settings
from infra.deployment.standing import require_standing

BY_MAKE_DEPLOY: Final = "DEPLOYED_BY_MAKE"
"""Names the stage for which `make deploy` runs Chalice."""

_CHECKED: Final = frozenset({"deploy", "package"})
_TABLES: Final = (
    "SESSIONS_TABLE_NAME",
    "CONNECTIONS_TABLE_NAME",
    "CACHED_TRANSLATIONS_TABLE_NAME",
    "ROSTERS_TABLE_NAME",
    "SENTENCES_TABLE_NAME",
)
_STREAMS: Final = ("CONNECTIONS_STREAM_ARN", "CACHED_TRANSLATIONS_STREAM_ARN")


@dataclass(frozen=True)
class Command:
    """A Chalice command that builds the functions' zip."""

    name: str
    stage: str
    project: Path


def prepare() -> None:
    """Ends the process with one line if the command builds a zip and its stage is not recorded."""
    command = building_command(sys.argv[1:])
    if command is None:
        return
    if reason := refusal(command, os.environ):
        raise SystemExit(f"chalice {command.name}: {reason}")
    try:
        _require_sound(command)
    except (DeploymentError, ClientError, BotoCoreError) as error:
        raise SystemExit(f"chalice {command.name}: {error_with_remedy(error)}") from None
    use_runtime()
    # Chalice zips whatever lies in vendor/, and importing the application would write it there.
    sys.dont_write_bytecode = True
    remove_bytecode(command.project)


def _require_sound(command: Command) -> None:
    """Checks the functions' settings, and for a deployment what AWS has."""
    config = read_config(command.project)
    require_settings(config, command.stage)
    if command.name != "deploy":
        return
    session = boto3.Session()
    if any(layers(config, command.stage)):
        require_matching_layers(session.client("lambda"), config, command.stage)
    if not _is_by_make_deploy(command, os.environ):
        record = Record(command.project, stage_named(command.stage, command.project))
        require_standing(session, record, os.environ)


def _is_by_make_deploy(command: Command, environ: Mapping[str, str]) -> bool:
    """Whether `make deploy` runs the command: it then makes whole what Chalice makes anew."""
    return environ.get(BY_MAKE_DEPLOY) == command.stage


def building_command(arguments: Sequence[str]) -> Command | None:
    """The command as Chalice reads it; None for one that builds no zip."""
    rest, project = list(arguments), str(PROJECT)
    while rest and rest[0].startswith("-"):
        option, _, value = rest.pop(0).partition("=")
        if option == "--project-dir":
            project = value or rest.pop(0)
    if not rest or rest[0] not in _CHECKED:
        return None
    name = rest.pop(0)
    chosen = cli.commands[name].make_context(name, rest, resilient_parsing=True).params
    return Command(name, str(chosen["stage"]), Path(project))


def refusal(command: Command, environ: Mapping[str, str]) -> str | None:
    """Why the command cannot work, with what to run; None when it can."""
    stage = command.stage
    if command.name == "deploy":
        remedy = f"make deploy STAGE={stage}"
    else:
        remedy = f"make package STAGE={stage}"
    missing = [name for name in (*_TABLES, *_STREAMS) if not environ.get(name)]
    if missing:
        return f"stage {stage} has no recorded outputs ({missing[0]} is not set); run: {remedy}"
    if name := foreign_variable({name: environ[name] for name in (*_TABLES, *_STREAMS)}, stage):
        return f"{name} is {environ[name]}, of another stage than {stage}; run: {remedy}"
    generated = command.project / ".chalice" / GENERATED / stage
    if not any(generated.glob("*.json")):
        return f"the functions' policies are not in {generated}; run: {remedy}"
    if environ.get("SPEAKER_JWKS_URL") and not _has_layer(read_config(command.project), stage):
        return (
            f"SPEAKER_JWKS_URL is set, but {API_HANDLER} has no layer with PyJWT in "
            ".chalice/config.json; run: make oidc-layer, and see infra/README.md"
        )
    return None


def _has_layer(config: Mapping[str, Any], stage: str) -> bool:
    """Whether the function behind the HTTP routes has a layer, wherever Chalice would look."""
    of_stage = config.get("stages", {}).get(stage, {})
    functions = (
        each.get("lambda_functions", {}).get(API_HANDLER, {}) for each in (config, of_stage)
    )
    return any(each.get("layers") for each in (config, of_stage, *functions))


def remove_bytecode(project: Path) -> None:
    """Deletes the compiled files of what goes into the zip: they would only make it larger."""
    for package in ("chalice_app", "streams"):
        for directory in list((project / package).rglob("__pycache__")):
            shutil.rmtree(directory, ignore_errors=True)
