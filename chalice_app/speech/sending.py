"""What a sentence and a correction have in common: translate, send, report.

The order is the product's promise: look into the cache, translate what is missing at once, and send
**each language as soon as its own text is there**. Cache entries are written after the captions and
the speaker's report are sent.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from functools import partial

from chalice_app.delivery.broadcast import Broadcast
from chalice_app.domain.clock import Clock
from chalice_app.domain.errors import Unavailable
from chalice_app.domain.reports import LanguageReport, Posted, Reports, merged
from chalice_app.domain.sentence import Caption, Sentence, SentenceRef
from chalice_app.domain.session import Session
from chalice_app.observability import logs
from chalice_app.rosters.recipients import Recipients, RosterReader
from chalice_app.speech.delivery_report import DeliveryReporter
from chalice_app.speech.large_halls import LargeHalls, RecipientBatch
from chalice_app.synthesis.asks import VoiceRequests
from chalice_app.translation.sentence_translator import SentenceTranslator
from chalice_app.wire import outgoing

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sent:
    """A caption, what became of it here, and the batches of it that other functions send.

    `voice` is there once another function has been asked to speak it.
    """

    caption: Caption
    reports: Reports
    batches: Sequence[RecipientBatch] = ()
    voice: Future[None] | None = None


@dataclass(frozen=True, slots=True)
class Sending:
    """Sends what is claimed and noted, a sentence or a correction, to everybody it is for."""

    rosters: RosterReader
    translator: SentenceTranslator
    broadcast: Broadcast
    large_halls: LargeHalls
    reporter: DeliveryReporter
    executor: Executor
    clock: Clock
    voices: VoiceRequests

    def send_or_drop(
        self, session: Session, sentence: Sentence, ref: SentenceRef
    ) -> tuple[Sequence[Sent], Reports]:
        """Sends it while it is in time; what is late is reported by the counts.

        Raises:
            Unavailable: nobody knows who listens; nothing was sent.
        """
        if ref.seconds_left(self.clock.now_ms()) > 0:
            sent = self._send(session, sentence, ref)
            return sent, merged(each.reports for each in sent)
        if not _has_its_counts(session, sentence):
            raise Unavailable("the sentence could not be sent in time")
        return [], _dropped(session.languages)

    def finish(
        self,
        session: Session,
        sentence: Sentence,
        ref: SentenceRef,
        sent: Sequence[Sent],
        reports: Reports,
    ) -> None:
        """Reports what was sent, or leaves it to the other functions; remembers translations."""
        try:
            self._finish(session, sentence, ref, sent, reports)
        finally:
            self.voices.wait(each.voice for each in sent)

    def _finish(
        self,
        session: Session,
        sentence: Sentence,
        ref: SentenceRef,
        sent: Sequence[Sent],
        reports: Reports,
    ) -> None:
        batches = [batch for each in sent for batch in each.batches]
        translated = {} if sentence.is_retracted else _translated(sent)
        if batches:
            self.large_halls.finish(ref, reports, batches)
            # Other functions report, and no batch has more than its own caption.
            self.reporter.flow_control.keep_captions(ref, translated)
        else:
            self.reporter.report(ref, reports, translated)
        if sentence.is_retracted:
            return
        captions = {each.caption.language: each.caption for each in sent}.values()
        self.translator.remember(sentence, captions)
        if session.languages or captions:
            self.reporter.count_translations(sentence, captions)

    def _send(self, session: Session, sentence: Sentence, ref: SentenceRef) -> list[Sent]:
        """Translates and sends; a session without listeners costs no call."""
        if _has_its_counts(session, sentence) and not session.languages:
            return []  # nobody was there
        # A correction is for everybody: who came back after the sentence had it replayed.
        sequence = None if sentence.revision else sentence.sequence
        recipients = self.rosters.recipients(session, sequence)
        send = partial(self._send_to_language, session, ref, recipients)
        # Each caption is handed to a thread of its own as soon as the translator yields it.
        return list(self.executor.map(send, self._captions(session, sentence, recipients)))

    def _captions(
        self, session: Session, sentence: Sentence, recipients: Recipients
    ) -> Iterator[Caption]:
        """A caption for each language: those that are counted at once, then what the roster adds.

        Somebody may have changed to a language since the counts were read.
        """
        yield from self.translator.translate(session, sentence, session.languages)
        try:
            found = recipients.languages()
        except Unavailable:
            if not _has_its_counts(session, sentence):
                raise
            return  # each language that is counted reports it
        if added := [language for language in found if language not in session.languages]:
            yield from self.translator.translate(session, sentence, added)

    def _send_to_language(
        self, session: Session, ref: SentenceRef, recipients: Recipients, caption: Caption
    ) -> Sent:
        logs.bind(language=caption.language)  # in this thread alone
        try:
            listeners = recipients.of_language(caption.language)
            wanting = recipients.voices_of_language(caption.language)
        except Unavailable:
            _log.exception("the roster could not be read")
            count = session.languages[caption.language]
            voices = session.voices.get(caption.language, 0)
            return Sent(caption, _report(caption, count, Posted(failed=count), voices=voices))
        return self._send_to(session, ref, caption, listeners, wanting)

    def _send_to(
        self,
        session: Session,
        ref: SentenceRef,
        caption: Caption,
        listeners: Sequence[str],
        wanting: Sequence[str],
    ) -> Sent:
        """Sends a caption to these listeners, or has other functions send it.

        Some of them are `wanting` its voice, too.
        """
        if self.large_halls.is_for(session, len(listeners)):
            batches = self.large_halls.send(session, ref, caption, listeners, wanting)
            return Sent(caption, {}, batches)
        deadline = self.clock.monotonic() + ref.seconds_left(self.clock.now_ms())
        posted = self.broadcast.send(listeners, outgoing.caption(caption), deadline)
        latency_ms = ref.age_ms(self.clock.now_ms())
        voice = self.voices.ask(ref, caption, wanting, posted)
        reports = _report(caption, len(listeners), posted, latency_ms, len(wanting))
        return Sent(caption, reports, voice=voice)


def _has_its_counts(session: Session, sentence: Sentence) -> bool:
    """Whether the session was read after the sentence claimed its number, and noted it.

    Older counts may lack listeners to whom the sentence is due: no report may rest on them.
    """
    return session.last_sequence >= sentence.sequence


def _translated(sent: Iterable[Sent]) -> Mapping[str, str]:
    """The translations that were sent, by language."""
    captions = (each.caption for each in sent)
    return {each.language: each.text for each in captions if each.is_translation}


def _report(
    caption: Caption, listeners: int, posted: Posted, latency_ms: int = 0, voices: int = 0
) -> Reports:
    report = LanguageReport.of(
        caption,
        listeners,
        posted,
        latency_ms=latency_ms,
        voices=voices,
        characters=caption.characters,
    )
    return {caption.language: report}


def _dropped(languages: Mapping[str, int]) -> Reports:
    return {
        language: LanguageReport(count, Posted(dropped=count))
        for language, count in languages.items()
    }
