"""Which pages browsers may connect from.

A browser names the page's origin in every WebSocket handshake and lets no script change it; the
same-origin policy does not hold for WebSockets, so the server has to look. Other programs send
none. Source: RFC 6455, 10.2.
"""

from collections.abc import Mapping, Sequence
from typing import Any


def is_allowed(event: Mapping[str, Any], allowed: Sequence[str], required: bool) -> bool:
    """Whether a `$connect` event's Origin is allowed, to the letter; an empty list allows any.

    Every Origin that was sent counts: of two, proxies and servers may each see another.
    """
    origins = _origins(event)
    if not origins:
        return not required
    return not allowed or all(origin in allowed for origin in origins)


def _origins(event: Mapping[str, Any]) -> Sequence[str]:
    """API Gateway passes a header's name on as it was spelled."""
    several: Mapping[str, Sequence[str]] = event.get("multiValueHeaders") or {
        name: [value] for name, value in (event.get("headers") or {}).items()
    }
    return [value for name in several if name.lower() == "origin" for value in several[name]]
