"""A session from its opening to its end: open it, find it, end it, purge it."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace

from chalice_app.admission.limits import AdmissionLimits
from chalice_app.domain import join_codes
from chalice_app.domain.clock import Clock
from chalice_app.domain.errors import (
    BadMessage,
    ConditionFailed,
    SessionNotFound,
    Unavailable,
)
from chalice_app.domain.session import DEFAULT_RETENTION_HOURS, Session
from chalice_app.domain.session_names import is_session_name, new_session_name
from chalice_app.observability import logs
from chalice_app.sessions.closing import CloseReason, ConnectionCloser
from chalice_app.sessions.ports import ConnectionStore, Roster, SentenceEraser, SessionStore
from chalice_app.sessions.tokens import hash_token, new_token
from chalice_app.translation.engine import TranslationEngine
from chalice_app.wire.incoming import OpenSession

_NAME_TRIES = 8

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sessions:
    """The sessions of a stage; it keeps sentences, or none of any session."""

    session_store: SessionStore
    connections: ConnectionStore
    roster: Roster
    translation: TranslationEngine
    closer: ConnectionCloser
    clock: Clock
    ttl_seconds: int
    limits: AdmissionLimits
    sentences: SentenceEraser
    keep_sentences: bool

    def open(self, wanted: OpenSession | str) -> tuple[Session, str]:
        """Opens a session; returns it with its speaker token, of which only the hash is stored.

        A source language alone opens a session without limits of its own.

        Raises:
            BadMessage: it asks for more than the stage's settings allow.
            UnsupportedLanguage: the engine does not translate from that language.
            Unavailable: every name that was tried is taken.
        """
        wanted = OpenSession(wanted) if isinstance(wanted, str) else wanted
        _require_at_most(wanted.max_listeners, self.limits.max_listeners, "maxListeners")
        _require_at_most(wanted.character_budget, self.limits.character_budget, "characterBudget")
        retention = self._retention_hours(wanted)
        source = self.translation.require_language(wanted.source_language)
        wanted = replace(wanted, source_language=source, retention_hours=retention)
        token = new_token()
        for _ in range(_NAME_TRIES):
            session = self._new_session(wanted, token)
            try:
                self.session_store.put_session(session)
            except ConditionFailed:
                continue
            return session, token
        raise Unavailable("no free session name was found, try again")

    def _retention_hours(self, wanted: OpenSession) -> int:
        if self.keep_sentences:
            asked = wanted.retention_hours
            return DEFAULT_RETENTION_HOURS if asked is None else asked
        if wanted.retention_hours:
            raise BadMessage("this stage keeps no sentences: retentionHours may only be 0", most=0)
        return 0

    def _new_session(self, wanted: OpenSession, token: str) -> Session:
        now, name, code = self.clock.now_ms(), new_session_name(), wanted.join_code
        return Session(
            session_id=name,
            source_language=wanted.source_language,
            token_hash=hash_token(token),
            created_at=now,
            expires_at_seconds=now // 1000 + self.ttl_seconds,
            join_code_hash=join_codes.hash_join_code(code, name, now) if code else None,
            max_listeners=wanted.max_listeners,
            character_budget=wanted.character_budget,
            style=wanted.style,
            title=wanted.title,
            has_drafts=wanted.has_drafts,
            retention_hours=wanted.retention_hours or 0,
            has_open_transcript=wanted.has_open_transcript,
        )

    def get(self, session_id: str) -> Session:
        """The session, ended or not.

        Raises:
            SessionNotFound: there is none, or its life is over.
        """
        session = self.alive(self.read_row(session_id))
        if session is None:
            raise SessionNotFound("there is no such session")
        return session

    def alive(self, session: Session | None) -> Session | None:
        """The session, unless its life is over."""
        return None if session is None or session.is_expired(self.clock.now_ms()) else session

    def read_row(self, session_id: str) -> Session | None:
        """The session's row, which outlives it: DynamoDB deletes what is expired days later."""
        if not is_session_name(session_id):
            return None
        logs.bind(session=session_id)
        return self.session_store.get_session(session_id)

    def get_open(self, session_id: str) -> Session:
        """The session, if people may join and speak.

        Raises:
            SessionNotFound: there is none, or it has ended.
        """
        session = self.get(session_id)
        if not session.is_active:
            raise SessionNotFound("there is no such session")
        return session

    def end(self, session: Session) -> Session:
        """Ends a session: nobody can join any more; every connection is notified and closed.

        Returns it as it is from then on.
        """
        ended = self.session_store.end_session(session, self.clock.now_ms())
        if self.keep_sentences and not ended.retention_hours:
            self._forget(ended)
        self._close(ended)
        return ended

    def _forget(self, session: Session) -> None:
        """Deletes the words that the talk needed; if that fails, they expire by themselves."""
        try:
            self.sentences.delete_all(session)
        except Unavailable:
            _log.warning("the words of a session that keeps none are deleted later")

    def is_kept(self, session: Session) -> bool:
        """Whether the session's transcript and delivery reports may be read."""
        return self.keep_sentences and session.is_kept(self.clock.now_ms())

    def purge(self, session: Session) -> Session:
        """Deletes what is kept of a session, open, ended or expired; an open one ends first.

        The session says so before anything is deleted: whoever claims a sentence after that sees
        it, and what was claimed before is found and deleted. Doing so twice is harmless.
        Returns it as it is from then on.

        Raises:
            Unavailable: perhaps not everything is deleted; nobody can read the rest.
        """
        purged = self.session_store.purge_session(session, self.clock.now_ms())
        try:
            self.sentences.delete_all(purged)
        finally:
            if session.is_open(self.clock.now_ms()):
                self._close(purged)
        return purged

    def _close(self, ended: Session) -> None:
        everyone = dict.fromkeys(self._everyone_in(ended))
        self.closer.notify_and_close(everyone, CloseReason.SESSION_ENDED)

    def _everyone_in(self, session: Session) -> Iterable[str]:
        """The speaker, all who are counted, and those whom the index shows.

        The index lags by up to a second, the roster does not. A listener who is in neither is
        counted later, and the stream closes each that it counts in an ended session
        (`rosters.notifier`).
        """
        if session.speaker_connection_id is not None:
            yield session.speaker_connection_id
        for listeners in self.roster.read_roster(session).languages.values():
            yield from listeners
        for listener in self.connections.query_listeners(session.session_id):
            if listener.session_epoch == session.created_at:
                yield listener.connection_id


def _require_at_most(asked: int | None, most: int, name: str) -> None:
    if asked is not None and 0 < most < asked:
        raise BadMessage(f"{name} may be {most} at most", most=most)
