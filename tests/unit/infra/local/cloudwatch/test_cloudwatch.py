"""The stage's CloudWatch, asked by the SDK itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from infra.local.cloudwatch.metrics import MINUTE_MS, Metrics
from tests.cloudwatch_stage import serving
from tests.fakes.domain import NOW_MS, FakeClock

MINUTE = NOW_MS // MINUTE_MS * MINUTE_MS
NAMESPACE = "TranslationPipeline"
STAGE = [{"Name": "Stage", "Value": "local"}]
KEY = (NAMESPACE, "FailedLanguagesCount", frozenset({("Stage", "local")}))


@dataclass
class Served:
    """CloudWatch on loopback, and boto3's client of it."""

    metrics: Metrics
    clock: FakeClock
    client: Any

    def series(self, statistic: str, period: int = 60, **more: Any) -> list[tuple[int, float]]:
        """The metric in the last ten minutes: minutes from the first one, values."""
        metric = {"Namespace": NAMESPACE, "MetricName": KEY[1], "Dimensions": STAGE}
        stat = {"Metric": metric, "Period": period, "Stat": statistic}
        answer = self.client.get_metric_data(
            MetricDataQueries=[{"Id": "q", "MetricStat": stat}],
            StartTime=at(MINUTE),
            EndTime=at(MINUTE + 10 * MINUTE_MS),
            **more,
        )
        (result,) = answer["MetricDataResults"]
        assert (result["Id"], result["StatusCode"]) == ("q", "Complete")
        return [
            (round((when.timestamp() * 1000 - MINUTE) / MINUTE_MS), value)
            for when, value in zip(result["Timestamps"], result["Values"], strict=True)
        ]


def at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


@pytest.fixture
def served(aws_environment: None) -> Iterator[Served]:
    metrics, clock = Metrics(), FakeClock(MINUTE)
    with serving(metrics, clock) as endpoint:
        client = boto3.client("cloudwatch", endpoint_url=endpoint)
        yield Served(metrics, clock, client)
        client.close()


def test_a_metric_is_told_by_minutes(served: Served) -> None:
    for minute, value in ((0, 2), (0, 4), (3, 10)):
        served.metrics.put(KEY, MINUTE + minute * MINUTE_MS, value)
    assert served.series("Sum") == [(3, 10), (0, 6)], "newest first, as CloudWatch's default is"
    assert served.series("Average", ScanBy="TimestampAscending") == [(0, 3), (3, 10)]
    assert served.series("SampleCount") == [(3, 1), (0, 2)]
    assert served.series("p50") == [(3, 10), (0, 2)]


def test_longer_periods_are_aligned_as_cloudwatch_does(served: Served) -> None:
    for minute in range(10):
        served.metrics.put(KEY, MINUTE + minute * MINUTE_MS, 1)
    offset = MINUTE // MINUTE_MS % 5
    first = {(begin, value) for begin, value in served.series("Sum", 300) if begin >= 0}
    assert first >= {(5 - offset, 5.0)}


def test_a_metric_that_nobody_measured_has_no_points(served: Served) -> None:
    assert served.series("Sum") == []


def test_what_is_put_is_there(served: Served) -> None:
    served.client.put_metric_data(
        Namespace=NAMESPACE,
        MetricData=[
            {"MetricName": KEY[1], "Dimensions": STAGE, "Value": 3},
            {"MetricName": KEY[1], "Dimensions": STAGE, "Values": [1, 2], "Timestamp": at(MINUTE)},
        ],
    )
    assert served.series("Sum") == [(0, 6)]


def test_alarms_are_the_templates_and_fire(served: Served) -> None:
    name = "FailedLanguagesCount-local"

    def alarm() -> Any:
        (found,) = served.client.describe_alarms(AlarmNames=[name])["MetricAlarms"]
        return found

    calm = alarm()
    assert calm["AlarmName"] == name
    assert (calm["StateValue"], calm["StateTransitionedTimestamp"]) == ("OK", at(MINUTE))
    assert (calm["Threshold"], calm["ComparisonOperator"]) == (10, "GreaterThanThreshold")
    assert (calm["Statistic"], calm["Period"], calm["EvaluationPeriods"]) == ("Sum", 300, 2)
    assert (calm["Namespace"], calm["MetricName"], calm["Dimensions"]) == (NAMESPACE, KEY[1], STAGE)
    for minute in (1, 6):
        served.metrics.put(KEY, MINUTE + minute * MINUTE_MS, 11)
    served.clock.advance(7 * MINUTE_MS)
    assert alarm()["StateValue"] == "ALARM"
    everything = served.client.describe_alarms()["MetricAlarms"]
    assert len(everything) > 4
    some = served.client.describe_alarms(AlarmNamePrefix="Cache")["MetricAlarms"]
    assert {each["AlarmName"] for each in some} < {each["AlarmName"] for each in everything}


@pytest.mark.parametrize(
    ("operation", "request_", "code"),
    [
        ("list_metrics", {}, "UnknownOperationException"),
        (
            "put_metric_data",
            {"Namespace": "n", "MetricData": [{"MetricName": "m", "Timestamp": at(MINUTE * 2)}]},
            "InvalidParameterValue",
        ),
        (
            "put_metric_data",
            {
                "Namespace": "n",
                "MetricData": [
                    {
                        "MetricName": "m",
                        "StatisticValues": {
                            **dict.fromkeys(("SampleCount", "Sum", "Minimum", "Maximum"), 1)
                        },
                    }
                ],
            },
            "InvalidParameterValue",
        ),
        ("put_metric_data", {"Namespace": "n", "MetricData": [{"MetricName": "m"}]}, "Validation"),
    ],
)
def test_what_it_does_not_know_it_refuses(
    served: Served, operation: str, request_: dict[str, Any], code: str
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(served.client, operation)(**request_)
    assert refused.value.response["Error"]["Code"].startswith(code)


@pytest.mark.parametrize(("statistic", "period"), [("median", 60), ("Sum", 30), ("Sum", 90)])
def test_statistics_and_periods_of_another_kind_are_refused(
    served: Served, statistic: str, period: int
) -> None:
    served.metrics.put(KEY, MINUTE, 1)
    with pytest.raises(ClientError, match="ValidationError"):
        served.series(statistic, period)


def test_too_much_at_once_is_refused(served: Served) -> None:
    query = {"Id": "q", "Expression": "1+1"}
    for queries, end in (([query], MINUTE), ([query] * 501, MINUTE)):
        with pytest.raises(ClientError, match="ValidationError"):
            served.client.get_metric_data(
                MetricDataQueries=queries, StartTime=at(MINUTE), EndTime=at(end)
            )
    with pytest.raises(ClientError, match="ValidationError"):
        served.client.get_metric_data(
            MetricDataQueries=[
                {
                    "Id": "q",
                    "MetricStat": {
                        "Metric": {"Namespace": "n", "MetricName": "m"},
                        "Period": 60,
                        "Stat": "Sum",
                    },
                }
            ],
            StartTime=at(MINUTE_MS),
            EndTime=at(MINUTE),
        )
