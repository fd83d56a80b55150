"""The composition root: the only place that builds AWS adapters, and where fakes enter.

Nothing is built at import: Lambda imports a module before it has the environment of a call, and
tests have none at all.
"""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from threading import Lock

from chalice_app.admission.budget import Budget
from chalice_app.admission.oidc import OidcOwners
from chalice_app.admission.ports import CounterStore, OwnerVerifier
from chalice_app.admission.rate_limits import RateLimits
from chalice_app.aws.broadcast_function import BroadcastFunction
from chalice_app.aws.clients import Clients
from chalice_app.aws.cloudwatch import CloudWatch
from chalice_app.aws.dynamodb.cache_hits import CacheHits
from chalice_app.aws.dynamodb.cache_recency import CacheRecency
from chalice_app.aws.dynamodb.cached_translations import CachedTranslationsTable
from chalice_app.aws.dynamodb.connections import ConnectionsTable
from chalice_app.aws.dynamodb.counters import CounterRows
from chalice_app.aws.dynamodb.roster_survey import DynamoDbSurvey
from chalice_app.aws.dynamodb.rosters import RostersTable
from chalice_app.aws.dynamodb.sentences import SentenceRows
from chalice_app.aws.dynamodb.sessions import SessionsTable
from chalice_app.aws.dynamodb.table import Table
from chalice_app.aws.posting.management_api import ManagementApi
from chalice_app.aws.translate import AmazonTranslate
from chalice_app.cache.eviction import Eviction
from chalice_app.cache.hit_application import HitApplication
from chalice_app.cache.hit_buffer import HitBuffer
from chalice_app.cache.lookup import TranslationCache
from chalice_app.cache.ports import HitStore, RecencyIndex, TranslationCacheStore
from chalice_app.cache.update import CacheUpdate
from chalice_app.delivery.broadcast import Broadcast
from chalice_app.delivery.ports import Gateway
from chalice_app.domain.clock import Clock, SystemClock
from chalice_app.observability import logs
from chalice_app.observability.metrics import EmbeddedMetrics
from chalice_app.observability.ports import MetricsSink
from chalice_app.observability.stopping import before_stop
from chalice_app.operations.operations import Operations
from chalice_app.operations.ports import Monitor, SessionDirectory
from chalice_app.rosters.catch_up import CatchUp
from chalice_app.rosters.liveness import LivenessCheck
from chalice_app.rosters.notifier import RosterNotifier
from chalice_app.rosters.ports import Ledger, RosterSurvey
from chalice_app.rosters.recipients import RosterReader
from chalice_app.rosters.renewal import Renewal
from chalice_app.rosters.repair import Reconciler
from chalice_app.rosters.replay import Replay
from chalice_app.rosters.synchronisation import RosterSync
from chalice_app.rosters.update import RosterUpdate
from chalice_app.sessions.capacity import Capacity
from chalice_app.sessions.closing import ConnectionCloser
from chalice_app.sessions.joining import LATE_CAPTIONS, Joining
from chalice_app.sessions.participants import Participants
from chalice_app.sessions.ports import ConnectionStore, Roster, SessionStore
from chalice_app.sessions.sessions import Sessions
from chalice_app.settings import Settings
from chalice_app.speech.delivery_report import DeliveryReporter
from chalice_app.speech.flow_control import FlowControl
from chalice_app.speech.large_halls import LargeHalls
from chalice_app.speech.ports import BatchInvoker, SentencesInFlight, TallyStore
from chalice_app.speech.speech import Speech
from chalice_app.speech.warm_up import WarmUp
from chalice_app.translation.engine import TranslationEngine
from chalice_app.translation.ports import Translator
from chalice_app.translation.sentence_translator import SentenceTranslator

_LANGUAGE_THREADS = 64
"""Threads that translate, and threads that wait for translations and send: a sentence in 30
languages needs 30 of each."""

_THREADS = 32
"""Threads of each other pool, where a sentence needs one for some milliseconds: more than Lambda's
one invocation at a time has use for, and one for each of the local stage's."""


@dataclass(frozen=True)
class Adapters:
    """The outside world, as the use cases know it.

    Without `owners` anybody may open sessions. `prepare` makes what they need for their first
    calls, and makes none.
    """

    sessions: SessionStore
    counters: CounterStore
    in_flight: SentencesInFlight
    tallies: TallyStore
    invoker: BatchInvoker
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


