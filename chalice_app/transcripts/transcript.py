"""A transcript: what the formats are made from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TranscriptLine:
    """A sentence in the languages of its transcript. Times are epoch milliseconds.

    `began_at` and `ended_at` are when it sounded, None where nobody knows: it was typed. A language
    in `untranslated` has the original words, which are in `source_language`, or in the talk's.
    """

    sequence: int
    spoken_at: int
    began_at: int | None
    ended_at: int | None
    revision: int
    texts: Mapping[str, str]
    untranslated: frozenset[str]
    source_language: str | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    """A talk in one language, or in two side by side. `started_at` is in epoch milliseconds."""

    session_id: str
    title: str | None
    source_language: str
    started_at: int
    languages: tuple[str, ...]
    lines: Iterable[TranscriptLine]
