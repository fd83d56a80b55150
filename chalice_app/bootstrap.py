"""The composition root: the only place that builds AWS adapters, and where fakes enter.

Nothing is built at import: Lambda imports a module before it has the environment of a call, and
tests have none at all.
"""

import sys
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from threading import Lock

from chalice_app.aws.cached_translations_table import CachedTranslationsTable
from chalice_app.aws.clients import Clients
from chalice_app.aws.connections_table import ConnectionsTable
from chalice_app.aws.dynamodb import Table
from chalice_app.aws.management_api import ManagementApi
from chalice_app.aws.rosters_table import RostersTable
from chalice_app.aws.sessions_table import SessionsTable
from chalice_app.aws.translate import AmazonTranslate
from chalice_app.broadcast import Broadcast
from chalice_app.clock import Clock, SystemClock
from chalice_app.config import Settings
from chalice_app.metrics import EmbeddedMetrics
from chalice_app.ports import (
    ConnectionStore,
    Gateway,
    Ledger,
    MetricsSink,
    Roster,
    SessionStore,
    TranslationCacheStore,
    Translator,
)
from chalice_app.rendering import Renderer
from chalice_app.resume import Resume
from chalice_app.sessions import Sessions
from chalice_app.speech import Speech
from chalice_app.translation import Translation
from chalice_app.translation_cache import TranslationCache

_THREADS = 64
"""Threads of a function's two pools: a sentence in 30 languages needs 30 of each, and they wait."""


@dataclass(frozen=True)
class Adapters:
    """The outside world, as the use cases know it."""

    sessions: SessionStore
    connections: ConnectionStore
    roster: Roster
    ledger: Ledger
    cache: TranslationCacheStore
    translator: Translator
    gateway: Gateway
    metrics: MetricsSink
    clock: Clock


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
        )

    @cached_property
    def speech(self) -> Speech:
        """A sentence's way."""
        return Speech(
            sessions=self.adapters.sessions,
            roster=self.adapters.roster,
            renderer=self.renderer,
            broadcast=self.broadcast,
            metrics=self.adapters.metrics,
            executor=self._executor("speech"),
            clock=self.adapters.clock,
        )

    @cached_property
    def translation(self) -> Translation:
        """The engine, in its own threads: deliveries must never wait for a hung translation."""
        return Translation(
            self.adapters.translator, self._executor("translation"), self.adapters.clock
        )

    @cached_property
    def cache(self) -> TranslationCache:
        """Translations made before."""
        return TranslationCache(
            self.adapters.cache, self.adapters.clock, self.settings.cache_ttl_seconds
        )

    @cached_property
    def renderer(self) -> Renderer:
        """Sentences in their listeners' languages."""
        return Renderer(self.translation, self.cache)

    @cached_property
    def resume(self) -> Resume:
        """What those who come back have missed."""
        return Resume(self.adapters.sessions, self.renderer, self.broadcast)

    @cached_property
    def broadcast(self) -> Broadcast:
        """Fan-out."""
        return Broadcast(self.adapters.gateway, self.adapters.connections, self.adapters.clock)

    def _executor(self, name: str) -> Executor:
        return ThreadPoolExecutor(_THREADS, thread_name_prefix=name)


def aws_adapters(settings: Settings) -> Adapters:
    """The adapters that talk to AWS, or to whatever answers at its endpoints."""
    clients = Clients(settings.region)
    clock = SystemClock()
    sessions = Table(clients, settings.sessions_table, "sessionId")
    connections = ConnectionsTable(Table(clients, settings.connections_table, "connectionId"))
    rosters = RostersTable(
        Table(clients, settings.rosters_table, "connectionId"), sessions, connections
    )
    return Adapters(
        sessions=SessionsTable(sessions, settings.keep_sentences),
        connections=connections,
        roster=rosters,
        ledger=rosters,
        cache=CachedTranslationsTable(
            Table(clients, settings.cached_translations_table, "cacheKey")
        ),
        translator=AmazonTranslate(clients),
        gateway=ManagementApi(
            settings.management_endpoint,
            settings.region,
            clients.credentials,
            settings.max_concurrent_broadcasts,
        ),
        metrics=EmbeddedMetrics(sys.stdout, settings.stage, clock),
        clock=clock,
    )


_current: list[Application] = []
_composing = Lock()


def application() -> Application:
    """The application of this process, composed from the environment when first asked for.

    Raises:
        ConfigurationError: a setting is missing.
    """
    with _composing:
        if not _current:
            settings = Settings.from_env()
            _current.append(Application(settings, aws_adapters(settings)))
        return _current[-1]


@contextmanager
def composed(application: Application) -> Iterator[Application]:
    """Makes the handlers use that application for a while: how fakes enter."""
    _current.append(application)
    try:
        yield application
    finally:
        _current.remove(application)
