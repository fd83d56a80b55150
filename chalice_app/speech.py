"""Use case: one sentence in, captions out in every language that somebody listens to.

The order of things is the product's promise: check, claim the sequence, look into the cache,
translate what is missing at once, and send **each language as soon as its own text is there**. What
nobody waits for (cache entries, metrics) comes after the captions and the speaker's report.
"""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass

from chalice_app import messages, metrics
from chalice_app.broadcast import Broadcast
from chalice_app.clock import Clock
from chalice_app.errors import BadMessage, Unavailable
from chalice_app.models import LanguageReport, Posted, Sentence, Session
from chalice_app.ports import MetricsSink, Roster, SessionStore
from chalice_app.rendering import Renderer, Rendering, caption_of

_log = logging.getLogger(__name__)

CAPTION_LIFE_MS = 10_000
"""Nothing older is sent: a caption that late disturbs more than it helps."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a sentence; `latency_ms` is from the gateway to the last post."""

    renderings: Sequence[Rendering]
    reports: Mapping[str, LanguageReport]
    latency_ms: int


@dataclass(frozen=True, slots=True)
class Speech:
    """Sentences on their way from one speaker to every listener."""

    sessions: SessionStore
    roster: Roster
    renderer: Renderer
    broadcast: Broadcast
    metrics: MetricsSink
    executor: Executor
    clock: Clock

    def speak(self, session: Session, speaker_connection_id: str, sentence: Sentence) -> None:
        """Sends the sentence to the session's listeners and reports to its speaker.

        Raises:
            BadMessage: this sequence number was spoken before.
            Unavailable: nothing was sent; the speaker may send the sentence again.
        """
        started = self.clock.monotonic()
        if not self.sessions.claim_sequence(session, sentence):
            raise BadMessage("this sequence was spoken before", lastSequence=session.last_sequence)
        noted = self.executor.submit(self.sessions.raise_last_sequence, session, sentence.sequence)
        outcome = self._deliver_all(session, sentence)
        took_ms = round((self.clock.monotonic() - started) * 1000)
        report = messages.spoken(sentence.sequence, outcome.reports, took_ms)
        self.broadcast.notify([speaker_connection_id], report)
        self.renderer.remember(sentence, outcome.renderings)
        self.metrics.emit(_measures(sentence, outcome, took_ms))
        _warn_if_failed(noted)

    def _deliver_all(self, session: Session, sentence: Sentence) -> Outcome:
        """Renders and sends; a session without listeners costs no call at all."""
        if self._age_ms(sentence) >= CAPTION_LIFE_MS:
            _log.warning(
                "sequence %d of %s came too late for %d listeners",
                sentence.sequence,
                session.session_id,
                session.listener_count,
            )
            return Outcome((), _dropped(session.languages), self._age_ms(sentence))
        rosters = {
            language: self.executor.submit(self.roster.query_roster, session, language)
            for language in session.languages
        }
        renderings: list[Rendering] = []
        deliveries: dict[str, Future[LanguageReport]] = {}
        deadline = self.clock.monotonic() + (CAPTION_LIFE_MS - self._age_ms(sentence)) / 1000
        for rendering in self.renderer.render(sentence, session.languages):
            renderings.append(rendering)
            deliveries[rendering.language] = self.executor.submit(
                self._deliver, session, sentence, rendering, rosters[rendering.language], deadline
            )
        reports = {language: done.result() for language, done in deliveries.items()}
        return Outcome(renderings, reports, self._age_ms(sentence))

    def _deliver(
        self,
        session: Session,
        sentence: Sentence,
        rendering: Rendering,
        roster: Future[Sequence[str]],
        deadline: float,
    ) -> LanguageReport:
        try:
            listeners = roster.result()
        except Unavailable:
            _log.exception("the roster could not be read")
            count = session.languages[rendering.language]
            return LanguageReport(count, Posted(failed=count), rendering.cached, rendering.failed)
        posted = self.broadcast.send(
            listeners, messages.caption(caption_of(session, sentence, rendering)), deadline
        )
        return LanguageReport(len(listeners), posted, rendering.cached, rendering.failed)

    def _age_ms(self, sentence: Sentence) -> int:
        # Not below 0: two machines' clocks differ, and a caption is no younger than new.
        return max(0, self.clock.now_ms() - sentence.spoken_at)


def _measures(sentence: Sentence, outcome: Outcome, took_ms: int) -> Mapping[str, float]:
    """The metrics of one sentence; none at all when nobody listened."""
    if not outcome.reports:
        return {}
    renderings, reports = outcome.renderings, outcome.reports.values()
    posted = sum((report.posted for report in reports), Posted())
    listeners = sum(report.listeners for report in reports)
    hits = sum(each.cached for each in renderings)
    looked_up = sum(each.language != sentence.source_language for each in renderings)
    length = len(sentence.text)
    return {
        metrics.LANGUAGES_PROCESSED: len(reports),
        metrics.FAILED_LANGUAGES_COUNT: sum(each.failed for each in renderings),
        metrics.CHARACTERS_TRANSLATED: length * sum(each.translated for each in renderings),
        metrics.CHARACTERS_SAVED: length * hits,
        metrics.PROCESSING_DURATION: took_ms,
        metrics.DELIVERY_LATENCY: outcome.latency_ms,
        **metrics.rate(metrics.CACHE_HIT_RATE, hits, looked_up),
        # A listener who has left is no failure of ours.
        **metrics.rate(
            metrics.BROADCAST_SUCCESS_RATE, posted.delivered, listeners - len(posted.gone)
        ),
        **metrics.rate(metrics.BUFFER_OVERFLOW_RATE, posted.dropped, listeners),
    }


def _dropped(languages: Mapping[str, int]) -> Mapping[str, LanguageReport]:
    return {
        language: LanguageReport(count, Posted(dropped=count), cached=False)
        for language, count in languages.items()
    }


def _warn_if_failed(noted: Future[None]) -> None:
    """The last sequence only tells joiners where the talk is: its loss harms no caption."""
    try:
        noted.result()
    except Unavailable:
        _log.warning("the last sequence was not stored")
