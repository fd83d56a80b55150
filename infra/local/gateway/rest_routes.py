"""The application's HTTP routes, and which of them a request is for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote


@dataclass(frozen=True)
class Resource:
    """A path with its parameters, as `/sessions/{session_id}`.

    `options` are the headers by which the gateway answers OPTIONS itself; None: the application
    does.
    """

    path: str
    options: Mapping[str, str] | None

    def captured(self, parts: list[str]) -> Mapping[str, str] | None:
        """The parameters of a path that was split at its slashes; None: it is another's."""
        own = self.path.split("/")
        if len(own) != len(parts):
            return None
        pairs = dict(zip(own, parts, strict=True))
        if any(not _fits(mine, part) for mine, part in zip(own, parts, strict=True)):
            return None
        return {name[1:-1]: unquote(part) for name, part in pairs.items() if name.startswith("{")}


@dataclass(frozen=True)
class Match:
    """A resource, and the parameters of its path, decoded."""

    resource: Resource
    parameters: Mapping[str, str]


class RestRoutes:
    """All routes, as the functions' host describes them."""

    def __init__(self, description: Mapping[str, Any]) -> None:
        """Raises LookupError, TypeError or AttributeError if it describes no API."""
        resources = [
            Resource(path, each["options"]) for path, each in description["resources"].items()
        ]
        # By the alphabet a name comes before a parameter in its place: `/s/new` before `/s/{id}`.
        self._resources = sorted(resources, key=lambda resource: resource.path)
        self.binary_types = frozenset(description["binaryTypes"])

    def match(self, path: str) -> Match | None:
        """What a path, still encoded, leads to. One slash at its end does not matter."""
        parts = (path.removesuffix("/") or "/").split("/")
        for resource in self._resources:
            parameters = resource.captured(parts)
            if parameters is not None:
                return Match(resource, parameters)
        return None


def _fits(own: str, part: str) -> bool:
    """A parameter takes any part but an empty one. A name is compared as it came: encoded."""
    return bool(part) if own.startswith("{") else own == part
