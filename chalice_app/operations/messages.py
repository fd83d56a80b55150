"""The wire format of `GET /ops/state`, which the operator's page asks for every few seconds.

    {"stage": "dev", "at": ms,
     "sessions": [{"sessionId", "sourceLanguage", "listenerCount", "languages": {"es": 2},
                   "voices": {"es": 1}, "hasSpeaker": bool, "lastSequence", "createdAt": ms,
                   "expiresAt": ms, "title": str | null, "refused"}],
     "hasMoreSessions": bool,
     "measurements": null, or
        {"begin": ms, "latencyMedian": [15 x ms|null], "latencyP99": ..., "sentences": ...,
         "cacheHitRate": [percent], "cacheSize": [...], "lags": {"rosters": [ms], "cache": [ms]},
         "alarms": [{"name", "state": "OK" | "ALARM" | "INSUFFICIENT_DATA", "since": ms, "value",
                     "unit", "threshold", "comparison", "minutes", "periods"}]}}

An alarm that the stage lacks has a name and the state "MISSING" alone. Minutes are oldest first.
"""

from collections.abc import Mapping
from typing import Any

from chalice_app.admission.refusals import MINUTES
from chalice_app.domain.session import Session
from chalice_app.observability import metrics
from chalice_app.operations.operations import Measurements, StageState, WatchedAlarm
from chalice_app.wire import outgoing


def stage_state(state: StageState) -> dict[str, Any]:
    """The answer to an operator."""
    measured = state.measurements
    return {
        "stage": state.stage,
        "at": state.at_ms,
        "sessions": [
            _session(each, state.refused.get(each.session_id, {})) for each in state.sessions
        ],
        "hasMoreSessions": state.has_more_sessions,
        "measurements": None if measured is None else _measurements(measured),
    }


def _session(session: Session, refused: Mapping[str, int]) -> dict[str, Any]:
    return {
        "sessionId": session.session_id,
        "sourceLanguage": session.source_language,
        "listenerCount": session.listener_count,
        "languages": dict(session.languages),
        "voices": dict(session.voices),
        "hasSpeaker": session.speaker_connection_id is not None,
        "lastSequence": session.last_sequence,
        "createdAt": session.created_at,
        "expiresAt": session.expires_at_seconds * 1000,
        "title": session.title,
        "refused": outgoing.refused(refused, MINUTES),
    }


def _measurements(measurements: Measurements) -> dict[str, Any]:
    return {
        "begin": measurements.begin_ms,
        "latencyMedian": measurements.latency_median,
        "latencyP99": measurements.latency_p99,
        "sentences": measurements.sentences,
        "cacheHitRate": measurements.cache_hit_rate,
        "cacheSize": measurements.cache_size,
        "lags": measurements.lags,
        "alarms": [_alarm(each) for each in measurements.alarms],
    }


def _alarm(watched: WatchedAlarm) -> dict[str, Any]:
    if watched.alarm is None:
        return {"name": watched.name, "state": "MISSING"}
    return {
        "name": watched.name,
        "state": watched.alarm.state,
        "since": watched.alarm.since_ms,
        "value": watched.value,
        "unit": metrics.UNITS[watched.name],
        "threshold": watched.alarm.threshold,
        "comparison": watched.alarm.comparison,
        "minutes": watched.alarm.minutes,
        "periods": watched.alarm.periods,
    }
