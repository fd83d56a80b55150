"""All parts together: for the tools and the tests, which call what they like."""

from dataclasses import dataclass

from chalice_app.bootstrap.cache import CacheParts
from chalice_app.bootstrap.repair import RepairParts
from chalice_app.bootstrap.routes import RouteParts
from chalice_app.bootstrap.synthesis import VoiceParts


@dataclass(frozen=True)
class Application(RouteParts, RepairParts, CacheParts, VoiceParts):
    """Every use case."""
