"""The function `transcript`: it goes on where a request's time was over."""

import logging
from dataclasses import dataclass

from chalice_app.domain.clock import Clock
from chalice_app.observability import logs
from chalice_app.sessions.ports import SessionStore
from chalice_app.transcripts.asks import TranscriptAsk
from chalice_app.transcripts.ports import SentenceStore
from chalice_app.transcripts.reading import read_lines
from chalice_app.transcripts.translations import Translations
from chalice_app.translation.engine import TranslationEngine

_log = logging.getLogger(__name__)

WORK_SECONDS = 240.0
"""How long it translates: its time-out is a minute later (`.chalice/config.json`), and a hung
engine takes 5 s between two looks at the clock."""


@dataclass(frozen=True, slots=True)
class Continuation:
    """Translates what a request could not."""

    sessions: SessionStore
    sentences: SentenceStore
    engine: TranslationEngine
    translations: Translations
    clock: Clock

    def go_on(self, ask: TranscriptAsk) -> None:
        """Until every sentence was tried, or its time is over: then the next request goes on.

        Of a second invocation for one request, and of a session that was purged, nothing comes.
        """
        logs.bind(session=ask.session_id)
        session = self.sessions.get_session(ask.session_id)
        if session is None or session.created_at != ask.session_epoch:
            return
        if not session.is_kept(self.clock.now_ms()):
            return
        lines = list(read_lines(self.sentences, session, ask.languages, self.engine.are_one))
        filled = self.translations.fill(
            session,
            lines,
            ask.languages,
            WORK_SECONDS,
            is_speaker=ask.is_speaker,
            handed=ask.owner,
        )
        if filled.lease is not None:
            filled.lease.end()
        untranslated = sum(bool(line.untranslated) for line in lines)
        _log.info("%d of %d sentences are untranslated", untranslated, len(lines))
