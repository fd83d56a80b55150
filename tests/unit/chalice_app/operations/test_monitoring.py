"""An alarm's value now: over its own minutes, each minute weighing by what was measured in it."""

from dataclasses import replace

import pytest

from chalice_app.operations.monitoring import Alarm, Metric, Points, Series, ratio
from tests.fakes.domain import NOW_MS

METRIC = Metric("TranslationPipeline", "CacheHitRate", (("Stage", "test"),))
ALARM = Alarm("a", METRIC, "Average", 2, 2, 30, "LessThanThreshold", "OK", NOW_MS)


def test_an_average_needs_the_sums_and_the_counts() -> None:
    assert ALARM.series == [Series(METRIC, "Sum"), Series(METRIC, "SampleCount")]
    assert replace(ALARM, statistic="Sum").series == [Series(METRIC, "Sum")]
    assert replace(ALARM, statistic="Maximum").series == [Series(METRIC, "Maximum")]


@pytest.mark.parametrize(
    ("statistic", "parts", "value"),
    [
        # One sentence at 100 %, three at 0: a quarter, not a half.
        ("Average", [[900.0, 100.0, 0.0], [9.0, 1.0, 3.0]], 25),
        ("Average", [[900.0, None, 50.0], [9.0, None, 1.0]], 50),
        ("Average", [[900.0, None, None], [9.0, None, None]], None),
        ("Sum", [[9.0, 1.0, 2.0]], 3),
        ("Sum", [[9.0, None, 2.0]], 2),
        ("Maximum", [[9.0, 1.0, 2.0]], 2),
    ],
)
def test_the_value_is_that_of_the_last_minutes(
    statistic: str, parts: list[Points], value: float | None
) -> None:
    assert replace(ALARM, statistic=statistic).value(parts) == value


def test_a_minute_without_a_measurement_has_no_average() -> None:
    assert ratio([90.0, None, 0.0], [3.0, None, 0.0]) == [30, None, None]
