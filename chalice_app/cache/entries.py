"""The cache's entries, their hits and their use.

Times named `..._at` are epoch milliseconds; `ttl` is epoch **seconds**, as DynamoDB reads it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, auto


@dataclass(frozen=True, slots=True)
class CachedTranslation:
    """One sentence in one language, as it was translated once.

    `settings` names what of the engine's settings shaped the translation; empty for its defaults.
    """

    cache_key: str
    source_language: str
    target_language: str
    source_text: str
    translated_text: str
    created_at: int
    ttl: int
    settings: str = ""


@dataclass(frozen=True, slots=True)
class Hits:
    """Hits of one cache entry: how many, and when the last one was."""

    count: int
    last_at: int

    def __add__(self, other: "Hits") -> "Hits":
        return Hits(self.count + other.count, max(self.last_at, other.last_at))


@dataclass(frozen=True, slots=True)
class HitRow:
    """A hit row: hits that one container gathered, by cache key."""

    name: str
    hits: Mapping[str, Hits]


@dataclass(frozen=True, slots=True)
class EntryUse:
    """How a cache entry has been used.

    `characters` is the length of its source text, 0 where that was not read.
    """

    cache_key: str
    last_accessed_at: int
    access_count: int
    ttl: int
    characters: int = 0


@dataclass(frozen=True, slots=True)
class UseUpdate:
    """A change of an entry's use: `count` more hits and, if it moves, its new last access.

    It holds only while the entry's last access is the `expected_last_access`.
    """

    cache_key: str
    count: int
    expected_last_access: int
    last_accessed_at: int | None = None


@dataclass(frozen=True, slots=True)
class EntryCount:
    """How many entries there are: alive, and past their time though DynamoDB still has them."""

    live: int
    expired: int


class Removal(StrEnum):
    """What became of an attempt to remove an entry."""

    REMOVED = auto()
    GONE = auto()
    TOUCHED = auto()
