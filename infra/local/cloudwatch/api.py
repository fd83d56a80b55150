"""CloudWatch's API, as far as an operator's view asks for it: in JSON, as botocore speaks it.

`POST /` with `X-Amz-Target: GraniteServiceVersion20100801.{operation}`, for GetMetricData,
DescribeAlarms and PutMetricData; times are epoch seconds. CloudWatch offers CBOR and Query, too,
but JSON is what botocore prefers. Metrics are those that the functions print and those that Lambda
would measure; the alarms are those of `infra/alarms.yaml`. It lives in the functions' host, where
both are at hand.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final

from aiohttp import web

from infra.local.cloudwatch.alarm_states import AlarmState, AlarmStates
from infra.local.cloudwatch.metrics import MINUTE_MS, Metrics, StatisticError
from infra.local.dynamodb.tables import STAGE
from infra.monitoring.alarm_rules import read_alarms
from infra.monitoring.embedded_metrics import MetricKey

TARGET: Final = "GraniteServiceVersion20100801."
MOST_QUERIES: Final = 500
"""GetMetricData's quota."""
MOST_POINTS: Final = 1_440
"""More than the half hour that is kept has, by far."""

Answer = dict[str, Any]


class CloudWatchError(Exception):
    """A refusal, in CloudWatch's words."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class CloudWatch:
    """Serves the API over the stage's metrics and alarms."""

    def __init__(self, metrics: Metrics, now_ms: Callable[[], int] | None = None) -> None:
        """`now_ms` is the clock, in epoch milliseconds."""
        self._metrics = metrics
        self._now_ms = now_ms or (lambda: time.time_ns() // 1_000_000)
        self._alarms = AlarmStates(metrics, partial(read_alarms, STAGE), self._now_ms())
        self._operations: Mapping[str, Callable[[Mapping[str, Any]], Answer]] = {
            "GetMetricData": self._get_metric_data,
            "DescribeAlarms": self._describe_alarms,
            "PutMetricData": self._put_metric_data,
        }

    def add_routes(self, application: web.Application) -> None:
        """Adds the API to what aiohttp serves."""
        application.router.add_post("/", self._serve)

    async def _serve(self, request: web.Request) -> web.Response:
        try:
            target = request.headers.get("X-Amz-Target", "").removeprefix(TARGET)
            operation = self._operations.get(target, _unknown)
            body = json.loads(await request.read())
            # In a thread: reading the alarms, once, takes longer than a caption may wait here.
            return _answer(200, await asyncio.to_thread(operation, body))
        except CloudWatchError as error:
            return _answer(400, {"__type": error.code, "message": error.message})
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            message = f"the request is malformed: {error}"
            return _answer(400, {"__type": "ValidationError", "message": message})

    def _get_metric_data(self, asked: Mapping[str, Any]) -> Answer:
        queries = asked["MetricDataQueries"]
        if len(queries) > MOST_QUERIES:
            raise CloudWatchError("ValidationError", f"at most {MOST_QUERIES} queries")
        begin, end = _ms(asked["StartTime"]), _ms(asked["EndTime"])
        results = [self._series(query, begin, end) for query in queries]
        if asked.get("ScanBy", "TimestampDescending") == "TimestampDescending":
            for result in results:
                result["Timestamps"].reverse()
                result["Values"].reverse()
        return {"MetricDataResults": results, "Messages": []}

    def _series(self, query: Mapping[str, Any], begin: int, end: int) -> Answer:
        if "MetricStat" not in query:
            raise CloudWatchError("ValidationError", "expressions are not supported here")
        wanted = query["MetricStat"]
        key, seconds = _key(wanted["Metric"]), wanted["Period"]
        if seconds < 60 or seconds % 60:
            raise CloudWatchError("ValidationError", "a period must be a whole number of minutes")
        if end - begin > seconds * 1000 * MOST_POINTS:
            raise CloudWatchError("ValidationError", f"at most {MOST_POINTS} points of a metric")
        points = list(self._points(key, wanted["Stat"], seconds // 60, begin, end))
        return {
            "Id": query["Id"],
            "Label": query.get("Label", key[1]),
            "Timestamps": [at_ms / 1000 for at_ms, _ in points],
            "Values": [value for _, value in points],
            "StatusCode": "Complete",
        }

    def _points(
        self, key: MetricKey, statistic: str, minutes: int, begin: int, end: int
    ) -> Iterator[tuple[int, float]]:
        first = begin // MINUTE_MS // minutes * minutes
        for minute in range(first, -(-end // MINUTE_MS), minutes):
            whole = self._metrics.over(key, range(minute, minute + minutes))
            if whole is not None:
                yield minute * MINUTE_MS, _statistic(whole.statistic, statistic)

    def _describe_alarms(self, asked: Mapping[str, Any]) -> Answer:
        names, prefix = asked.get("AlarmNames"), asked.get("AlarmNamePrefix", "")
        described = map(_described, self._alarms.at(self._now_ms()))
        return {
            "CompositeAlarms": [],
            "MetricAlarms": [
                alarm
                for alarm in described
                if alarm["AlarmName"].startswith(prefix)
                and (not names or alarm["AlarmName"] in names)
            ],
        }

    def _put_metric_data(self, asked: Mapping[str, Any]) -> Answer:
        for datum in asked["MetricData"]:
            if "StatisticValues" in datum:
                raise CloudWatchError(
                    "InvalidParameterValue", "StatisticValues: not supported here"
                )
            at_ms = _ms(datum["Timestamp"]) if "Timestamp" in datum else self._now_ms()
            if at_ms > self._now_ms() + MINUTE_MS:
                raise CloudWatchError("InvalidParameterValue", "Timestamp is in the future")
            values = datum["Values"] if "Values" in datum else [datum["Value"]]
            key = _key({**datum, "Namespace": asked["Namespace"]})
            for value in values:
                self._metrics.put(key, at_ms, float(value))
        return {}


def _unknown(_: Mapping[str, Any]) -> Answer:
    raise CloudWatchError("UnknownOperationException", "not supported here")


def _answer(status: int, body: Answer) -> web.Response:
    return web.Response(
        text=json.dumps(body), status=status, content_type="application/x-amz-json-1.0"
    )


def _statistic(of: Callable[[str], float], name: str) -> float:
    try:
        return of(name)
    except StatisticError as error:
        raise CloudWatchError("ValidationError", str(error)) from error


def _key(metric: Mapping[str, Any]) -> MetricKey:
    dimensions = frozenset((each["Name"], each["Value"]) for each in metric.get("Dimensions") or ())
    return metric["Namespace"], metric["MetricName"], dimensions


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _described(state: AlarmState) -> Answer:
    alarm = state.alarm
    since = state.since_ms / 1000
    namespace, metric, dimensions = alarm.metric
    return {
        "AlarmName": f"{alarm.name}-{STAGE}",
        "ActionsEnabled": False,
        "StateValue": state.value,
        "StateUpdatedTimestamp": since,
        "StateTransitionedTimestamp": since,
        "Namespace": namespace,
        "MetricName": metric,
        "Dimensions": [{"Name": name, "Value": value} for name, value in sorted(dimensions)],
        "Statistic": alarm.statistic,
        "Period": alarm.period,
        "EvaluationPeriods": alarm.periods,
        "Threshold": alarm.threshold,
        "ComparisonOperator": alarm.comparison,
        "TreatMissingData": alarm.missing,
    }
