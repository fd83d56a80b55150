"""The environment of the stage's processes: its own endpoints, and nothing of the user's AWS."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.local.hall.place import HallPlace, origin
from infra.local.process.ports import LOOPBACK

Environment = Mapping[str, str]

_FOREIGN: Final = re.compile(r"AWS_.*|BOTO_.*|CHALICE_WORKER|(https?|all|no)_proxy", re.IGNORECASE)
"""The user's profiles, credentials and endpoints, and proxies that know nothing of our loopback."""
_LOOPBACK_NETWORKS: Final = "127.0.0.0/8,::1/128"
MALLOC_ARENAS: Final = "2"
"""glibc gives threads 8 heaps a core, each with holes of its own: the functions' host with its 40
threads gained 4.1 MB in a minute of a talk, with 2 heaps 2.5 MB."""
SOUNDS_BUCKET: Final = "sounds-local"
HALL_GUESSES: Final = "100"
"""Wrong codes of a session in a minute. Elsewhere a hall comes from one address, which is in good
standing soon; in a box each phone has its own, and ten wrong codes of one phone kept all others out
for the rest of the minute (`tests/network/test_limits.py`). An address still has its ten."""
_NO_FILE: Final = "/nonexistent"
"""SDKs take a file that is missing for an empty one."""
_EMULATOR_KEEPS: Final = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TZ", "VIRTUAL_ENV"),
    *("PYTHONPATH", "PYTHONDONTWRITEBYTECODE"),
)


@dataclass(frozen=True)
class Ports:
    """Where everything listens.

    `http` is None where somebody else serves the HTTP routes, `transcribe` where no language can be
    dictated, `polly` and `sounds` where none can be spoken. In a hall `ws` is `http`, unless the
    user wants another, and `tls` is None without a certificate.
    """

    http: int | None
    ws: int
    dynamodb: int
    translate: int
    functions: int
    transcribe: int | None = None
    polly: int | None = None
    sounds: int | None = None
    tls: int | None = None


def url(port: int, scheme: str = "http") -> str:
    """An address on loopback."""
    return f"{scheme}://{LOOPBACK}:{port}"


def stage_settings(
    ports: Ports,
    dictation: Mapping[str, str] | None = None,
    spoken: Mapping[str, str] | None = None,
) -> Environment:
    """What makes an AWS SDK talk to this stage and to nothing else.

    `dictation` names the languages that the stage recognises, `spoken` those that it has a voice
    for, each with its quality.
    """
    recogniser = (
        {}
        if ports.transcribe is None
        else {"AWS_ENDPOINT_URL_TRANSCRIBE_STREAMING": url(ports.transcribe, "ws")}
    )
    return {
        **recogniser,
        "DICTATION_LANGUAGES": _marked(dictation or {}),
        **_voice_settings(ports, spoken or {}),
        # Whatever has no endpoint of its own gets the emulator's refusal, never AWS.
        "AWS_ENDPOINT_URL": url(ports.dynamodb),
        "AWS_ENDPOINT_URL_DYNAMODB": url(ports.dynamodb),
        "AWS_ENDPOINT_URL_DYNAMODB_STREAMS": url(ports.dynamodb),
        "AWS_ENDPOINT_URL_TRANSLATE": url(ports.translate),
        "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI": url(ports.ws),
        "AWS_ENDPOINT_URL_LAMBDA": url(ports.functions),
        "AWS_ENDPOINT_URL_CLOUDWATCH": url(ports.functions),
        "AWS_ACCESS_KEY_ID": "local",
        # Another one each time: in a hall, what it signs is asked for by others than this machine.
        "AWS_SECRET_ACCESS_KEY": secrets.token_urlsafe(30),
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
        "AWS_CONFIG_FILE": _NO_FILE,
        "AWS_SHARED_CREDENTIALS_FILE": _NO_FILE,
        "WEBSOCKET_API_ID": "local",
        "WEBSOCKET_URL": url(ports.ws, "ws"),
        "STAGE": "local",
        # By the name that app.py gives it, for it is deployed nowhere.
        "BROADCAST_FUNCTION_NAME": "broadcast",
        "TRANSCRIPT_FUNCTION_NAME": "transcript",
    }


def hall_settings(place: HallPlace | None) -> Environment:
    """What browsers are told in a hall, where each has its own way to the same pages."""
    if place is None:
        return {}
    return {
        # As seen from where the page was asked for: from loopback, without TLS, or with it.
        "WEBSOCKET_URL": "/",
        "AWS_ENDPOINT_URL_TRANSCRIBE_STREAMING": "/",
        "LISTENERS_URL": place.listeners_url,
        # One address for all: it is part of what a sound's address is signed with.
        "SOUNDS_ENDPOINT_URL": place.listeners_url,
    }


