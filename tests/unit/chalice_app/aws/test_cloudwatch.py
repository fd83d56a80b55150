"""The adapter to CloudWatch, over the stage's CloudWatch and by boto3's own wire format."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from chalice_app.aws import cloudwatch as cloudwatch_module
from chalice_app.aws.clients import Clients
from chalice_app.aws.cloudwatch import CloudWatch
from chalice_app.domain.errors import Unavailable
from chalice_app.operations.monitoring import Metric, Series
from infra.local.cloudwatch.metrics import MINUTE_MS, Metrics
from tests.cloudwatch_stage import serving
from tests.fakes.domain import NOW_MS, FakeClock
from tests.fakes.world import SETTINGS

MINUTE = NOW_MS // MINUTE_MS * MINUTE_MS
HIT_RATE = Metric("TranslationPipeline", "CacheHitRate", (("Stage", "local"),))
KEY = (HIT_RATE.namespace, HIT_RATE.name, frozenset(HIT_RATE.dimensions))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(MINUTE)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def cloudwatch(
    aws_environment: None, metrics: Metrics, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[CloudWatch]:
    with serving(metrics, clock) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH", endpoint)
        clients = Clients(SETTINGS.region)
        yield CloudWatch(clients)
        clients.cloudwatch.close()


def test_series_are_told_minute_by_minute(cloudwatch: CloudWatch, metrics: Metrics) -> None:
    for minute, value in ((0, 10), (0, 20), (2, 50), (3, 99)):
        metrics.put(KEY, MINUTE + minute * MINUTE_MS, value)
    total, count = Series(HIT_RATE, "Sum"), Series(HIT_RATE, "SampleCount")
    never = Series(Metric("AWS/Lambda", "IteratorAge", ()), "Maximum")
    assert cloudwatch.get_series([total, count, never], MINUTE, 3) == {
        total: [30, None, 50],
        count: [2, None, 1],
        never: [None, None, None],
    }


def test_alarms_are_told_as_they_stand(
    cloudwatch: CloudWatch, metrics: Metrics, clock: FakeClock
) -> None:
    names = ["CacheHitRate-local", "RostersIteratorAge-local", "NoSuchAlarm-local"]
    found = cloudwatch.describe_alarms(names)
    assert set(found) == set(names[:2])
    calm = found[names[0]]
    assert (calm.state, calm.since_ms, calm.metric) == ("OK", MINUTE, HIT_RATE)
    assert (calm.statistic, calm.minutes, calm.periods) == ("Average", 5, 2)
    assert (calm.threshold, calm.comparison) == (30, "LessThanThreshold")
    for minute in (1, 6):
        metrics.put(KEY, MINUTE + minute * MINUTE_MS, 3)
    clock.advance(6 * MINUTE_MS)
    firing = cloudwatch.describe_alarms(names)[names[0]]
    assert (firing.state, firing.since_ms) == ("ALARM", MINUTE + 6 * MINUTE_MS)


def test_a_refusal_means_unavailable(cloudwatch: CloudWatch) -> None:
    with pytest.raises(Unavailable):
        cloudwatch.get_series([Series(HIT_RATE, "no statistic")] * 501, MINUTE, 1)


def test_a_cloudwatch_that_is_not_there_means_unavailable(
    aws_environment: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH", "http://127.0.0.1:1")
    with pytest.raises(Unavailable):
        CloudWatch(Clients(SETTINGS.region)).describe_alarms(["CacheHitRate-local"])


def page(token: str | None, *minutes: int) -> dict[str, Any]:
    result = {
        "Id": "q0",
        "Timestamps": [
            datetime.fromtimestamp((MINUTE + each * MINUTE_MS) / 1000, UTC) for each in minutes
        ],
        "Values": [float(each) for each in minutes],
        "StatusCode": "Complete",
    }
    return {"MetricDataResults": [result]} | ({"NextToken": token} if token else {})


def test_all_pages_are_read_and_points_beyond_are_passed_over(aws_environment: None) -> None:
    clients = Clients(SETTINGS.region)
    series = Series(HIT_RATE, "Sum")
    with Stubber(clients.cloudwatch) as stubber:
        stubber.add_response("get_metric_data", page("more", 2, 1))
        stubber.add_response("get_metric_data", page(None, 0, 3, 5, -1))
        assert CloudWatch(clients).get_series([series], MINUTE, 3) == {series: [0, 1, 2]}
        stubber.assert_no_pending_responses()


def test_an_sdk_that_knows_no_transition_is_told_of_the_update(aws_environment: None) -> None:
    clients = Clients(SETTINGS.region)
    since = datetime.fromtimestamp(MINUTE / 1000, UTC)
    described = {
        "AlarmName": "CacheHitRate-local",
        "StateValue": "INSUFFICIENT_DATA",
        "StateUpdatedTimestamp": since,
        "Namespace": HIT_RATE.namespace,
        "MetricName": HIT_RATE.name,
        "Dimensions": [{"Name": "Stage", "Value": "local"}],
        "Statistic": "Average",
        "Period": 300,
        "EvaluationPeriods": 2,
        "Threshold": 30.0,
        "ComparisonOperator": "LessThanThreshold",
    }
    with Stubber(clients.cloudwatch) as stubber:
        stubber.add_response("describe_alarms", {"MetricAlarms": [described]})
        (found,) = CloudWatch(clients).describe_alarms(["CacheHitRate-local"]).values()
    assert (found.state, found.since_ms) == ("INSUFFICIENT_DATA", MINUTE)


def test_the_time_of_a_transition_goes_before_that_of_an_update(aws_environment: None) -> None:
    def at(ms: int) -> datetime:
        return datetime.fromtimestamp(ms / 1000, UTC)

    found = cloudwatch_module._alarm(
        {
            "AlarmName": "a",
            "StateValue": "OK",
            "StateTransitionedTimestamp": at(MINUTE + 1),
            "StateUpdatedTimestamp": at(MINUTE + 2),
            "Namespace": HIT_RATE.namespace,
            "MetricName": HIT_RATE.name,
            "Dimensions": [],
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 2,
            "Threshold": 30.0,
            "ComparisonOperator": "LessThanThreshold",
        }
    )
    assert (found.since_ms, found.minutes) == (MINUTE + 1, 1)


@pytest.mark.parametrize("minutes", [1, 3])
def test_what_is_asked_is_what_cloudwatch_takes(aws_environment: None, minutes: int) -> None:
    clients = Clients(SETTINGS.region)
    series = Series(HIT_RATE, "Sum")
    metric = {
        "Namespace": HIT_RATE.namespace,
        "MetricName": HIT_RATE.name,
        "Dimensions": [{"Name": "Stage", "Value": "local"}],
    }
    asked = {
        "MetricDataQueries": [
            {"Id": "q0", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}
        ],
        "StartTime": datetime.fromtimestamp(MINUTE / 1000, UTC),
        "EndTime": datetime.fromtimestamp((MINUTE + minutes * MINUTE_MS) / 1000, UTC),
    }
    names = {"AlarmNames": ["a"], "AlarmTypes": ["MetricAlarm"], "MaxRecords": 100}
    with Stubber(clients.cloudwatch) as stubber:
        stubber.add_response("get_metric_data", page(None), asked)
        stubber.add_response("describe_alarms", {"MetricAlarms": []}, names)
        assert CloudWatch(clients).get_series([series], MINUTE, minutes) == {
            series: [None] * minutes
        }
        assert CloudWatch(clients).describe_alarms(["a"]) == {}
