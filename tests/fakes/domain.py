"""Values that tests begin with, and a clock that they move."""

from dataclasses import replace
from typing import Any

from chalice_app.domain.languages import Language
from chalice_app.domain.sentence import Sentence
from chalice_app.domain.session import Connection, Role, Session
from chalice_app.rosters.ledger import LedgerKey

PATIENCE = 20.0
"""Seconds until a test that waits for an event fails; no test ever waits for it to pass."""

NOW_MS = 1_780_000_000_000
MANY = 1_000_000
"""Versions of a connection's row: where its changes of language have no limit."""
"""When every test begins (epoch milliseconds): an hour in May 2026."""


class FakeClock:
    """`clock.Clock` that stands still until it is moved."""

    def __init__(self, now_ms: int = NOW_MS) -> None:
        self._start = self._now = now_ms

    def now_ms(self) -> int:
        return self._now

    def monotonic(self) -> float:
        return (self._now - self._start) / 1000

    def advance(self, milliseconds: int) -> None:
        self._now += milliseconds


def session(
    session_id: str = "golden-eagle-427",
    created_at: int = NOW_MS,
    source_language: str = "en",
    **changes: Any,
) -> Session:
    """A session as it is put: nobody in it yet."""
    made = Session(
        session_id=session_id,
        source_language=source_language,
        token_hash="0" * 64,
        created_at=created_at,
        expires_at_seconds=created_at // 1000 + 3600,
    )
    return replace(made, **changes)


def listener(
    of: Session,
    connection_id: str,
    target_language: str = "es",
    connected_at: int = NOW_MS,
    last_sequence: int | None = None,
    wants_voice: bool = False,
) -> Connection:
    """A listener's connection to a session."""
    return Connection(
        connection_id=connection_id,
        session_id=of.session_id,
        session_epoch=of.created_at,
        role=Role.LISTENER,
        connected_at=connected_at,
        ttl=connected_at // 1000 + 7800,
        target_language=target_language,
        last_sequence=last_sequence,
        wants_voice=wants_voice,
    )


def speaker(of: Session, connection_id: str, connected_at: int = NOW_MS) -> Connection:
    """A speaker's connection to a session."""
    return Connection(
        connection_id=connection_id,
        session_id=of.session_id,
        session_epoch=of.created_at,
        role=Role.SPEAKER,
        connected_at=connected_at,
        ttl=connected_at // 1000 + 7800,
    )


def sentence(
    sequence: int = 1, text: str = "Hello", spoken_at: int = NOW_MS, source_language: str = "en"
) -> Sentence:
    """What a speaker says."""
    return Sentence(sequence, text, source_language, spoken_at)


def language(code: str) -> Language:
    """A language of which only the code matters."""
    return Language(code, f"name of {code}", f"own name of {code}", "ltr")


def ledger_key(of: Session, connection_id: str) -> LedgerKey:
    """The key of the ledger row of a connection in that session."""
    return LedgerKey(of.session_id, of.created_at, connection_id)


def ledger_keys(of: Session, *connection_ids: str) -> list[LedgerKey]:
    """The keys of several."""
    return [ledger_key(of, each) for each in connection_ids]
