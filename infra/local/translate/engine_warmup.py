"""Starts the offline engine of a language when its first listener joins, not at a sentence.

Amazon Translate needs no start. The engines of this stage take up to half a second to load, much
longer on a busy machine, and a sentence waits for two seconds at most. The readers of the streams
show their records here on the way to the functions, so that an engine loads while its listener is
still being counted and greeted. Once a minute all languages that have listeners are asked for:
their engines are kept during a long silence, and come back if the Translate server was restarted.

A failure here is logged and harmless: a sentence starts the engine that it lacks.
"""

from __future__ import annotations

import http.client
import json
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from chalice_app.domain.session import Session
from infra.local.dynamodb.stream_records import Record
from infra.local.translate.api import PREPARE_PATH

LOGGER = logging.getLogger(__name__)

KEEP_SECONDS: Final = 60.0
"""Between two rounds over all languages; well below `server`'s `_UNUSED_SECONDS`."""
AGAIN_SECONDS: Final = 10.0
"""A hall that joins within so long asks for each of its languages once."""
ANSWER_SECONDS: Final = 2.0

Prepare = Callable[[str, str], None]
"""Has what translates from one language to another started; raises OSError."""


class EngineWarmup(threading.Thread):
    """Asks for the engines that the listeners of the stage's sessions need."""

    def __init__(
        self,
        session: Callable[[str], Session | None],
        open_sessions: Callable[[], Iterable[Session]],
        prepare: Prepare,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is asked for before `start`; `clock` is in seconds."""
        super().__init__(name="engine warm-up", daemon=True)
        self._session = session
        self._open_sessions = open_sessions
        self._prepare = prepare
        self._clock = clock
        self._joined: queue.SimpleQueue[tuple[str, str] | None] = queue.SimpleQueue()
        self._asked: dict[tuple[str, str], float] = {}

    def see(self, records: Sequence[Record]) -> None:
        """Take note of the listeners in a batch of stream records; returns without waiting."""
        for pair in dict.fromkeys(filter(None, map(_listener, records))):
            self._joined.put(pair)

    def stop(self) -> None:
        """Ask no more."""
        self._joined.put(None)

    def run(self) -> None:
        """Ask for what is needed until stopped."""
        next_round = self._clock() + KEEP_SECONDS
        while True:
            try:
                joined = self._joined.get(timeout=max(0.0, next_round - self._clock()))
            except queue.Empty:
                next_round = self._clock() + KEEP_SECONDS
                self._harmlessly(self.keep)
                continue
            if joined is None:
                return
            self._harmlessly(partial(self.start_for, *joined))

    def start_for(self, session_id: str, language: str) -> None:
        """Ask for the language of a session's listener, unless that was done a moment ago."""
        pair, now = (session_id, language), self._clock()
        if now - self._asked.get(pair, float("-inf")) < AGAIN_SECONDS:
            return
        session = self._session(session_id)
        if session is not None:
            self._prepare(session.source_language, language)
            self._asked[pair] = now

    def keep(self) -> None:
        """Ask for every language that has listeners."""
        self._asked.clear()
        pairs = {
            (session.source_language, language)
            for session in self._open_sessions()
            for language in session.languages
        }
        for source, language in sorted(pairs):
            self._prepare(source, language)

    def _harmlessly(self, ask: Callable[[], None]) -> None:
        try:
            ask()
        except Exception as error:  # noqa: BLE001 - a thread that fails would end the functions' host
            LOGGER.warning("an engine could not be started in advance: %r", error)


def asking(endpoint: str) -> Prepare:
    """`Prepare` by the Translate server at that address."""

    def prepare(source: str, target: str) -> None:
        """Raises OSError where the server cannot be reached or fails."""
        address = urlsplit(endpoint).netloc
        connection = http.client.HTTPConnection(address, timeout=ANSWER_SECONDS)
        try:
            codes = {"SourceLanguageCode": source, "TargetLanguageCode": target}
            connection.request("POST", PREPARE_PATH, json.dumps(codes))
            answer = connection.getresponse()
            answer.read()
        except http.client.HTTPException as error:
            raise OSError(f"no answer from the Translate server: {error!r}") from error
        finally:
            connection.close()
        if answer.status >= http.HTTPStatus.INTERNAL_SERVER_ERROR:
            raise OSError(f"the Translate server answered {answer.status}")

    return prepare


def _listener(record: Record) -> tuple[str, str] | None:
    """The session and language of a row of Connections that is a listener's."""
    image = record["dynamodb"].get("NewImage", {})
    session_id, language = (
        image.get(name, {}).get("S") for name in ("sessionId", "targetLanguage")
    )
    return (session_id, language) if session_id and language else None
