"""Who may come in how often: newcomers by the hall, guesses by the handful.

A newcomer is a listener's handshake without proof that it has been here. A guess is an attempt that
was wrong: a session's name, its join code, a token. Both are counted in rows of one minute, which
all functions share: one row an address, one a session. (A row an owner and hour counts sessions.)

What an attempt turns out to be is found out first and counted second, in the one conditional write
that also asks whether the allowance of guesses is spent. DynamoDB puts the writes to a row in an
order, so however many attempts come at once, no more than the allowance are answered: to all after
that, right ones too, the answer is 429. A refusal therefore tells nothing about the guess.

A session's allowance of wrong codes could be spent by strangers, to lock out a hall. So an address
from which somebody has come in already, with the right code or a token, is in good standing with
that session: there only the address's own allowance counts.

The rows, and what a process remembers of them, are in `windows`.
"""

import logging
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address, ip_network

from chalice_app.admission.limits import (
    DICTATIONS_PER_HOUR,
    LISTENERS_TRANSCRIPTS_PER_MINUTE,
    PREPARATIONS_PER_MINUTE,
    TRANSCRIPTS_PER_MINUTE,
    AdmissionLimits,
)
from chalice_app.admission.ports import CounterStore
from chalice_app.admission.windows import HOUR_MS, NONE, Windows, digest
from chalice_app.domain.clock import Clock
from chalice_app.domain.errors import ConditionFailed, Unavailable
from chalice_app.domain.session import Session

_log = logging.getLogger(__name__)

NEWCOMERS, GUESSES, WRONG_CODES, RETURNS = "newcomers", "guesses", "wrongCodes", "handshakes"
LOOKS = "looks"
"""The names of the counts."""

LOOKS_SHARE = 10
"""Looks at sessions from an address, for each newcomer that it may have: a page looks when it
is opened, when it was refused, and now and then while a language is chosen."""

_REMEMBERED = 4_096
"""Addresses in good standing that a process remembers: half a megabyte."""

_IPV6_SUBSCRIBER = 64
"""A subscriber has a /64 of addresses at the least. Source: RFC 6177."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt without proof, as it has turned out.

    `session` is the one of that name, None where there is none; it is not admitted where the name
    or the code was wrong. `is_forged` means that it also showed a token that is not this session's.
    A handshake `is_joining`; a look that `asks_to_join` wants to know whether it would be refused.
    """

    session_id: str
    address: str
    session: Session | None
    is_right: bool
    is_forged: bool = False
    is_joining: bool = False
    asks_to_join: bool = False
    names_a_code: bool = True

    @property
    def is_guess(self) -> bool:
        """Whether it counts against the address's allowance."""
        return self.is_forged or not self.is_right

    @property
    def needs_code(self) -> bool:
        """Whether the session has a code."""
        return self.session is not None and self.session.join_code_hash is not None


