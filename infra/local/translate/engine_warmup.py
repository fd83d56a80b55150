"""Starts the offline engine of a language when its first listener joins (`infra.local.warmup`).

A sentence waits for an engine for two seconds at most.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from chalice_app.domain.session import Session
from infra.local.dynamodb.stream_records import Record
from infra.local.translate.api import PREPARE_PATH
from infra.local.warmup import Warmup, post

Prepare = Callable[[str, str], None]
"""Has what translates from one language to another started; raises OSError."""

Listener = tuple[str, str]
"""A session's name and a listener's language."""


class EngineWarmup(Warmup[Listener]):
    """Asks for the engines that the listeners of the stage's sessions need."""

    def __init__(
        self,
        session: Callable[[str], Session | None],
        open_sessions: Callable[[], Iterable[Session]],
        prepare: Prepare,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is asked for before `start`; `clock` is in seconds."""
        super().__init__("engine warm-up", clock)
        self._session = session
        self._open_sessions = open_sessions
        self._prepare = prepare

    def needed_by(self, record: Record) -> Listener | None:
        """The session and language of a row of Connections that is a listener's."""
        image = record["dynamodb"].get("NewImage", {})
        session_id, language = (
            image.get(name, {}).get("S") for name in ("sessionId", "targetLanguage")
        )
        return (session_id, language) if session_id and language else None

    def ask_for(self, need: Listener) -> bool:
        """Has what translates from the session's language started; False: there is no session."""
        session_id, language = need
        session = self._session(session_id)
        if session is None:
            return False
        self._prepare(session.source_language, language)
        return True

    def ask_for_all(self) -> None:
        """Asks for every language that has listeners."""
        pairs = {
            (session.source_language, language)
            for session in self._open_sessions()
            for language in session.languages
        }
        for source, language in sorted(pairs):
            self._prepare(source, language)


def asking(endpoint: str) -> Prepare:
    """`Prepare` by the Translate server at that address."""

    def prepare(source: str, target: str) -> None:
        """Raises OSError where the server cannot be reached or fails."""
        post(endpoint, PREPARE_PATH, {"SourceLanguageCode": source, "TargetLanguageCode": target})

    return prepare
