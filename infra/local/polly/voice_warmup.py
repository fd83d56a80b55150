"""Loads a language's voice when the first listener wants it (`infra.local.warmup`)."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable

from chalice_app.domain.session import Session
from infra.local.dynamodb.stream_records import Record
from infra.local.polly.api import PREPARE_PATH
from infra.local.warmup import Warmup, post

Prepare = Callable[[Collection[str]], None]
"""Has the voices of languages loaded; raises OSError."""


class VoiceWarmup(Warmup[str]):
    """Asks for the voices that the listeners of the stage's sessions want, by language."""

    def __init__(
        self,
        open_sessions: Callable[[], Iterable[Session]],
        prepare: Prepare,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is asked for before `start`; `clock` is in seconds."""
        super().__init__("voice warm-up", clock)
        self._open_sessions = open_sessions
        self._prepare = prepare

    def needed_by(self, record: Record) -> str | None:
        """The language of a row of Connections whose listener wants to hear it."""
        image = record["dynamodb"].get("NewImage", {})
        if not image.get("voice", {}).get("BOOL"):
            return None
        language = image.get("targetLanguage", {}).get("S")
        return _base(language) if language else None

    def ask_for(self, need: str) -> bool:
        """Has the language's voice loaded."""
        self._prepare([need])
        return True

    def ask_for_all(self) -> None:
        """Asks for every voice that somebody listens to."""
        wanted = {_base(each) for session in self._open_sessions() for each in session.voices}
        if wanted:
            self._prepare(sorted(wanted))


def asking(endpoint: str) -> Prepare:
    """`Prepare` by the voices' server at that address."""

    def prepare(languages: Collection[str]) -> None:
        """Raises OSError where the server cannot be reached or fails."""
        post(endpoint, PREPARE_PATH, {"Languages": list(languages)})

    return prepare


def _base(language: str) -> str:
    return str(language).partition("-")[0]
