"""What the rosters need from the outside: `aws/` provides it, tests provide fakes.

Every method raises `errors.Unavailable` when its service is down or throttled.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

from chalice_app.domain.session import Connection, Session
from chalice_app.rosters.ledger import (
    Deltas,
    LedgerKey,
    LedgerRow,
    LedgerTransaction,
    SessionCounts,
    SessionKey,
)


class Ledger(Protocol):
    """What has been counted (Rosters), and the truth to bring it to (Connections, Sessions).

    Every read is consistent: an eventually consistent one loses a change for ever. Each raises
    MalformedRows where rows are not what this code writes.
    """

    def get_ledger(self, keys: Iterable[LedgerKey]) -> Mapping[LedgerKey, LedgerRow]:
        """The ledger rows that exist; MalformedRows names them by their connections."""

    def get_connections(self, connection_ids: Iterable[str]) -> Mapping[str, Connection]:
        """The connections that exist."""

    def get_sessions(self, session_ids: Iterable[str]) -> Mapping[str, Session]:
        """The sessions that exist."""

    def commit(self, transaction: LedgerTransaction) -> None:
        """Writes rows and counts together; Conflict when a row is not as it was read."""


class RosterSurvey(Protocol):
    """Everything that is counted, and everything that should be.

    The scans are eventually consistent and show where to look; `read_counts` and `scan_session`
    are consistent, for corrections.
    """

    def scan_connections(self) -> Iterable[Connection]:
        """Every connection."""

    def scan_ledger(self) -> Iterable[tuple[LedgerKey, LedgerRow]]:
        """Every ledger row, tombstones included."""

    def scan_counts(self) -> Iterable[SessionCounts]:
        """The counts of every session."""

    def read_counts(self, session_id: str) -> SessionCounts | None:
        """The counts of one session as they are now."""

    def scan_session(self, session: SessionKey) -> Iterable[LedgerRow]:
        """The rows that count in one session, as they are now."""

    def correct_counts(self, seen: SessionCounts, deltas: Deltas) -> None:
        """Adds to a session's counts; listenerCount becomes the sum of its languages.

        ConditionFailed when the counts are no longer as they were seen.
        """

    def remove_tombstones(self, keys: Collection[LedgerKey]) -> None:
        """Deletes tombstones. No row that is OUT is ever IN again, so there is no condition."""
