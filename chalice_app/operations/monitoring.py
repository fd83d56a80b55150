"""What CloudWatch knows: series of metrics, and the states of alarms."""

from collections.abc import Sequence
from dataclasses import dataclass

Points = Sequence[float | None]
"""A statistic by minutes; None where nothing was measured."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric: CloudWatch knows it by all three."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Series:
    """One statistic of a metric: Average, Sum, Maximum, SampleCount, p50 and so on."""

    metric: Metric
    statistic: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm as it stands since `since_ms`: OK, ALARM or INSUFFICIENT_DATA.

    It compares a statistic over `minutes` with its threshold, `periods` times in a row.
    """

    name: str
    metric: Metric
    statistic: str
    minutes: int
    periods: int
    threshold: float
    comparison: str
    state: str
    since_ms: int

    @property
    def series(self) -> Sequence[Series]:
        """What the alarm's value is computed from: minutes weigh by what was measured in them."""
        parts = ("Sum", "SampleCount") if self.statistic == "Average" else (self.statistic,)
        return [Series(self.metric, part) for part in parts]

    def value(self, parts: Sequence[Points]) -> float | None:
        """The value over the last `minutes`; `parts` are the points of `series`."""
        last = [[each for each in part[-self.minutes :] if each is not None] for part in parts]
        if not last[0]:
            return None
        match self.statistic:
            case "Average":
                return sum(last[0]) / sum(last[1])
            case "Sum":
                return sum(last[0])
        return max(last[0])


def ratio(sums: Points, counts: Points) -> Points:
    """The average of each minute, from its sum and its count."""
    return [
        total / count if total is not None and count else None
        for total, count in zip(sums, counts, strict=True)
    ]
