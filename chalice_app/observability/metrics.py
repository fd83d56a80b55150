"""The names, units and dimensions of every metric, and CloudWatch's embedded metric format.

A rate is emitted only where its denominator is not zero: an idle system raises no alarm.
Format: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TextIO

from chalice_app.domain.clock import Clock

NAMESPACE = "TranslationPipeline"

CACHE_HIT_RATE = "CacheHitRate"
BROADCAST_SUCCESS_RATE = "BroadcastSuccessRate"
BUFFER_OVERFLOW_RATE = "BufferOverflowRate"
CACHE_SIZE = "CacheSize"
CACHE_EVICTIONS = "CacheEvictions"
CACHE_EXPIRATIONS = "CacheExpirations"
LANGUAGES_PROCESSED = "LanguagesProcessed"
FAILED_LANGUAGES_COUNT = "FailedLanguagesCount"
FAILED_VOICES_COUNT = "FailedVoicesCount"
CHARACTERS_SPOKEN = "CharactersSpoken"
SPEECH_LATENCY = "SpeechLatency"
LISTENER_COUNT = "ListenerCount"
CHARACTERS_TRANSLATED = "CharactersTranslated"
CHARACTERS_SAVED = "CharactersSaved"
ROSTER_DRIFT = "RosterDrift"
DICTATION_STARTED = "DictationStarted"
DICTATION_SECONDS = "DictationSeconds"
SESSIONS_OPENED = "SessionsOpened"
HANDSHAKES_ADMITTED = "HandshakesAdmitted"
HANDSHAKES_REFUSED = "HandshakesRefused"
CONNECTIONS_CLOSED = "ConnectionsClosed"
MESSAGES_REFUSED = "MessagesRefused"
REFUSED_RATE_LIMITED = "RefusedRateLimited"
REFUSED_SESSION_FULL = "RefusedSessionFull"
REFUSED_WRONG_CODE = "RefusedWrongCode"
REFUSED_WRONG_TOKEN = "RefusedWrongToken"  # noqa: S105 - a metric's name
REFUSED_NOT_FOUND = "RefusedNotFound"
PROCESSING_DURATION = "ProcessingDuration"
DELIVERY_LATENCY = "DeliveryLatency"

UNITS: Mapping[str, str] = {
    CACHE_HIT_RATE: "Percent",
    BROADCAST_SUCCESS_RATE: "Percent",
    BUFFER_OVERFLOW_RATE: "Percent",
    CACHE_SIZE: "Count",
    CACHE_EVICTIONS: "Count",
    CACHE_EXPIRATIONS: "Count",
    LANGUAGES_PROCESSED: "Count",
    FAILED_LANGUAGES_COUNT: "Count",
    FAILED_VOICES_COUNT: "Count",
    CHARACTERS_SPOKEN: "Count",
    SPEECH_LATENCY: "Milliseconds",
    LISTENER_COUNT: "Count",
    CHARACTERS_TRANSLATED: "Count",
    CHARACTERS_SAVED: "Count",
    ROSTER_DRIFT: "Count",
    DICTATION_STARTED: "Count",
    DICTATION_SECONDS: "Seconds",
    SESSIONS_OPENED: "Count",
    HANDSHAKES_ADMITTED: "Count",
    HANDSHAKES_REFUSED: "Count",
    CONNECTIONS_CLOSED: "Count",
    MESSAGES_REFUSED: "Count",
    REFUSED_RATE_LIMITED: "Count",
    REFUSED_SESSION_FULL: "Count",
    REFUSED_WRONG_CODE: "Count",
    REFUSED_WRONG_TOKEN: "Count",
    REFUSED_NOT_FOUND: "Count",
    PROCESSING_DURATION: "Milliseconds",
    DELIVERY_LATENCY: "Milliseconds",
}


def rate(name: str, part: int, whole: int) -> dict[str, float]:
    """A percentage, or nothing at all where there is nothing to divide by."""
    return {name: 100.0 * part / whole} if whole else {}


@dataclass(frozen=True, slots=True)
class EmbeddedMetrics:
    """Prints metrics as one JSON line each, which CloudWatch Logs turns into metrics."""

    stream: TextIO
    stage: str
    clock: Clock

    def emit(self, values: Mapping[str, float]) -> None:
        """Prints the metrics; KeyError for a name that has no unit."""
        self._print({"Stage": self.stage}, values)

    def emit_pair(self, pair: str, values: Mapping[str, float]) -> None:
        """Prints the metrics of a language pair such as `en:es`; KeyError as in `emit`.

        CloudWatch charges $0.30 a month for each metric of each pair, by the hours in which it
        came: a talk of two hours in ten languages costs less than a cent a metric. The characters
        translated and saved are worth that: their shares give a pair's hit rate and its dollars.
        Source: https://aws.amazon.com/cloudwatch/pricing/
        """
        self._print({"Stage": self.stage, "LanguagePair": pair}, values)

    def _print(self, dimensions: Mapping[str, str], values: Mapping[str, float]) -> None:
        if not values:
            return
        directive = {
            "Namespace": NAMESPACE,
            "Dimensions": [list(dimensions)],
            "Metrics": [{"Name": name, "Unit": UNITS[name]} for name in values],
        }
        line = {
            "_aws": {"Timestamp": self.clock.now_ms(), "CloudWatchMetrics": [directive]},
            **dimensions,
            **values,
        }
        # One write a line: several sentences may be on their way in one process.
        self.stream.write(json.dumps(line) + "\n")
        self.stream.flush()
