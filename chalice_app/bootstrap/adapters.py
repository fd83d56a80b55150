"""The outside world: the ports that the use cases know, and AWS behind them."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

from chalice_app.admission.oidc import OidcOwners
from chalice_app.admission.ports import CounterStore, OwnerVerifier
from chalice_app.aws.clients import Clients
from chalice_app.aws.cloudwatch import CloudWatch
from chalice_app.aws.dynamodb.cache_hits import CacheHits
from chalice_app.aws.dynamodb.cache_recency import CacheRecency
from chalice_app.aws.dynamodb.cached_translations import CachedTranslationsTable
from chalice_app.aws.dynamodb.connections import ConnectionsTable
from chalice_app.aws.dynamodb.counters import CounterRows
from chalice_app.aws.dynamodb.glossaries import GlossaryRows
from chalice_app.aws.dynamodb.in_flight import InFlightRows
from chalice_app.aws.dynamodb.roster_survey import DynamoDbSurvey
from chalice_app.aws.dynamodb.rosters import RostersTable
from chalice_app.aws.dynamodb.sentences import SentencesTable
from chalice_app.aws.dynamodb.sessions import SessionsTable
from chalice_app.aws.dynamodb.table import Table
from chalice_app.aws.dynamodb.transcript_work import TranscriptRows
from chalice_app.aws.functions import BackgroundFunction
from chalice_app.aws.polly import AmazonPolly
from chalice_app.aws.posting.management_api import ManagementApi
from chalice_app.aws.sounds import S3Sounds
from chalice_app.aws.transcribe import TranscribeStreams
from chalice_app.aws.transcript_files import S3TranscriptFiles
from chalice_app.aws.translate import AmazonTranslate
from chalice_app.cache.ports import HitStore, RecencyIndex, TranslationCacheStore
from chalice_app.delivery.ports import Gateway
from chalice_app.domain.clock import Clock, SystemClock
from chalice_app.glossary.ports import GlossaryStore
from chalice_app.observability.metrics import EmbeddedMetrics
from chalice_app.observability.ports import MetricsSink
from chalice_app.operations.ports import Monitor, SessionDirectory
from chalice_app.rosters.ports import Ledger, RosterSurvey
from chalice_app.sessions.ports import ConnectionStore, Roster, SessionStore
from chalice_app.settings import Settings
from chalice_app.speech.ports import BatchInvoker, SentencesInFlight, TallyStore
from chalice_app.synthesis.ports import SoundStore, SpeechEngine, VoiceInvoker
from chalice_app.transcription.ports import DictationStore, Recogniser
from chalice_app.transcripts.export_ports import (
    TranscriptFileStore,
    TranscriptInvoker,
    TranscriptWorkStore,
)
from chalice_app.transcripts.ports import SentenceStore
from chalice_app.translation.ports import Translator


@dataclass(frozen=True)
class Adapters:
    """The outside world, as the use cases know it.

    Without `owners` anybody may open sessions. `prepare` makes what they need for their first
    calls, and makes none.
    """

    sessions: SessionStore
    sentences: SentenceStore
    counters: CounterStore
    glossaries: GlossaryStore
    dictation: DictationStore
    recogniser: Recogniser
    in_flight: SentencesInFlight
    tallies: TallyStore
    invoker: BatchInvoker
    voice_invoker: VoiceInvoker
    speech_engine: SpeechEngine
    sounds: SoundStore
    transcript_work: TranscriptWorkStore
    transcript_files: TranscriptFileStore
    transcript_invoker: TranscriptInvoker
    connections: ConnectionStore
    roster: Roster
    ledger: Ledger
    survey: RosterSurvey
    cache: TranslationCacheStore
    translator: Translator
    gateway: Gateway
    metrics: MetricsSink
    clock: Clock
    hits: HitStore
    recency: RecencyIndex
    owners: OwnerVerifier | None
    directory: SessionDirectory
    monitor: Monitor
    prepare: Callable[[], None]


def aws_adapters(settings: Settings) -> Adapters:
    """The adapters that talk to AWS, or to the services at the configured endpoints."""
    clients = Clients(settings.region, settings.sounds_endpoint_url)
    clock = SystemClock()
    sessions = Table(clients, settings.sessions_table, "sessionId")
    connections = ConnectionsTable(Table(clients, settings.connections_table, "connectionId"))
    rosters = RostersTable(
        Table(clients, settings.rosters_table, "sessionKey"), sessions, connections
    )
    cached = Table(clients, settings.cached_translations_table, "cacheKey")
    shared = InFlightRows(sessions)
    stored = SessionsTable(sessions)
    return Adapters(
        sessions=stored,
        sentences=SentencesTable(
            Table(clients, settings.sentences_table, "sessionKey"), settings.keep_sentences
        ),
        counters=CounterRows(sessions),
        glossaries=GlossaryRows(sessions),
        dictation=stored,
        recogniser=TranscribeStreams(clients),
        in_flight=shared,
        tallies=shared,
        invoker=BackgroundFunction(clients, settings.broadcast_function),
        voice_invoker=BackgroundFunction(clients, settings.voice_function),
        speech_engine=AmazonPolly(clients),
        sounds=S3Sounds(clients, settings.sounds_bucket),
        transcript_work=TranscriptRows(sessions),
        transcript_files=S3TranscriptFiles(clients, settings.sounds_bucket),
        transcript_invoker=BackgroundFunction(clients, settings.transcript_function),
        connections=connections,
        roster=rosters,
        ledger=rosters,
        survey=DynamoDbSurvey(sessions, connections.table, rosters.table),
        cache=CachedTranslationsTable(cached),
        translator=AmazonTranslate(clients),
        gateway=ManagementApi(
            settings.management_endpoint,
            settings.region,
            clients.credentials,
            settings.max_concurrent_broadcasts,
            settings.posts_per_second,
        ),
        metrics=EmbeddedMetrics(sys.stdout, settings.stage, clock),
        clock=clock,
        hits=CacheHits(cached),
        recency=CacheRecency(cached),
        owners=_owners(settings, clock),
        directory=stored,
        monitor=CloudWatch(clients),
        prepare=clients.prepare,
    )


def _owners(settings: Settings, clock: Clock) -> OwnerVerifier | None:
    if settings.oidc is None:
        return None
    oidc = settings.oidc
    return OidcOwners(oidc.jwks_url, oidc.issuer, oidc.audience, clock)
