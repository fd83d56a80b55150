"""What an operator sees of a stage: its sessions, what CloudWatch measured, how the alarms stand.

For holders of the operator's token. Sessions and measurements fail apart: a stage whose CloudWatch
does not answer still shows who is there.
"""

import hmac
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalice_app.admission.refusals import Refusals
from chalice_app.domain.clock import Clock
from chalice_app.domain.errors import NoOperatorView, NotOperator, Unavailable
from chalice_app.domain.session import Session
from chalice_app.observability import metrics
from chalice_app.operations.monitoring import Alarm, Metric, Points, Series, ratio
from chalice_app.operations.ports import Monitor, SessionDirectory
from chalice_app.sessions.tokens import OPEN_TO_ALL, hash_token

_log = logging.getLogger(__name__)

SESSIONS = 50
"""Sessions that are listed, the newest: more than anybody reads at a glance."""

MINUTES = 15
"""What the charts show, the running minute included."""

ALARMS = (
    metrics.BROADCAST_SUCCESS_RATE,
    metrics.BUFFER_OVERFLOW_RATE,
    metrics.FAILED_LANGUAGES_COUNT,
    metrics.FAILED_VOICES_COUNT,
    metrics.CACHE_HIT_RATE,
)
"""The alarms that people in a hall would feel, the worst first; each is named by its metric."""

LAGS: Mapping[str, str] = {"rosters": "RostersIteratorAge", "cache": "CacheAccessIteratorAge"}
"""The alarms on how far each stream is behind; they know the metrics."""

_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class WatchedAlarm:
    """An alarm and its value now; `alarm` is None where the stage has none of that name."""

    name: str
    alarm: Alarm | None
    value: float | None


@dataclass(frozen=True, slots=True)
class Measurements:
    """The last `MINUTES` minutes, from `begin_ms` on; latencies and lags are milliseconds."""

    begin_ms: int
    latency_median: Points
    latency_p99: Points
    sentences: Points
    cache_hit_rate: Points
    cache_size: Points
    lags: Mapping[str, Points]
    alarms: Sequence[WatchedAlarm]


@dataclass(frozen=True, slots=True)
class StageState:
    """All of it at `at_ms`; `measurements` is None while CloudWatch does not answer.

    `refused` are the refusals of the last minutes, by session and reason.
    """

    stage: str
    at_ms: int
    sessions: Sequence[Session]
    has_more_sessions: bool
    refused: Mapping[str, Mapping[str, int]]
    measurements: Measurements | None


@dataclass(frozen=True, slots=True)
class Operations:
    """The operator's view. `token_hash` is empty where there is none, or `OPEN_TO_ALL`."""

    directory: SessionDirectory
    monitor: Monitor
    refusals: Refusals
    clock: Clock
    stage: str
    token_hash: str

    def require_view(self) -> None:
        """Checks that the stage has the view at all.

        Raises:
            NoOperatorView: it has none.
        """
        if not self.token_hash:
            raise NoOperatorView("this stage has no operator's view")

    def require_operator(self, token: str) -> None:
        """Checks a token; it may be empty where none is asked for.

        Raises:
            NoOperatorView: there is nothing to see.
            NotOperator: it is another token.
        """
        self.require_view()
        given = hash_token(token)
        if self.token_hash != OPEN_TO_ALL and not hmac.compare_digest(given, self.token_hash):
            raise NotOperator("the operator's token is missing or another")

    def state(self, token: str) -> StageState:
        """The stage as it is.

        Raises:
            NoOperatorView: there is nothing to see.
            NotOperator: it is another token.
            Unavailable: the sessions could not be read.
        """
        self.require_operator(token)
        now = self.clock.now_ms()
        found = self.directory.list_open(SESSIONS + 1)
        sessions = [each for each in found[:SESSIONS] if each.is_open(now)]
        return StageState(
            stage=self.stage,
            at_ms=now,
            sessions=sessions,
            has_more_sessions=len(found) > SESSIONS,
            refused=self._refused(sessions),
            measurements=self._measurements(now),
        )

    def _refused(self, sessions: Sequence[Session]) -> Mapping[str, Mapping[str, int]]:
        try:
            return self.refusals.recent(each.session_id for each in sessions)
        except Unavailable:
            _log.warning("the refusals cannot be read", exc_info=True)
            return {}

    def _measurements(self, now_ms: int) -> Measurements | None:
        try:
            return self._measure((now_ms // _MINUTE_MS - MINUTES + 1) * _MINUTE_MS)
        except Unavailable:
            _log.warning("CloudWatch does not answer", exc_info=True)
            return None

    def _measure(self, begin_ms: int) -> Measurements:
        names = {each: f"{each}-{self.stage}" for each in (*ALARMS, *LAGS.values())}
        described = self.monitor.describe_alarms(list(names.values()))
        alarms = {each: described.get(name) for each, name in names.items()}
        latency, size = self._metric(metrics.DELIVERY_LATENCY), self._metric(metrics.CACHE_SIZE)
        hits = self._metric(metrics.CACHE_HIT_RATE)
        own = [Series(latency, each) for each in ("p50", "p99", "SampleCount")]
        own += [Series(hits, "Sum"), Series(hits, "SampleCount"), Series(size, "Maximum")]
        watched = [series for alarm in alarms.values() if alarm for series in alarm.series]
        found = self.monitor.get_series(dict.fromkeys([*own, *watched]), begin_ms, MINUTES)
        median, p99, sentences, hit_sums, hit_counts, sizes = (found[each] for each in own)
        return Measurements(
            begin_ms=begin_ms,
            latency_median=median,
            latency_p99=p99,
            sentences=sentences,
            cache_hit_rate=ratio(hit_sums, hit_counts),
            cache_size=sizes,
            lags={
                name: found[alarm.series[0]]
                for name, alarm_name in LAGS.items()
                if (alarm := alarms[alarm_name]) is not None
            },
            alarms=[_watched(name, alarms[name], found) for name in ALARMS],
        )

    def _metric(self, name: str) -> Metric:
        return Metric(metrics.NAMESPACE, name, (("Stage", self.stage),))


def _watched(name: str, alarm: Alarm | None, found: Mapping[Series, Points]) -> WatchedAlarm:
    if alarm is None:
        return WatchedAlarm(name, None, None)
    return WatchedAlarm(name, alarm, alarm.value([found[each] for each in alarm.series]))
