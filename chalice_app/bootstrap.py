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

from chalice_app import logs
from chalice_app.access_outbox import AccessOutbox
from chalice_app.aws.broadcast_function import BroadcastFunction
from chalice_app.aws.cache_accesses import CacheAccesses
from chalice_app.aws.cache_recency import CacheRecency
from chalice_app.aws.cached_translations_table import CachedTranslationsTable
from chalice_app.aws.clients import Clients
from chalice_app.aws.cloudwatch import CloudWatch
from chalice_app.aws.connections_table import ConnectionsTable
from chalice_app.aws.counter_rows import CounterRows
from chalice_app.aws.dynamodb import Table
from chalice_app.aws.management_api import ManagementApi
from chalice_app.aws.roster_survey import DynamoDbSurvey
from chalice_app.aws.rosters_table import RostersTable
from chalice_app.aws.sentence_rows import SentenceRows
from chalice_app.aws.sessions_table import SessionsTable
from chalice_app.aws.translate import AmazonTranslate
from chalice_app.broadcast import Broadcast
from chalice_app.budget import Budget
from chalice_app.cache_eviction import Eviction
from chalice_app.clock import Clock, SystemClock
from chalice_app.config import Settings
from chalice_app.errors import NoOperatorView
from chalice_app.flow import Flow
from chalice_app.limits import RateLimits
from chalice_app.metrics import EmbeddedMetrics
from chalice_app.oidc import OidcOwners
from chalice_app.operations import Operations
from chalice_app.ports import (
    AccessStore,
    ConnectionStore,
    CounterStore,
    Gateway,
    Ledger,
    MetricsSink,
    Monitor,
    OwnerVerifier,
    PairMetricsSink,
    RecencyIndex,
    Roster,
    RosterSurvey,
    SentencesUnderWay,
    SessionDirectory,
    SessionStore,
    SliceInvoker,
    TallyStore,
    TranslationCacheStore,
    Translator,
)
from chalice_app.rendering import Renderer
from chalice_app.reporting import Reporting
from chalice_app.resume import Resume
from chalice_app.sessions import LATE_CAPTIONS, Sessions
from chalice_app.slices import Slicing
from chalice_app.speech import Speech
from chalice_app.stopping import before_stop
from chalice_app.translation import LANDED_SECONDS, Translation
from chalice_app.translation_cache import TranslationCache
from chalice_app.warm_up import WarmUp

_LANGUAGE_THREADS = 64
"""Threads that translate, and threads that wait for translations and send: a sentence in 30
languages needs 30 of each."""

_THREADS = 32
"""Threads of each other pool, where a sentence needs one for some milliseconds: more than Lambda's
one invocation at a time has use for, and one for each of the local stage's."""


