"""The ports of `chalice_app.rosters`: the roster, the ledger and the survey."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from chalice_app.domain.errors import ConditionFailed, Conflict, MalformedRows
from chalice_app.domain.session import Connection, Session
from chalice_app.rosters.ledger import (
    LedgerRow,
    LedgerTransaction,
    LedgerWrite,
    SessionCounts,
    SessionKey,
    State,
)
from tests.fakes.sessions import MemoryConnections, MemorySessions


class MemoryRosters(MemorySessions, MemoryConnections):
    """`Roster`, `Ledger` and `RosterSurvey`.

    The rows of `malformed` connections cannot be read; `before_commit` may hold steps of other
    writers, each run once, just before a commit.
    """

    def __init__(self) -> None:
        super().__init__()
        self.malformed: set[str] = set()
        self.before_commit: list[Callable[[], object]] = []
        self._ledger: dict[str, LedgerRow] = {}

    def query_roster(
        self, session: Session, language: str, sequence: int | None = None
    ) -> Sequence[str]:
        self._called("query_roster")
        with self._lock:
            wanted = (State.IN, session.session_id, session.created_at, language)
            return sorted(
                key
                for key, row in self._ledger.items()
                if (row.state, row.session_id, row.session_epoch, row.target_language) == wanted
                and (sequence is None or row.from_sequence <= sequence)
            )

    def query_moved(self, session: Session, language: str, sequence: int | None) -> Sequence[str]:
        there = self.query_roster(session, language, sequence)
        return [each for each in there if self._ledger[each].version > 1]

    def get_ledger(self, connection_ids: Iterable[str]) -> Mapping[str, LedgerRow]:
        self._called("get_ledger")
        with self._lock:
            return {key: self._ledger[key] for key in connection_ids if key in self._ledger}

    def get_connections(self, connection_ids: Iterable[str]) -> Mapping[str, Connection]:
        self._called("get_connections")
        connection_ids = list(connection_ids)
        if bad := self.malformed & set(connection_ids):
            raise MalformedRows(bad)
        with self._lock:
            return {
                key: self._connections[key] for key in connection_ids if key in self._connections
            }

    def get_sessions(self, session_ids: Iterable[str]) -> Mapping[str, Session]:
        self._called("get_sessions")
        with self._lock:
            return {key: self._sessions[key] for key in session_ids if key in self._sessions}

    def commit(self, transaction: LedgerTransaction) -> None:
        self._called("commit")
        if self.before_commit:
            self.before_commit.pop(0)()
        counts = transaction.moves
        assert len(transaction.writes) + counts <= 100, "DynamoDB takes 100 actions at most"
        with self._lock:
            if not all(map(self._is_as_read, transaction.writes)):
                raise Conflict("a row is not as it was read")
            if transaction.session is not None and counts:
                self._check_unspoken(transaction.session[0], transaction.last_sequence)
                self._count(*transaction.session, transaction.deltas)
            self._ledger |= {write.connection_id: write.after for write in transaction.writes}

    def _check_unspoken(self, session_id: str, last_sequence: int | None) -> None:
        found = self._sessions.get(session_id)
        if last_sequence is not None and found and found.last_sequence != last_sequence:
            raise Conflict("something was spoken meanwhile")

    def _is_as_read(self, write: LedgerWrite) -> bool:
        found = self._ledger.get(write.connection_id)
        if found is None or write.before is None:
            return found is write.before
        return (found.state, found.version) == (write.before.state, write.before.version)

    def _count(self, session_id: str, epoch: int, deltas: Mapping[str, int]) -> None:
        found = self._sessions.get(session_id)
        if found is None or found.created_at != epoch:
            raise Conflict("the session is no more")
        self._add(found, deltas, found.listener_count + sum(deltas.values()))

    def _add(self, to: Session, deltas: Mapping[str, int], listener_count: int) -> None:
        counts = self._counts[to.session_id]
        counts.update(deltas)
        languages = {language: n for language, n in sorted(counts.items()) if n > 0}
        revision = to.counts_revision + 1
        self._store(
            replace(
                to, listener_count=listener_count, languages=languages, counts_revision=revision
            )
        )

    # --- RosterSurvey ---

    def scan_connections(self) -> Iterable[Connection]:
        self._called("scan_connections")
        with self._lock:
            return list(self._connections.values())

    def scan_counted(self) -> Iterable[tuple[str, LedgerRow]]:
        self._called("scan_counted")
        with self._lock:
            return [
                (key, replace(row, version=0))
                for key, row in self._ledger.items()
                if row.state is State.IN
            ]

    def scan_counts(self) -> Iterable[SessionCounts]:
        self._called("scan_counts")
        with self._lock:
            return [self._counts_of(each) for each in self._sessions.values()]

    def read_counts(self, session_id: str) -> SessionCounts | None:
        self._called("read_counts")
        with self._lock:
            found = self._sessions.get(session_id)
            return None if found is None else self._counts_of(found)

    def scan_session(self, session: SessionKey) -> Iterable[LedgerRow]:
        self._called("scan_session")
        with self._lock:
            return [
                row
                for row in self._ledger.values()
                if row.state is State.IN and row.session_key == session
            ]

    def correct_counts(self, seen: SessionCounts, deltas: Mapping[str, int]) -> None:
        self._called("correct_counts")
        with self._lock:
            found = self._sessions.get(seen.session_id)
            if found is None or self._counts_of(found) != seen:
                raise ConditionFailed("the counts are not as they were seen")
            total = sum(seen.languages.values()) + sum(deltas.values())
            self._add(found, deltas, total)

    def tamper(self, session_id: str, listener_count: int, **languages: int) -> None:
        """Sets a session's counts by hand, as nobody should."""
        with self._lock:
            found = self._sessions[session_id]
            self._counts[session_id] = Counter(languages)
            self._store(replace(found, listener_count=listener_count, languages=languages))

    def _counts_of(self, of: Session) -> SessionCounts:
        counts = dict(self._counts[of.session_id])
        revision = of.counts_revision
        return SessionCounts(of.session_id, of.created_at, of.listener_count, counts, revision)
