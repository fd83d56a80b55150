"""What an event asks of AWS: messages, characters, units, seconds. `infra.cost` puts prices to it.

Numbers that were measured or counted elsewhere in this project say where; `tests/unit/infra/
test_cost.py` holds those of the rosters against the simulation's own count.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

CAPTION_BYTES: Final = 360
"""A caption of 80 characters as JSON (about 300), with WebSocket's, TLS's and TCP's own."""

ROW_WRITES: Final = 2.0
"""A row of Connections and its place in the index."""
LEDGER_WRITES: Final = 4.0
"""Write units to join and to leave each, where every listener has a transaction alone; batches of
99 take 2. Counted by the simulation (`tests.simulation.costs`)."""
SWEPT_WRITES: Final = 1.0
"""The reconciler deletes each tombstone."""
CHANGE_READS: Final = 4.0
"""The session and the language at `$connect`; row, ledger and session in the stream's batch."""

SENTENCE_WRITES: Final = 6.0
"""Claim, last sequence, on its way and off it again; each of one unit, two to spare."""
SENTENCE_READS: Final = 4.0
ENTRY_WRITES: Final = 2.0
"""A cache entry and its place in the recency index."""
ROSTER_BYTES: Final = 98
"""A row of the roster; a read unit for each 4 KB of them, as the read is consistent."""

POSTS_A_SECOND: Final = 8_000
"""As `settings.POSTS_PER_SECOND` limits them."""
SLICE_LISTENERS: Final = 5_000
SENTENCE_SECONDS: Final = 0.4
"""Of a message's function beside posting: reads, the translation, the entries."""
CHANGE_SECONDS: Final = 0.08
CHANGES_A_BATCH: Final = 10
"""Of the stream, while people stream in; at a trickle each has its own, and costs no more than
`$connect` itself."""

LARGE_GB: Final = 1769 / 1024
SMALL_GB: Final = 0.5
LOG_BYTES: Final = 700
"""Lambda's three lines an invocation, and the metrics."""
STAGE_METRICS: Final = 14
PAIR_METRICS: Final = 2


@dataclass(frozen=True)
class Event:
    """A talk. `hit_rate` is the part of the translations that the cache has, 0 to 1.

    `dictation_minutes` is how long the microphone is streamed to Transcribe, its pauses included.
    """

    listeners: int
    languages: int
    minutes: float
    sentences_a_minute: float = 12
    characters: int = 80
    hit_rate: float = 0.0
    dictation_minutes: float = 0.0

    @property
    def sentences(self) -> float:
        """How many are spoken."""
        return self.sentences_a_minute * self.minutes


def quantities(event: Event) -> Iterator[tuple[str, float]]:
    """Every item of the price table, and how much of it the event takes.

    Everybody joins once and leaves once; connections are kept alive by pings, which are free.
    """
    sentences, listeners = event.sentences, event.listeners
    translated = sentences * event.languages * (1 - event.hit_rate)
    captions = sentences * listeners
    changes = 2 * listeners
    yield "characters", translated * event.characters
    yield "dictation_minutes", event.dictation_minutes
    # A sentence in, its report and a roster message out; every connection receives `joined`.
    yield "messages", captions + 3 * sentences + 2 * listeners
    yield "connection_minutes", (listeners + 1) * event.minutes
    written = changes * (ROW_WRITES + LEDGER_WRITES) + listeners * SWEPT_WRITES
    written += sentences * SENTENCE_WRITES
    yield "write_units", written + translated * ENTRY_WRITES
    roster = math.ceil(listeners * ROSTER_BYTES / 4096)
    yield (
        "read_units",
        changes * CHANGE_READS + sentences * (SENTENCE_READS + event.languages / 2 + roster),
    )
    recipient_batches = math.ceil(listeners / SLICE_LISTENERS) if listeners > SLICE_LISTENERS else 0
    batches = changes / CHANGES_A_BATCH
    invocations = changes + batches + sentences * (1 + recipient_batches)
    yield "requests", invocations
    speaking = sentences * SENTENCE_SECONDS + captions / POSTS_A_SECOND
    yield (
        "gb_seconds",
        LARGE_GB * (speaking + batches * CHANGE_SECONDS) + SMALL_GB * (changes * CHANGE_SECONDS),
    )
    yield "log_gb", invocations * LOG_BYTES / 1e9
    hours = math.ceil(event.minutes / 60)
    yield "metric_hours", (STAGE_METRICS + PAIR_METRICS * event.languages) * hours
    yield "egress_gb", captions * CAPTION_BYTES / 1e9
