"""The application over fakes: what most tests ask for."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from chalice_app.admission.limits import AdmissionLimits
from chalice_app.bootstrap.adapters import Adapters
from chalice_app.bootstrap.application import Application
from chalice_app.domain.session import Connection, Session
from chalice_app.rosters.ledger import named_sessions, plan_transactions
from chalice_app.settings import Settings
from tests.fakes.admission import MemoryCounters
from tests.fakes.cache import MemoryCache
from tests.fakes.delivery import RecordingGateway
from tests.fakes.domain import FakeClock, listener, speaker
from tests.fakes.exports import MemoryTranscriptFiles, MemoryTranscriptWork
from tests.fakes.glossary import MemoryGlossaries
from tests.fakes.observability import RecordingMetrics
from tests.fakes.operations import StubMonitor
from tests.fakes.rosters import MemoryRosters
from tests.fakes.speech import (
    MemorySentencesInFlight,
    MemoryTallies,
    QueuedInvocations,
)
from tests.fakes.synthesis import MemorySounds, StubPolly
from tests.fakes.transcription import MemoryDictation, StubRecogniser
from tests.fakes.transcripts import MemorySentences
from tests.fakes.translation import StubTranslator

SETTINGS = Settings(
    sessions_table="Sessions-test",
    connections_table="Connections-test",
    cached_translations_table="CachedTranslations-test",
    rosters_table="SessionRosters-test",
    sentences_table="Sentences-test",
    region="us-east-1",
    stage="test",
    websocket_url="wss://socket.example/api",
    management_endpoint="https://socket.example/api",
    # The clock stands still, so everything that a test says is said at once.
    transcribe_url="wss://recogniser.example:8443",
    dictation_languages={"en": "good", "pt": "fair"},
    voice_languages={"es": "good", "fr": "fair"},
    limits=AdmissionLimits(sentences_per_second=0, messages_per_second=0),
)


class MemoryTables(
    MemorySentences,
    MemorySentencesInFlight,
    MemoryTallies,
    MemoryCounters,
    MemoryRosters,
    MemoryGlossaries,
    MemoryDictation,
):
    """Sessions, Connections and Rosters, with one lock: a transaction changes several of them."""


@dataclass
class World:
    """The fakes of one test, and the application composed over them."""

    tables: MemoryTables = field(default_factory=MemoryTables)
    cache: MemoryCache = field(default_factory=MemoryCache)
    gateway: RecordingGateway = field(default_factory=RecordingGateway)
    translator: StubTranslator = field(default_factory=StubTranslator)
    recogniser: StubRecogniser = field(default_factory=StubRecogniser)
    metrics: RecordingMetrics = field(default_factory=RecordingMetrics)
    clock: FakeClock = field(default_factory=FakeClock)
    settings: Settings = SETTINGS
    invoker: QueuedInvocations = field(default_factory=QueuedInvocations)
    monitor: StubMonitor = field(default_factory=StubMonitor)
    voice_invoker: QueuedInvocations = field(default_factory=QueuedInvocations)
    polly: StubPolly = field(default_factory=StubPolly)
    sounds: MemorySounds = field(default_factory=MemorySounds)
    transcript_work: MemoryTranscriptWork = field(default_factory=MemoryTranscriptWork)
    transcript_files: MemoryTranscriptFiles = field(default_factory=MemoryTranscriptFiles)
    transcript_invoker: QueuedInvocations = field(default_factory=QueuedInvocations)

    def __post_init__(self) -> None:
        self.tables.seconds = lambda: self.clock.now_ms() / 1000
        self.app = Application(
            self.settings,
            Adapters(
                sessions=self.tables,
                sentences=self.tables,
                counters=self.tables,
                glossaries=self.tables,
                dictation=self.tables,
                recogniser=self.recogniser,
                in_flight=self.tables,
                tallies=self.tables,
                invoker=self.invoker,
                voice_invoker=self.voice_invoker,
                speech_engine=self.polly,
                sounds=self.sounds,
                transcript_work=self.transcript_work,
                transcript_files=self.transcript_files,
                transcript_invoker=self.transcript_invoker,
                connections=self.tables,
                roster=self.tables,
                ledger=self.tables,
                survey=self.tables,
                cache=self.cache,
                hits=self.cache,
                recency=self.cache,
                translator=self.translator,
                gateway=self.gateway,
                metrics=self.metrics,
                clock=self.clock,
                directory=self.tables,
                monitor=self.monitor,
                owners=None,
                prepare=lambda: None,
            ),
        )

    def open(self, source_language: str = "en") -> Session:
        """A session opened by the use case; `speaker` below needs no token."""
        session, _ = self.app.sessions.open(source_language)
        return session

    def speaker(self, session: Session, connection_id: str = "speaker") -> Session:
        """The session once that connection is its speaker's, and has been greeted."""
        self.tables.set_speaker(session, connection_id)
        self.tables.note_greeting(session.session_id, connection_id)
        self.tables.put_connection(speaker(session, connection_id, self.clock.now_ms()))
        return self.now(session)

    def listener(
        self,
        session: Session,
        connection_id: str,
        target_language: str = "es",
        last_sequence: int | None = None,
        wants_voice: bool = False,
    ) -> Connection:
        """A listener that has joined and is counted."""
        connection = listener(
            session,
            connection_id,
            target_language,
            self.clock.now_ms(),
            last_sequence,
            wants_voice,
        )
        self.tables.put_connection(connection)
        self.count([connection_id])
        return connection

    def count(self, connection_ids: Sequence[str]) -> None:
        """Does at once what the stream does in a moment."""
        keys = self.tables.keys_of(connection_ids)
        ledger = self.tables.get_ledger(keys)
        connections = self.tables.get_connections(connection_ids)
        sessions = self.tables.get_sessions(named_sessions(keys))
        for transaction in plan_transactions(keys, ledger, connections, sessions):
            self.tables.commit(transaction)

    def now(self, session: Session) -> Session:
        """The session as it is by now."""
        found = self.tables.get_session(session.session_id)
        assert found is not None
        return found