def _voice_settings(ports: Ports, spoken: Mapping[str, str]) -> Environment:
    """Without a voice there is no bucket, and so no voice for any language."""
    if ports.polly is None or ports.sounds is None:
        return {}
    return {
        "AWS_ENDPOINT_URL_POLLY": url(ports.polly),
        "AWS_ENDPOINT_URL_S3": url(ports.sounds),
        "SOUNDS_BUCKET_NAME": SOUNDS_BUCKET,
        "VOICE_LANGUAGES": _marked(spoken),
        "VOICE_FUNCTION_NAME": "voice",
    }


def _marked(languages: Mapping[str, str]) -> str:
    """Languages with their qualities, as a setting has them."""
    return ",".join(f"{code}={mark}" for code, mark in languages.items())


def admission_settings(
    user: Environment, ports: Ports, place: HallPlace | None = None
) -> Environment:
    """Who may come in: the stage's own page, and as often from loopback as a whole hall does.

    What the user has set stands: further origins, other addresses without limits (none, say), or an
    operator's token.
    """
    settings = {
        "UNLIMITED_ADDRESSES": user.get("UNLIMITED_ADDRESSES", _LOOPBACK_NETWORKS),
        # Only the user of this machine reaches loopback: the operator's view asks for no token.
        "OPERATOR_TOKEN_HASH": user.get("OPERATOR_TOKEN_HASH", "open"),
    }
    if place is not None:
        settings["SESSION_GUESSES_PER_MINUTE"] = user.get(
            "SESSION_GUESSES_PER_MINUTE", HALL_GUESSES
        )
    if ports.http is not None:
        hall = () if place is None else place.origins
        settings["ALLOWED_ORIGINS"] = with_page_origins(user, ports.http, hall)
    return settings


def with_page_origins(user: Environment, http_port: int, hall: Sequence[str] = ()) -> str:
    """ALLOWED_ORIGINS with the page's own: by both names of loopback, and those of the hall."""
    given = user.get("ALLOWED_ORIGINS", "").strip()
    if given == "*":
        return given
    own = [origin("http", host, http_port) for host in (LOOPBACK, "localhost")]
    return ",".join([*([given] if given else []), *own, *hall])


def table_settings(tables: Mapping[str, Mapping[str, str]]) -> Environment:
    """The functions' settings for tables, from what `tables.ensure_tables` returns.

    ConnectionsTable becomes CONNECTIONS_TABLE_NAME, its stream CONNECTIONS_STREAM_ARN.
    """
    settings = {}
    for logical_id, table in tables.items():
        name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", logical_id.removesuffix("Table")).upper()
        settings[f"{name}_TABLE_NAME"] = table["name"]
        if "stream" in table:
            settings[f"{name}_STREAM_ARN"] = table["stream"]
    return settings


def child_environment(user: Environment, *settings: Environment) -> Environment:
    """The user's environment without anything of AWS, and with these settings."""
    kept = {name: value for name, value in user.items() if not _FOREIGN.fullmatch(name)}
    for each in settings:
        kept |= each
    return {**kept, "PYTHONUNBUFFERED": "1", "MALLOC_ARENA_MAX": MALLOC_ARENAS}


def use_settings(settings: Environment) -> None:
    """Give this very process the environment that a child of the stage would have."""
    for name in [name for name in os.environ if _FOREIGN.fullmatch(name)]:
        del os.environ[name]
    os.environ.update(settings)


def emulator_environment(user: Environment, port: int, directory: Path) -> Environment:
    """The emulator's: it reads many names that belong to others, so it gets none but these."""
    kept = {name: user[name] for name in _EMULATOR_KEEPS if name in user}
    return {
        **kept,
        "BIND_HOST": LOOPBACK,
        "GATEWAY_PORT": str(port),
        "SERVICES": "dynamodb,dynamodbstreams",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        # Not by ministack itself, which would save when it ends and never before.
        "PERSIST_STATE": "0",
        "STATE_DIR": str(directory / "state"),
        "TMPDIR": str(directory),
        "LOG_LEVEL": "WARNING",
        # It would remove containers of its own making from the user's Docker.
        "DOCKER_HOST": "unix:///nonexistent",
        "PYTHONUNBUFFERED": "1",
    }
