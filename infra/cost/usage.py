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

SENTENCE_WRITES: Final = 5.2
"""Claim, mark, last sequence, settling, of a unit each; one for a row that grows beyond a kilobyte;
and what the marks of old sentences cost to remove (`tests/benchmarks/keeping.py`)."""
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

PART_CHARACTERS: Final = 300
"""A longer sentence is spoken in parts of that many, each a call and a sound of its own."""
SPOKEN_CHARACTERS_A_SECOND: Final = 15
"""At the pace of Polly's voices: a sentence of 80 characters lasts 5 s."""
SOUND_BYTES_A_SECOND: Final = 6_000
"""Polly's mp3 has 48 kbit/s."""
SOUND_OVERHEAD_BYTES: Final = 1_500
"""The headers of S3's answer, and those of TLS and TCP."""
SPEECH_BYTES: Final = 2_000
"""A `speech` message: most of it is the URL, and of that the token of the function's role."""
SOUND_DAYS: Final = 2
"""A sound's life at most: S3 counts from the midnight after its day (`infra/tables.yaml`)."""
VOICE_SECONDS: Final = 0.6
"""Of the voice function beside posting: a look into S3, Polly's answer, the sound put there."""
ASK_WRITES: Final = 1.0
"""An ask is claimed, so that it is answered once. Batches of a large hall claim the sound, too."""
LOOKS_OF_A_BATCH: Final = 6
"""Into S3, for a sound that another batch's function is making: a neural and a standard one."""
SOUND_WRITES: Final = 1.0
"""The session's spoken characters."""
VOICE_METRICS: Final = 3


@dataclass(frozen=True)
class Event:
    """A talk. `hit_rate` is the part of the translations that the cache has, 0 to 1.

    `dictation_minutes` is how long the microphone is streamed to Transcribe, its pauses included.
    `voices` is the part of the listeners who listen, 0 to 1, spread over all languages; with
    `standard_voices` Polly speaks by its standard engine. Every sentence counts as a new one,
    though S3 keeps what was spoken for a day.
    """

    listeners: int
    languages: int
    minutes: float
    sentences_a_minute: float = 12
    characters: int = 80
    hit_rate: float = 0.0
    dictation_minutes: float = 0.0
    voices: float = 0.0
    standard_voices: bool = False

    @property
    def voice_listeners(self) -> float:
        """How many listen."""
        return self.listeners * self.voices

    @property
    def spoken_languages(self) -> int:
        """Languages in which somebody listens."""
        return min(self.languages, math.ceil(self.voice_listeners))

    @property
    def recipient_batches(self) -> int:
        """Functions that send a sentence to a large hall; 0 where one sends it to all."""
        is_large = self.listeners > SLICE_LISTENERS
        return math.ceil(self.listeners / SLICE_LISTENERS) if is_large else 0

    @property
    def voice_asks(self) -> int:
        """How many functions a sentence's sounds are asked of: once a language, or once a batch.

        Of the batches of a large hall one makes the sound, and the others wait for it.
        """
        spoken = self.spoken_languages
        return max(spoken, self.recipient_batches) if spoken else 0

    @property
    def parts(self) -> int:
        """Sounds of a sentence in one language."""
        return max(1, math.ceil(self.characters / PART_CHARACTERS))

    @property
    def posts_a_second(self) -> float:
        """Captions and sounds' URLs, on average."""
        each = self.listeners + self.voice_listeners * self.parts
        return each * self.sentences_a_minute / 60

    @property
    def polly_calls_a_second(self) -> float:
        """On average."""
        return self.sentences_a_minute / 60 * self.polly_calls_at_once

    @property
    def polly_calls_at_once(self) -> int:
        """With each sentence, which goes to all languages at the same time."""
        return self.spoken_languages * self.parts

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
    asks = sentences * event.voice_asks
    asked_parts, sounds = asks * event.parts, sentences * event.polly_calls_at_once
    # Everybody who listens gets a URL a sound, and fetches it once.
    heard = sentences * event.voice_listeners * event.parts
    yield from _sounds(event, asked_parts, sounds, heard)
    yield "characters", translated * event.characters
    yield "dictation_minutes", event.dictation_minutes
    # A sentence in, its report and a roster message out; every connection receives `joined`.
    yield "messages", captions + 3 * sentences + 2 * listeners + heard
    yield "connection_minutes", (listeners + 1) * event.minutes
    written = changes * (ROW_WRITES + LEDGER_WRITES) + listeners * SWEPT_WRITES
    written += sentences * SENTENCE_WRITES + asks * ASK_WRITES + sounds * SOUND_WRITES
    if asked_parts > sounds:
        written += asked_parts * ASK_WRITES
    yield "write_units", written + translated * ENTRY_WRITES
    roster = math.ceil(listeners * ROSTER_BYTES / 4096)
    yield (
        "read_units",
        changes * CHANGE_READS + sentences * (SENTENCE_READS + event.languages / 2 + roster),
    )
    batches = changes / CHANGES_A_BATCH
    invocations = changes + batches + sentences * (1 + event.recipient_batches) + asks
    yield "requests", invocations
    speaking = sentences * SENTENCE_SECONDS + captions / POSTS_A_SECOND
    speaking += asked_parts * VOICE_SECONDS + heard / POSTS_A_SECOND
    yield (
        "gb_seconds",
        LARGE_GB * (speaking + batches * CHANGE_SECONDS) + SMALL_GB * (changes * CHANGE_SECONDS),
    )
    yield "log_gb", invocations * LOG_BYTES / 1e9
    hours = math.ceil(event.minutes / 60)
    metrics = STAGE_METRICS + PAIR_METRICS * event.languages + (VOICE_METRICS if asks else 0)
    yield "metric_hours", metrics * hours
    yield "egress_gb", (captions * CAPTION_BYTES + heard * SPEECH_BYTES) / 1e9


def _sounds(
    event: Event, asked_parts: float, sounds: float, heard: float
) -> Iterator[tuple[str, float]]:
    """What Polly is asked for, and what S3 keeps and hands out."""
    characters = sounds / event.parts * event.characters
    yield "neural_characters", 0 if event.standard_voices else characters
    yield "standard_characters", characters if event.standard_voices else 0
    seconds = event.characters / event.parts / SPOKEN_CHARACTERS_A_SECOND
    sound_bytes = seconds * SOUND_BYTES_A_SECOND
    yield "put_requests", sounds
    # The function looks for each before it makes it.
    waiting = (asked_parts - sounds) * LOOKS_OF_A_BATCH
    yield "get_requests", sounds + waiting + heard
    yield "gb_months", sounds * sound_bytes / 1e9 * SOUND_DAYS / 30
    yield "sound_egress_gb", heard * (sound_bytes + SOUND_OVERHEAD_BYTES) / 1e9
