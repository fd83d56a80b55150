"""Who may come in to a session, or know of it: the proof that a caller shows, and what it costs.

A caller shows a resume token, the speaker's token, the session's join code, or nothing where the
session has no code. Who has a valid token comes in, and only the token's uses are limited. Every
other attempt is looked at first, then counted, and only then answered (`admission.rate_limits`).
To a caller without proof a session with a code does not exist.
"""

from dataclasses import dataclass

from chalice_app.admission.rate_limits import Attempt, RateLimits
from chalice_app.admission.refusals import Refusals, WrongCode, WrongToken
from chalice_app.domain import join_codes
from chalice_app.domain.errors import NotSpeaker, SequenceNotKept, SessionNotFound
from chalice_app.domain.session import Session
from chalice_app.domain.session_names import is_session_name
from chalice_app.sessions.resume_tokens import ResumeTokens
from chalice_app.sessions.sessions import Sessions
from chalice_app.sessions.tokens import is_token_of
from chalice_app.wire.incoming import JoinAsListener, JoinAsSpeaker

_NOT_THERE = "there is no such session"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks for a session's state, and what it shows: any text, or None where it shows none."""

    address: str = ""
    join_code: str | None = None
    speaker_token: str | None = None
    resume_token: str | None = None
    asks_to_join: bool = False


