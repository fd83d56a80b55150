"""What the stage measures: kept by minute, bounded, and told by CloudWatch's statistics."""

import io
import json
from typing import TextIO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalice_app.observability.metrics import EmbeddedMetrics
from infra.local.cloudwatch.metrics import (
    KEPT_MINUTES,
    MINUTE_MS,
    MOST_METRICS,
    SAMPLE,
    FunctionsOutput,
    Metrics,
    Minute,
    StatisticError,
)
from infra.monitoring.embedded_metrics import MetricKey
from tests.fakes.domain import NOW_MS, FakeClock

NOW = NOW_MS // MINUTE_MS


def key(name: str = "DeliveryLatency") -> MetricKey:
    return "TranslationPipeline", name, frozenset({("Stage", "local")})


def minute(*values: float) -> Minute:
    made = Minute()
    for value in values:
        made.put(value)
    return made


@pytest.mark.parametrize(
    ("statistic", "value"),
    [
        *(("Average", 2.5), ("Sum", 10), ("Minimum", 1), ("Maximum", 4), ("SampleCount", 4)),
        *(("p0", 1), ("p50", 2), ("p75", 3), ("p99", 4), ("p99.9", 4), ("p100", 4)),
    ],
)
def test_statistics_are_cloudwatchs(statistic: str, value: float) -> None:
    assert minute(3, 1, 4, 2).statistic(statistic) == value


@pytest.mark.parametrize("statistic", ["", "p", "p101", "pp", "p5²", "p.", "median", "TM(10%)"])
def test_other_statistics_are_refused(statistic: str) -> None:
    with pytest.raises(StatisticError):
        minute(1).statistic(statistic)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=3 * SAMPLE))
def test_a_minute_holds_no_more_than_its_sample(values: list[int]) -> None:
    whole = minute(*values)
    assert len(whole.sample) <= SAMPLE
    assert set(whole.sample) <= set(values)
    assert whole.statistic("Sum") == sum(values)
    assert whole.statistic("Maximum") == max(values)


def test_minutes_are_told_apart_and_together() -> None:
    metrics = Metrics()
    metrics.put(key(), NOW_MS, 1)
    metrics.put(key(), NOW_MS + MINUTE_MS, 3)
    metrics.put(key("CacheSize"), NOW_MS, 100)
    first, both = metrics.over(key(), [NOW]), metrics.over(key(), [NOW, NOW + 1])
    assert first is not None
    assert both is not None
    assert (first.total, both.total) == (1, 4)
    assert metrics.over(key(), [NOW + 2]) is None
    assert metrics.over(key("never"), [NOW]) is None


def test_old_minutes_are_forgotten() -> None:
    metrics = Metrics()
    for passed in range(KEPT_MINUTES + 1):
        metrics.put(key(), NOW_MS + passed * MINUTE_MS, 1)
    assert metrics.over(key(), [NOW]) is None
    kept = metrics.over(key(), range(NOW, NOW + KEPT_MINUTES + 1))
    assert kept is not None
    assert kept.count == KEPT_MINUTES


def test_of_too_many_metrics_the_most_silent_is_forgotten() -> None:
    metrics = Metrics()
    for number in range(MOST_METRICS):
        metrics.put(key(str(number)), NOW_MS, 1)
    metrics.put(key("0"), NOW_MS, 1)
    metrics.put(key("one more"), NOW_MS, 1)
    assert metrics.over(key("0"), [NOW]) is not None
    assert metrics.over(key("1"), [NOW]) is None


def test_what_a_function_prints_is_read_along() -> None:
    log, metrics = io.StringIO(), Metrics()
    output = FunctionsOutput(log, metrics)
    EmbeddedMetrics(cast(TextIO, output), "local", FakeClock()).emit({"DeliveryLatency": 41})
    output.write("a line\n")
    assert len(log.getvalue().splitlines()) == 2
    found = metrics.over(key(), [NOW])
    assert found is not None
    assert found.statistic("Average") == 41


@pytest.mark.parametrize(
    "line",
    [
        *('{"_aws" is no JSON', '{"_aws": {}}', '{"_aws": 1}'),
        json.dumps({"_aws": {"Timestamp": 1, "CloudWatchMetrics": [{"Dimensions": [["Stage"]]}]}}),
    ],
)
def test_what_is_not_in_the_format_is_only_logged(line: str) -> None:
    log = io.StringIO()
    assert FunctionsOutput(log, Metrics()).write(line) == len(line)
    assert log.getvalue() == line
