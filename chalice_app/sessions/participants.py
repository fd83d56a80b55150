"""What a connection that has joined may do: change language, speak, leave.

No handler touches a count: the stream of the Connections table does (`rosters.update`).
"""

from dataclasses import dataclass

from chalice_app.domain.clock import Clock
from chalice_app.domain.errors import (
    BadMessage,
    ConditionFailed,
    NotSpeaker,
    RateLimited,
    SessionNotFound,
)
from chalice_app.domain.session import Connection, Role, Session
from chalice_app.observability import logs
from chalice_app.sessions.ports import ConnectionStore, SessionStore
from chalice_app.sessions.sessions import Sessions
from chalice_app.translation.engine import TranslationEngine

CHANGES_AT_ONCE = 30
"""Changes of language that a connection has from its beginning: as many as a hand makes that goes
through the list."""

CHANGE_MS = 5_000
"""One more each time so long has passed. A change costs six writes, so the two hours of a
connection, 1,470 changes, cost a cent."""


@dataclass(frozen=True, slots=True)
class Participants:
    """The connections that have joined a session."""

    sessions: Sessions
    session_store: SessionStore
    connections: ConnectionStore
    translation: TranslationEngine
    clock: Clock

    def session_of(self, connection_id: str) -> Session:
        """The session that a connection is in.

        Raises:
            SessionNotFound: the connection is in no session, or the session's life is over.
        """
        connection = self._get(connection_id)
        session = self.sessions.get(connection.session_id)
        if session.created_at != connection.session_epoch:
            raise SessionNotFound("there is no such session")
        return session

    def spoken_by(self, connection_id: str) -> Session:
        """The open session whose speaker this connection is, checked against the table every time.

        Raises:
            NotSpeaker: it is a listener's connection, or another has taken over.
            SessionNotFound: the session has ended.
        """
        session = self.session_of(connection_id)
        if session.speaker_connection_id != connection_id:
            raise NotSpeaker("only the speaker may do that")
        if not session.is_active:
            raise SessionNotFound("the session has ended")
        return session

    def change_language(
        self, connection_id: str, target_language: str, wants_voice: bool | None = None
    ) -> None:
        """Moves a listener to another language; the roster follows by the stream.

        With `wants_voice` it also wants to hear the language from now on, or no more; with None
        that wish stays as it is. It may change while the language stays.

        A connection's changes are limited by its row: each raises the version, and the write asks
        for it, so that all functions together admit no more.

        Raises:
            UnsupportedLanguage: the engine does not offer the language.
            BadMessage: the connection is the speaker's, which has no language to change.
            SessionNotFound: the connection is in no session.
            RateLimited: it has changed its language, or that wish, too often.
        """
        connection = self._get(connection_id)
        if not connection.is_listener:
            raise BadMessage("only a listener has a language to change")
        target_language = self.translation.require_language(target_language)
        keeps_wish = wants_voice in (None, connection.wants_voice)
        if connection.target_language == target_language and keeps_wish:
            return
        age_ms = max(0, self.clock.now_ms() - connection.connected_at)
        highest = CHANGES_AT_ONCE + age_ms // CHANGE_MS
        too_often = RateLimited(
            "the language was changed too often", retryAfterMs=CHANGE_MS - age_ms % CHANGE_MS
        )
        if connection.version > highest:
            raise too_often
        try:
            self.connections.change_language(connection_id, target_language, highest, wants_voice)
        except ConditionFailed as failure:
            if failure.found:
                raise too_often from None
            raise SessionNotFound("the connection has left its session") from None

    def leave(self, connection_id: str) -> None:
        """Removes the row of a connection that is closed, whichever side has closed it."""
        connection = self.connections.get_connection(connection_id)
        if connection is None:
            return
        logs.bind(session=connection.session_id)
        if connection.role is Role.SPEAKER:
            self.session_store.clear_speaker(connection.session_id, connection_id)
        self.connections.delete_connection(connection_id)

    def _get(self, connection_id: str) -> Connection:
        connection = self.connections.get_connection(connection_id)
        if connection is None:
            raise SessionNotFound("the connection is in no session")
        return connection