@dataclass(frozen=True, slots=True)
class Entrance:
    """Lets callers in to sessions that they may know of.

    Where the address is empty, nothing is limited.
    """

    sessions: Sessions
    rate_limits: RateLimits
    refusals: Refusals

    def admit_listener(self, join: JoinAsListener, address: str) -> tuple[Session, str | None]:
        """The open session of a listener's handshake, and the token with which it returns.

        Raises:
            SessionNotFound: there is no such open session, or its join code is another.
            RateLimited: an allowance of the address, the session or the token is spent.
        """
        token = join.resume_token
        if token is None:
            self.rate_limits.refuse_remembered(address, is_joining=True)
        row = self.sessions.read_row(join.session_id)
        session = self._alive(row)
        if token is not None and ResumeTokens(row).is_valid(token):
            self.rate_limits.admit_proof(token, address)
            return self._welcome(_open(session), address), token
        # A caller who names an ended session knows of it, and `look` tells so: an old link is not a
        # guess.
        attempt = Attempt(
            join.session_id,
            address,
            session,
            is_right=join_codes.admits(session, join.join_code),
            is_forged=token is not None,
            is_joining=True,
        )
        return self._welcome(_open(self._settled(attempt)), address), None

    def admit_speaker(self, join: JoinAsSpeaker, address: str) -> Session:
        """The open session of a speaker's handshake.

        Raises:
            SessionNotFound: there is no such open session.
            NotSpeaker: the token is another session's.
            RateLimited: an allowance of the address or the token is spent.
        """
        session = self.of_speaker(join.session_id, join.token, address)
        self.rate_limits.admit_proof(join.token, address)
        return self._welcome(session, address)

    def of_speaker(self, session_id: str, token: str, address: str) -> Session:
        """The open session of a caller who has its token; raises as `admit_speaker` does."""
        if not is_session_name(session_id):
            raise SessionNotFound(_NOT_THERE)
        session = self._alive(self.sessions.read_row(session_id))
        if is_token_of(session, token) and session is not None:
            return _open(session)
        raise self._stranger(session_id, session, address)

    def _stranger(
        self, session_id: str, session: Session | None, address: str
    ) -> SessionNotFound | NotSpeaker:
        """What a caller with a wrong token is answered, once the attempt is counted."""
        self.rate_limits.settle(
            Attempt(session_id, address, session, is_right=False, names_a_code=False)
        )
        if session is None or not session.is_active:
            return SessionNotFound(_NOT_THERE)
        if session.join_code_hash is not None:
            return WrongToken(_NOT_THERE)
        return NotSpeaker("the token is not this session's")

    def of_owner(self, session_id: str, token: str, address: str) -> Session:
        """The session, open, ended or expired, of a caller who has its token.

        Raises as `of_speaker` does, as long as the session's row is there.
        """
        if not is_session_name(session_id):
            raise SessionNotFound(_NOT_THERE)
        row = self.sessions.read_row(session_id)
        session = self._alive(row)
        if is_token_of(row, token) and row is not None:
            return row
        raise self._stranger(session_id, session, address)

    def of_kept(self, session_id: str, token: str, address: str) -> Session:
        """The session, open, ended or expired, of a caller who has its token, while it is kept.

        Raises:
            SequenceNotKept: nothing of it is kept: not any more, or never.
            SessionNotFound, NotSpeaker, RateLimited: as `of_speaker`.
        """
        return self._kept(self.of_owner(session_id, token, address))

    def reader_of(self, session_id: str, caller: Caller) -> tuple[Session, bool]:
        """The session whose transcript the caller may have; whether it is the speaker.

        Raises:
            SequenceNotKept: nothing of it is kept: not any more, or never.
            NotSpeaker: the transcript is the speaker's alone.
            SessionNotFound: there is none for this caller.
            RateLimited: an allowance is spent.
        """
        if not is_session_name(session_id):
            raise SessionNotFound(_NOT_THERE)
        if caller.speaker_token is None and caller.resume_token is None:
            self.rate_limits.refuse_remembered(caller.address, is_joining=False)
        row = self.sessions.read_row(session_id)
        alive = self._alive(row)
        if is_token_of(row, caller.speaker_token or "") and row is not None:
            return self._kept(row), True
        # An old link to an open transcript is not a guess, and the transcript outlives the session.
        is_open = row is not None and row.has_open_transcript and self.sessions.is_kept(row)
        session = row if is_open else alive
        if not _may_return(row, caller):
            session = self._tried(session_id, caller, session)
        if session is None:
            raise SessionNotFound(_NOT_THERE)
        if not session.has_open_transcript:
            raise NotSpeaker("the transcript of this session is for its speaker alone")
        return self._kept(session), False

    def _kept(self, session: Session) -> Session:
        if not self.sessions.is_kept(session):
            raise SequenceNotKept("nothing of this session is kept")
        return session

    def look(self, session_id: str, caller: Caller) -> tuple[Session, bool]:
        """The session, ended or not, for a caller who may know of it; whether it is the speaker.

        Raises:
            SessionNotFound: there is none for this caller.
            RateLimited: an allowance is spent, or the handshake that it asks for would be refused.
        """
        if not is_session_name(session_id):
            raise SessionNotFound(_NOT_THERE)
        if caller.speaker_token is None and caller.resume_token is None:
            self.rate_limits.refuse_remembered(caller.address, caller.asks_to_join)
        row = self.sessions.read_row(session_id)
        session = self._alive(row)
        if is_token_of(session, caller.speaker_token or "") and session is not None:
            return session, True
        if _may_return(row, caller):
            if caller.asks_to_join:
                proof = caller.resume_token or ""
                self.rate_limits.admit_proof(proof, caller.address, asks=True)
            if session is None:
                raise SessionNotFound(_NOT_THERE)
            return session, False
        session = self._tried(session_id, caller, session, asks_to_join=caller.asks_to_join)
        return session, False

    def _tried(
        self,
        session_id: str,
        caller: Caller,
        session: Session | None,
        *,
        asks_to_join: bool = False,
    ) -> Session:
        """The session, if the caller's code is right; it has shown no valid token."""
        attempt = Attempt(
            session_id,
            caller.address,
            session,
            is_right=join_codes.admits(session, caller.join_code),
            is_forged=caller.resume_token is not None or caller.speaker_token is not None,
            asks_to_join=asks_to_join,
        )
        return self._settled(attempt)

    def _settled(self, attempt: Attempt) -> Session:
        """The session of an attempt, once it is counted.

        The answer is the same whether or not there is a session.
        """
        self.rate_limits.settle(attempt)
        if attempt.session is None:
            raise SessionNotFound(_NOT_THERE)
        if not attempt.is_right:
            raise WrongCode(_NOT_THERE)  # the reason is for those who count
        return attempt.session

    def _alive(self, row: Session | None) -> Session | None:
        """The session, unless its life is over: then its tokens are proof still, and no guess.

        A hall's phones that wake the next morning must not keep the next hall out.
        """
        session = self.sessions.alive(row)
        if session is not None:
            self.refusals.note_session(session)
        return session

    def _welcome(self, session: Session, address: str) -> Session:
        self.rate_limits.note_good_standing(session, address)
        return session


def _may_return(row: Session | None, caller: Caller) -> bool:
    """Whether the caller has been here: its token is proof also when the session's life is over."""
    return caller.resume_token is not None and ResumeTokens(row).is_valid(caller.resume_token)


def _open(session: Session | None) -> Session:
    if session is None or not session.is_active:
        raise SessionNotFound(_NOT_THERE)
    return session
