"""Use cases around a session: open it, join it, change language, leave, end it.

None of them touches a count: the stream of the Connections table does (see `streams.rosters`).
"""

import hashlib
import hmac
import logging
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from time import sleep
from typing import Any

from chalice_app.admission.limits import Limits
from chalice_app.delivery.broadcast import Broadcast
from chalice_app.domain import join_codes
from chalice_app.domain.clock import Clock
from chalice_app.domain.errors import (
    BadMessage,
    ConditionFailed,
    NotSpeaker,
    SessionFull,
    SessionNotFound,
    Unavailable,
)
from chalice_app.domain.session import Connection, Role, Session
from chalice_app.domain.session_names import is_session_name, new_session_name
from chalice_app.observability import logs
from chalice_app.sessions.ports import ConnectionStore, SessionStore
from chalice_app.translation.engine import TranslationEngine
from chalice_app.wire import messages
from chalice_app.wire.messages import JoinAsListener, JoinAsSpeaker, OpenSession

CONNECTION_TTL_SECONDS = 2 * 3600 + 600
"""API Gateway ends a WebSocket after 2 hours; ten minutes later its row may go."""

HANDSHAKE_WAITS = (0.05, 0.1, 0.2)
"""Seconds between the tries to tell those who answer 410; most of them have simply left."""

LATE_CAPTIONS = 3
"""Captions that a listener who comes in the middle of a talk is sent first: what it is about."""

DISPLACING_SECONDS = 1.5
"""How long a former speaker is told, and then closed: the new one's handshake waits for both."""

_NAME_TRIES = 8

