"""Where metrics go; `metrics` implements it on the functions' log, tests provide fakes."""

from collections.abc import Mapping
from typing import Protocol


class MetricsSink(Protocol):
    """Where metrics go."""

    def emit(self, values: Mapping[str, float]) -> None:
        """Publishes the metrics under their names (see `metrics`)."""

    def emit_pair(self, pair: str, values: Mapping[str, float]) -> None:
        """Publishes metrics of a pair such as `en:es`, apart from the stage's own."""
