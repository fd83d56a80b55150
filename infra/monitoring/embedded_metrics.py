"""The metrics in what a function prints, as CloudWatch takes them from its log.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator

MetricKey = tuple[str, str, frozenset[tuple[str, str]]]
"""Namespace, name and dimensions: all three must agree, or CloudWatch sees another metric."""

Point = tuple[MetricKey, int, float]
"""A metric, when it was measured (epoch milliseconds), and its value."""


def embedded_points(line: str) -> Iterator[Point]:
    """The metrics of one line.

    Raises:
        ValueError: it is not valid JSON.
        KeyError: it is not in the format.
    """
    document = json.loads(line)
    at_ms = document["_aws"]["Timestamp"]
    for directive in document["_aws"]["CloudWatchMetrics"]:
        for names in directive["Dimensions"]:
            dimensions = frozenset((name, document[name]) for name in names)
            for metric in directive["Metrics"]:
                name = metric["Name"]
                yield (directive["Namespace"], name, dimensions), at_ms, document[name]
