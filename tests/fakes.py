"""In-memory adapters that keep the ports' contract, and a world of them to compose use cases over.

The contract itself is held by `tests/unit/chalice_app/aws/dynamodb/test_tables.py`, which runs the
same tests over these and over the DynamoDB adapters.
"""

import json
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from chalice_app.admission.limits import Limits
from chalice_app.bootstrap import Adapters, Application
from chalice_app.cache.entries import CachedTranslation
from chalice_app.domain.errors import (
    ConditionFailed,
    Conflict,
    MalformedRows,
    TranslationFailed,
    Unavailable,
)
from chalice_app.domain.languages import Language
from chalice_app.domain.reports import LanguageReport, Posted, merged
from chalice_app.domain.sentence import CAPTION_LIFE_MS, Claim, InFlight, Sentence, SentenceRef
from chalice_app.domain.session import Connection, Role, Session
from chalice_app.operations.monitoring import Alarm, Points, Series
from chalice_app.rosters.ledger import (
    LedgerRow,
    LedgerTransaction,
    LedgerWrite,
    SessionCounts,
    SessionKey,
    State,
    named_sessions,
    plan_transactions,
)
from chalice_app.settings import Settings

PATIENCE = 20.0
"""Seconds until a test that waits for an event fails; no test ever waits for it to pass."""

NOW_MS = 1_780_000_000_000
"""When every test begins: an hour in May 2026."""

SETTINGS = Settings(
    sessions_table="Sessions-test",
    connections_table="Connections-test",
    cached_translations_table="CachedTranslations-test",
    rosters_table="Rosters-test",
    region="us-east-1",
    stage="test",
    websocket_url="wss://socket.example/api",
    management_endpoint="https://socket.example/api",
    # The clock stands still, so everything that a test says is said at once.
    limits=Limits(sentences_per_second=0),
)


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


@dataclass
class Tally:
    """What the functions that send one sentence have told."""

    claimed: set[str] = field(default_factory=set)
    parts: dict[str, Mapping[str, LanguageReport]] = field(default_factory=dict)
    expected: int | None = None
    settled: bool = False


def _talk(utterance: SentenceRef) -> tuple[str, int]:
    return utterance.session_id, utterance.session_epoch


