"""Fetches a JSON Web Key Set: one GET, from the address that was configured and from no other.

Redirects are not followed, proxies not asked; only https is spoken, and http to this very machine.
"""

import json
import time
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from chalice_app.domain.errors import Unavailable

TIMEOUT_SECONDS = 3.0
"""Limit of the whole request: a person who opens a session waits for it."""

MOST_BYTES = 256 * 1024
"""Far more than any provider's keys need."""

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def is_fetchable(url: str) -> bool:
    """Whether keys may be fetched from there: they decide who may open sessions."""
    try:
        parts = urlsplit(url)
        secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
        # Reading the port checks it.
        return secure and bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        return False


def fetch(url: str) -> Mapping[str, Any]:
    """The key set.

    Raises:
        Unavailable: there was no answer, or the answer is not a key set.
    """
    if not is_fetchable(url):
        raise Unavailable("the keys' address is neither https nor on this machine")
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    deadline = time.monotonic() + TIMEOUT_SECONDS
    try:
        query = f"?{parts.query}" if parts.query else ""
        connection.request("GET", (parts.path or "/") + query, headers={"Accept": "*/*"})
        response = connection.getresponse()
        if response.status != 200:
            raise Unavailable(f"the keys' address answered {response.status}")
        found = json.loads(_body(response, deadline))
    except (OSError, HTTPException, ValueError, RecursionError) as error:
        raise Unavailable(f"the keys could not be fetched: {type(error).__name__}") from error
    finally:
        connection.close()
    if not isinstance(found, dict) or not isinstance(found.get("keys"), list):
        raise Unavailable("the keys' address answered something that is not a key set")
    return found


def _body(response: HTTPResponse, deadline: float) -> bytes:
    """All of it, unless it is too much or comes too slowly."""
    body = b""
    while chunk := response.read1(65_536):
        body += chunk
        if len(body) > MOST_BYTES:
            raise ValueError("too much")
        if time.monotonic() > deadline:
            raise TimeoutError
    return body
