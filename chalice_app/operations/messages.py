"""The wire format of `GET /ops/state`, which the operator's page asks for every few seconds.

    {"stage": "dev", "at": ms,
     "sessions": [{"sessionId", "sourceLanguage", "listenerCount", "languages": {"es": 2},
                   "hasSpeaker": bool, "lastSequence", "createdAt": ms, "expiresAt": ms}],
     "hasMoreSessions": bool,
     "measurements": null, or
        {"begin": ms, "latencyMedian": [15 x ms|null], "latencyP99": ..., "sentences": ...,
         "cacheHitRate": [percent], "cacheSize": [...], "lags": {"rosters": [ms], "cache": [ms]},
         "alarms": [{"name", "state": "OK" | "ALARM" | "INSUFFICIENT_DATA", "since": ms, "value",
                     "unit", "threshold", "comparison", "minutes", "periods"}]}}

An alarm that the stage lacks has a name and the state "MISSING" alone. Minutes are oldest first.
"""

from typing import Any

from chalice_app.domain.session import Session
from chalice_app.observability import metrics
from chalice_app.operations.operations import Measurements, StageState, WatchedAlarm


def stage_state(state: StageState) -> dict[str, Any]:
    """The answer to an operator."""
    measured = state.measurements
    return {
        "stage": state.stage,
        "at": state.at_ms,
        "sessions": [_session(each) for each in state.sessions],
        "hasMoreSessions": state.has_more_sessions,
        "measurements": None if measured is None else _measurements(measured),
    }


def _session(of: Session) -> dict[str, Any]:
    return {
        "sessionId": of.session_id,
        "sourceLanguage": of.source_language,
        "listenerCount": of.listener_count,
        "languages": dict(of.languages),
        "hasSpeaker": of.speaker_connection_id is not None,
        "lastSequence": of.last_sequence,
        "createdAt": of.created_at,
        "expiresAt": of.expires_at_seconds * 1000,
    }


def _measurements(of: Measurements) -> dict[str, Any]:
    return {
        "begin": of.begin_ms,
        "latencyMedian": of.latency_median,
        "latencyP99": of.latency_p99,
        "sentences": of.sentences,
        "cacheHitRate": of.cache_hit_rate,
        "cacheSize": of.cache_size,
        "lags": of.lags,
        "alarms": [_alarm(each) for each in of.alarms],
    }


def _alarm(of: WatchedAlarm) -> dict[str, Any]:
    if of.alarm is None:
        return {"name": of.name, "state": "MISSING"}
    return {
        "name": of.name,
        "state": of.alarm.state,
        "since": of.alarm.since_ms,
        "value": of.value,
        "unit": metrics.UNITS[of.name],
        "threshold": of.alarm.threshold,
        "comparison": of.alarm.comparison,
        "minutes": of.alarm.minutes,
        "periods": of.alarm.periods,
    }