class MemoryTables:
    """All four tables: the stores of `ports`, each method atomic like one call of DynamoDB.

    `calls` counts the methods called, `expiries` tells when counters go (epoch seconds). `refusing`
    names methods that raise Unavailable, `malformed` connections whose rows cannot be read;
    `before_commit` may hold steps of other writers, each run once, just before a commit.
    """

    def __init__(self, *, keep_sentences: bool = True) -> None:
        self.calls: Counter[str] = Counter()
        self.refusing: set[str] = set()
        self.malformed: set[str] = set()
        self.before_commit: list[Any] = []
        self.keep_sentences = keep_sentences
        self._lock = threading.RLock()
        self._sessions: dict[str, Session] = {}
        self._counts: dict[str, Counter[str]] = {}
        self._sentences: dict[tuple[str, int, int], Sentence] = {}
        self._settled: set[tuple[str, int, int]] = set()
        self._under_way: dict[tuple[str, int], dict[int, int]] = {}
        self._said: dict[tuple[str, int], dict[int, int]] = {}
        self._counters: dict[str, dict[str, int]] = {}
        self.expiries: dict[str, int] = {}
        self._tallies: dict[tuple[str, int, int, int], Tally] = {}
        self._connections: dict[str, Connection] = {}
        self._ledger: dict[str, LedgerRow] = {}
        self._cache: dict[str, CachedTranslation] = {}

    def _called(self, method: str) -> None:
        with self._lock:
            self.calls[method] += 1
            if method in self.refusing:
                raise Unavailable("told to refuse")

    # --- SessionStore ---

    def put_session(self, session: Session) -> None:
        self._called("put_session")
        with self._lock:
            standing = self._sessions.get(session.session_id)
            if standing is not None and standing.expires_at > session.created_at // 1000:
                raise ConditionFailed("the name is taken")
            self._sessions[session.session_id] = replace(
                session,
                is_active=True,
                speaker_connection_id=None,
                last_sequence=0,
                listener_count=0,
                languages={},
            )
            self._counts[session.session_id] = Counter()

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
            self._store(replace(found, speaker_connection_id=connection_id))
            return found.speaker_connection_id

    def clear_speaker(self, session_id: str, connection_id: str) -> None:
        self._called("clear_speaker")
        with self._lock:
            found = self._sessions.get(session_id)
            if found is not None and found.speaker_connection_id == connection_id:
                self._store(replace(found, speaker_connection_id=None))

    def list_open(self, limit: int) -> Sequence[Session]:
        self._called("list_open")
        with self._lock:
            there = [each for each in self._sessions.values() if each.is_active]
            return sorted(there, key=lambda each: each.created_at, reverse=True)[:limit]

    def end_session(self, session: Session) -> None:
        self._called("end_session")
        with self._lock:
            if (found := self._same(session)) is not None:
                self._store(replace(found, is_active=False))

    def claim_sequence(self, session: Session, sentence: Sentence) -> Claim:
        self._called("claim_sequence")
        with self._lock:
            key = (session.session_id, session.created_at, sentence.sequence)
            if key in self._settled:
                return Claim.SPOKEN
            found = self._sentences.get(key)
            if found is not None and found.spoken_at > sentence.spoken_at - CAPTION_LIFE_MS:
                return Claim.UNDER_WAY
            self._sentences[key] = sentence
            return Claim.TAKEN

    def settle_sequence(self, utterance: SentenceRef) -> None:
        self._called("settle_sequence")
        with self._lock:
            key = (*_talk(utterance), utterance.sequence)
            found = self._sentences.get(key)
            if found is not None and found.spoken_at == utterance.spoken_at:
                self._settled.add(key)

    def release_sequence(self, session: Session, sequence: int) -> None:
        self._called("release_sequence")
        with self._lock:
            self._sentences.pop((session.session_id, session.created_at, sequence), None)

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

    def get_sentences(self, session: Session, sequences: Iterable[int]) -> Sequence[Sentence]:
        self._called("get_sentences")
        with self._lock:
            keys = [(session.session_id, session.created_at, each) for each in sorted(sequences)]
            kept = self._sentences if self.keep_sentences else {}
            return [kept[key] for key in keys if key in kept]

    # --- SentencesUnderWay and TallyStore ---

    def enter(self, utterance: SentenceRef) -> InFlight:
        self._called("enter")
        with self._lock:
            marks = self._under_way.setdefault(_talk(utterance), {})
            marks.setdefault(utterance.sequence, utterance.spoken_at)
            return InFlight(dict(marks), dict(self._said.get(_talk(utterance), {})))

    def finish(self, utterance: SentenceRef) -> None:
        self._called("finish")
        with self._lock:
            self._under_way.get(_talk(utterance), {}).pop(utterance.sequence, None)
            said = self._said.setdefault(_talk(utterance), {})
            said[utterance.sequence] = utterance.spoken_at

    def forget(self, utterance: SentenceRef, sequences: Iterable[int]) -> None:
        self._called("forget")
        with self._lock:
            for sequence in sequences:
                self._under_way.get(_talk(utterance), {}).pop(sequence, None)
                self._said.get(_talk(utterance), {}).pop(sequence, None)

    # --- CounterStore ---

    def count(self, key: str, most: Mapping[str, int], expires_at: int, by: int = 1) -> None:
        self._called("count")
        with self._lock:
            counts = self._counters.get(key, {})
            if any(counts.get(name, 0) + by > limit for name, limit in most.items()):
                raise ConditionFailed("a count is at its limit")
            self._counters[key] = counts | {name: counts.get(name, 0) + by for name in most}
            self.expiries[key] = expires_at

    def give_back(self, key: str, name: str, by: int) -> None:
        self._called("give_back")
        with self._lock:
            counts = self._counters.setdefault(key, {})
            counts[name] = counts.get(name, 0) - by

    def get_counts(self, key: str) -> Mapping[str, int]:
        self._called("get_counts")
        with self._lock:
            return dict(self._counters.get(key, {}))

    def claim_part(self, utterance: SentenceRef, part: str) -> bool:
        self._called("claim_part")
        with self._lock:
            claimed = self._tally(utterance).claimed
            if part in claimed:
                return False
            claimed.add(part)
            return True

    def add_part(
        self,
        utterance: SentenceRef,
        part: str,
        reports: Mapping[str, LanguageReport],
        expected: int | None = None,
    ) -> Mapping[str, LanguageReport] | None:
        self._called("add_part")
        with self._lock:
            tally = self._tally(utterance)
            tally.parts.setdefault(part, reports)
            tally.expected = expected or tally.expected
            whole = len(tally.parts) == tally.expected and not tally.settled
            return merged(tally.parts.values()) if whole else None

    def settle(self, utterance: SentenceRef) -> None:
        self._called("settle")
        with self._lock:
            self._tally(utterance).settled = True

    def _tally(self, utterance: SentenceRef) -> "Tally":
        key = (*_talk(utterance), utterance.sequence, utterance.spoken_at)
        return self._tallies.setdefault(key, Tally())

    def delete_session(self, session_id: str) -> None:
        """What time-to-live does, or an operator."""
        with self._lock:
            self._sessions.pop(session_id, None)

    def _same(self, session: Session) -> Session | None:
        found = self._sessions.get(session.session_id)
        return found if found is not None and found.created_at == session.created_at else None

    def _store(self, session: Session) -> None:
        self._sessions[session.session_id] = session

    # --- ConnectionStore ---

    def put_connection(self, connection: Connection) -> None:
        self._called("put_connection")
        with self._lock:
            self._connections[connection.connection_id] = connection

    def get_connection(self, connection_id: str) -> Connection | None:
        self._called("get_connection")
        with self._lock:
            return self._connections.get(connection_id)

    def change_language(self, connection_id: str, target_language: str) -> None:
        self._called("change_language")
        with self._lock:
            found = self._connections.get(connection_id)
            if found is None:
                raise ConditionFailed("the connection is gone")
            self._connections[connection_id] = replace(
                found, target_language=target_language, version=found.version + 1
            )

    def delete_connection(self, connection_id: str) -> None:
        self._called("delete_connection")
        with self._lock:
            self._connections.pop(connection_id, None)

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
                for each in self._connections.values()
                if each.session_id == session_id and each.target_language is not None
            ]

    # --- Roster and Ledger ---

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

    # --- TranslationCacheStore ---

    def get_entries(self, cache_keys: Iterable[str]) -> Mapping[str, CachedTranslation]:
        self._called("get_entries")
        with self._lock:
            return {key: self._cache[key] for key in cache_keys if key in self._cache}

    def put_entries(self, entries: Sequence[CachedTranslation]) -> None:
        self._called("put_entries")
        with self._lock:
            self._cache |= {entry.cache_key: entry for entry in entries}


