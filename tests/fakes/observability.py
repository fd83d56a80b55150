"""The port of `chalice_app.observability`."""

from collections import Counter
from collections.abc import Mapping


class RecordingMetrics:
    """`ports.MetricsSink` that keeps what was emitted: by call, and in sum by language pair."""

    def __init__(self) -> None:
        self.emitted: list[dict[str, float]] = []
        self.pairs: dict[str, Counter[str]] = {}

    def emit(self, values: Mapping[str, float]) -> None:
        self.emitted.append(dict(values))

    def emit_pair(self, pair: str, values: Mapping[str, float]) -> None:
        counted = self.pairs.setdefault(pair, Counter())
        for name, value in values.items():
            counted[name] += int(value)

    def values(self) -> dict[str, float]:
        """Everything emitted, by name; the last value of a name wins."""
        return {name: value for each in self.emitted for name, value in each.items()}