@dataclass(frozen=True)
class Application:
    """The use cases, composed over some adapters; each part is built when first asked for."""

    settings: Settings
    adapters: Adapters

    @cached_property
    def sessions(self) -> Sessions:
        """Sessions: open, find, end."""
        return Sessions(
            session_store=self.adapters.sessions,
            connections=self.adapters.connections,
            roster=self.adapters.roster,
            translation=self.engine,
            closer=self.closer,
            clock=self.adapters.clock,
            ttl_seconds=self.settings.session_ttl_seconds,
            limits=self.settings.limits,
        )

    @cached_property
    def joining(self) -> Joining:
        """Handshakes of listeners and speakers."""
        return Joining(
            sessions=self.sessions,
            session_store=self.adapters.sessions,
            connections=self.adapters.connections,
            translation=self.engine,
            capacity=self.capacity,
            closer=self.closer,
            clock=self.adapters.clock,
            late_captions=LATE_CAPTIONS if self.settings.keep_sentences else 0,
        )

    @cached_property
    def participants(self) -> Participants:
        """What connections do that have joined."""
        adapters = self.adapters
        return Participants(self.sessions, adapters.sessions, adapters.connections, self.engine)

    @cached_property
    def capacity(self) -> Capacity:
        """How many listeners a session admits."""
        return Capacity(self.settings.limits.max_listeners)

    @cached_property
    def closer(self) -> ConnectionCloser:
        """Connections that are closed from this side."""
        return ConnectionCloser(self.broadcast, self.settings.posts_per_second)

    @cached_property
    def rate_limits(self) -> RateLimits:
        """How often an address or an owner may come."""
        return RateLimits(self.adapters.counters, self.adapters.clock, self.settings.limits)

    @cached_property
    def speech(self) -> Speech:
        """A sentence's way."""
        return Speech(
            sessions=self.adapters.sessions,
            rosters=RosterReader(
                self.adapters.roster,
                self._executor("rosters"),
            ),
            translator=self.sentence_translator,
            broadcast=self.broadcast,
            flow_control=self.flow_control,
            large_halls=self.large_halls,
            reporter=self.delivery_reporter,
            executor=self._executor("speech", _LANGUAGE_THREADS),
            clock=self.adapters.clock,
        )

    @cached_property
    def warm_up(self) -> WarmUp:
        """What `speech` needs, before it is needed.

        Listing the languages is free of charge; it opens a connection to the engine, and the list
        is kept for changes of language.
        """
        return WarmUp((lambda: self.speech, self.adapters.prepare, self.engine.list_languages))

    @cached_property
    def flow_control(self) -> FlowControl:
        """Admission of sentences."""
        return FlowControl(
            self.adapters.sessions,
            self.adapters.in_flight,
            self._executor("flow-control"),
            self.adapters.clock,
            self.settings.limits.sentences_per_second,
        )

    @cached_property
    def delivery_reporter(self) -> DeliveryReporter:
        """The end of a sentence's way."""
        adapters = self.adapters
        return DeliveryReporter(self.broadcast, self.flow_control, adapters.metrics, adapters.clock)

    @cached_property
    def large_halls(self) -> LargeHalls:
        """Sentences to more listeners than one function can reach."""
        return LargeHalls(
            invoker=self.adapters.invoker,
            tallies=self.adapters.tallies,
            broadcast=self.broadcast,
            reporter=self.delivery_reporter,
            executor=self._executor("large-halls"),
            clock=self.adapters.clock,
            batch_size=self.settings.slice_listeners,
        )

    @cached_property
    def engine(self) -> TranslationEngine:
        """The engine, in its own threads: deliveries must never wait for a hung translation."""
        threads = self._executor("translation", _LANGUAGE_THREADS)
        return TranslationEngine(self.adapters.translator, threads, self.adapters.clock)

    @cached_property
    def cache(self) -> TranslationCache:
        """Translations made before."""
        return TranslationCache(
            self.adapters.cache,
            self.adapters.clock,
            self.settings.cache_ttl_seconds,
            self.hit_buffer,
            self._executor("cache"),
        )

    @cached_property
    def hit_buffer(self) -> HitBuffer:
        """This container's cache hits, until they are written."""
        return HitBuffer(self.adapters.hits, self.adapters.clock)

    @cached_property
    def eviction(self) -> Eviction:
        """What keeps the cache at its limit."""
        adapters, limit = self.adapters, self.settings.max_cache_entries
        return Eviction(adapters.recency, adapters.metrics, adapters.clock, limit)

    @cached_property
    def cache_update(self) -> CacheUpdate:
        """What a batch of the CachedTranslations stream causes."""
        adapters = self.adapters
        hits = HitApplication(adapters.hits, adapters.clock)
        return CacheUpdate(hits, self.eviction, adapters.metrics)

    @cached_property
    def operations(self) -> Operations:
        """The operator's view."""
        adapters, settings = self.adapters, self.settings
        return Operations(
            adapters.directory,
            adapters.monitor,
            adapters.clock,
            settings.stage,
            settings.operator_token_hash,
        )

    @cached_property
    def sentence_translator(self) -> SentenceTranslator:
        """Sentences as captions, in their listeners' languages."""
        budget = Budget(self.adapters.counters, self.settings.limits.character_budget)
        return SentenceTranslator(self.engine, self.cache, budget)

    @cached_property
    def replay(self) -> Replay:
        """Missed captions, sent again."""
        return Replay(
            self.adapters.sessions,
            self.sentence_translator,
            self.broadcast,
            self._executor("replay"),
        )

    @cached_property
    def roster_update(self) -> RosterUpdate:
        """What a batch of changes of Connections causes."""
        return RosterUpdate(self.roster_sync, self.notifier, self.catch_up)

    @cached_property
    def roster_sync(self) -> RosterSync:
        """What brings the counts to the truth."""
        return RosterSync(self.adapters.ledger)

    @cached_property
    def notifier(self) -> RosterNotifier:
        """The messages that a change of Connections causes."""
        adapters = self.adapters
        return RosterNotifier(
            adapters.ledger, self.broadcast, self.capacity, self.closer, adapters.metrics
        )

    @cached_property
    def catch_up(self) -> CatchUp:
        """Returning listeners."""
        adapters = self.adapters
        return CatchUp(
            adapters.ledger,
            adapters.connections,
            self.roster_sync,
            self.notifier,
            self.replay,
            adapters.clock,
        )

    @cached_property
    def renewal(self) -> Renewal:
        """Who is asked to renew a connection before API Gateway closes it."""
        settings = self.settings
        return Renewal(self.broadcast, settings.renew_after_seconds, settings.renew_within_seconds)

    @cached_property
    def reconciler(self) -> Reconciler:
        """What compares counts and rosters with the live connections."""
        adapters = self.adapters
        return Reconciler(
            survey=adapters.survey,
            connections=adapters.connections,
            sync=self.roster_sync,
            notifier=self.notifier,
            renewal=self.renewal,
            liveness=LivenessCheck(
                adapters.gateway, adapters.connections, adapters.sessions, adapters.clock
            ),
            metrics=adapters.metrics,
            clock=adapters.clock,
        )

    @cached_property
    def broadcast(self) -> Broadcast:
        """Fan-out."""
        return Broadcast(self.adapters.gateway, self.adapters.connections, self.adapters.clock)

    def _executor(self, name: str, threads: int = _THREADS) -> Executor:
        return logs.ContextThreads(threads, thread_name_prefix=name)


