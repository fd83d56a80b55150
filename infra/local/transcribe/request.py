"""What a client asks for in the query of its WebSocket handshake, and what Transcribe refuses."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from infra.local.access.callers import LOOPBACK_HOSTS, is_for

SAMPLE_RATE: Final = 16_000
_MOST_SECONDS: Final = 300
"""The longest expiry: docs.aws.amazon.com/transcribe/latest/dg/streaming-websocket.html."""
_CLOCKS_DIFFER: Final = timedelta(minutes=5)
_DATE: Final = "%Y%m%dT%H%M%SZ"
_SIGNED: Final = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-SignedHeaders", "X-Amz-Signature")


class Forbidden(Exception):
    """The URL is not signed, or its time is over: the handshake is refused."""


class BadRequest(Exception):
    """A parameter is wrong: the stream opens, gets this as an exception, and closes."""


@dataclass(frozen=True)
class StreamRequest:
    """A stream's parameters."""

    language: str
    """Transcribe's code, such as en-US."""
    stabilises: bool
    """Whether items of partial results say that they are stable."""
    session_id: str


def require_own_page(host: str | None, origin: str | None) -> None:
    """Refuse what another web site's page asks for in this machine's browser.

    The stage's own page comes from loopback; a program sends no `Origin`.

    Raises:
        Forbidden: the page, or the name that led here, is another's.
    """
    page = None if origin is None else urlsplit(origin).netloc
    if not (is_for(LOOPBACK_HOSTS, host) and is_for(LOOPBACK_HOSTS, page)):
        raise Forbidden("the page is not served by this machine")


def require_signature(query: Mapping[str, str], now: datetime) -> None:
    """Refuse a URL without a signature, or too old; the signature itself is not verified.

    Raises:
        Forbidden: the message says why.
    """
    for name in _SIGNED:
        if not query.get(name):
            raise Forbidden(f"{name} is missing: the URL must be presigned")
    try:
        signed = datetime.strptime(query.get("X-Amz-Date", ""), _DATE).replace(tzinfo=UTC)
    except ValueError as error:
        raise Forbidden("X-Amz-Date must be a time such as 20261128T201500Z") from error
    expires = query.get("X-Amz-Expires", "")
    if not re.fullmatch("[0-9]{1,6}", expires) or not 1 <= int(expires) <= _MOST_SECONDS:
        raise Forbidden(f"X-Amz-Expires must be a whole number from 1 to {_MOST_SECONDS}")
    if now >= signed + timedelta(seconds=int(expires)):
        raise Forbidden("Signature expired")
    if signed > now + _CLOCKS_DIFFER:
        raise Forbidden("Signature not yet current")


def stream_request(query: Mapping[str, str], languages: Collection[str]) -> StreamRequest:
    """The parameters; `languages` are the ISO 639 codes that are recognised here.

    Raises:
        BadRequest: one of them is wrong.
    """
    language = query.get("language-code", "")
    if language.partition("-")[0] not in languages or not re.fullmatch(
        "[a-z]{2,3}-[A-Z]{2}", language
    ):
        raise BadRequest(f"LanguageCode: {language!r} is not supported here")
    if query.get("media-encoding") != "pcm":
        raise BadRequest("MediaEncoding must be pcm")
    if query.get("sample-rate") != str(SAMPLE_RATE):
        raise BadRequest(f"MediaSampleRateHertz must be {SAMPLE_RATE}")
    stability = query.get("partial-results-stability", "high")
    if stability not in ("low", "medium", "high"):
        raise BadRequest("PartialResultsStability must be low, medium or high")
    stabilises = query.get("enable-partial-results-stabilization", "false").lower()
    if stabilises not in ("true", "false"):
        raise BadRequest("EnablePartialResultsStabilization must be true or false")
    return StreamRequest(language, stabilises == "true", query.get("session-id", ""))
