"""The functions' settings, read from the environment once."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from chalice_app.errors import BroadcasterError

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

_POSITIVE = re.compile(r"[1-9][0-9]{0,8}")


class ConfigurationError(BroadcasterError):
    """A setting is missing or has no sense; the message names it and what to run."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting of the application; names and defaults are those of the protocol page.

    `websocket_url` is what clients connect to and `management_endpoint` where `@connections` is
    posted to: both follow from the API's id on AWS, or name a custom domain.
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
            keep_sentences=environ.get("KEEP_SENTENCES", "true").lower() != "false",
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
