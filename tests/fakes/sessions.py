"""The ports of `chalice_app.sessions`: sessions and connections."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from chalice_app.domain.errors import ConditionFailed, RateLimited
from chalice_app.domain.session import Connection, Session
from tests.fakes.memory import MemoryTable, Rows


class MemorySessions(MemoryTable):
    """`SessionStore`, but for the sentences, and `SessionDirectory`."""

    def __init__(self) -> None:
        super().__init__()
        self._sessions = Rows[str, Session](self)
        self._counts: dict[str, Counter[str]] = {}
        self._voices: dict[str, Counter[str]] = {}
        self._switched: dict[str, int] = {}

    def put_session(self, session: Session) -> None:
        self._called("put_session")
        with self._lock:
            standing = self._sessions.get(session.session_id)
            if standing is not None and standing.kept_until_ms > session.created_at:
                raise ConditionFailed("the name is taken")
            self._sessions[session.session_id] = replace(
                session,
                is_active=True,
                speaker_connection_id=None,
                last_sequence=0,
                listener_count=0,
                languages={},
                voices={},
            )
            self._counts[session.session_id] = Counter()
            self._voices[session.session_id] = Counter()

    def get_session(self, session_id: str) -> Session | None:
        self._called("get_session")
        with self._lock:
            return self._sessions.get(session_id)

    def set_speaker(self, session: Session, connection_id: str) -> str | None:
        self._called("set_speaker")
        with self._lock:
            found = self._same(session)
            if found is None or not found.is_active:
                raise ConditionFailed("the session is not open")
            self._store(
                replace(found, speaker_connection_id=connection_id, is_speaker_greeted=False)
            )
            return found.speaker_connection_id

    def note_greeting(self, session_id: str, connection_id: str) -> None:
        self._called("note_greeting")
        with self._lock:
            found = self._sessions.get(session_id)
            if found is not None and found.speaker_connection_id == connection_id:
                self._store(replace(found, is_speaker_greeted=True))

    def set_overlays_hidden(
        self, session: Session, hidden: bool, switched_at: int, apart_ms: int
    ) -> Session:
        self._called("set_overlays_hidden")
        with self._lock:
            found = self._same(session)
            if found is None or not found.is_active:
                raise ConditionFailed("the session is not open")
            last = self._switched.get(session.session_id)
            if last is not None and abs(switched_at - last) < apart_ms:
                raise RateLimited("switched a moment ago", retryAfterMs=apart_ms)
            self._switched[session.session_id] = switched_at
            self._store(switched := replace(found, overlays_hidden=hidden))
            return switched

    def clear_speaker(self, session_id: str, connection_id: str) -> None:
        self._called("clear_speaker")
        with self._lock:
            found = self._sessions.get(session_id)
            if found is not None and found.speaker_connection_id == connection_id:
                self._store(replace(found, speaker_connection_id=None))

    def list_open(self, limit: int) -> Sequence[Session]:
        self._called("list_open")
        with self._lock:
            there = [each for _, each in self._sessions.old() if each.is_active]
            return sorted(there, key=lambda each: each.created_at, reverse=True)[:limit]

    def end_session(self, session: Session, ended_at: int) -> Session:
        self._called("end_session")
        with self._lock:
            if (found := self._same(session)) is None:
                return session
            self._store(ended := _ended(found, ended_at))
            return ended

    def purge_session(self, session: Session, purged_at: int) -> Session:
        self._called("purge_session")
        with self._lock:
            if (found := self._same(session)) is None:
                return session
            at = purged_at if found.purged_at is None else found.purged_at
            self._store(purged := replace(_ended(found, purged_at), purged_at=at, title=None))
            return purged

    def raise_last_sequence(self, session: Session, sequence: int) -> Session:
        self._called("raise_last_sequence")
        with self._lock:
            found = self._same(session)
            if found is None:
                raise ConditionFailed("the session is no more")
            if found.last_sequence < sequence:
                found = replace(found, last_sequence=sequence)
                self._store(found)
            return found

    def note_correction(self, session: Session) -> Session:
        self._called("note_correction")
        with self._lock:
            found = self._same(session)
            if found is None:
                raise ConditionFailed("the session is no more")
            self._store(found := replace(found, corrections=found.corrections + 1))
            return found

    def delete_session(self, session_id: str) -> None:
        """What time-to-live does, or an operator."""
        with self._lock:
            self._sessions.discard(session_id)

    def _same(self, session: Session) -> Session | None:
        found = self._sessions.get(session.session_id)
        return found if found is not None and found.created_at == session.created_at else None

    def _store(self, session: Session) -> None:
        self._sessions[session.session_id] = session


def _ended(session: Session, ended_at: int) -> Session:
    at = min(ended_at, session.expires_at_seconds * 1000)
    earlier = session.ended_at
    return replace(session, is_active=False, ended_at=at if earlier is None else earlier)


class MemoryConnections(MemoryTable):
    """`ConnectionStore`; the index does not show the `unindexed` yet."""

    def __init__(self) -> None:
        super().__init__()
        self.unindexed: set[str] = set()
        self._connections = Rows[str, Connection](self)

    def put_connection(self, connection: Connection) -> None:
        self._called("put_connection")
        with self._lock:
            if connection.connection_id not in self._connections:
                self._connections[connection.connection_id] = connection

    def get_connection(self, connection_id: str) -> Connection | None:
        self._called("get_connection")
        with self._lock:
            return self._connections.get(connection_id)

    def change_language(
        self,
        connection_id: str,
        target_language: str,
        highest_version: int,
        wants_voice: bool | None = None,
    ) -> None:
        self._called("change_language")
        with self._lock:
            found = self._connections.get(connection_id)
            if found is None:
                raise ConditionFailed("the connection is gone")
            if found.version > highest_version:
                raise ConditionFailed("changed too often", {"v": found.version})
            self._connections[connection_id] = replace(
                found,
                target_language=target_language,
                version=found.version + 1,
                wants_voice=found.wants_voice if wants_voice is None else wants_voice,
            )

    def put_off(
        self, connection_id: str, last_sequence: int | None, is_replay_due: bool = False
    ) -> None:
        self._called("put_off")
        with self._lock:
            found = self._connections.get(connection_id)
            if found is None:
                raise ConditionFailed("the connection is gone")
            last = found.last_sequence if last_sequence is None else last_sequence
            self._connections[connection_id] = replace(
                found,
                last_sequence=last,
                version=found.version + 1,
                is_replay_due=found.is_replay_due or is_replay_due,
            )

    def end_replay(self, connection_id: str) -> None:
        self._called("end_replay")
        with self._lock:
            found = self._connections.get(connection_id)
            if found is None:
                raise ConditionFailed("the connection is gone")
            self._connections[connection_id] = replace(found, is_replay_due=False)

    def delete_connection(self, connection_id: str) -> None:
        self._called("delete_connection")
        with self._lock:
            self._connections.discard(connection_id)

    def delete_expired(self, connection_id: str, now_seconds: int) -> None:
        self._called("delete_expired")
        with self._lock:
            found = self._connections.get(connection_id)
            if found is not None and found.ttl <= now_seconds:
                del self._connections[connection_id]

    def delete_gone(self, connection_ids: Iterable[str], connected_before: int) -> None:
        self._called("delete_gone")
        with self._lock:
            for connection_id in connection_ids:
                found = self._connections.get(connection_id)
                if found is not None and found.connected_at < connected_before:
                    del self._connections[connection_id]

    def query_listeners(self, session_id: str) -> Iterable[Connection]:
        self._called("query_listeners")
        with self._lock:
            return [
                each
                for _, each in self._connections.old()
                if each.session_id == session_id
                and each.target_language is not None
                and each.connection_id not in self.unindexed
            ]
