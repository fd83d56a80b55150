"""The functions' settings, read from the environment once."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network

from chalice_app.admission.jwks import is_fetchable
from chalice_app.admission.limits import CHARACTER_BUDGET, Limits, Network
from chalice_app.domain.errors import BroadcasterError
from chalice_app.sessions.tokens import OPEN_TO_ALL

POSTS_PER_SECOND = 8_000
"""Four fifths of what API Gateway admits an account and region by default, 10,000 requests a second
for HTTP, messages and posts together; some regions have 2,500. Source:
https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
"""

SLICE_LISTENERS = 5_000
"""Listeners that one function sends to. A further function starts in about 0.4 s when cold, in
which this one sends 2,500 captions: below twice that, cutting loses. And 5,000 ids are 100 KB, well
within the 256 KB that an asynchronous invocation may carry at the least. Sources:
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, tests/benchmarks/fanout.py
"""


ANY_ORIGIN = "*"


RENEW_AFTER_SECONDS = 2 * 3600 - 15 * 60
"""API Gateway closes a connection after 2 hours. The reconciler looks every 5 minutes: who is to
renew its connection then learns of it 10 to 15 minutes ahead. Source: the page above."""

RENEW_WITHIN_SECONDS = 5 * 60
"""A hall that came together does not come back together: 10,000 listeners are 33 a second, of the
500 new connections that API Gateway admits. 5 minutes are left for clients refused at first."""


_TOKEN_HASH = re.compile(rf"|{OPEN_TO_ALL}|[0-9a-f]{{64}}")
_POSITIVE = re.compile(r"[1-9][0-9]{0,8}")
_NUMBER = re.compile(r"[0-9]{1,9}")
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/?#@A-Z]+")
"""As browsers serialise one: lower case, without a path. Source: RFC 6454, 6.2."""


class ConfigurationError(BroadcasterError):
    """A setting is missing or has no sense; the message names it and what to run."""


@dataclass(frozen=True, slots=True)
class Oidc:
    """Whose tokens open sessions: where the provider's keys are, its name, and who it names us."""

    jwks_url: str
    issuer: str
    audience: str


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting of the application; names and defaults are those of docs/settings.md.

    `websocket_url` is what clients connect to and `management_endpoint` where `@connections` is
    posted to: both follow from the API's id on AWS, or name a custom domain. `allowed_origins` are
    the pages that browsers may connect from; none means any.
    """

    sessions_table: str
    connections_table: str
    cached_translations_table: str
    rosters_table: str
    region: str
    stage: str
    websocket_url: str
    management_endpoint: str
    cache_ttl_seconds: int = 3600
    max_cache_entries: int = 10_000
    max_concurrent_broadcasts: int = 100
    posts_per_second: int = POSTS_PER_SECOND
    slice_listeners: int = SLICE_LISTENERS
    broadcast_function: str = "translation-broadcaster-dev-broadcast"
    session_ttl_seconds: int = 12 * 3600
    keep_sentences: bool = True
    allowed_origins: tuple[str, ...] = ()
    require_origin: bool = False
    limits: Limits = field(default_factory=Limits)
    oidc: Oidc | None = None
    renew_after_seconds: int = RENEW_AFTER_SECONDS
    renew_within_seconds: int = RENEW_WITHIN_SECONDS
    operator_token_hash: str = ""

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """The settings of this process.

        Raises:
            ConfigurationError: when one is missing or malformed.
        """
        region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1"
        return cls(
            sessions_table=_required(environ, "SESSIONS_TABLE_NAME"),
            connections_table=_required(environ, "CONNECTIONS_TABLE_NAME"),
            cached_translations_table=_required(environ, "CACHED_TRANSLATIONS_TABLE_NAME"),
            rosters_table=_required(environ, "ROSTERS_TABLE_NAME"),
            region=region,
            stage=environ.get("STAGE", "dev"),
            websocket_url=_websocket_url(environ, region),
            management_endpoint=_management_endpoint(environ, region),
            cache_ttl_seconds=_positive(environ, "CACHE_TTL_SECONDS", 3600),
            max_cache_entries=_positive(environ, "MAX_CACHE_ENTRIES", 10_000),
            max_concurrent_broadcasts=_positive(environ, "MAX_CONCURRENT_BROADCASTS", 100),
            posts_per_second=_positive(environ, "POSTS_PER_SECOND", POSTS_PER_SECOND),
            slice_listeners=_positive(environ, "SLICE_LISTENERS", SLICE_LISTENERS),
            broadcast_function=_broadcast_function(environ),
            session_ttl_seconds=_positive(environ, "SESSION_TTL_SECONDS", 12 * 3600),
            renew_after_seconds=_positive(environ, "RENEW_AFTER_SECONDS", RENEW_AFTER_SECONDS),
            renew_within_seconds=_positive(environ, "RENEW_WITHIN_SECONDS", RENEW_WITHIN_SECONDS),
            oidc=_oidc(environ),
            keep_sentences=environ.get("KEEP_SENTENCES", "true").lower() != "false",
            allowed_origins=_allowed_origins(environ),
            require_origin=environ.get("REQUIRE_ORIGIN", "").lower() in {"1", "true", "yes"},
            limits=_limits(environ),
            operator_token_hash=_operator_token_hash(environ),
        )


def _required(environ: Mapping[str, str], name: str) -> str:
    if value := environ.get(name):
        return value
    raise ConfigurationError(f"{name} is not set: run `make deploy STAGE=...` or `make run`")


def _positive(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name) or str(default)
    if not _POSITIVE.fullmatch(text):
        raise ConfigurationError(f"{name} must be a whole number from 1 to 999999999")
    return int(text)


def _number(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name) or str(default)
    if not _NUMBER.fullmatch(text):
        raise ConfigurationError(f"{name} must be a whole number from 0 to 999999999")
    return int(text)


def _limits(environ: Mapping[str, str]) -> Limits:
    return Limits(
        connects_per_minute=_number(environ, "CONNECTS_PER_MINUTE", 20),
        joins_per_minute=_number(environ, "JOINS_PER_MINUTE", 10),
        sessions_per_hour=_number(environ, "SESSIONS_PER_HOUR", 50),
        max_listeners=_number(environ, "MAX_LISTENERS", 10_000),
        sentences_per_second=_number(environ, "SENTENCES_PER_SECOND", 10),
        character_budget=_number(environ, "CHARACTER_BUDGET", CHARACTER_BUDGET),
        unlimited_addresses=tuple(map(_network, _listed(environ, "UNLIMITED_ADDRESSES"))),
    )


def _network(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError:
        raise ConfigurationError(
            "UNLIMITED_ADDRESSES must be addresses or ranges such as 203.0.113.0/24, with commas"
        ) from None


def _allowed_origins(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The owner's list, or else the deployed page's own origin; `*` is none, which means any."""
    origins = _listed(environ, "ALLOWED_ORIGINS") or _listed(environ, "PAGE_ORIGIN")
    if origins == (ANY_ORIGIN,):
        return ()
    if not all(map(_ORIGIN.fullmatch, origins)):
        raise ConfigurationError(
            "ALLOWED_ORIGINS must be origins such as https://talks.example.org, in lower case, "
            "without a path, with commas; or * alone"
        )
    return origins


