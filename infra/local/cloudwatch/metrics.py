"""What the stage's functions measure, kept for half an hour as CloudWatch would keep it: by minute.

Bounded whatever comes: a minute of a metric is five numbers and a sample of at most `SAMPLE`
values, from which percentiles are computed; of more than `MOST_METRICS` metrics (the language pairs
are metrics of their own) the one that was silent for the longest time is forgotten. Four thousand
sentences in half an hour are about 0.2 MB.
"""

from __future__ import annotations

import io
import math
import random
import threading
from array import array
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, TextIO

from infra.monitoring.embedded_metrics import MetricKey, embedded_points

MINUTE_MS: Final = 60_000
KEPT_MINUTES: Final = 40
"""An alarm looks back at most four periods of five minutes; a chart at fifteen."""
MOST_METRICS: Final = 256
SAMPLE: Final = 100


class StatisticError(ValueError):
    """A statistic that is not known here."""


@dataclass
class Minute:
    """The values of one metric in a minute, or in several taken together."""

    count: int = 0
    total: float = 0.0
    least: float = math.inf
    most: float = -math.inf
    sample: array[float] = field(default_factory=lambda: array("f"))

    def put(self, value: float) -> None:
        """Takes a value in."""
        self.count += 1
        self.total += value
        self.least = min(self.least, value)
        self.most = max(self.most, value)
        if len(self.sample) < SAMPLE:
            self.sample.append(value)
        elif (place := random.randrange(self.count)) < SAMPLE:  # noqa: S311
            self.sample[place] = value

    def add(self, other: Minute) -> None:
        """Takes another minute in."""
        self.count += other.count
        self.total += other.total
        self.least = min(self.least, other.least)
        self.most = max(self.most, other.most)
        self.sample.extend(other.sample)

    def statistic(self, name: str) -> float:
        """One of CloudWatch's statistics; there must be a value.

        Raises:
            StatisticError: it is none of Average, Sum, Minimum, Maximum, SampleCount and p0..p100.
        """
        match name:
            case "Average":
                return self.total / self.count
            case "Sum":
                return self.total
            case "Minimum":
                return self.least
            case "Maximum":
                return self.most
            case "SampleCount":
                return float(self.count)
        return self._percentile(name)

    def _percentile(self, name: str) -> float:
        digits = name[1:].replace(".", "", 1)
        if name[:1] != "p" or not digits.isascii() or not digits.isdigit() or float(name[1:]) > 100:
            raise StatisticError(f"the statistic {name} is not known")
        ordered = sorted(self.sample)
        return ordered[max(0, math.ceil(float(name[1:]) / 100 * len(ordered)) - 1)]


class Metrics:
    """Every metric of the stage. May be used from any thread."""

    def __init__(self) -> None:
        """Nothing has been measured."""
        self._minutes: OrderedDict[MetricKey, dict[int, Minute]] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, key: MetricKey, at_ms: int, value: float) -> None:
        """Takes a value that was measured at that time (epoch milliseconds)."""
        minute = at_ms // MINUTE_MS
        with self._lock:
            minutes = self._minutes.setdefault(key, {})
            self._minutes.move_to_end(key)
            minutes.setdefault(minute, Minute()).put(value)
            newest = max(minutes)
            for old in [each for each in minutes if each <= newest - KEPT_MINUTES]:
                del minutes[old]
            if len(self._minutes) > MOST_METRICS:
                self._minutes.popitem(last=False)

    def over(self, key: MetricKey, minutes: Iterable[int]) -> Minute | None:
        """What was measured in those minutes (since the epoch) together; None: nothing was."""
        whole = Minute()
        with self._lock:
            kept = self._minutes.get(key, {})
            for each in minutes:
                if each in kept:
                    whole.add(kept[each])
        return whole if whole.count else None


class FunctionsOutput(io.TextIOBase):
    """The functions' standard output: what they print is their log, and CloudWatch reads along."""

    def __init__(self, log: TextIO, metrics: Metrics) -> None:
        """`log` takes everything, unchanged."""
        self._log = log
        self._metrics = metrics

    def write(self, text: str) -> int:
        """Write on, and take the metrics in it; a line is always printed in one piece."""
        if text.startswith('{"_aws"'):
            try:
                for key, at_ms, value in embedded_points(text):
                    self._metrics.put(key, at_ms, value)
            except (ValueError, KeyError, TypeError):
                # As CloudWatch does with what is not in the format: it stays a line of the log.
                return self._log.write(text)
        return self._log.write(text)

    def flush(self) -> None:
        """Flush the log."""
        self._log.flush()