class RecordingGateway:
    """`ports.Gateway` that keeps what was posted, by connection.

    `gone` answer 410, `failing` fail, `late` have no turn before the deadline. `young` are not
    reachable yet: 410 that many times. A post to anyone in `hanging` waits for the event there.
    """

    def __init__(self) -> None:
        self.gone: set[str] = set()
        self.failing: set[str] = set()
        self.late: set[str] = set()
        self.young: Counter[str] = Counter()
        self.hanging: dict[str, threading.Event] = {}
        self.log: list[tuple[str, Mapping[str, Any]]] = []
        self.calls: list[tuple[str, ...]] = []
        self.deadlines: list[float] = []
        self.shares: list[float] = []
        self.closed: list[str] = []
        self.probed: list[str] = []
        self._news = threading.Condition()

    def post(
        self, connection_ids: Sequence[str], data: bytes, deadline: float, share: float = 1.0
    ) -> Posted:
        with self._news:
            self.calls.append(tuple(connection_ids))
            self.deadlines.append(deadline)
            self.shares.append(share)
        posted = Posted()
        for connection_id in connection_ids:
            posted += self._post(connection_id, json.loads(data))
        return posted

    def _post(self, connection_id: str, message: Mapping[str, Any]) -> Posted:
        if connection_id in self.hanging:
            assert self.hanging[connection_id].wait(PATIENCE), "nobody released the post"
        with self._news:
            if self.young[connection_id] > 0:
                self.young[connection_id] -= 1
                return Posted(gone=(connection_id,))
            if connection_id in self.gone:
                return Posted(gone=(connection_id,))
            if connection_id in self.late:
                return Posted(dropped=1)
            if connection_id in self.failing:
                return Posted(failed=1)
            self.log.append((connection_id, message))
            self._news.notify_all()
            return Posted(delivered=1)

    def notify(self, connection_ids: Sequence[str], data: bytes, deadline: float) -> Posted:
        return self.post(connection_ids, data, deadline)

    def probe(self, connection_ids: Sequence[str], deadline: float, share: float = 1.0) -> Posted:
        with self._news:
            self.probed += connection_ids
            self.deadlines.append(deadline)
            self.shares.append(share)
        gone = tuple(key for key in connection_ids if key in self.gone)
        return Posted(delivered=len(connection_ids) - len(gone), gone=gone)

    def close(self, connection_ids: Sequence[str], deadline: float) -> Posted:
        with self._news:
            self.deadlines.append(deadline)
            self.closed += connection_ids
        gone = tuple(key for key in connection_ids if key in self.gone)
        return Posted(delivered=len(connection_ids) - len(gone), gone=gone)

    def to(self, connection_id: str, kind: str | None = None) -> list[Mapping[str, Any]]:
        """What a connection has received, of one type or of all."""
        with self._news:
            return [
                message
                for receiver, message in self.log
                if receiver == connection_id and kind in (None, message["type"])
            ]

    def wait_for(self, connection_id: str, kind: str) -> Mapping[str, Any]:
        """The first message of a type that a connection receives, now or in a moment."""
        with self._news:
            arrived = self._news.wait_for(lambda: self.to(connection_id, kind), PATIENCE)
        assert arrived, f"{connection_id} received no {kind}"
        return arrived[0]


