"""A sentence on its way: what was said, its number, its captions.

Times named `..._at` are epoch milliseconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum, auto

CAPTION_LIFE_MS = 10_000
"""No older caption is sent: one that late disturbs more than it helps (milliseconds)."""


REPLAYED_SENTENCES = 50
"""Listeners who come back are sent so many of the last sentences at most: the protocol's limit."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """What the speaker said, with the speaker's number; `spoken_at` is when the gateway got it.

    `revision` counts its corrections; without a text the last of them retracts the sentence.
    `began_at` is when its first word began to sound, `ended_at` when its last word ended; both are
    None where nobody knows, as for what is typed.
    """

    sequence: int
    text: str
    source_language: str
    spoken_at: int
    revision: int = 0
    began_at: int | None = None
    ended_at: int | None = None

    @property
    def is_retracted(self) -> bool:
        """Whether the speaker has taken it back."""
        return self.revision > 0 and not self.text


class Claim(StrEnum):
    """The answer to a claim of a sequence number.

    IN_PROGRESS: another function has the number and may still be sending; DONE: it has been sent.
    """

    ACQUIRED = auto()
    IN_PROGRESS = auto()
    DONE = auto()


@dataclass(frozen=True, slots=True)
class SentenceRef:
    """A sentence on its way, without its words: all that is needed to report on it.

    `session_epoch` is the session's `created_at`, `started_at` when it was taken up (both ms).
    With a `revision` it is a correction, and `spoken_at` is when the gateway got that.
    `is_kept` says whether captions and delivery reports are kept once it has been sent.
    """

    session_id: str
    session_epoch: int
    sequence: int
    speaker_connection_id: str
    spoken_at: int
    started_at: int
    revision: int = 0
    is_kept: bool = True

    @property
    def expires_at(self) -> int:
        """Epoch milliseconds; from then on the sentence is no longer sent."""
        return self.spoken_at + CAPTION_LIFE_MS

    def age_ms(self, now_ms: int) -> int:
        """How long ago it was spoken: not below 0, for two machines' clocks differ."""
        return max(0, now_ms - self.spoken_at)

    def seconds_left(self, now_ms: int) -> float:
        """How long it may still be sent: no longer than its life, for two machines' clocks differ.

        Negative when its time is over.
        """
        return min(self.expires_at - now_ms, CAPTION_LIFE_MS) / 1000


@dataclass(frozen=True, slots=True)
class RecentSentences:
    """A session's latest sentences: `spoken_at` (ms) by sequence."""

    in_flight: Mapping[int, int] = field(default_factory=dict)
    sent: Mapping[int, int] = field(default_factory=dict)


class Origin(StrEnum):
    """Where a caption's text comes from.

    SOURCE captions need no translation: their language is the speaker's, or the text has no
    letters. FAILED and OVER_BUDGET captions carry the source text: the engine had no translation,
    or the session's budget does not pay for one.
    """

    SOURCE = "source"
    CACHE = "cache"
    ENGINE = "engine"
    FAILED = "failed"
    OVER_BUDGET = "over budget"


@dataclass(frozen=True, slots=True)
class Translation:
    """What the cache is to remember: the engine's own words for a text.

    `settings` names what shaped them: the terms of a glossary that occur, and the session's style.
    """

    source_text: str
    text: str
    settings: str = ""


@dataclass(frozen=True, slots=True)
class Caption:
    """A sentence as the listeners of one language receive it.

    `translation` is set where an engine has just made it: for the cache, not for the listeners.
    """

    session_id: str
    sequence: int
    language: str
    text: str
    source_language: str
    spoken_at: int
    origin: Origin
    revision: int = 0
    translation: Translation | None = field(default=None, compare=False, repr=False)

    @property
    def is_retracted(self) -> bool:
        """Whether the speaker has taken the sentence back."""
        return self.revision > 0 and not self.text

    @property
    def is_translation(self) -> bool:
        """Whether its text is another than what was said."""
        return self.origin in (Origin.CACHE, Origin.ENGINE)

    @property
    def characters(self) -> int:
        """How many characters the engine has just translated for it."""
        made = self.translation if self.origin is Origin.ENGINE else None
        return 0 if made is None else len(made.source_text)

    @property
    def is_cached(self) -> bool:
        """Whether an earlier translation was used."""
        return self.origin is Origin.CACHE

    @property
    def is_untranslated(self) -> bool:
        """Whether it carries the source text for want of a translation."""
        return self.origin in (Origin.FAILED, Origin.OVER_BUDGET)
