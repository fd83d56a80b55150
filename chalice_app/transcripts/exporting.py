"""A transcript's way: what is kept is read, what is missing is translated, a file comes of it.

A request translates for `EXPORT_SECONDS` itself. With what is left then, an invocation of the
function `transcript` goes on (`continuing`), and the caller asks again. It ends before its
time-out: the next request goes on itself, and hands over again. What nobody could translate comes
in its original words, after one try.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chalice_app.admission.rate_limits import RateLimits
from chalice_app.domain.clock import Clock
from chalice_app.domain.errors import SequenceNotKept, Unavailable
from chalice_app.domain.session import Session
from chalice_app.sessions.ports import SessionStore
from chalice_app.transcripts.asks import TranscriptAsk
from chalice_app.transcripts.export_ports import TranscriptInvoker
from chalice_app.transcripts.files import File, Files, Link
from chalice_app.transcripts.ports import SentenceStore
from chalice_app.transcripts.reading import KeptLine, read_lines
from chalice_app.transcripts.requests import TranscriptRequest
from chalice_app.transcripts.transcript import Transcript
from chalice_app.transcripts.translations import Translations
from chalice_app.transcripts.work import Lease
from chalice_app.translation.engine import TranslationEngine

_log = logging.getLogger(__name__)

EXPORT_SECONDS = 6.0
"""How long a request translates before another function goes on: API Gateway gives up after 29 s,
and somebody waits. Source:
https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
"""

RETRY_AFTER_MS = 2_000
"""When the speaker's page asks again: the function has translated some 100 sentences by then."""

LISTENERS_RETRY_AFTER_MS = 5_000
"""When a listener's does: all of them share a number of calls a minute."""


@dataclass(frozen=True, slots=True)
class Translating:
    """The answer meanwhile: how many of the sentences have all their words."""

    done: int
    sentences: int
    retry_after_ms: int

    def body(self) -> dict[str, Any]:
        """As it goes over the wire."""
        return {
            "status": "translating",
            "done": self.done,
            "sentences": self.sentences,
            "retryAfterMs": self.retry_after_ms,
        }


@dataclass(frozen=True, slots=True)
class Transcripts:
    """The transcripts of a stage."""

    sessions: SessionStore
    sentences: SentenceStore
    engine: TranslationEngine
    translations: Translations
    files: Files
    rate_limits: RateLimits
    invoker: TranscriptInvoker
    clock: Clock
    seconds: float = EXPORT_SECONDS

    def export(
        self, session: Session, wanted: TranscriptRequest, *, is_speaker: bool
    ) -> File | Link | Translating:
        """The transcript of a session that its reader may have (`Entrance.reader_of`).

        Raises:
            UnsupportedLanguage: the engine does not offer a language.
            RateLimited: too many of this session in this minute.
            SequenceNotKept: no sentence is kept, or the session was purged meanwhile.
            BadMessage: it is too large for this stage.
            Unavailable: something that it needs is out of reach.
        """
        languages = self._languages(session, wanted)
        self.rate_limits.admit_transcript(session, is_speaker=is_speaker)
        lines = self._read(session, languages)
        if not lines:
            raise SequenceNotKept("nothing of this session is kept")
        filled = self.translations.fill(
            session, lines, languages, self.seconds, is_speaker=is_speaker
        )
        if not filled.is_whole:
            done = sum(not any(map(line.is_missing, languages)) for line in lines)
            if filled.lease is not None:
                self._hand_over(filled.lease, languages)
            pause = RETRY_AFTER_MS if is_speaker else LISTENERS_RETRY_AFTER_MS
            return Translating(done, len(lines), pause)
        export = self.files.of(session, _transcript(session, languages, lines), wanted.format)
        self._require_kept(session)
        return export

    def _languages(self, session: Session, wanted: TranscriptRequest) -> Sequence[str]:
        """The engine's codes, one or two: two tags of one language are one."""
        first = self.engine.require_language(wanted.language or session.source_language)
        if wanted.beside is None:
            return (first,)
        second = self.engine.require_language(wanted.beside)
        return (first,) if self.engine.are_one(first, second) else (first, second)

    def _read(self, session: Session, languages: Sequence[str]) -> Sequence[KeptLine]:
        return list(read_lines(self.sentences, session, languages, self.engine.are_one))

    def _hand_over(self, lease: Lease, languages: Sequence[str]) -> None:
        """Has another function go on with the lease; where none can, the next request does."""
        session, lane = lease.session, lease.lane
        ask = TranscriptAsk(
            session.session_id, session.created_at, languages, lane.is_speaker, lease.owner
        )
        try:
            self.invoker.invoke(ask.payload())
        except Unavailable:
            _log.warning("no function goes on with a transcript: the next request does")
            lease.end()

    def _require_kept(self, session: Session) -> None:
        """Refuses what was purged while it was read, and leaves no file of it."""
        now = self.sessions.get_session(session.session_id)
        if now is None or now.created_at != session.created_at or not self._is_kept(now):
            self.files.delete_all(session)
            raise SequenceNotKept("nothing of this session is kept")

    def _is_kept(self, session: Session) -> bool:
        return session.is_kept(self.clock.now_ms())


def _transcript(
    session: Session, languages: Sequence[str], lines: Sequence[KeptLine]
) -> Transcript:
    return Transcript(
        session_id=session.session_id,
        title=session.title,
        source_language=session.source_language,
        started_at=session.created_at,
        languages=tuple(languages),
        lines=(line.line() for line in lines),
    )
