"""Sessions and their connections.

Times named `..._at` are epoch milliseconds. `expires_at_seconds` and `ttl` are epoch **seconds**:
DynamoDB reads them so, to delete the row.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from chalice_app.domain.dictation import NOT_DICTATED, Dictated
from chalice_app.domain.style import PLAIN, Style

HOUR_MS = 3_600_000

DEFAULT_RETENTION_HOURS = 2
"""How long sentences are kept after a session's end, where it was opened without saying so."""


class Role(StrEnum):
    """What a connection may do."""

    SPEAKER = "speaker"
    LISTENER = "listener"


@dataclass(frozen=True, slots=True)
class Session:
    """One talk.

    `created_at` is also its epoch: a name can come back, the pair (session_id, created_at) cannot.
    `dictated` is what it has used of its minutes of dictation.
    `languages` holds the listeners per language, only where there are any. The stream keeps it;
    `listener_count` is always its sum. `voices` are those of them who also want to hear the
    language, only where there are any. `counts_revision` rises whenever a listener joins, leaves or
    changes the language or that wish. `is_speaker_greeted` says whether the speaker's connection
    has been sent `joined`: before that it is sent no roster. Where `max_listeners` or
    `character_budget` is None, the stage's setting holds. `corrections` rises with every correction
    of a sentence. `glossary_version` is None where it has no glossary. `has_drafts` says whether
    readers of the source language see words before they are a sentence.

    `retention_hours` is how long after its end what was said and sent is kept: 0 keeps nothing but
    what the talk needs at the moment. With `has_open_transcript` whoever may join may have the
    transcript. `ended_at` is None while it goes on, or where its life ended it; `purged_at` is when
    the speaker had everything deleted. With `overlays_hidden` the captions in the stream's picture
    are empty.
    """

    session_id: str
    source_language: str
    token_hash: str
    created_at: int
    expires_at_seconds: int
    is_active: bool = True
    speaker_connection_id: str | None = None
    is_speaker_greeted: bool = True
    last_sequence: int = 0
    listener_count: int = 0
    languages: Mapping[str, int] = field(default_factory=dict)
    voices: Mapping[str, int] = field(default_factory=dict)
    join_code_hash: str | None = None
    max_listeners: int | None = None
    character_budget: int | None = None
    dictated: Dictated = NOT_DICTATED
    counts_revision: int = 0
    glossary_version: str | None = None
    style: Style = PLAIN
    corrections: int = 0
    title: str | None = None
    has_drafts: bool = True
    retention_hours: int = DEFAULT_RETENTION_HOURS
    has_open_transcript: bool = False
    ended_at: int | None = None
    purged_at: int | None = None
    overlays_hidden: bool = False

    @property
    def kept_until_ms(self) -> int:
        """When nothing of it is kept any more, unless that is purged before.

        Counted from the end, so that a long talk's first sentence is not gone before its last.
        """
        end = self.expires_at_seconds * 1000 if self.ended_at is None else self.ended_at
        return end + self.retention_hours * HOUR_MS

    def is_kept(self, now_ms: int) -> bool:
        """Whether its transcript and its delivery reports may be read."""
        is_retained = self.retention_hours > 0 and now_ms < self.kept_until_ms
        return is_retained and self.purged_at is None

    @property
    def keeps_words(self) -> bool:
        """Whether the words of a sentence that is being sent may stay, for replays at least."""
        return self.purged_at is None and (self.is_active or self.retention_hours > 0)

    def is_open(self, now_ms: int) -> bool:
        """Whether people may join and speak: neither ended nor past its life."""
        return self.is_active and not self.is_expired(now_ms)

    def is_expired(self, now_ms: int) -> bool:
        """Whether its life is over; DynamoDB may take days to delete the row."""
        return now_ms >= self.expires_at_seconds * 1000


@dataclass(frozen=True, slots=True)
class Connection:
    """One open socket.

    `session_epoch` is the `created_at` of the session it joined; `first_sequence` is the first
    sentence that may have been shown to it: corrections of older ones are not replayed to it;
    `version` starts at 1 and rises with every change of the row, so that of two readings the newer
    is known. `last_sequence` is the last sentence that a returning or late listener has heard; None
    for all others. `is_replay_due` means that what was spoken after it is still to be sent,
    although the listener is counted. `wants_voice` means that the listener also wants to hear the
    language. A listener that returned keeps the `resume_token` that it came with: were each socket
    given another, one token would become twenty a minute, and those four hundred.
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
    is_replay_due: bool = False
    resume_token: str | None = field(default=None, repr=False)
    first_sequence: int = 0
    wants_voice: bool = False

    @property
    def is_listener(self) -> bool:
        """Whether the rosters count it."""
        return self.role is Role.LISTENER


def is_of_open_session(
    connection: Connection, sessions: Mapping[str, Session], now_ms: int
) -> bool:
    """Whether the connection's session is among them, open, and not a later one of its name."""
    session = sessions.get(connection.session_id)
    return (
        session is not None
        and session.created_at == connection.session_epoch
        and session.is_open(now_ms)
    )
