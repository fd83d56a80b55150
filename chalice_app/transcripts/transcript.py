"""A transcript, as the formats take it. Times are epoch milliseconds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TranscriptLine:
    """One sentence: its words by language, and when they sounded, where somebody knows.

    The languages in `untranslated` have the speaker's own words, for want of a translation.
    """

    sequence: int
    spoken_at: int
    began_at: int | None
    ended_at: int | None
    revision: int
    texts: Mapping[str, str]
    untranslated: frozenset[str]


@dataclass(frozen=True, slots=True)
class Transcript:
    """A session's lines in order, in one language or two."""

    session_id: str
    title: str | None
    source_language: str
    started_at: int
    languages: tuple[str, ...]
    lines: Iterable[TranscriptLine]
