"""Loads a language's voice when the first listener wants it, not at a sentence.

Amazon Polly needs no start. The voices of this stage take half a second to load, longer on a busy
machine. The readers of the streams show their records here on the way to the functions, so that a
voice loads while its listener is still being counted. Once a minute the voices of all languages
that are listened to are asked for: they stay during a long silence, and come back if the server was
restarted.

A failure here is logged and harmless: a sentence starts the voice that it lacks.
"""

from __future__ import annotations

import http.client
import json
import logging
import queue
import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from chalice_app.domain.session import Session
from infra.local.dynamodb.stream_records import Record
from infra.local.polly.api import PREPARE_PATH

LOGGER = logging.getLogger(__name__)

KEEP_SECONDS: Final = 60.0
"""Between two rounds over all languages; well below `server`'s `_UNUSED_SECONDS`."""
AGAIN_SECONDS: Final = 10.0
"""A hall that joins within so long asks for each of its languages once."""
ANSWER_SECONDS: Final = 2.0

Prepare = Callable[[Collection[str]], None]
"""Has the voices of languages loaded; raises OSError."""


class VoiceWarmup(threading.Thread):
    """Asks for the voices that the listeners of the stage's sessions want."""

    def __init__(
        self,
        open_sessions: Callable[[], Iterable[Session]],
        prepare: Prepare,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is asked for before `start`; `clock` is in seconds."""
        super().__init__(name="voice warm-up", daemon=True)
        self._open_sessions = open_sessions
        self._prepare = prepare
        self._clock = clock
        self._wished: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._asked: dict[str, float] = {}

    def see(self, records: Sequence[Record]) -> None:
        """Take note of the wishes in a batch of stream records; returns without waiting."""
        for language in dict.fromkeys(filter(None, map(_wish, records))):
            self._wished.put(language)

    def stop(self) -> None:
        """Ask no more."""
        self._wished.put(None)

    def run(self) -> None:
        """Ask for what is wanted until stopped."""
        next_round = self._clock() + KEEP_SECONDS
        while True:
            try:
                wished = self._wished.get(timeout=max(0.0, next_round - self._clock()))
            except queue.Empty:
                next_round = self._clock() + KEEP_SECONDS
                self._harmlessly(self.keep)
                continue
            if wished is None:
                return
            self._harmlessly(partial(self.start_for, wished))

    def start_for(self, language: str) -> None:
        """Ask for a language's voice, unless that was done a moment ago."""
        now = self._clock()
        if now - self._asked.get(language, float("-inf")) >= AGAIN_SECONDS:
            self._prepare([language])
            self._asked[language] = now

    def keep(self) -> None:
        """Ask for every voice that somebody listens to."""
        self._asked.clear()
        wanted = {_base(each) for session in self._open_sessions() for each in session.voices}
        if wanted:
            self._prepare(sorted(wanted))

    def _harmlessly(self, ask: Callable[[], None]) -> None:
        try:
            ask()
        except Exception as error:  # noqa: BLE001 - a thread that fails would end the functions' host
            LOGGER.warning("a voice could not be loaded in advance: %r", error)


def asking(endpoint: str) -> Prepare:
    """`Prepare` by the voices' server at that address."""

    def prepare(languages: Collection[str]) -> None:
        """Raises OSError where the server cannot be reached or fails."""
        connection = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=ANSWER_SECONDS)
        try:
            connection.request("POST", PREPARE_PATH, json.dumps({"Languages": list(languages)}))
            answer = connection.getresponse()
            answer.read()
        except http.client.HTTPException as error:
            raise OSError(f"no answer from the voices' server: {error!r}") from error
        finally:
            connection.close()
        if answer.status >= http.HTTPStatus.INTERNAL_SERVER_ERROR:
            raise OSError(f"the voices' server answered {answer.status}")

    return prepare


def _wish(record: Record) -> str | None:
    """The language of a row of Connections whose listener wants to hear it."""
    image = record["dynamodb"].get("NewImage", {})
    if not image.get("voice", {}).get("BOOL"):
        return None
    language = image.get("targetLanguage", {}).get("S")
    return _base(language) if language else None


def _base(language: str) -> str:
    return str(language).partition("-")[0]
