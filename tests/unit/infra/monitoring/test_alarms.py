"""The alarms are the protocol's, and the rules they are drilled by are CloudWatch's."""

import pytest

from chalice_app.observability.metrics import NAMESPACE
from chalice_app.operations import operations
from infra.deployment.policies import read_policies
from infra.deployment.stage_names import PROJECT
from infra.monitoring.alarm_rules import Alarm, embedded_metrics, read_alarms
from tests.alarm_drill import __main__ as alarm_drill
from tests.alarm_drill.scenarios import Scenario

ALARMS = {alarm.name: alarm for alarm in read_alarms("dev")}
STAGE = frozenset({("Stage", "dev")})


@pytest.mark.parametrize(
    ("name", "statistic", "comparison", "threshold", "tells"),
    [
        ("CacheHitRate", "Average", "LessThanThreshold", 30, "CostTopic"),
        ("BroadcastSuccessRate", "Average", "LessThanThreshold", 95, "AlarmTopic"),
        ("BufferOverflowRate", "Average", "GreaterThanThreshold", 5, "AlarmTopic"),
        ("FailedLanguagesCount", "Sum", "GreaterThanThreshold", 10, "AlarmTopic"),
        ("FailedVoicesCount", "Sum", "GreaterThanThreshold", 10, "AlarmTopic"),
    ],
)
def test_the_protocol_s_alarms_are_there_exactly(
    name: str, statistic: str, comparison: str, threshold: float, tells: str
) -> None:
    metric = (NAMESPACE, name, STAGE)
    rules = (statistic, 300, 2, threshold, comparison, "notBreaching")
    assert ALARMS[name] == Alarm(name, metric, *rules, (tells,))


@pytest.mark.parametrize(
    ("value", "tells"),
    [("AlarmTopic", ("AlarmTopic",)), ("CostTopic", ("CostTopic",)), ("nobody", ())],
)
def test_the_stage_s_owner_chooses_who_is_notified_of_the_cache_s_hit_rate(
    value: str, tells: tuple[str, ...]
) -> None:
    for alarm in read_alarms("dev", CacheHitRateTells=value):
        assert alarm.tells == (tells if alarm.name == "CacheHitRate" else ("AlarmTopic",))


@pytest.mark.parametrize("metric", ["Errors", "Throttles"])
def test_every_function_is_watched(metric: str) -> None:
    watched = {
        dict(alarm.metric[2])["FunctionName"]
        for alarm in ALARMS.values()
        if alarm.metric[1] == metric
    }
    prefix = "translation-broadcaster-dev"
    names = {f"{prefix}-{name}" for name in read_policies(PROJECT) if name != "api_handler"}
    assert watched == {prefix, *names}


def test_both_streams_and_the_dead_letters_are_watched() -> None:
    assert ALARMS["RostersIteratorAge"].threshold == 60_000
    assert ALARMS["CacheAccessIteratorAge"].threshold == 60_000
    queue = dict(ALARMS["DeadLetters"].metric[2])["QueueName"]
    assert queue == "translation-broadcaster-dev-dead-letters"


def test_the_operator_s_view_asks_for_alarms_that_the_template_has() -> None:
    assert {*operations.ALARMS, *operations.LAGS.values()} <= ALARMS.keys()


# The tables of CloudWatch's documentation: `-` is missing, `0` fine, `X` breaching; newest last.
# Three periods of three, of which five are looked at.
@pytest.mark.parametrize(
    ("points", "missing", "not_breaching", "breaching"),
    [
        ("0-X-X", False, False, False),
        ("0----", False, False, False),
        ("-----", False, False, True),
        ("0XX-X", True, True, True),
        ("--X--", True, False, True),
        ("--XX-", True, False, True),
        ("---XX", True, False, True),
    ],
)
def test_missing_points_are_treated_as_documented(
    points: str, missing: bool, not_breaching: bool, breaching: bool
) -> None:
    values = [{"-": None, "0": 0.0, "X": 9.0}[point] for point in points]
    for treatment, expected in (
        ("missing", missing), ("notBreaching", not_breaching), ("breaching", breaching),
    ):  # fmt: skip
        of = Alarm("a", ("n", "m", STAGE), "Sum", 60, 3, 5, "GreaterThanThreshold", treatment)
        assert of.is_alarm(values) is expected, treatment


def test_a_metric_with_other_dimensions_is_another_metric() -> None:
    alarm = ALARMS["FailedLanguagesCount"]
    points = [(number * 60.0, 100.0) for number in range(30)]
    namespace, name, _ = alarm.metric
    assert alarm.first_minute({alarm.metric: points}, 1800) == 10
    elsewhere = (namespace, name, frozenset({("Stage", "prod")}))
    assert alarm.first_minute({elsewhere: points}, 1800) is None


def test_embedded_metrics_are_read_with_their_dimensions() -> None:
    line = (
        '{"_aws": {"Timestamp": 61000, "CloudWatchMetrics": [{"Namespace": "N", "Dimensions": '
        '[["Stage"]], "Metrics": [{"Name": "M", "Unit": "Count"}]}]}, "Stage": "dev", "M": 3}'
    )
    assert embedded_metrics([line], 1000) == {("N", "M", STAGE): [(60.0, 3)]}


@pytest.mark.thorough
def test_the_drill_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert alarm_drill.main() == 0, capsys.readouterr().out


def test_the_drill_fails_when_an_alarm_is_missed_or_false() -> None:
    alarm = ALARMS["DeadLetters"]
    silent = Scenario("silent", {}, frozenset({"DeadLetters"}))
    loud = Scenario("loud", {alarm.metric: [(0.0, 1.0)]})
    assert alarm_drill.drill(silent, [alarm]) == ["missed"]
    assert alarm_drill.drill(loud, [alarm]) == ["false 5"]


def test_the_drill_fails_when_somebody_is_woken_for_money_or_not_for_listeners() -> None:
    rows = [
        (Scenario("money", {}, frozenset({"CacheHitRate"})), ()),
        (Scenario("listeners", {}, frozenset({"BroadcastSuccessRate"})), ()),
        (Scenario("both", {}, frozenset({"CacheHitRate", "DeadLetters"})), ()),
        (Scenario("nothing", {}), ()),
    ]
    alarm, cost = {"AlarmTopic"}, {"CostTopic"}
    wrongly_notified = alarm_drill.wrongly_notified
    assert not list(wrongly_notified(rows, "CostTopic", [cost, alarm, alarm | cost, set()]))
    assert not list(wrongly_notified(rows, "nobody", [set(), alarm, alarm, set()]))
    assert not list(wrongly_notified(rows, "AlarmTopic", [alarm, alarm, alarm, set()]))
    wrong = list(wrongly_notified(rows, "CostTopic", [alarm, set(), alarm, cost]))
    assert [line.partition(": ")[2] for line in wrong] == [
        "money: notifies AlarmTopic", "listeners: notifies nobody", "both: notifies AlarmTopic",
        "nothing: notifies CostTopic",
    ]  # fmt: skip
