"""The roster ledger: what has been counted, and the pure rule that brings it to the truth.

A stream record means only "this connection changed", never "+1". Its handler reads what has been
counted (the ledger) and then the truth (Connections), and writes the difference in one transaction
that holds only if the ledger is still as it was read. So a record may come twice, late, or to an
invocation that has outlived its time-out: what is counted stays exact.
"""

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NamedTuple

from chalice_app.domain.session import Connection, Session

MAX_WRITES = 99
"""Ledger rows a transaction: DynamoDB allows 100 actions, and the session's counts are one.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""


class State(StrEnum):
    """Whether a connection is counted. OUT is for ever: connection ids are never used again."""

    IN = "IN"
    OUT = "OUT"


SessionKey = tuple[str, int]
"""A session's name and epoch (`created_at`): names come back, pairs do not."""


class LedgerKey(NamedTuple):
    """What names a ledger row: a connection in the one session that it belongs to all its life."""

    session_id: str
    session_epoch: int
    connection_id: str

    @property
    def session_key(self) -> SessionKey:
        """The session that the row counts in."""
        return self.session_id, self.session_epoch


def key_of(connection: Connection) -> LedgerKey:
    """The key of a connection's ledger row."""
    return LedgerKey(connection.session_id, connection.session_epoch, connection.connection_id)


class Place(NamedTuple):
    """Where a listener counts in a session: among those of a language, and of its voice or not."""

    language: str
    wants_voice: bool = False


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """What has been counted for one connection.

    `version` is that of the Connections row it was taken from; (state, version) names every state
    that a row is ever in, because versions only rise and OUT is terminal. `from_sequence` is the
    first sentence that broadcasts send it: a returning listener has had everything before that
    replayed. `wants_voice` counts it among those who hear its language as well. `left_at` (epoch
    seconds) is when a tombstone was written; the table notes it.
    """

    state: State
    version: int
    target_language: str = ""
    from_sequence: int = 0
    left_at: int | None = field(default=None, compare=False)
    wants_voice: bool = False

    @property
    def place(self) -> Place:
        """Where it counts, as long as it is IN."""
        return Place(self.target_language, self.wants_voice)


@dataclass(frozen=True, slots=True)
class LedgerWrite:
    """One row as it was read (None: no row), and as it must become."""

    key: LedgerKey
    before: LedgerRow | None
    after: LedgerRow


@dataclass(frozen=True, slots=True)
class LedgerTransaction:
    """Rows and counts that change together or not at all.

    `session` is None where nothing is counted: tombstones, and rows of deleted sessions. `deltas`
    are listeners per language; their sum is the change of listenerCount. `voice_deltas` are those
    of them who want the voice, and change no sum. With a `last_sequence` the transaction holds only
    while no later sentence of the session has been spoken, and no sentence corrected since its
    `corrections` were read.
    """

    writes: tuple[LedgerWrite, ...]
    session: SessionKey | None = None
    last_sequence: int | None = None
    corrections: int = 0

    @property
    def deltas(self) -> Mapping[str, int]:
        """The change of every language's count; languages that stay the same are left out."""
        return _changes((_language(before), _language(after)) for before, after in self._moves)

    @property
    def voice_deltas(self) -> Mapping[str, int]:
        """The change of every language's count of voices; those that stay the same are left out."""
        return _changes((_voice(before), _voice(after)) for before, after in self._moves)

    @property
    def changes_counts(self) -> bool:
        """Whether any count changes: a speaker is told."""
        return bool(self.deltas or self.voice_deltas)

    @property
    def moves(self) -> bool:
        """Whether a listener joins, leaves, or changes the language or the wish for its voice.

        It is true even if all sums stay the same.

        The counts' revision must rise: a reader of rows, one after the other, may see one of two
        listeners who swap languages before and the other after.
        """
        return bool(self._moves)

    @property
    def _moves(self) -> Sequence[tuple[Place | None, Place | None]]:
        """From where to where (None: nowhere); without a session nothing counts."""
        if self.session is None:
            return []
        places = [(_place(write.before), _place(write.after)) for write in self.writes]
        return [(before, after) for before, after in places if before != after]


def _place(row: LedgerRow | None) -> Place | None:
    """Where the row counts."""
    return row.place if row is not None and row.state is State.IN else None


def _language(place: Place | None) -> str | None:
    return None if place is None else place.language


def _voice(place: Place | None) -> str | None:
    """The language whose voice is wanted there."""
    return place.language if place is not None and place.wants_voice else None


def _changes(moves: Iterable[tuple[str | None, str | None]]) -> Mapping[str, int]:
    """By how much each language's count changes; those that stay the same are left out."""
    counts: Counter[str] = Counter()
    for before, after in moves:
        if before is not None:
            counts[before] -= 1
        if after is not None:
            counts[after] += 1
    return {language: delta for language, delta in sorted(counts.items()) if delta}


