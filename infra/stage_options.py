"""Which stage a command of `infra` works on: its settings, and endpoints on this machine.

Table names follow from the stage's (`Sessions-dev`), what `make deploy` recorded for the stage in
`.chalice/config.json` has the rest. Credentials and region are the SDK's own settings. For a
stage on this machine the command is given the options that the stage printed when it was ready.
"""

import argparse
import json
import logging
import sys
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from chalice_app.observability import logs
from chalice_app.settings import ConfigurationError, Settings
from infra.deployment.errors import DeploymentError, error_with_remedy
from infra.deployment.record import recorded_place
from infra.deployment.stage_names import foreign_variable, stage_named

CONFIG: Final = Path(__file__).parents[1] / ".chalice" / "config.json"

_TABLES: Final = {
    "SESSIONS_TABLE_NAME": "Sessions",
    "CONNECTIONS_TABLE_NAME": "Connections",
    "CACHED_TRANSLATIONS_TABLE_NAME": "CachedTranslations",
    "ROSTERS_TABLE_NAME": "SessionRosters",
    "SENTENCES_TABLE_NAME": "Sentences",
}
_ENDPOINTS: Final = {
    "dynamodb": "DYNAMODB",
    "translate": "TRANSLATE",
    "gateway": "APIGATEWAYMANAGEMENTAPI",
}
_LOCAL: Final = "local"
_DYNAMODB_ENDPOINTS: Final = {"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB"}
_GATEWAY_ENDPOINT: Final = "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI"


def add_stage_options(parser: argparse.ArgumentParser) -> None:
    """Adds `--stage` and the endpoints: all of them, as the local stage prints them together."""
    parser.add_argument("--stage", help="which stage; $STAGE, or dev, unless given")
    for name in _ENDPOINTS:
        parser.add_argument(
            f"--{name}", type=_url, metavar="URL", help="of a stage on this machine"
        )


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        whole = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        whole = False
    if not whole:
        raise argparse.ArgumentTypeError(f"{text!r} is not a URL such as http://127.0.0.1:8001")
    return text


def use_endpoints(arguments: argparse.Namespace, environ: MutableMapping[str, str]) -> None:
    """Makes the SDK talk to the endpoints of the command line; they need no credentials."""
    for name, service in _ENDPOINTS.items():
        if url := getattr(arguments, name, None):
            environ[f"AWS_ENDPOINT_URL_{service}"] = url
            if name == "dynamodb":
                environ["AWS_ENDPOINT_URL_DYNAMODB_STREAMS"] = url
            environ.setdefault("AWS_ACCESS_KEY_ID", "local")
            environ.setdefault("AWS_SECRET_ACCESS_KEY", "local")


def stage_settings(
    stage: str | None, environ: Mapping[str, str], config: Path = CONFIG
) -> Settings:
    """The settings of a stage: a stage that is named wins over what the environment names.

    Raises:
        ConfigurationError: a setting has no sense, what is recorded is of another stage, the local
            stage has no endpoint, or the gateway is not that of the tables.
    """
    name = stage or environ.get("STAGE") or "dev"
    try:
        stage_named(name)
    except DeploymentError as problem:
        raise ConfigurationError(str(problem)) from problem
    tables = {variable: f"{table}-{name}" for variable, table in _TABLES.items()}
    recorded = _recorded(name, config)
    if name == _LOCAL and not recorded and not _DYNAMODB_ENDPOINTS & environ.keys():
        raise ConfigurationError(
            f"stage {name} needs --dynamodb: copy the options that the stage prints above its "
            "ready line"
        )
    if _GATEWAY_ENDPOINT in environ and not _DYNAMODB_ENDPOINTS & environ.keys():
        # To another stage's gateway every listener of this one would seem to be gone.
        raise ConfigurationError(
            f"the gateway is {environ[_GATEWAY_ENDPOINT]} and the tables are AWS's: give --gateway "
            f"with --dynamodb, or unset {_GATEWAY_ENDPOINT}"
        )
    known = {**tables, **recorded, **_region(name, recorded, environ)}
    return Settings.from_env(
        {**environ, **known, "STAGE": name} if stage else {**known, **environ, "STAGE": name}
    )


def _region(
    stage: str, recorded: Mapping[str, str], environ: Mapping[str, str]
) -> Mapping[str, str]:
    """Where the stage is recorded to be, else where the environment or the user's profile says."""
    chosen = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
    if place := recorded_place(recorded):
        if chosen not in (None, place.region):
            raise ConfigurationError(
                f"stage {stage} is recorded in {place.region}, not in {chosen}: "
                f"set AWS_REGION={place.region}"
            )
        return {"AWS_REGION": place.region}
    # The profile is the SDK's own business, as it is in a deployment.
    region = chosen or boto3.Session().region_name
    return {"AWS_REGION": region} if region else {}


def _recorded(stage: str, config: Path) -> Mapping[str, str]:
    if not config.exists():
        return {}
    stages = json.loads(config.read_text(encoding="utf-8")).get("stages", {})
    recorded: Mapping[str, str] = stages.get(stage, {}).get("environment_variables", {})
    if variable := foreign_variable(recorded, stage):
        raise ConfigurationError(
            f"{variable} of stage {stage} is {recorded[variable]} in {config}, of another stage: "
            f"make deploy STAGE={stage}"
        )
    return recorded


def log_to_stderr(command: str) -> None:
    """Writes each warning of the application to stderr in one line, like the command's own."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(logging.WARNING)
    handler.setFormatter(_OneLine(command))
    # What a handler raises, the command reports itself.
    handler.addFilter(lambda record: record.name != logs.__name__)
    logging.getLogger().addHandler(handler)


class _OneLine(logging.Formatter):
    def __init__(self, command: str) -> None:
        super().__init__()
        self._command = command

    def format(self, record: logging.LogRecord) -> str:
        error = record.exc_info and record.exc_info[1]
        reason = f": {error_line(error)}" if error else ""
        return f"{self._command}: {record.getMessage()}{reason}"


def error_line(error: BaseException) -> str:
    """A command's error in one line, with the remedy where AWS or its SDK is the cause."""
    cause = error.__cause__ or error
    if not isinstance(cause, (BotoCoreError, ClientError)):
        return " ".join(str(error).split())
    line = error_with_remedy(cause)
    return line if cause is error else f"{error}: {line}"