@dataclass(frozen=True)
class Adapters:
    """The outside world, as the use cases know it.

    Without `accesses` nobody keeps the cache's statistics, without `recency` nobody its limit;
    without `owners` everybody may open sessions, without `directory` and `monitor` there is no
    operator's view. `prepare` makes what they need for their first calls, and makes none.
    """

    sessions: SessionStore
    counters: CounterStore
    under_way: SentencesUnderWay
    tally: TallyStore
    invoker: SliceInvoker
    connections: ConnectionStore
    roster: Roster
    ledger: Ledger
    survey: RosterSurvey
    cache: TranslationCacheStore
    translator: Translator
    gateway: Gateway
    metrics: MetricsSink
    clock: Clock
    accesses: AccessStore | None = None
    recency: RecencyIndex | None = None
    pair_metrics: PairMetricsSink | None = None
    owners: OwnerVerifier | None = None
    directory: SessionDirectory | None = None
    monitor: Monitor | None = None
    prepare: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Application:
    """The use cases, composed over some adapters; each part is built when first asked for."""

    settings: Settings
    adapters: Adapters

    @cached_property
    def sessions(self) -> Sessions:
        """Sessions and who is in them."""
        return Sessions(
            sessions=self.adapters.sessions,
            connections=self.adapters.connections,
            translation=self.translation,
            broadcast=self.broadcast,
            clock=self.adapters.clock,
            ttl_seconds=self.settings.session_ttl_seconds,
            limits=self.settings.limits,
            late_captions=LATE_CAPTIONS if self.settings.keep_sentences else 0,
        )

    @cached_property
    def limits(self) -> RateLimits:
        """How often an address or an owner may come."""
        return RateLimits(self.adapters.counters, self.adapters.clock, self.settings.limits)

    @cached_property
    def speech(self) -> Speech:
        """A sentence's way."""
        return Speech(
            sessions=self.adapters.sessions,
            roster=self.adapters.roster,
            renderer=self.renderer,
            broadcast=self.broadcast,
            flow=self.flow,
            slicing=self.slicing,
            reporting=self.reporting,
            metrics=self.adapters.metrics,
            executor=self._executor("speech", _LANGUAGE_THREADS),
            clock=self.adapters.clock,
        )

    @cached_property
    def warm_up(self) -> WarmUp:
        """What `speech` needs, before it is needed.

        Listing the languages is free of charge; it opens a connection to the engine, and the list
        is kept for whoever changes their language.
        """
        return WarmUp((lambda: self.speech, self.adapters.prepare, self.translation.list_languages))

    @cached_property
    def flow(self) -> Flow:
        """Admission of sentences."""
        return Flow(
            self.adapters.sessions,
            self.adapters.under_way,
            self._executor("flow"),
            self.adapters.clock,
            self.settings.limits.sentences_per_second,
        )

    @cached_property
    def reporting(self) -> Reporting:
        """The end of a sentence's way."""
        return Reporting(self.broadcast, self.flow, self.adapters.clock)

    @cached_property
    def slicing(self) -> Slicing:
        """Sentences to more listeners than one function can reach."""
        return Slicing(
            invoker=self.adapters.invoker,
            tally=self.adapters.tally,
            broadcast=self.broadcast,
            reporting=self.reporting,
            metrics=self.adapters.metrics,
            executor=self._executor("slices"),
            clock=self.adapters.clock,
            slice_listeners=self.settings.slice_listeners,
        )

    @cached_property
    def translation(self) -> Translation:
        """The engine, in its own threads: deliveries must never wait for a hung translation."""
        return Translation(
            self.adapters.translator,
            self._executor("translation", _LANGUAGE_THREADS),
            self.adapters.clock,
            LANDED_SECONDS,
        )

    @cached_property
    def cache(self) -> TranslationCache:
        """Translations made before."""
        return TranslationCache(
            self.adapters.cache,
            self.adapters.clock,
            self.settings.cache_ttl_seconds,
            self.outbox,
            self._executor("cache"),
        )

    @cached_property
    def outbox(self) -> AccessOutbox | None:
        """This container's cache hits, until they are written."""
        accesses = self.adapters.accesses
        return None if accesses is None else AccessOutbox(accesses, self.adapters.clock)

    @cached_property
    def eviction(self) -> Eviction | None:
        """What keeps the cache at its limit."""
        recency = self.adapters.recency
        if recency is None:
            return None
        limit = self.settings.max_cache_entries
        return Eviction(recency, self.adapters.metrics, self.adapters.clock, limit)

    @cached_property
    def operations(self) -> Operations:
        """The operator's view.

        Raises:
            NoOperatorView: composed without what it looks at.
        """
        directory, monitor = self.adapters.directory, self.adapters.monitor
        if directory is None or monitor is None:
            raise NoOperatorView("this stage has no operator's view")
        settings = self.settings
        return Operations(
            directory, monitor, self.adapters.clock, settings.stage, settings.operator_token_hash
        )

    @cached_property
    def renderer(self) -> Renderer:
        """Sentences in their listeners' languages."""
        budget = Budget(self.adapters.counters, self.settings.limits.character_budget)
        return Renderer(self.translation, self.cache, budget)

    @cached_property
    def resume(self) -> Resume:
        """What those who come back have missed."""
        return Resume(
            self.adapters.sessions, self.renderer, self.broadcast, self._executor("resume")
        )

    @cached_property
    def broadcast(self) -> Broadcast:
        """Fan-out."""
        return Broadcast(self.adapters.gateway, self.adapters.connections, self.adapters.clock)

    def _executor(self, name: str, threads: int = _THREADS) -> Executor:
        return logs.ContextThreads(threads, thread_name_prefix=name)


def aws_adapters(settings: Settings) -> Adapters:
    """The adapters that talk to AWS, or to whatever answers at its endpoints."""
    clients = Clients(settings.region)
    clock = SystemClock()
    sessions = Table(clients, settings.sessions_table, "sessionId")
    connections = ConnectionsTable(Table(clients, settings.connections_table, "connectionId"))
    rosters = RostersTable(
        Table(clients, settings.rosters_table, "connectionId"), sessions, connections
    )
    cached = Table(clients, settings.cached_translations_table, "cacheKey")
    shared = SentenceRows(sessions)
    embedded = EmbeddedMetrics(sys.stdout, settings.stage, clock)
    stored = SessionsTable(sessions, settings.keep_sentences)
    return Adapters(
        sessions=stored,
        counters=CounterRows(sessions),
        under_way=shared,
        tally=shared,
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
        metrics=embedded,
        clock=clock,
        accesses=CacheAccesses(cached),
        recency=CacheRecency(cached),
        pair_metrics=embedded,
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
        if (outbox := vars(application).get("outbox")) is not None:
            outbox.flush()


@contextmanager
def composed(application: Application) -> Iterator[Application]:
    """Makes the handlers use that application for a while: how fakes enter."""
    _current.append(application)
    try:
        yield application
    finally:
        _current.remove(application)
