"""The address that a client has asked, and the WebSocket endpoint that it is told."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from chalice_app.domain.errors import BadMessage
from chalice_app.settings import SAME_HOST

# Not compiled here: every function's start would pay for what pages alone need.
_HOST = r"([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?"
_LOOPBACK = r"(127(\.[0-9]{1,3}){3}|\[::1\]|([a-z0-9-]+\.)*localhost)(:[0-9]{1,5})?"


def websocket_url(configured: str, headers: Mapping[str, str]) -> str:
    """The configured address, or that of the host that the request asked.

    Raises:
        BadMessage: the answer would have the request's host in it, and that is not one.
    """
    if configured != SAME_HOST:
        return configured
    host = headers.get("host", "")
    if not _is_host(host):
        raise BadMessage("the Host header must be a host, such as talks.example.org:8000")
    # A browser refuses an insecure socket of a secure page.
    return f"{'wss' if _is_encrypted(headers) else 'ws'}://{host}"


def is_trusted_by_browsers(headers: Mapping[str, str]) -> bool:
    """Whether the page is what browsers call potentially trustworthy: HTTPS, or loopback's.

    Source: https://www.w3.org/TR/secure-contexts/#is-origin-trustworthy
    """
    host = headers.get("host", "")
    return _is_encrypted(headers) or not host or _is_like(_LOOPBACK, host)


def _is_encrypted(headers: Mapping[str, str]) -> bool:
    """Who ends TLS says so."""
    return headers.get("x-forwarded-proto", "").lower() == "https"


def _is_host(text: str) -> bool:
    try:
        # Reading the port checks it.
        return _is_like(_HOST, text) and urlsplit(f"//{text}").port != 0
    except ValueError:
        return False


def _is_like(pattern: str, text: str) -> bool:
    return bool(re.fullmatch(pattern, text, re.IGNORECASE))
