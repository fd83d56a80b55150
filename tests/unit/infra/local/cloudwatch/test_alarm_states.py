"""The stage's alarms: CloudWatch's rules, evaluated whenever somebody looks."""

from infra.local.cloudwatch.alarm_states import ALARM, OK, AlarmStates
from infra.local.cloudwatch.metrics import MINUTE_MS, Metrics
from infra.monitoring.alarm_rules import Alarm, read_alarms
from tests.fakes.domain import NOW_MS

BEGUN = NOW_MS // MINUTE_MS * MINUTE_MS
ALARMS = {alarm.name: alarm for alarm in read_alarms("local")}
FAILED = ALARMS["FailedLanguagesCount"]


class Stage:
    """Alarms over some metrics; times are minutes since the beginning."""

    def __init__(self, *alarms: Alarm) -> None:
        self.metrics = Metrics()
        self.states = AlarmStates(self.metrics, lambda: alarms, BEGUN)

    def fail(self, *minutes: float, languages: float = 11) -> None:
        for minute in minutes:
            self.metrics.put(FAILED.metric, BEGUN + int(minute * MINUTE_MS), languages)

    def at(self, minute: float) -> tuple[str, float]:
        (state,) = self.states.at(BEGUN + int(minute * MINUTE_MS))
        return state.value, (state.since_ms - BEGUN) / MINUTE_MS


def test_an_idle_stage_is_all_right_from_its_beginning() -> None:
    stage = Stage(FAILED)
    assert stage.at(0) == stage.at(30) == (OK, 0)


def test_two_bad_periods_fire_while_somebody_looks() -> None:
    stage = Stage(FAILED)
    stage.fail(1)
    assert stage.at(1.5) == (OK, 0)
    stage.fail(6.2)
    assert stage.at(6.5) == (ALARM, 6.5)
    assert stage.at(8) == (ALARM, 6.5)


def test_one_bad_period_alone_does_not() -> None:
    stage = Stage(FAILED)
    stage.fail(1, 1.5, 1.9)
    assert stage.at(4) == stage.at(6.5) == stage.at(20) == (OK, 0)


def test_it_ends_when_the_bad_periods_are_out_of_sight() -> None:
    stage = Stage(FAILED)
    stage.fail(1, 6)
    assert stage.at(7)[0] == ALARM
    state, since = stage.at(40)
    assert state == OK
    assert 7 < since <= 27


def test_whoever_looks_late_is_told_since_when() -> None:
    watched, late = Stage(FAILED), Stage(FAILED)
    for stage in (watched, late):
        stage.fail(1, 6)
    for minute in range(12):
        watched.at(minute)
    assert watched.at(12) == (ALARM, 6)
    # Only full minutes are made up for.
    assert late.at(12) == (ALARM, 7)


def test_a_stage_that_nobody_looked_at_for_days_answers_at_once() -> None:
    stage = Stage(FAILED)
    assert stage.at(0) == (OK, 0)
    assert stage.at(60 * 24 * 7) == (OK, 0)


def test_every_alarm_of_the_template_can_be_evaluated() -> None:
    metrics = Metrics()
    for alarm in ALARMS.values():
        for minute in range(10):
            metrics.put(alarm.metric, BEGUN + minute * MINUTE_MS, 100_000)
    states = AlarmStates(metrics, lambda: list(ALARMS.values()), BEGUN).at(BEGUN + 9 * MINUTE_MS)
    calm = {state.alarm.name for state in states if state.value == OK}
    assert calm == {"CacheHitRate", "BroadcastSuccessRate"}
