"""Who may use the stage: programs of this machine, and pages that it serves itself.

Listening on loopback keeps other machines out, but not the web sites in this machine's browser. A
browser names the page in `Origin` wherever a page's script or form posts to another site, and the
address that it was asked for in `Host`, also when somebody's name was made to lead to 127.0.0.1
(DNS rebinding). No script can change either. A request without them is not a browser's.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

LOOPBACK_HOSTS: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})

_HOST: Final = re.compile(r"(\[[0-9a-f:.]+\]|[^\[\]:]+)(:[0-9]*)?")


def is_for(hosts: Collection[str], host: str | None) -> bool:
    """Whether a `Host`, with a port or without, is among those hosts; none was sent means yes."""
    return host is None or _without_port(host) in hosts


def is_from(origins: Collection[str], origin: str | None) -> bool:
    """Whether an `Origin` is among those origins, or `*` is; none was sent means yes."""
    return origin is None or origin in origins or "*" in origins


def is_program(host: str | None, origin: str | None) -> bool:
    """Whether a request by these headers comes from an SDK: they send loopback and no `Origin`."""
    return origin is None and is_for(LOOPBACK_HOSTS, host)


def page_hosts(allowed_origins: str) -> frozenset[str]:
    """Loopback's names, and the hosts of ALLOWED_ORIGINS; `*` names none.

    A user who puts a tunnel before the stage names the tunnel's page there.
    """
    named = (_without_port(urlsplit(each.strip()).netloc) for each in allowed_origins.split(","))
    return LOOPBACK_HOSTS | {name for name in named if name}


def page_origins(allowed_origins: str) -> frozenset[str]:
    """The origins of ALLOWED_ORIGINS, as a browser's `Origin` names them; `*` among them is all."""
    named = (each.strip().lower().rstrip("/") for each in allowed_origins.split(","))
    return frozenset(name for name in named if name)


def _without_port(host: str) -> str:
    match = _HOST.fullmatch(host.lower())
    return match[1] if match else ""