def plan_transactions(
    keys: Iterable[LedgerKey],
    ledger: Mapping[LedgerKey, LedgerRow],
    connections: Mapping[str, Connection],
    sessions: Mapping[str, Session],
) -> Iterator[LedgerTransaction]:
    """The transactions that bring the ledger of these connections to the truth, one a session."""
    existing = {(session.session_id, session.created_at) for session in sessions.values()}
    writes: defaultdict[SessionKey | None, list[LedgerWrite]] = defaultdict(list)
    for key in keys:
        write = plan_write(key, ledger.get(key), connections.get(key.connection_id), existing)
        if write is not None:
            writes[_counting_session(write, existing)].append(write)
    for session, rows in writes.items():
        for start in range(0, len(rows), MAX_WRITES):
            yield LedgerTransaction(tuple(rows[start : start + MAX_WRITES]), session)


def plan_return(
    connections: Mapping[str, Connection], session: Session
) -> Iterator[LedgerTransaction]:
    """The transactions that count returning listeners who have had everything replayed.

    None of them may be in the ledger yet. Broadcasts begin where the replay has ended: the count
    holds only if nothing was spoken or corrected since. A sentence spoken before the count, whose
    broadcast reads the roster after it, passes them over.
    """
    session_key = (session.session_id, session.created_at)
    keys = [LedgerKey(*session_key, connection_id) for connection_id in sorted(connections)]
    writes = [
        LedgerWrite(key, None, replace(truth, from_sequence=session.last_sequence + 1))
        for key in keys
        if (truth := _truth(key, connections[key.connection_id], {session_key})) is not None
    ]
    for start in range(0, len(writes), MAX_WRITES):
        chunk = tuple(writes[start : start + MAX_WRITES])
        yield LedgerTransaction(chunk, session_key, session.last_sequence, session.corrections)


def plan_write(
    key: LedgerKey,
    counted: LedgerRow | None,
    connection: Connection | None,
    existing: Container[SessionKey],
) -> LedgerWrite | None:
    """What to write for one connection, if anything.

    Only a connection that is in the key's session counts there.
    A tombstone is written even when neither row exists: an invocation that read the connection
    while it was there, and has slept since, must find its condition broken.
    """
    if counted is not None and counted.state is State.OUT:
        return None
    truth = _truth(key, connection, existing)
    if truth is None:
        if connection is not None and key_of(connection) == key and not connection.is_listener:
            return None
        return LedgerWrite(key, counted, _out(counted))
    if counted is not None and counted.version >= truth.version:
        return None
    if counted is not None:
        truth = replace(truth, from_sequence=counted.from_sequence)
    return LedgerWrite(key, counted, truth)


def _truth(
    key: LedgerKey, connection: Connection | None, existing: Container[SessionKey]
) -> LedgerRow | None:
    """The row of a connection that is to be counted, or None."""
    if connection is None or connection.target_language is None or not connection.is_listener:
        return None
    if key_of(connection) != key or key.session_key not in existing:
        return None
    return LedgerRow(
        State.IN,
        connection.version,
        connection.target_language,
        wants_voice=connection.wants_voice,
    )


def _out(counted: LedgerRow | None) -> LedgerRow:
    if counted is None:
        return LedgerRow(State.OUT, 0)
    return LedgerRow(State.OUT, counted.version, counted.target_language)


def _counting_session(write: LedgerWrite, existing: Container[SessionKey]) -> SessionKey | None:
    """The session whose counts the write changes: the row's own, while it exists."""
    is_counted = _place(write.before) is not None or _place(write.after) is not None
    return write.key.session_key if is_counted and write.key.session_key in existing else None


def named_sessions(keys: Iterable[LedgerKey]) -> Sequence[str]:
    """The names of every session that the keys name: those whose rows must be read."""
    return sorted({key.session_id for key in keys})


@dataclass(frozen=True, slots=True)
class Deltas:
    """What to add to a session's counts: listeners, and voices, per language."""

    languages: Mapping[str, int] = field(default_factory=dict)
    voices: Mapping[str, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.languages or self.voices)


@dataclass(frozen=True, slots=True)
class SessionCounts:
    """The counts of a session's row as they stand there, right or wrong, zeros included.

    `listener_count` is None where the attribute is missing. `revision` rises with every change of
    them or of the rows behind them: counts that are the same again may have moved. `malformed` are
    the attributes that are not numbers: they count nothing, and nothing can be added to them.
    `voices` is empty where nobody has wanted one yet.
    """

    session_id: str
    session_epoch: int
    listener_count: int | None
    languages: Mapping[str, int]
    revision: int | None = None
    malformed: tuple[str, ...] = ()
    voices: Mapping[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """What listenerCount should be: the sum of the languages."""
        return sum(self.languages.values())

    @property
    def session_key(self) -> SessionKey:
        """The session they are of."""
        return self.session_id, self.session_epoch
