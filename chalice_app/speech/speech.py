"""Use case: one sentence in, captions out in every language that somebody listens to.

The order of things is the product's promise: check, claim the sequence, look into the cache,
translate what is missing at once, and send **each language as soon as its own text is there**. What
nobody waits for (cache entries, metrics) comes after the captions and the speaker's report.
"""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from threading import Lock

from chalice_app.delivery.broadcast import Broadcast
from chalice_app.domain.clock import Clock
from chalice_app.domain.errors import ConditionFailed, Unavailable
from chalice_app.domain.reports import LanguageReport, Posted, merged
from chalice_app.domain.sentence import Sentence, SentenceRef
from chalice_app.domain.session import Session
from chalice_app.observability import logs, metrics
from chalice_app.observability.ports import MetricsSink
from chalice_app.rosters.ports import Roster
from chalice_app.sessions.ports import SessionStore
from chalice_app.speech.delivery_report import DeliveryReporter, Reports
from chalice_app.speech.flow_control import FlowControl
from chalice_app.speech.slices import LargeHalls, RecipientBatch, Spoken
from chalice_app.translation.sentence import SentenceTranslator, TranslatedSentence, caption_of
from chalice_app.wire import messages

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of languages sent here, and the slices of others that other functions send."""

    reports: Reports
    slices: Sequence[RecipientBatch] = ()


@dataclass(frozen=True, slots=True)
class Recipients:
    """Who is being sent the sentence: whoever moves between two rosters may stand in both."""

    _ids: set[str] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)

    def take(self, listeners: Sequence[str]) -> Sequence[str]:
        """Those of them that nobody has taken yet."""
        with self._lock:
            new = [each for each in listeners if each not in self._ids]
            self._ids.update(new)
        return new


@dataclass(frozen=True, slots=True)
class Speech:
    """Sentences on their way from one speaker to every listener."""

    sessions: SessionStore
    roster: Roster
    renderer: SentenceTranslator
    broadcast: Broadcast
    flow: FlowControl
    slicing: LargeHalls
    reporting: DeliveryReporter
    metrics: MetricsSink
    executor: Executor
    clock: Clock

    def speak(self, session: Session, speaker_connection_id: str, sentence: Sentence) -> None:
        """Sends the sentence to the session's listeners and reports to its speaker.

        Raises:
            BadMessage: this sequence number was spoken before.
            RateLimited: too many sentences are on their way; the speaker may send it again.
            Unavailable: nothing was sent; the speaker may send the sentence again.
        """
        utterance = SentenceRef(
            session.session_id,
            session.created_at,
            sentence.sequence,
            speaker_connection_id,
            sentence.spoken_at,
            started_at=self.clock.now_ms(),
        )
        self.flow.admit(session, sentence, utterance)
        session = self._raise_last_sequence(session, sentence)
        renderings: list[TranslatedSentence] = []
        sent = self._send_all(Spoken(session, sentence, utterance), renderings)
        measures: Mapping[str, float] = {}
        if sent.slices:
            self.slicing.finish(utterance, sent.reports, sent.slices)
        else:
            measures = self.reporting.tell(utterance, sent.reports)
        self.renderer.remember(sentence, renderings)
        if session.languages:
            self.metrics.emit({**_measures(sentence, renderings), **measures})

    def _raise_last_sequence(self, session: Session, sentence: Sentence) -> Session:
        """The session from that sequence on, which is what its rosters are to be read for.

        Whoever comes back is counted only while nothing is spoken (see `ledger.plan_return`), so
        the sequence is noted before the rosters are read. Where that fails, a caption may be
        missed by those who are just coming back, and by nobody else.
        """
        try:
            return self.sessions.raise_last_sequence(session, sentence.sequence)
        except (Unavailable, ConditionFailed):
            _log.warning("the last sequence was not stored")
            return session

    def _send_all(self, spoken: Spoken, renderings: list[TranslatedSentence]) -> Sent:
        """Renders (into `renderings`) and sends; a session without listeners costs no call."""
        languages = spoken.session.languages
        if spoken.utterance.seconds_left(self.clock.now_ms()) <= 0:
            return Sent(_dropped(languages))
        # A sentence that was overtaken may not have been there for those who came back since:
        # better twice for one of them than never.
        overtaken = spoken.session.last_sequence > spoken.sentence.sequence
        sequence = None if overtaken else spoken.sentence.sequence
        rosters = {
            language: self.executor.submit(
                self.roster.query_roster, spoken.session, language, sequence
            )
            for language in languages
        }
        reached = Recipients()
        sending: list[Future[Sent]] = []
        for rendering in self.renderer.render(spoken.session, spoken.sentence, languages):
            renderings.append(rendering)
            roster = rosters[rendering.language]
            sending.append(self.executor.submit(self._send, spoken, rendering, roster, reached))
        sent = [each.result() for each in sending]
        if languages:
            sent += self._send_to_moved(spoken, reached, sequence, renderings)
        return Sent(
            merged(each.reports for each in sent), [one for each in sent for one in each.slices]
        )

    def _send_to_moved(
        self,
        spoken: Spoken,
        reached: Recipients,
        sequence: int | None,
        renderings: list[TranslatedSentence],
    ) -> Sequence[Sent]:
        """Sends to whoever was between two rosters when they were read, and so in neither.

        That somebody has changed language meanwhile is told by the counts' revision: while nobody
        does, this is one read, and no listener waits for it.
        """
        try:
            now = self.sessions.get_session(spoken.session.session_id)
            if now is None or now.counts_revision == spoken.session.counts_revision:
                return []
            moved = {
                language: reached.take(self.roster.query_moved(spoken.session, language, sequence))
                for language in now.languages
            }
        except Unavailable:
            _log.warning("who changed language meanwhile is not known")
            return []
        missed = {language: listeners for language, listeners in moved.items() if listeners}
        known = {each.language: each for each in renderings}
        if new := [language for language in missed if language not in known]:
            made = list(self.renderer.render(spoken.session, spoken.sentence, new))
            renderings += made
            known |= {each.language: each for each in made}
        return [
            self._send_to(spoken, known[language], listeners)
            for language, listeners in missed.items()
        ]

    def _send(
        self,
        spoken: Spoken,
        rendering: TranslatedSentence,
        roster: "Future[Sequence[str]]",
        reached: Recipients,
    ) -> Sent:
        """Sends one language, or has it sent."""
        logs.bind(language=rendering.language)  # in this thread alone
        try:
            listeners = reached.take(roster.result())
        except Unavailable:
            _log.exception("the roster could not be read")
            count = spoken.session.languages[rendering.language]
            return Sent(_report(rendering, count, Posted(failed=count)))
        return self._send_to(spoken, rendering, listeners)

    def _send_to(
        self, spoken: Spoken, rendering: TranslatedSentence, listeners: Sequence[str]
    ) -> Sent:
        caption = messages.caption(caption_of(spoken.session, spoken.sentence, rendering))
        if self.slicing.is_for(spoken.session, len(listeners)):
            slices = self.slicing.cut(spoken, rendering, listeners, caption)
            self.slicing.hand_out(slices)
            return Sent({}, slices)
        left = spoken.utterance.seconds_left(self.clock.now_ms())
        posted = self.broadcast.send(listeners, caption, self.clock.monotonic() + left)
        return Sent(_report(rendering, len(listeners), posted))


def _report(rendering: TranslatedSentence, listeners: int, posted: Posted) -> Reports:
    return {
        rendering.language: LanguageReport(
            listeners, posted, rendering.cached, rendering.untranslated, rendering.over_budget
        )
    }


def _measures(sentence: Sentence, renderings: Sequence[TranslatedSentence]) -> Mapping[str, float]:
    """The metrics of a sentence's translations; those of its delivery are `DeliveryReporter`'s."""
    hits = sum(each.cached for each in renderings)
    looked_up = sum(each.language != sentence.source_language for each in renderings)
    length = len(sentence.text)
    return {
        metrics.FAILED_LANGUAGES_COUNT: sum(each.failed for each in renderings),
        metrics.CHARACTERS_TRANSLATED: length * sum(each.translated for each in renderings),
        metrics.CHARACTERS_SAVED: length * hits,
        **metrics.rate(metrics.CACHE_HIT_RATE, hits, looked_up),
    }


def _dropped(languages: Mapping[str, int]) -> Reports:
    return {
        language: LanguageReport(count, Posted(dropped=count), cached=False)
        for language, count in languages.items()
    }
