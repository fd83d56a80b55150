"""Has engines started when the first listener needs them, not at a sentence.

AWS's services need no start. The engines of this stage take half a second to load, longer on a busy
machine. The readers of the streams show their records here on the way to the functions, so that an
engine loads while its listener is still being counted and greeted. Once a minute all that listeners
need is asked for: it stays during a long silence, and comes back if its server was restarted.

A failure here is logged and harmless: a sentence starts the engine that it lacks.
"""

from __future__ import annotations

import http.client
import json
import logging
import queue
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import Final, Generic, TypeVar
from urllib.parse import urlsplit

from infra.local.dynamodb.stream_records import Record

LOGGER = logging.getLogger(__name__)

KEEP_SECONDS: Final = 60.0
"""Between two rounds over all that is needed; well below the servers' `_UNUSED_SECONDS`."""
AGAIN_SECONDS: Final = 10.0
"""A hall that joins within so long asks for each thing that it needs once."""
ANSWER_SECONDS: Final = 2.0

Need = TypeVar("Need", bound=Hashable)
"""What names an engine."""


class Warmup(threading.Thread, ABC, Generic[Need]):
    """Asks for the engines that the listeners of the stage's sessions need."""

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing is asked for before `start`; `clock` is in seconds."""
        super().__init__(name=name, daemon=True)
        self._clock = clock
        self._seen: queue.SimpleQueue[Need | None] = queue.SimpleQueue()
        self._asked: dict[Need, float] = {}

    @abstractmethod
    def needed_by(self, record: Record) -> Need | None:
        """What a row of Connections needs, if it is a listener's that needs something."""

    @abstractmethod
    def ask_for(self, need: Need) -> bool:
        """Ask for it; returns whether there was something to ask for. Raises OSError."""

    @abstractmethod
    def ask_for_all(self) -> None:
        """Ask for everything that listeners need. Raises OSError."""

    def see(self, records: Sequence[Record]) -> None:
        """Take note of the needs in a batch of stream records; returns without waiting."""
        for need in dict.fromkeys(map(self.needed_by, records)):
            if need is not None:
                self._seen.put(need)

    def stop(self) -> None:
        """Ask no more."""
        self._seen.put(None)

    def run(self) -> None:
        """Ask for what is needed until stopped."""
        next_round = self._clock() + KEEP_SECONDS
        while True:
            try:
                need = self._seen.get(timeout=max(0.0, next_round - self._clock()))
            except queue.Empty:
                next_round = self._clock() + KEEP_SECONDS
                self._harmlessly(self.keep)
                continue
            if need is None:
                return
            self._harmlessly(partial(self.start_for, need))

    def start_for(self, need: Need) -> None:
        """Ask for it, unless that was done a moment ago."""
        now = self._clock()
        is_due = now - self._asked.get(need, float("-inf")) >= AGAIN_SECONDS
        if is_due and self.ask_for(need):
            self._asked[need] = now

    def keep(self) -> None:
        """Ask for everything that listeners need, whenever it was asked for."""
        self._asked.clear()
        self.ask_for_all()

    def _harmlessly(self, ask: Callable[[], None]) -> None:
        try:
            ask()
        except Exception as error:  # noqa: BLE001 - a thread that fails would end the functions' host
            LOGGER.warning("the %s failed: %r", self.name, error)


def post(endpoint: str, path: str, body: Mapping[str, object]) -> None:
    """Have a server of the stage prepare something; raises OSError where it does not answer so."""
    connection = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=ANSWER_SECONDS)
    try:
        connection.request("POST", path, json.dumps(body))
        answer = connection.getresponse()
        answer.read()
    except http.client.HTTPException as error:
        raise OSError(f"no answer from {endpoint}{path}: {error!r}") from error
    finally:
        connection.close()
    if answer.status >= http.HTTPStatus.INTERNAL_SERVER_ERROR:
        raise OSError(f"{endpoint}{path} answered {answer.status}")
