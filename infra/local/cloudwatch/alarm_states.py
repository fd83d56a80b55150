"""The alarms of `infra/alarms.yaml`, evaluated on the stage's own metrics.

By the rules of `infra.monitoring.alarm_rules`, at every full minute, as CloudWatch does, and at
every request: then the running minute counts, too. Nothing runs in between. A request first
evaluates the minutes since the last one, so a stage whose alarms are not asked for pays nothing.
Source:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from infra.local.cloudwatch.metrics import KEPT_MINUTES, MINUTE_MS, Metrics
from infra.monitoring.alarm_rules import LOOK_BACK, Alarm

OK: Final = "OK"
ALARM: Final = "ALARM"


@dataclass(frozen=True)
class AlarmState:
    """An alarm as it stands; `since_ms` is when it came to stand so."""

    alarm: Alarm
    value: str
    since_ms: int


class AlarmStates:
    """The states of all alarms of a stage. May be used from any thread."""

    def __init__(self, metrics: Metrics, read: Callable[[], Sequence[Alarm]], now_ms: int) -> None:
        """All are OK from now on; `read` gives the alarms at the first request."""
        self._metrics = metrics
        self._read = read
        self._begun_ms = now_ms
        self._evaluated = now_ms // MINUTE_MS
        self._states: list[AlarmState] | None = None
        self._lock = threading.Lock()

    def at(self, now_ms: int) -> Sequence[AlarmState]:
        """The states at that time, which must not go back."""
        running = now_ms // MINUTE_MS
        with self._lock:
            states = self._states
            if states is None:
                states = [AlarmState(alarm, OK, self._begun_ms) for alarm in self._read()]
            for minute in range(max(self._evaluated, running - KEPT_MINUTES), running):
                states = self._evaluate(states, minute, (minute + 1) * MINUTE_MS)
            states = self._evaluate(states, running, now_ms)
            self._states, self._evaluated = states, running
            return states

    def _evaluate(self, states: Iterable[AlarmState], newest: int, now_ms: int) -> list[AlarmState]:
        is_alarm = partial(self._is_alarm, newest=newest)
        values = [(state, ALARM if is_alarm(state.alarm) else OK) for state in states]
        return [
            state if state.value == value else AlarmState(state.alarm, value, now_ms)
            for state, value in values
        ]

    def _is_alarm(self, alarm: Alarm, newest: int) -> bool:
        length = alarm.period * 1000 // MINUTE_MS
        points = []
        for number in reversed(range(alarm.periods + LOOK_BACK)):
            end = newest + 1 - number * length
            whole = self._metrics.over(alarm.metric, range(end - length, end))
            points.append(None if whole is None else whole.statistic(alarm.statistic))
        return alarm.is_alarm(points)
