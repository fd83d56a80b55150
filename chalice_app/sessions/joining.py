"""Listeners and speakers join a session: each handshake that is accepted puts one row.

No handler touches a count: the stream of the Connections table does (`rosters.update`).
"""

from dataclasses import dataclass, replace

from chalice_app.domain.clock import Clock
from chalice_app.domain.errors import ConditionFailed, SessionNotFound
from chalice_app.domain.session import Connection, Role, Session
from chalice_app.sessions.capacity import Capacity
from chalice_app.sessions.closing import ConnectionCloser
from chalice_app.sessions.entrance import Entrance
from chalice_app.sessions.ports import ConnectionStore, SessionStore
from chalice_app.translation.engine import TranslationEngine
from chalice_app.wire.incoming import JoinAsListener, JoinAsSpeaker

CONNECTION_TTL_SECONDS = 2 * 3600 + 600
"""API Gateway ends a WebSocket after 2 hours; ten minutes later its row may go."""

LATE_CAPTIONS = 3
"""Captions that a listener who comes in the middle of a talk is sent first: what it is about."""


@dataclass(frozen=True, slots=True)
class Joining:
    """Lets listeners and speakers into sessions."""

    entrance: Entrance
    session_store: SessionStore
    connections: ConnectionStore
    translation: TranslationEngine
    capacity: Capacity
    closer: ConnectionCloser
    clock: Clock
    late_captions: int = LATE_CAPTIONS

    def join_as_listener(self, join: JoinAsListener, connection_id: str, address: str = "") -> None:
        """Admits a listener; `joined` follows once the stream has seen the row.

        Where the address is empty, its limits are not asked.

        Raises:
            SessionNotFound: there is no such open session, or its join code is another.
            RateLimited: an allowance of the address, the session or the token is spent.
            SessionFull: it has as many listeners as it admits.
            UnsupportedLanguage: the engine does not offer the language.
        """
        session, token = self.entrance.admit_listener(join, address)
        self.capacity.require_room(session)
        language = self.translation.require_language(join.target_language)
        join = replace(join, resume_token=token, target_language=language)
        if join.last_sequence is None and self.late_captions and session.last_sequence:
            # From here on a late listener is a returning one that has missed the last few captions.
            last = max(0, session.last_sequence - self.late_captions)
            late = replace(join, last_sequence=last)
            connection = self._connection(session, connection_id, Role.LISTENER, late)
            self.connections.put_connection(replace(connection, first_sequence=last + 1))
            return
        self.connections.put_connection(
            self._connection(session, connection_id, Role.LISTENER, join)
        )

    def join_as_speaker(
        self, join: JoinAsSpeaker, connection_id: str, request_id: str = "", address: str = ""
    ) -> None:
        """Admits a connection that has the session's token; the last to join is the speaker.

        From the first write on, every message of the former speaker's connection is refused
        (`Participants.spoken_by`), even if the notice fails or this function dies before it.

        Raises:
            SessionNotFound: there is no such open session.
            NotSpeaker: the token is another session's.
            RateLimited: an allowance of the address or the token is spent.
        """
        session = self.entrance.admit_speaker(join, address)
        try:
            former = self.session_store.set_speaker(session, connection_id)
        except ConditionFailed:
            raise SessionNotFound("there is no such session") from None
        self.connections.put_connection(self._connection(session, connection_id, Role.SPEAKER))
        # The SDK repeats a write whose answer was lost, and the second displaces the connection
        # itself: then the session, as it was read before, names the former speaker.
        displaced = session.speaker_connection_id if former == connection_id else former
        if displaced is not None:
            self.closer.notify_and_close_former_speaker(displaced, request_id)

    def _connection(
        self,
        session: Session,
        connection_id: str,
        role: Role,
        join: JoinAsListener | None = None,
    ) -> Connection:
        now = self.clock.now_ms()
        return Connection(
            connection_id=connection_id,
            session_id=session.session_id,
            session_epoch=session.created_at,
            role=role,
            connected_at=now,
            ttl=now // 1000 + CONNECTION_TTL_SECONDS,
            target_language=join.target_language if join else None,
            last_sequence=join.last_sequence if join else None,
            resume_token=join.resume_token if join else None,
            wants_voice=join.wants_voice if join else False,
        )
