"""What a gateway has to know of the application's HTTP routes, as `chalice deploy` tells it AWS's.

`GET /rest-api` of the functions' host answers it as JSON. `resources` has for each path its
methods, and in `options` the headers by which the gateway answers OPTIONS itself, unless the
application does. Bodies of `binaryTypes` travel as base64.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalice.app import Chalice, CORSConfig, RouteEntry


def description(app: Chalice) -> Mapping[str, Any]:
    """The whole API, ready to become JSON."""
    return {
        "resources": {path: _resource(entries) for path, entries in app.routes.items()},
        "binaryTypes": list(app.api.binary_types),
    }


def _resource(entries: Mapping[str, RouteEntry]) -> Mapping[str, Any]:
    options = None if "OPTIONS" in entries else _options_headers(entries)
    return {"methods": list(entries), "options": options}


def _options_headers(entries: Mapping[str, RouteEntry]) -> Mapping[str, str]:
    """CORS as Chalice deploys it: the same for all methods that have it, and OPTIONS besides."""
    shared = {method: cors for method, entry in entries.items() if (cors := _cors(entry))}
    headers = next(iter(shared.values())).get_access_control_headers() if shared else {}
    return {**headers, "Access-Control-Allow-Methods": ",".join([*shared, "OPTIONS"])}


def _cors(entry: RouteEntry) -> CORSConfig | None:
    return entry.cors  # None where the route has none, whatever Chalice declares
