"""What sessions need from the outside: `aws/` provides it, tests provide fakes.

Every method raises `errors.Unavailable` when its service is down or throttled.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from chalice_app.domain.session import Connection, Session


class SessionStore(Protocol):
    """The Sessions table, its counts excepted: those belong to the roster ledger."""

    def put_session(self, session: Session) -> None:
        """Stores a new session; ConditionFailed when the name is taken."""

    def get_session(self, session_id: str) -> Session | None:
        """The session as it is now (consistent read)."""

    def set_speaker(self, session: Session, connection_id: str) -> str | None:
        """Makes that connection the speaker's; returns the one that was the speaker's until then.

        It counts as not greeted until `note_greeting`.
        ConditionFailed when the session is not open.
        """

    def note_greeting(self, session_id: str, connection_id: str) -> None:
        """Notes that the speaker's connection has been sent `joined`, if it still is that one."""

    def set_overlays_hidden(
        self, session: Session, hidden: bool, switched_at: int, apart_ms: int
    ) -> Session:
        """Empties the session's overlays, or fills them again; returns it as it is from then on.

        RateLimited when the last switch was less than `apart_ms` away (0: no limit).
        ConditionFailed when the session is not open.
        """

    def clear_speaker(self, session_id: str, connection_id: str) -> None:
        """Forgets the speaker's connection, if it still is that one."""

    def end_session(self, session: Session, ended_at: int) -> Session:
        """Marks it as ended (ms); doing so twice is harmless. Returns it as it is from then on."""

    def purge_session(self, session: Session, purged_at: int) -> Session:
        """Marks it as ended and purged (ms), in one write; else as `end_session`."""

    def raise_last_sequence(self, session: Session, sequence: int) -> Session:
        """Notes the highest sequence spoken; a lower one changes nothing.

        Returns the session as it is from then on: listeners who are not in its rosters yet will
        find the sequence there when they join. ConditionFailed when the session is gone.
        """

    def note_correction(self, session: Session) -> Session:
        """Notes that a sentence was corrected; returns the session as it is from then on.

        A listener who returns is counted only if nothing was corrected since its session was read.
        ConditionFailed when the session is gone.
        """


class SentenceEraser(Protocol):
    """What `transcripts.ports.SentenceStore` is to sessions."""

    def delete_all(self, session: Session) -> None:
        """Deletes everything that is kept of the session."""


@dataclass(frozen=True, slots=True)
class SessionRoster:
    """The connection ids of a session's listeners, by language, each exactly once.

    `voices` are those of them who also want the language's voice, likewise; languages without any
    are left out of both.
    """

    languages: Mapping[str, Sequence[str]] = field(default_factory=dict)
    voices: Mapping[str, Sequence[str]] = field(default_factory=dict)


class Roster(Protocol):
    """Who gets a session's captions, read consistently."""

    def read_roster(self, session: Session, sequence: int | None = None) -> SessionRoster:
        """The session's listeners by language, each exactly once.

        With a sequence, only of those whom that sentence's broadcast is for: listeners who
        returned later have had it replayed.
        """


class ConnectionStore(Protocol):
    """The Connections table: the truth about who is there."""

    def put_connection(self, connection: Connection) -> None:
        """Stores a new connection; a row that is there stays as it is."""

    def get_connection(self, connection_id: str) -> Connection | None:
        """The connection as it is now (consistent read)."""

    def change_language(
        self,
        connection_id: str,
        target_language: str,
        highest_version: int,
        wants_voice: bool | None = None,
    ) -> None:
        """Changes the language, and the wish for its voice unless it is None; raises the version.

        ConditionFailed when the row is gone or, with the row found, when its version is higher.
        """

    def put_off(
        self, connection_id: str, last_sequence: int | None, is_replay_due: bool = False
    ) -> None:
        """Writes the row, so that the stream reports it again; ConditionFailed when it is gone.

        The version rises, and the row names the last sequence that was sent, unless that is None.
        """

    def end_replay(self, connection_id: str) -> None:
        """Notes that no replay is due any more; ConditionFailed when the row is gone."""

    def delete_connection(self, connection_id: str) -> None:
        """Deletes the row; doing so twice is harmless."""

    def delete_expired(self, connection_id: str, now_seconds: int) -> None:
        """Deletes the row if its life is over at that time (epoch seconds)."""

    def delete_gone(self, connection_ids: Iterable[str], connected_before: int) -> None:
        """Deletes the rows of sockets that are gone, but none connected after that time (ms)."""

    def query_listeners(self, session_id: str) -> Iterable[Connection]:
        """The listeners of a session, by the index (eventually consistent)."""