@dataclass(slots=True)
class RateLimits:
    """Refuses addresses, sessions, tokens and owners over a limit.

    A refusal's `retryAfterMs` is the time until the limit's window ends.
    """

    counters: CounterStore
    clock: Clock
    limits: AdmissionLimits
    _standing: set[str] = field(default_factory=set)
    _windows: Windows = field(init=False)

    def __post_init__(self) -> None:
        """All its limits stop in the same kind of windows."""
        self._windows = Windows(self.counters, self.clock)

    def settle(self, attempt: Attempt) -> None:
        """Counts an attempt for its address and its session; its answer may be given after that.

        When the counters fail, it may be given, too: a talk goes on.

        Raises:
            RateLimited: an allowance of this minute is spent.
        """
        who = self._limited(attempt.address)
        if who is None:
            return
        try:
            if attempt.is_right and not attempt.needs_code:
                self._settle_address(attempt, who)
                self._settle_session(attempt, who)
            else:
                # Where the session refuses, the address must not count: what it has left would
                # tell whether the code was right.
                self._settle_session(attempt, who)
                self._settle_address(attempt, who)
        except Unavailable:
            _log.warning("the limits of an address cannot be looked up: it is admitted")

    def refuse_remembered(self, address: str, is_joining: bool) -> None:
        """Refuses what `settle` would, as far as this process remembers, without a call.

        Raises:
            RateLimited: an allowance of the address is spent.
        """
        who = self._limited(address)
        if who is not None:
            names = (GUESSES, NEWCOMERS) if is_joining else (GUESSES, LOOKS)
            self._windows.refuse_remembered("address", who, names)

    def admit_proof(self, token: str, address: str, *, asks: bool = False) -> None:
        """Counts a handshake with a valid token: of a listener who returns, or of the speaker.

        One token that many sockets share must not get around the limits. With `asks` nothing is
        counted.

        Raises:
            RateLimited: too many with this token in this minute.
        """
        if self._limited(address) is None:
            return
        most = {RETURNS: self.limits.returns_per_minute}
        most, guards = (NONE, most) if asks else (most, NONE)
        with suppress(Unavailable):
            self._windows.require("proof", token, most, guards)

    def note_good_standing(self, session: Session, address: str) -> None:
        """Notes that somebody has come in to a session with a code, from that address.

        Errors are ignored: the next who comes in from there notes it again.
        """
        who = self._limited(address)
        if who is None or session.join_code_hash is None:
            return
        key = _standing_key(session, session.session_id, who)
        if key in self._standing:
            return
        with suppress(ConditionFailed, Unavailable):
            self.counters.count(key, {"admitted": 1}, session.expires_at_seconds)
        self._remember_standing(key)

    def admit_preparation(self, session: Session) -> None:
        """Counts a request to have a prepared text's sentences translated.

        When the counters fail, nothing is translated: preparing costs money, and a talk goes on
        without it.

        Raises:
            RateLimited: too many of this session in this minute.
            Unavailable: the counters cannot be reached.
        """
        most = {"requests": PREPARATIONS_PER_MINUTE}
        self._windows.require("preparation", _epoch_of(session), most)

    def admit_dictation(self, session: Session) -> None:
        """Counts a stream to the recogniser.

        When the counters fail, none is opened: streams cost money, and a speaker can type.

        Raises:
            RateLimited: too many of this session in this hour.
            Unavailable: the counters cannot be reached.
        """
        most = {"streams": DICTATIONS_PER_HOUR}
        self._windows.require("dictation", _epoch_of(session), most, window_ms=HOUR_MS)

    def admit_transcript(self, session: Session, *, is_speaker: bool) -> None:
        """Counts a request for a transcript; all readers but the speaker have one count together.

        When the counters fail, none is made: it reads much, and a talk needs what is left.

        Raises:
            RateLimited: too many of this session in this minute.
            Unavailable: the counters cannot be reached.
        """
        most = (
            {"bySpeaker": TRANSCRIPTS_PER_MINUTE}
            if is_speaker
            else {"byListeners": LISTENERS_TRANSCRIPTS_PER_MINUTE}
        )
        self._windows.require("transcript", _epoch_of(session), most)

    def admit_session(self, address: str, subject: str | None = None) -> None:
        """Counts a session that is opened, by its owner: the verified subject, or the address.

        When the counters fail, the session is not opened: sessions cost money.

        Raises:
            RateLimited: too many in this hour.
            Unavailable: the counters cannot be reached.
        """
        owner = self._limited(address) if subject is None else f"subject {subject}"
        if owner is None:
            return
        most = {"opened": self.limits.sessions_per_hour}
        try:
            self._windows.require("owner", owner, most, window_ms=HOUR_MS)
        except Unavailable:
            raise Unavailable(
                "the limit on sessions cannot be looked up, so the session is not opened; try again"
            ) from None

    def _settle_address(self, attempt: Attempt, who: str) -> None:
        newcomers = {NEWCOMERS: self.limits.newcomers_per_minute}
        guesses = {GUESSES: self.limits.guesses_per_minute}
        # Looks, too, are limited: a flood of them would have the row throttled that counts guesses.
        looks = {LOOKS: LOOKS_SHARE * self.limits.newcomers_per_minute}
        most = (newcomers if attempt.is_joining else looks) | (
            guesses if attempt.is_guess else NONE
        )
        guards = (newcomers if attempt.asks_to_join else NONE) | (
            NONE if attempt.is_guess else guesses
        )
        self._windows.require("address", who, most, guards)

    def _settle_session(self, attempt: Attempt, who: str) -> None:
        """The same for an unknown name as for a wrong code, so that the time tells nothing."""
        codes = {WRONG_CODES: self.limits.session_guesses_per_minute}
        if not attempt.is_right:
            if attempt.names_a_code and self._windows.spend("session", attempt.session_id, codes):
                self._require_good_standing(attempt, who)
            return
        newcomers = {NEWCOMERS: self.limits.session_newcomers_per_minute}
        most = newcomers if attempt.is_joining else NONE
        guards = newcomers if attempt.asks_to_join else NONE
        if not attempt.needs_code:
            self._windows.require("session", attempt.session_id, most, guards)
            return
        spent = self._windows.spend("session", attempt.session_id, most, guards | codes)
        if WRONG_CODES in spent:
            self._require_good_standing(attempt, who)
            spent = self._windows.spend("session", attempt.session_id, most, guards)
        if spent:
            raise self._windows.refusal()

    def _require_good_standing(self, attempt: Attempt, who: str) -> None:
        key = _standing_key(attempt.session, attempt.session_id, who)
        if key in self._standing:
            return
        if not self.counters.get_counts(key):
            raise self._windows.refusal()
        self._remember_standing(key)

    def _remember_standing(self, key: str) -> None:
        if len(self._standing) >= _REMEMBERED:
            self._standing.clear()
        self._standing.add(key)

    def _limited(self, address: str) -> str | None:
        """What an address is counted as; None where no limit holds for it."""
        try:
            ip = ip_address(address)
        except ValueError:
            return address or None
        if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        if any(ip in network for network in self.limits.unlimited_addresses):
            return None
        return str(ip if ip.version == 4 else ip_network((int(ip), _IPV6_SUBSCRIBER), strict=False))


def _epoch_of(session: Session) -> str:
    """The session, and not a later one of its name."""
    return f"{session.session_id}#{session.created_at}"


def _standing_key(session: Session | None, session_id: str, who: str) -> str:
    epoch = session.created_at if session is not None else ""
    return f"standing#{digest(f'{session_id}#{epoch}#{who}')}"