def aws_adapters(settings: Settings) -> Adapters:
    """The adapters that talk to AWS, or to the services at the configured endpoints."""
    clients = Clients(settings.region)
    clock = SystemClock()
    sessions = Table(clients, settings.sessions_table, "sessionId")
    connections = ConnectionsTable(Table(clients, settings.connections_table, "connectionId"))
    rosters = RostersTable(
        Table(clients, settings.rosters_table, "sessionKey"), sessions, connections
    )
    cached = Table(clients, settings.cached_translations_table, "cacheKey")
    shared = SentenceRows(sessions)
    stored = SessionsTable(sessions, settings.keep_sentences)
    return Adapters(
        sessions=stored,
        counters=CounterRows(sessions),
        in_flight=shared,
        tallies=shared,
        invoker=BroadcastFunction(clients, settings.broadcast_function),
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


_current: list[Application] = []
_composing = Lock()


def application() -> Application:
    """The application of this process, composed from the environment when first asked for.

    Raises:
        ConfigurationError: a setting is missing.
    """
    with _composing:
        if not _current:
            logs.install()
            settings = Settings.from_env()
            _current.append(Application(settings, aws_adapters(settings)))
            before_stop(close)
        return _current[-1]


def close() -> None:
    """Writes what this process only has in memory: the last thing it does, and it may be too late.

    Never raises; a process that stops without it has lost two minutes of statistics.
    """
    for application in tuple(_current):
        if (hit_buffer := vars(application).get("hit_buffer")) is not None:
            hit_buffer.flush()


@contextmanager
def composed(application: Application) -> Iterator[Application]:
    """Makes the handlers use that application for a while: how fakes enter."""
    _current.append(application)
    try:
        yield application
    finally:
        _current.remove(application)