def _listed(environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in environ.get(name, "").split(",") if part.strip())


def _oidc(environ: Mapping[str, str]) -> Oidc | None:
    """All three settings, or none: two of them would admit every owner, or none."""
    names = ("SPEAKER_JWKS_URL", "SPEAKER_ISSUER", "SPEAKER_AUDIENCE")
    values = [environ.get(name, "") for name in names]
    if not any(values):
        return None
    for name, value in zip(names, values, strict=True):
        if not value:
            raise ConfigurationError(f"{name} is not set, though {' or '.join(names)} is")
    if not is_fetchable(values[0]):
        raise ConfigurationError("SPEAKER_JWKS_URL must begin with https://")
    return Oidc(*values)


def _operator_token_hash(environ: Mapping[str, str]) -> str:
    """Empty: the stage has no operator's view."""
    text = environ.get("OPERATOR_TOKEN_HASH", "")
    if not _TOKEN_HASH.fullmatch(text):
        raise ConfigurationError(
            f"OPERATOR_TOKEN_HASH must be a SHA-256 in lower-case hexadecimal, or {OPEN_TO_ALL}"
        )
    return text


def _broadcast_function(environ: Mapping[str, str]) -> str:
    """As Chalice names it: the app, the stage, the function."""
    deployed = f"translation-broadcaster-{environ.get('STAGE', 'dev')}-broadcast"
    return environ.get("BROADCAST_FUNCTION_NAME") or deployed


def _websocket_url(environ: Mapping[str, str], region: str) -> str:
    return environ.get("WEBSOCKET_URL") or f"wss://{_api_host(environ, region)}"


def _management_endpoint(environ: Mapping[str, str], region: str) -> str:
    """In botocore's own order: the service's endpoint, the endpoint of all services, AWS's."""
    return (
        environ.get("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI")
        or environ.get("AWS_ENDPOINT_URL")
        or f"https://{_api_host(environ, region)}"
    )


def _api_host(environ: Mapping[str, str], region: str) -> str:
    # Chalice names the WebSocket API's stage after `api_gateway_stage`, "api" in config.json.
    api_id = environ.get("WEBSOCKET_API_ID", "unknown")
    return f"{api_id}.execute-api.{region}.amazonaws.com/{environ.get('WEBSOCKET_STAGE', 'api')}"
