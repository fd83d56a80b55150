"""The ports of `chalice_app.rosters`: the roster, the ledger and the survey."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from operator import itemgetter

from chalice_app.domain.errors import ConditionFailed, Conflict, MalformedRows
from chalice_app.domain.session import Connection, Session
from chalice_app.rosters.ledger import (
    Deltas,
    LedgerKey,
    LedgerRow,
    LedgerTransaction,
    LedgerWrite,
    SessionCounts,
    SessionKey,
    State,
    key_of,
)
from chalice_app.sessions.ports import SessionRoster
from tests.fakes.memory import Rows
from tests.fakes.sessions import MemoryConnections, MemorySessions


def session_key(session: Session) -> SessionKey:
    """What the session's ledger rows are named by."""
    return session.session_id, session.created_at


class MemoryRosters(MemorySessions, MemoryConnections):
    """`Roster`, `Ledger` and `RosterSurvey`.

    The rows of `malformed` connections and sessions cannot be read; `before_commit` may hold steps
    of other writers, each run once, just before a commit.
    """

    def __init__(self) -> None:
        super().__init__()
        self.malformed: set[str] = set()
        self.before_commit: list[Callable[[], object]] = []
        self._ledger = Rows[LedgerKey, LedgerRow](self)

    def read_roster(self, session: Session, sequence: int | None = None) -> SessionRoster:
        self._called("read_roster")
        languages: defaultdict[str, list[str]] = defaultdict(list)
        voices: defaultdict[str, list[str]] = defaultdict(list)
        with self._lock:
            for key, row in sorted(self._ledger.items(), key=itemgetter(0)):
                is_there = row.state is State.IN and key.session_key == session_key(session)
                if is_there and (sequence is None or row.from_sequence <= sequence):
                    languages[row.target_language].append(key.connection_id)
                    if row.wants_voice:
                        voices[row.target_language].append(key.connection_id)
        return SessionRoster(dict(languages), dict(voices))

    def get_ledger(self, keys: Iterable[LedgerKey]) -> Mapping[LedgerKey, LedgerRow]:
        self._called("get_ledger")
        with self._lock:
            return {key: self._ledger[key] for key in keys if key in self._ledger}

    def keys_of(self, connection_ids: Collection[str]) -> list[LedgerKey]:
        """The keys of these connections, by their own rows or by those of the ledger."""
        with self._lock:
            there = {key_of(each) for each in self._connections.values()}
            return sorted(
                key for key in there | self._ledger.keys() if key.connection_id in connection_ids
            )

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
        session_ids = list(session_ids)
        if bad := self.malformed & set(session_ids):
            raise MalformedRows(bad)
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
                self._check_unspoken(transaction.session[0], transaction)
                self._count(*transaction.session, transaction)
            now = int(self.seconds())
            for write in transaction.writes:
                left_at = now if write.after.state is State.OUT else None
                self._ledger[write.key] = replace(write.after, left_at=left_at)

    def _check_unspoken(self, session_id: str, transaction: LedgerTransaction) -> None:
        found = self._sessions.get(session_id)
        if found is None or transaction.last_sequence is None:
            return
        expected = (transaction.last_sequence, transaction.corrections)
        if (found.last_sequence, found.corrections) != expected:
            raise Conflict("something was spoken or corrected meanwhile")

    def _is_as_read(self, write: LedgerWrite) -> bool:
        found = self._ledger.get(write.key)
        if found is None or write.before is None:
            return found is write.before
        return (found.state, found.version) == (write.before.state, write.before.version)

    def _count(self, session_id: str, epoch: int, transaction: LedgerTransaction) -> None:
        found = self._sessions.get(session_id)
        if found is None or found.created_at != epoch:
            raise Conflict("the session is no more")
        deltas = Deltas(transaction.deltas, transaction.voice_deltas)
        total = found.listener_count + sum(deltas.languages.values())
        self._add(found, deltas, total)

    def _add(self, to: Session, deltas: Deltas, listener_count: int) -> None:
        counts, voices = self._counts[to.session_id], self._voices[to.session_id]
        counts.update(deltas.languages)
        voices.update(deltas.voices)
        self._store(
            replace(
                to,
                listener_count=listener_count,
                languages=_positive(counts),
                voices=_positive(voices),
                counts_revision=to.counts_revision + 1,
            )
        )

    # --- RosterSurvey ---

    def scan_connections(self) -> Iterable[Connection]:
        self._called("scan_connections")
        with self._lock:
            return [row for _, row in self._connections.old()]

    def scan_ledger(self) -> Iterable[tuple[LedgerKey, LedgerRow]]:
        self._called("scan_ledger")
        with self._lock:
            return list(self._ledger.old())

    def scan_counts(self) -> Iterable[SessionCounts]:
        self._called("scan_counts")
        with self._lock:
            return [self._counts_of(each) for _, each in self._sessions.old()]

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
                for key, row in self._ledger.items()
                if row.state is State.IN and key.session_key == session
            ]

    def remove_tombstones(self, keys: Collection[LedgerKey]) -> None:
        self._called("remove_tombstones")
        with self._lock:
            for key in keys:
                self._ledger.discard(key)

    def correct_counts(self, seen: SessionCounts, deltas: Deltas) -> None:
        self._called("correct_counts")
        with self._lock:
            found = self._sessions.get(seen.session_id)
            if found is None or self._counts_of(found) != seen:
                raise ConditionFailed("the counts are not as they were seen")
            total = sum(seen.languages.values()) + sum(deltas.languages.values())
            self._add(found, deltas, total)

    def tamper(self, session_id: str, listener_count: int, **languages: int) -> None:
        """Sets a session's counts by hand, as nobody should."""
        with self._lock:
            found = self._sessions[session_id]
            self._counts[session_id] = Counter(languages)
            self._store(replace(found, listener_count=listener_count, languages=languages))

    def tamper_voices(self, session_id: str, **voices: int) -> None:
        """Sets a session's counts of voices by hand."""
        with self._lock:
            self._voices[session_id] = Counter(voices)
            self._store(replace(self._sessions[session_id], voices=voices))

    def _counts_of(self, of: Session) -> SessionCounts:
        counts = dict(self._counts[of.session_id])
        voices = dict(self._voices[of.session_id])
        return SessionCounts(
            of.session_id,
            of.created_at,
            of.listener_count,
            counts,
            of.counts_revision,
            voices=voices,
        )


def _positive(counts: Counter[str]) -> dict[str, int]:
    return {language: n for language, n in sorted(counts.items()) if n > 0}