class QueuedInvocations:
    """`ports.BatchInvoker` that keeps the payloads as JSON, as Lambda's queue does.

    A test delivers them, as often as it likes. `refusing` refuses all.
    """

    def __init__(self) -> None:
        self.payloads: list[str] = []
        self.refusing = False
        self._lock = threading.Lock()

    def invoke(self, payload: Mapping[str, Any]) -> None:
        if self.refusing:
            raise Unavailable("told to refuse")
        with self._lock:
            self.payloads.append(json.dumps(payload))


class StubTranslator:
    """`ports.Translator`: `[es] text`, unless told otherwise.

    `failing` languages have no translation; a language in `held` waits for its event. `started`
    counts the translations that have begun.
    """

    def __init__(self, *codes: str) -> None:
        self.offered = [language(code) for code in codes or ("en", "es", "fr", "de", "pt-BR")]
        self.failing: set[str] = set()
        self.held: dict[str, threading.Event] = {}
        self.unavailable = False
        self.calls: list[tuple[str, str, str]] = []
        self.listings = 0
        self._news = threading.Condition()

    def translate(self, text: str, source_language: str, target_language: str) -> str:
        with self._news:
            self.calls.append((text, source_language, target_language))
            self._news.notify_all()
        if target_language in self.held:
            assert self.held[target_language].wait(PATIENCE), "nobody released the translation"
        if target_language in self.failing:
            raise TranslationFailed("told to fail")
        return f"[{target_language}] {text}"

    def list_languages(self) -> Sequence[Language]:
        self.listings += 1
        if self.unavailable:
            raise Unavailable("told to refuse")
        return self.offered

    def wait_for_calls(self, count: int) -> None:
        """Returns when so many translations have begun."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.calls) >= count, PATIENCE), self.calls


def language(code: str) -> Language:
    """A language of which only the code matters."""
    return Language(code, f"name of {code}", f"own name of {code}", "ltr")


class RecordingMetrics:
    """`ports.MetricsSink` that keeps what was emitted, call by call."""

    def __init__(self) -> None:
        self.emitted: list[dict[str, float]] = []

    def emit(self, values: Mapping[str, float]) -> None:
        self.emitted.append(dict(values))

    def values(self) -> dict[str, float]:
        """Everything emitted, by name; the last value of a name wins."""
        return {name: value for each in self.emitted for name, value in each.items()}


class StubMonitor:
    """`ports.Monitor` that tells what it is told; `unavailable` refuses."""

    def __init__(self) -> None:
        self.alarms: dict[str, Alarm] = {}
        self.points: dict[Series, Points] = {}
        self.begun: list[int] = []
        self.unavailable = False

    def describe_alarms(self, names: Sequence[str]) -> Mapping[str, Alarm]:
        if self.unavailable:
            raise Unavailable("told to refuse")
        return {name: self.alarms[name] for name in names if name in self.alarms}

    def get_series(
        self, wanted: Iterable[Series], begin_ms: int, minutes: int
    ) -> Mapping[Series, Points]:
        self.begun.append(begin_ms)
        return {each: self.points.get(each, [None] * minutes) for each in wanted}


@dataclass
class World:
    """The fakes of one test, and the application composed over them."""

    tables: MemoryTables = field(default_factory=MemoryTables)
    gateway: RecordingGateway = field(default_factory=RecordingGateway)
    translator: StubTranslator = field(default_factory=StubTranslator)
    metrics: RecordingMetrics = field(default_factory=RecordingMetrics)
    clock: FakeClock = field(default_factory=FakeClock)
    settings: Settings = SETTINGS
    invoker: "QueuedInvocations" = field(default_factory=lambda: QueuedInvocations())
    monitor: StubMonitor = field(default_factory=StubMonitor)

    def __post_init__(self) -> None:
        self.app = Application(
            self.settings,
            Adapters(
                sessions=self.tables,
                counters=self.tables,
                under_way=self.tables,
                tally=self.tables,
                invoker=self.invoker,
                connections=self.tables,
                roster=self.tables,
                ledger=self.tables,
                survey=self.tables,
                cache=self.tables,
                translator=self.translator,
                gateway=self.gateway,
                metrics=self.metrics,
                clock=self.clock,
                directory=self.tables,
                monitor=self.monitor,
            ),
        )

    def open(self, source_language: str = "en") -> Session:
        """A session opened by the use case; `speaker` below needs no token."""
        session, _ = self.app.sessions.open(source_language)
        return session

    def speaker(self, session: Session, connection_id: str = "speaker") -> Session:
        """The session once that connection is its speaker's."""
        self.tables.set_speaker(session, connection_id)
        self.tables.put_connection(speaker(session, connection_id, self.clock.now_ms()))
        return self.now(session)

    def listener(
        self,
        session: Session,
        connection_id: str,
        target_language: str = "es",
        last_sequence: int | None = None,
    ) -> Connection:
        """A listener that has joined and is counted."""
        connection = listener(
            session, connection_id, target_language, self.clock.now_ms(), last_sequence
        )
        self.tables.put_connection(connection)
        self.count([connection_id])
        return connection

    def count(self, connection_ids: Sequence[str]) -> None:
        """Does at once what the stream does in a moment."""
        ledger = self.tables.get_ledger(connection_ids)
        connections = self.tables.get_connections(connection_ids)
        sessions = self.tables.get_sessions(named_sessions(ledger, connections))
        for transaction in plan_transactions(connection_ids, ledger, connections, sessions):
            self.tables.commit(transaction)

    def now(self, session: Session) -> Session:
        """The session as it is by now."""
        found = self.tables.get_session(session.session_id)
        assert found is not None
        return found


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
        expires_at=created_at // 1000 + 3600,
    )
    return replace(made, **changes)


def listener(
    of: Session,
    connection_id: str,
    target_language: str = "es",
    connected_at: int = NOW_MS,
    last_sequence: int | None = None,
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
