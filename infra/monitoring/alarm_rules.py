"""The alarms of `infra/alarms.yaml`, and CloudWatch's rules by which they fire.

An alarm looks at whole periods, newest last. Where points are missing CloudWatch looks further
back (`LOOK_BACK` periods more, as in the tables of its documentation): as many real points as the
alarm needs decide alone; if there are fewer, the missing ones are filled in as the alarm says.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from infra.cloudformation import Template
from infra.monitoring.embedded_metrics import MetricKey, embedded_points

TEMPLATE: Final = Path(__file__).parents[1] / "alarms.yaml"
ALARM_TOPIC: Final = "AlarmTopic"
"""Of what somebody must look after at once."""
COST_TOPIC: Final = "CostTopic"
"""Of what costs money, and hurts no listener."""
LOOK_BACK: Final = 2

_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
}
_STATISTICS: Final[Mapping[str, Callable[[Sequence[float]], float]]] = {
    "Average": lambda values: sum(values) / len(values),
    "Sum": sum,
    "Maximum": max,
    "Minimum": min,
}

Stream = Mapping[MetricKey, Sequence[tuple[float, float]]]
"""Points of metrics: seconds since the beginning, value."""


@dataclass(frozen=True)
class Alarm:
    """One alarm; `period` in seconds, `name` without the stage, `tells` the topics' logical ids."""

    name: str
    metric: MetricKey
    statistic: str
    period: int
    periods: int
    threshold: float
    comparison: str
    missing: str
    tells: tuple[str, ...] = ()

    def first_minute(self, stream: Stream, seconds: float) -> float | None:
        """The minute in which it fires; None when it never does.

        It is looked at whenever a period is over.
        """
        points = self._points(stream)
        for end in range(1, int(seconds // self.period) + 1):
            if self.is_alarm([points.get(number) for number in range(end)]):
                return end * self.period / 60
        return None

    def is_alarm(self, points: Sequence[float | None]) -> bool:
        """Whether these periods' values, newest last, None where missing, make it fire."""
        looked_at = points[-(self.periods + LOOK_BACK) :]
        breaching = [self._breaches(value) for value in looked_at if value is not None]
        if len(breaching) >= self.periods:
            return all(breaching[-self.periods :])
        if self.missing == "breaching":
            return all(breaching)
        return self.missing == "missing" and bool(breaching) and all(breaching)

    def _points(self, stream: Stream) -> Mapping[int, float]:
        values: dict[int, list[float]] = {}
        for at, value in stream.get(self.metric, ()):
            values.setdefault(int(at // self.period), []).append(value)
        statistic = _STATISTICS[self.statistic]
        return {number: statistic(each) for number, each in values.items()}

    def _breaches(self, value: float) -> bool:
        return _COMPARISONS[self.comparison](value, self.threshold)


def read_alarms(stage: str, **parameters: str) -> list[Alarm]:
    """The template's alarms for a stage; the template's other parameters by their names."""
    template = Template.read(TEMPLATE, {"Stage": stage, **parameters}, {ALARM_TOPIC, COST_TOPIC})
    declared = template.resources("AWS::CloudWatch::Alarm")
    return [_alarm(properties, stage) for properties in declared.values()]


def _alarm(properties: Mapping[str, Any], stage: str) -> Alarm:
    dimensions = frozenset((each["Name"], each["Value"]) for each in properties["Dimensions"])
    return Alarm(
        name=properties["AlarmName"].removesuffix(f"-{stage}"),
        metric=(properties["Namespace"], properties["MetricName"], dimensions),
        statistic=properties["Statistic"],
        period=int(properties["Period"]),
        periods=int(properties["EvaluationPeriods"]),
        threshold=float(properties["Threshold"]),
        comparison=properties["ComparisonOperator"],
        missing=properties["TreatMissingData"],
        tells=tuple(properties["AlarmActions"]),
    )


def embedded_metrics(lines: Iterable[str], begun_ms: int) -> Stream:
    """The metrics in a function's log."""
    stream: dict[MetricKey, list[tuple[float, float]]] = {}
    for line in lines:
        for key, at_ms, value in embedded_points(line):
            stream.setdefault(key, []).append(((at_ms - begun_ms) / 1000, value))
    return stream
