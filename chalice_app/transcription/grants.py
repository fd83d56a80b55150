"""Dictation grants: who gets an address of the recogniser's, and for how long."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from chalice_app.admission.rate_limits import RateLimits
from chalice_app.domain.clock import Clock
from chalice_app.domain.dictation import dictation_quality, transcribe_code
from chalice_app.domain.errors import BroadcasterError, UnsupportedLanguage
from chalice_app.domain.session import Session
from chalice_app.observability import metrics
from chalice_app.observability.ports import MetricsSink
from chalice_app.transcription.minutes import Minutes
from chalice_app.transcription.ports import Recogniser

URL_SECONDS = 300
"""How long an address is good for opening a stream; Transcribe takes no longer time. Source:
https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html#streaming-websocket
"""

_log = logging.getLogger(__name__)


class NoRecogniser(UnsupportedLanguage):
    """A language that people may speak, and that no recogniser of this stage hears."""

    http_status = 404


@dataclass(frozen=True, slots=True)
class Grant:
    """An address that opens a stream, and what the stream must be.

    `expires_at` (epoch ms) is when the address is good no longer: a stream that it opened goes on.
    `remaining_seconds` is what the session may still dictate; None where that is not limited.
    """

    url: str
    language_code: str
    sample_rate: int
    expires_at: int
    remaining_seconds: int | None


@dataclass(frozen=True, slots=True)
class DictationGrants:
    """Grants streams to the recogniser; `languages` are those that it hears, with their quality."""

    recogniser: Recogniser
    rate_limits: RateLimits
    minutes: Minutes
    metrics: MetricsSink
    clock: Clock
    languages: Mapping[str, str]

    def quality(self, language: str) -> str | None:
        """How well the recogniser hears a language; None where it does not."""
        return dictation_quality(language, self.languages)

    def grant(self, session: Session, sample_rate: int, endpoint: str) -> Grant:
        """Permission for one stream, in the session's language; the minutes count from now on.

        `endpoint` is where the page finds the recogniser.

        Raises:
            NoRecogniser: nothing hears the session's language.
            RateLimited: too many in this hour, or the session's minutes are spent.
            SessionNotFound: the session has ended meanwhile.
            Unavailable: it cannot be counted, so it is not granted.
        """
        code = self._code(session)
        self.rate_limits.admit_dictation(session)
        # Before the minutes: what cannot be signed must not count.
        now = self.clock.now_ms()
        url = self.recogniser.presign(endpoint, code, sample_rate, URL_SECONDS)
        left = self.minutes.start(session)
        self.metrics.emit({metrics.DICTATION_STARTED: 1})
        expires_at = (now // 1000 + URL_SECONDS) * 1000  # a signature has whole seconds
        return Grant(url, code, sample_rate, expires_at, None if left is None else left // 1000)

    def end(self, session: Session) -> None:
        """The session's stream is over: its minutes count no longer. Twice is harmless.

        Raises:
            SessionNotFound: the session is gone.
            Unavailable: the minutes could not be written.
        """
        self.minutes.stop(session)

    def end_with(self, session: Session) -> None:
        """The same for a session that has just ended. Errors are ignored: nobody dictates there."""
        try:
            self.minutes.stop(session)
        except BroadcasterError:
            _log.warning("the minutes of an ended session are not counted to the end")

    def _code(self, session: Session) -> str:
        code = transcribe_code(session.source_language)
        if code is None or self.quality(session.source_language) is None:
            raise NoRecogniser("there is no recogniser for the session's language")
        return code
