"""A sentence on its way: what was said, its number, its captions.

Times named `..._at` are epoch milliseconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

CAPTION_LIFE_MS = 10_000
"""Nothing older is sent: a caption that late disturbs more than it helps."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """What the speaker said, with the speaker's number; `spoken_at` is when the gateway got it."""

    sequence: int
    text: str
    source_language: str
    spoken_at: int


class Claim(StrEnum):
    """What became of an attempt to take a sequence number.

    UNDER_WAY: another function has it, and may still be sending; SPOKEN: it has been sent.
    """

    TAKEN = "taken"
    UNDER_WAY = "under way"
    SPOKEN = "spoken"


@dataclass(frozen=True, slots=True)
class SentenceRef:
    """A sentence on its way, without its words: all that is needed to report on it.

    `session_epoch` is the session's `created_at`, `started_at` when it was taken up (both ms).
    """

    session_id: str
    session_epoch: int
    sequence: int
    speaker_connection_id: str
    spoken_at: int
    started_at: int

    @property
    def expires_at(self) -> int:
        """Epoch milliseconds from which on it is no longer sent."""
        return self.spoken_at + CAPTION_LIFE_MS

    def seconds_left(self, now_ms: int) -> float:
        """How long it may still be sent: no longer than its life, for two machines' clocks differ.

        Negative when its time is over.
        """
        return min(self.expires_at - now_ms, CAPTION_LIFE_MS) / 1000


@dataclass(frozen=True, slots=True)
class InFlight:
    """A session's latest sentences, `spoken_at` (ms) by sequence: on their way, and said."""

    on_way: Mapping[int, int] = field(default_factory=dict)
    said: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Caption:
    """A sentence as the listeners of one language get it."""

    session_id: str
    sequence: int
    language: str
    text: str
    source_language: str
    spoken_at: int
    untranslated: bool = False
