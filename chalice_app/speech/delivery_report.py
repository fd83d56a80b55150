"""The end of a sentence's way: its speaker learns what became of it, and so does CloudWatch."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from chalice_app.delivery.broadcast import Broadcast
from chalice_app.domain.clock import Clock
from chalice_app.domain.reports import LanguageReport, Posted
from chalice_app.domain.sentence import SentenceRef
from chalice_app.observability import metrics
from chalice_app.speech.flow_control import FlowControl
from chalice_app.wire import messages

_log = logging.getLogger(__name__)

Reports = Mapping[str, LanguageReport]
"""What became of a sentence, by language."""


@dataclass(frozen=True, slots=True)
class DeliveryReporter:
    """Told once a sentence, by whichever function sent the last of it."""

    broadcast: Broadcast
    flow: FlowControl
    clock: Clock

    def tell(self, utterance: SentenceRef, reports: Reports) -> Mapping[str, float]:
        """Tells the speaker and lets the sentence go.

        Returns:
            The delivery's metrics, for the caller to emit; none at all when nobody listened.
        """
        # Not below 0: two machines' clocks differ, and a caption is no younger than new.
        latency_ms = max(0, self.clock.now_ms() - utterance.spoken_at)
        took_ms = max(0, self.clock.now_ms() - utterance.started_at)
        report = messages.spoken(utterance.sequence, reports, took_ms)
        self.broadcast.notify([utterance.speaker_connection_id], report)
        self.flow.settle(utterance)
        if not reports:
            return {}
        posted = sum((each.posted for each in reports.values()), Posted())
        listeners = sum(each.listeners for each in reports.values())
        if posted.dropped:
            _log.warning(
                "the sentence came too late for %d of %d listeners",
                posted.dropped,
                listeners,
                extra={"session": utterance.session_id, "sequence": utterance.sequence},
            )
        return {
            metrics.LANGUAGES_PROCESSED: len(reports),
            metrics.PROCESSING_DURATION: took_ms,
            metrics.DELIVERY_LATENCY: latency_ms,
            # A listener who has left is no failure of ours.
            **metrics.rate(
                metrics.BROADCAST_SUCCESS_RATE, posted.delivered, listeners - len(posted.gone)
            ),
            **metrics.rate(metrics.BUFFER_OVERFLOW_RATE, posted.dropped, listeners),
        }
