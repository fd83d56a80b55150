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

from chalice_app import logs, messages, metrics
from chalice_app.broadcast import Broadcast
from chalice_app.clock import Clock
from chalice_app.errors import ConditionFailed, Unavailable
from chalice_app.flow import Flow
from chalice_app.models import LanguageReport, Posted, Sentence, Session, Utterance, merged
from chalice_app.ports import MetricsSink, Roster, SessionStore
from chalice_app.rendering import Renderer, Rendering, caption_of
from chalice_app.reporting import Reporting, Reports
from chalice_app.slices import Slice, Slicing, Spoken

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of languages sent here, and the slices of others that other functions send."""

    reports: Reports
    slices: Sequence[Slice] = ()


@dataclass(frozen=True, slots=True)
class Reached:
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
    renderer: Renderer
    broadcast: Broadcast
    flow: Flow
    slicing: Slicing
    reporting: Reporting
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
        utterance = Utterance(
            session.session_id,
            session.created_at,
            sentence.sequence,
            speaker_connection_id,
            sentence.spoken_at,
            started_at=self.clock.now_ms(),
        )
        self.flow.admit(session, sentence, utterance)
        session = self._raise_last_sequence(session, sentence)
        renderings: list[Rendering] = []
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

    def _send_all(self, spoken: Spoken, renderings: list[Rendering]) -> Sent:
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
        reached = Reached()
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
        reached: Reached,
        sequence: int | None,
        renderings: list[Rendering],
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
        rendering: Rendering,
        roster: "Future[Sequence[str]]",
        reached: Reached,
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

    def _send_to(self, spoken: Spoken, rendering: Rendering, listeners: Sequence[str]) -> Sent:
        caption = messages.caption(caption_of(spoken.session, spoken.sentence, rendering))
        if self.slicing.is_for(spoken.session, len(listeners)):
            slices = self.slicing.cut(spoken, rendering, listeners, caption)
            self.slicing.hand_out(slices)
            return Sent({}, slices)
        left = spoken.utterance.seconds_left(self.clock.now_ms())
        posted = self.broadcast.send(listeners, caption, self.clock.monotonic() + left)
        return Sent(_report(rendering, len(listeners), posted))


def _report(rendering: Rendering, listeners: int, posted: Posted) -> Reports:
    return {
        rendering.language: LanguageReport(
            listeners, posted, rendering.cached, rendering.untranslated, rendering.over_budget
        )
    }


def _measures(sentence: Sentence, renderings: Sequence[Rendering]) -> Mapping[str, float]:
    """The metrics of a sentence's translations; those of its delivery are `Reporting`'s."""
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