_DISPLACED = "another connection speaks in this session now"
_FULL = "the session is full"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sessions:
    """The sessions and who is in them."""

    sessions: SessionStore
    connections: ConnectionStore
    translation: TranslationEngine
    broadcast: Broadcast
    clock: Clock
    ttl_seconds: int
    limits: Limits
    late_captions: int = LATE_CAPTIONS
    wait: Callable[[float], None] = sleep

    def open(self, wanted: OpenSession | str) -> tuple[Session, str]:
        """Opens a session; returns it with its speaker token, which is stored as a hash alone.

        A source language alone is a session with nothing of its own.

        Raises:
            BadMessage: it asks for more than the stage's settings allow.
            UnsupportedLanguage: the engine does not translate from that language.
        """
        wanted = OpenSession(wanted) if isinstance(wanted, str) else wanted
        _require_at_most(wanted.max_listeners, self.limits.max_listeners, "maxListeners")
        _require_at_most(wanted.character_budget, self.limits.character_budget, "characterBudget")
        self.translation.require_language(wanted.source_language)
        token = secrets.token_urlsafe(16)
        for _ in range(_NAME_TRIES):
            session = self._new_session(wanted, token)
            try:
                self.sessions.put_session(session)
            except ConditionFailed:
                continue
            return session, token
        raise Unavailable("no free session name was found, try again")

    def _new_session(self, wanted: OpenSession, token: str) -> Session:
        now, name, code = self.clock.now_ms(), new_session_name(), wanted.join_code
        return Session(
            session_id=name,
            source_language=wanted.source_language,
            token_hash=hash_token(token),
            created_at=now,
            expires_at=now // 1000 + self.ttl_seconds,
            join_code_hash=join_codes.hash_join_code(code, name, now) if code else None,
            max_listeners=wanted.max_listeners,
            character_budget=wanted.character_budget,
        )

    def get(self, session_id: str) -> Session:
        """The session, ended or not.

        Raises:
            SessionNotFound: there is none, or its life is over.
        """
        session = self._read(session_id)
        if session is None or self.clock.now_ms() >= session.expires_at * 1000:
            raise SessionNotFound("there is no such session")
        return session

    def get_admitted(
        self, session_id: str, join_code: str | None = None, token: str | None = None
    ) -> Session:
        """The session, ended or not, for whoever may know of it.

        One with a join code is as good as none to those who have neither the code nor the token:
        the same read and the same hashes are made whatever is wrong.

        Raises:
            SessionNotFound: there is none for them.
        """
        session = self._read(session_id)
        admitted = join_codes.admits(session, join_code)
        speaks = hmac.compare_digest(session.token_hash if session else "", hash_token(token or ""))
        alive = session is not None and self.clock.now_ms() < session.expires_at * 1000
        if session is None or not alive or not (admitted or speaks):
            raise SessionNotFound("there is no such session")
        return session

    def _read(self, session_id: str) -> Session | None:
        if not is_session_name(session_id):
            return None
        logs.bind(session=session_id)
        return self.sessions.get_session(session_id)

    def is_full(self, session: Session) -> bool:
        """Whether it has as many listeners as it admits.

        The count follows the Connections table by a moment: whoever comes in too many in a rush is
        turned away by the stream (`chalice_app.rosters.notifier`).
        """
        most = self._most_listeners(session)
        return 0 < most <= session.listener_count

    def surplus(self, session: Session) -> int:
        """How many listeners it has beyond those it admits."""
        most = self._most_listeners(session)
        return max(0, session.listener_count - most) if most else 0

    def _most_listeners(self, session: Session) -> int:
        return session.max_listeners or self.limits.max_listeners

    def get_open(self, session_id: str) -> Session:
        """The session, if people may join and speak.

        Raises:
            SessionNotFound: there is none, or it has ended.
        """
        session = self.get(session_id)
        if not session.is_active:
            raise SessionNotFound("there is no such session")
        return session

    def join_as_listener(self, join: JoinAsListener, connection_id: str) -> None:
        """Admits a listener; `joined` follows once the stream has seen the row.

        Raises:
            SessionNotFound: no such open session, or its join code is another.
            SessionFull: it has as many listeners as it admits.
            UnsupportedLanguage: the engine does not offer the language.
        """
        session = self.get_admitted(join.session_id, join.join_code)
        if not session.is_active:
            raise SessionNotFound("there is no such session")
        if self.is_full(session):
            raise SessionFull(_FULL)
        self.translation.require_language(join.target_language)
        if join.last_sequence is None and self.late_captions and session.last_sequence:
            # From here on a late joiner is one who comes back, having missed the last few captions.
            last = max(0, session.last_sequence - self.late_captions)
            join = replace(join, last_sequence=last)
        self.connections.put_connection(
            self._connection(session, connection_id, Role.LISTENER, join)
        )

    def join_as_speaker(
        self, join: JoinAsSpeaker, connection_id: str, request_id: str = ""
    ) -> None:
        """Admits whoever holds the token; the last to join is the speaker.

        From the first write on, whatever the former speaker's connection asks for is refused
        (`spoken_by`), also if it could not be told, or this function died before it was.

        Raises:
            SessionNotFound: no such open session.
            NotSpeaker: the token is another.
        """
        session = self.get_open(join.session_id)
        self._check_token(session, join.token)
        try:
            former = self.sessions.set_speaker(session, connection_id)
        except ConditionFailed:
            raise SessionNotFound("there is no such session") from None
        self.connections.put_connection(self._connection(session, connection_id, Role.SPEAKER))
        # A write whose answer was lost is made twice, and the second time displaces itself.
        displaced = session.speaker_connection_id if former == connection_id else former
        if displaced is not None:
            self._displace(displaced, request_id)

    def _displace(self, connection_id: str, request_id: str) -> None:
        """Tells a connection that another speaks now and closes it, as far as that can be done."""
        told = messages.error(NotSpeaker(_DISPLACED), request_id)
        deadline = self.clock.monotonic() + DISPLACING_SECONDS
        try:
            self.broadcast.send([connection_id], told, deadline)
            self.broadcast.close([connection_id], DISPLACING_SECONDS)
        except Exception:  # noqa: BLE001
            _log.exception("a former speaker could not be told")

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
        )

    def change_language(self, connection_id: str, target_language: str) -> None:
        """Moves a listener to another language; rosters follow by the stream.

        Raises:
            UnsupportedLanguage: the engine does not offer the language.
            BadMessage: a speaker has no language to change.
        """
        connection = self._connection_of(connection_id)
        if not connection.is_listener:
            raise BadMessage("only a listener has a language to change")
        self.translation.require_language(target_language)
        if connection.target_language == target_language:
            return
        try:
            self.connections.change_language(connection_id, target_language)
        except ConditionFailed:
            raise SessionNotFound("the connection has left its session") from None

    def leave(self, connection_id: str) -> None:
        """Forgets a connection that is closed, whoever closed it."""
        connection = self.connections.get_connection(connection_id)
        if connection is None:
            return
        logs.bind(session=connection.session_id)
        if connection.role is Role.SPEAKER:
            self.sessions.clear_speaker(connection.session_id, connection_id)
        self.connections.delete_connection(connection_id)

    def session_of(self, connection_id: str) -> Session:
        """The session that a connection is in.

        Raises:
            SessionNotFound: the connection is in none, or the session is over.
        """
        connection = self._connection_of(connection_id)
        session = self.get(connection.session_id)
        if session.created_at != connection.session_epoch:
            raise SessionNotFound("there is no such session")
        return session

    def spoken_by(self, connection_id: str) -> Session:
        """The open session whose speaker this connection is, checked against the table every time.

        Raises:
            NotSpeaker: it is a listener's, or another connection has taken over.
            SessionNotFound: the session has ended.
        """
        session = self.session_of(connection_id)
        if session.speaker_connection_id != connection_id:
            raise NotSpeaker("only the speaker may do that")
        if not session.is_active:
            raise SessionNotFound("the session has ended")
        return session

    def end_with_token(self, session_id: str, token: str) -> None:
        """Ends a session for whoever holds its token.

        Raises:
            SessionNotFound: no such open session.
            NotSpeaker: the token is another.
        """
        session = self.get_open(session_id)
        self._check_token(session, token)
        self.end(session)

    def end(self, session: Session) -> None:
        """Ends a session: nobody can join any more, everyone is told, every socket is closed."""
        self.sessions.end_session(session)
        self.dismiss(self._everyone_in(session))

    def displace(self, connection_ids: Iterable[str]) -> None:
        """Tells speakers that another speaks now, and closes them."""
        self.dismiss(connection_ids, messages.error(NotSpeaker(_DISPLACED), ""))

    def turn_away(self, connection_ids: Iterable[str]) -> None:
        """Tells listeners that came in too many that the session is full, and closes them."""
        self.dismiss(connection_ids, messages.error(SessionFull(_FULL), ""))

    def dismiss(
        self, connection_ids: Iterable[str], farewell: Mapping[str, Any] | None = None
    ) -> None:
        """Tells connections that their session has ended, or that farewell, and closes them.

        Whoever is just arriving cannot be told before the handshake is over: they are closed after
        they have been told, not before.
        """
        unreached: Sequence[str] = list(connection_ids)
        last = farewell or messages.session_ended("ended by the speaker")
        for seconds in (*HANDSHAKE_WAITS, None):
            gone = set(self.broadcast.notify(unreached, last).gone)
            self.broadcast.close([each for each in unreached if each not in gone])
            unreached = [each for each in unreached if each in gone]
            if not unreached or seconds is None:
                break
            self.wait(seconds)
        self.broadcast.close(unreached)

    def _everyone_in(self, session: Session) -> Iterable[str]:
        if session.speaker_connection_id is not None:
            yield session.speaker_connection_id
        for listener in self.connections.query_listeners(session.session_id):
            if listener.session_epoch == session.created_at:
                yield listener.connection_id

    def _connection_of(self, connection_id: str) -> Connection:
        connection = self.connections.get_connection(connection_id)
        if connection is None:
            raise SessionNotFound("the connection is in no session")
        return connection

    def _check_token(self, session: Session, token: str) -> None:
        if hmac.compare_digest(session.token_hash, hash_token(token)):
            return
        if session.join_code_hash is not None:
            # Who does not know its code is not told that it exists.
            raise SessionNotFound("there is no such session")
        raise NotSpeaker("the token is not this session's")


def _require_at_most(asked: int | None, most: int, name: str) -> None:
    if asked is not None and 0 < most < asked:
        raise BadMessage(f"{name} may be {most} at most", most=most)


def hash_token(token: str) -> str:
    """A speaker token as it is stored: 128 random bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()
