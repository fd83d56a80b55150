"""What the system is about: immutable values, without AWS and without JSON.

Times named `..._at` are epoch milliseconds; `expires_at` and `ttl` are epoch **seconds**, because
DynamoDB reads them as such to delete a row.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

CAPTION_LIFE_MS = 10_000
"""Nothing older is sent: a caption that late disturbs more than it helps."""


class Role(StrEnum):
    """What a connection may do."""

    SPEAKER = "speaker"
    LISTENER = "listener"


@dataclass(frozen=True, slots=True)
class Session:
    """One talk.

    `created_at` is also its epoch: a name can come back, the pair (session_id, created_at) cannot.
    `languages` holds listeners per language, only where there are any; streams keep it, and
    `listener_count` is always its sum; `counts_revision` rises whenever somebody comes, goes or
    changes language. Where `max_listeners` or `character_budget` is None, the
    stage's setting holds.
    """

    session_id: str
    source_language: str
    token_hash: str
    created_at: int
    expires_at: int
    is_active: bool = True
    speaker_connection_id: str | None = None
    last_sequence: int = 0
    listener_count: int = 0
    languages: Mapping[str, int] = field(default_factory=dict)
    join_code_hash: str | None = None
    max_listeners: int | None = None
    character_budget: int | None = None
    counts_revision: int = 0

    def is_open(self, now_ms: int) -> bool:
        """Whether people may join and speak: neither ended nor past its life."""
        return self.is_active and now_ms < self.expires_at * 1000


@dataclass(frozen=True, slots=True)
class Connection:
    """One open socket.

    `session_epoch` is the `created_at` of the session it joined; `version` starts at 1 and rises
    with every change of language, so that of two readings the newer is known. `last_sequence` is up
    to which sentence a listener has heard the talk who came back, or came late.
    """

    connection_id: str
    session_id: str
    session_epoch: int
    role: Role
    connected_at: int
    ttl: int
    target_language: str | None = None
    version: int = 1
    last_sequence: int | None = None

    @property
    def is_listener(self) -> bool:
        """Whether the rosters count it."""
        return self.role is Role.LISTENER


def is_of_open_session(connection: Connection, sessions: Mapping[str, Session]) -> bool:
    """Whether the connection's session is among them, open, and not a later one of its name."""
    session = sessions.get(connection.session_id)
    return (
        session is not None and session.is_active and session.created_at == connection.session_epoch
    )


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
class Access:
    """Hits of one cache entry: how many, and when the last one was."""

    count: int
    last_at: int

    def __add__(self, other: "Access") -> "Access":
        return Access(self.count + other.count, max(self.last_at, other.last_at))


@dataclass(frozen=True, slots=True)
class AccessRow:
    """A row of the access outbox: hits that one container gathered, by cache key."""

    name: str
    accesses: Mapping[str, Access]


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

    It holds only while the entry's last access is the one that was `seen`.
    """

    cache_key: str
    count: int
    seen: int
    last_accessed_at: int | None = None


@dataclass(frozen=True, slots=True)
class EntryCount:
    """How many entries there are: alive, and past their time though DynamoDB still has them."""

    live: int
    expired: int


class Removal(StrEnum):
    """What became of an attempt to remove an entry."""

    REMOVED = "removed"
    GONE = "gone"
    TOUCHED = "touched"


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
class Utterance:
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
class UnderWay:
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


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of one message to many connections: every connection is in exactly one count.

    `gone` names the connections that no longer exist (HTTP 410); `dropped` counts those whose turn
    had not come when the deadline passed.
    """

    delivered: int = 0
    gone: tuple[str, ...] = ()
    dropped: int = 0
    failed: int = 0

    def __add__(self, other: "Posted") -> "Posted":
        return Posted(
            self.delivered + other.delivered,
            self.gone + other.gone,
            self.dropped + other.dropped,
            self.failed + other.failed,
        )


@dataclass(frozen=True, slots=True)
class LanguageReport:
    """How one language of one sentence went; `failed` means it was sent untranslated.

    `over_budget` says why: the session's characters are spent.
    """

    listeners: int
    posted: Posted
    cached: bool
    failed: bool = False
    over_budget: bool = False

    def __add__(self, other: "LanguageReport") -> "LanguageReport":
        return LanguageReport(
            self.listeners + other.listeners,
            self.posted + other.posted,
            self.cached and other.cached,
            self.failed or other.failed,
            self.over_budget or other.over_budget,
        )


def merged(parts: Iterable[Mapping[str, LanguageReport]]) -> Mapping[str, LanguageReport]:
    """Several reports of one sentence as one."""
    whole: dict[str, LanguageReport] = {}
    for part in parts:
        for language, report in part.items():
            whole[language] = whole[language] + report if language in whole else report
    return whole


@dataclass(frozen=True, slots=True)
class Language:
    """A language that the engine offers; `quality` only where the engine tells it."""

    code: str
    name: str
    native_name: str
    direction: str
    quality: str | None = None
