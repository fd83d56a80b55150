"""CloudWatch: what the functions measured, and how the stage's alarms stand."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalice_app.aws.clients import Clients
from chalice_app.domain.errors import Unavailable
from chalice_app.operations.monitoring import Alarm, Metric, Points, Series

_MINUTE_MS = 60_000


@dataclass(frozen=True)
class CloudWatch:
    """`ports.Monitor` on CloudWatch.

    A look is one call of each method. AWS charges $0.01 for 1,000 metrics asked for: about a dozen
    a look, so a page that looks every five seconds costs nine cents an hour.
    Source: https://aws.amazon.com/cloudwatch/pricing/
    """

    clients: Clients

    def describe_alarms(self, names: Sequence[str]) -> Mapping[str, Alarm]:
        """The alarms of these names (at most 100) that exist."""
        with _errors_translated():
            answer = self.clients.cloudwatch.describe_alarms(
                AlarmNames=list(names), AlarmTypes=["MetricAlarm"], MaxRecords=100
            )
        return {each["AlarmName"]: _alarm(each) for each in answer["MetricAlarms"]}

    def get_series(
        self, wanted: Iterable[Series], begin_ms: int, minutes: int
    ) -> Mapping[Series, Points]:
        """Each series (at most 500) by minutes, from a full minute on."""
        by_id = {f"q{number}": each for number, each in enumerate(wanted)}
        points: dict[str, list[float | None]] = {each: [None] * minutes for each in by_id}
        request: dict[str, Any] = {
            "MetricDataQueries": [_query(id_, each) for id_, each in by_id.items()],
            "StartTime": _time(begin_ms),
            "EndTime": _time(begin_ms + minutes * _MINUTE_MS),
        }
        for id_, at, value in self._values(request):
            place = (round(at.timestamp() * 1000) - begin_ms) // _MINUTE_MS
            if 0 <= place < minutes:
                points[id_][place] = value
        return {each: points[id_] for id_, each in by_id.items()}

    def _values(self, request: dict[str, Any]) -> Iterator[tuple[str, datetime, float]]:
        while True:
            with _errors_translated():
                page = self.clients.cloudwatch.get_metric_data(**request)
            for result in page["MetricDataResults"]:
                for at, value in zip(result["Timestamps"], result["Values"], strict=True):
                    yield result["Id"], at, value
            if "NextToken" not in page:
                return
            request["NextToken"] = page["NextToken"]


@contextmanager
def _errors_translated() -> Iterator[None]:
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise Unavailable("CloudWatch did not answer") from error


def _query(id_: str, series: Series) -> dict[str, Any]:
    metric = {
        "Namespace": series.metric.namespace,
        "MetricName": series.metric.name,
        "Dimensions": [{"Name": name, "Value": value} for name, value in series.metric.dimensions],
    }
    return {"Id": id_, "MetricStat": {"Metric": metric, "Period": 60, "Stat": series.statistic}}


def _alarm(found: Mapping[str, Any]) -> Alarm:
    # The time of the transition is newer than some SDKs; the update differs where actions fail.
    since: datetime = found.get("StateTransitionedTimestamp") or found["StateUpdatedTimestamp"]
    return Alarm(
        name=found["AlarmName"],
        metric=Metric(
            found["Namespace"],
            found["MetricName"],
            tuple((each["Name"], each["Value"]) for each in found["Dimensions"]),
        ),
        statistic=found["Statistic"],
        minutes=found["Period"] // 60,
        periods=found["EvaluationPeriods"],
        threshold=found["Threshold"],
        comparison=found["ComparisonOperator"],
        state=found["StateValue"],
        since_ms=round(since.timestamp() * 1000),
    )


def _time(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
