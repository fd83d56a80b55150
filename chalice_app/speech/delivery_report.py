"""The end of a sentence's way: its speaker gets the delivery report, and CloudWatch the metrics.

Every metric of a sentence is emitted here.
"""

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from chalice_app.delivery.broadcast import Broadcast
from chalice_app.domain.clock import Clock
from chalice_app.domain.reports import Posted, Reports
from chalice_app.domain.sentence import Caption, Origin, Sentence, SentenceRef
from chalice_app.observability import metrics
from chalice_app.observability.ports import MetricsSink
from chalice_app.speech.flow_control import FlowControl
from chalice_app.wire import outgoing

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DeliveryReporter:
    """Reports once a sentence, in whichever function sends the last of it.

    What is reported is kept first: each report that a speaker has is then among those of the event,
    with the same numbers.
    """

    broadcast: Broadcast
    flow_control: FlowControl
    metrics: MetricsSink
    clock: Clock

    def report(
        self, ref: SentenceRef, reports: Reports, captions: Mapping[str, str] | None = None
    ) -> None:
        """Ends the sentence's way, reports to the speaker and emits the metrics of its delivery.

        `captions` are the translations that were sent, by language, where this function has them.
        """
        latency_ms = ref.age_ms(self.clock.now_ms())
        took_ms = max(0, self.clock.now_ms() - ref.started_at)
        reports = self.flow_control.mark_sent(ref, reports, captions or {})
        report = (
            outgoing.corrected(ref.sequence, ref.revision, reports, took_ms)
            if ref.revision
            else outgoing.spoken(ref.sequence, reports, took_ms)
        )
        self.broadcast.notify([ref.speaker_connection_id], report)
        if not reports:
            return  # nobody listened
        posted = sum((each.posted for each in reports.values()), Posted())
        listeners = sum(each.listeners for each in reports.values())
        if posted.dropped:
            _log.warning(
                "the sentence came too late for %d of %d listeners",
                posted.dropped,
                listeners,
                extra={"session": ref.session_id, "sequence": ref.sequence},
            )
        self.metrics.emit(
            {
                metrics.LANGUAGES_PROCESSED: len(reports),
                metrics.PROCESSING_DURATION: took_ms,
                metrics.DELIVERY_LATENCY: latency_ms,
                # A listener who has left is not a failure of the broadcaster's.
                **metrics.rate(
                    metrics.BROADCAST_SUCCESS_RATE, posted.delivered, listeners - len(posted.gone)
                ),
                **metrics.rate(metrics.BUFFER_OVERFLOW_RATE, posted.dropped, listeners),
            }
        )

    def count_translations(self, sentence: Sentence, captions: Collection[Caption]) -> None:
        """Emits the metrics of a sentence's translations."""
        hits = sum(each.is_cached for each in captions)
        lookups = sum(each.origin is not Origin.SOURCE for each in captions)
        translated = sum(each.origin is Origin.ENGINE for each in captions)
        self.metrics.emit(
            {
                metrics.FAILED_LANGUAGES_COUNT: sum(
                    each.origin is Origin.FAILED for each in captions
                ),
                metrics.CHARACTERS_TRANSLATED: len(sentence.text) * translated,
                metrics.CHARACTERS_SAVED: len(sentence.text) * hits,
                **metrics.rate(metrics.CACHE_HIT_RATE, hits, lookups),
            }
        )
