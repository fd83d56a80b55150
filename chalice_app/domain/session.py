"""Sessions and their connections.

Times named `..._at` are epoch milliseconds; `expires_at` and `ttl` of a row are epoch **seconds**,
because DynamoDB reads them as such to delete the row.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


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
