"""The production application over the simulated tables and sockets.

Composed by `bootstrap.Application` itself: what is replaced are its adapters, its threads, its
waits, and the translation, which is not what is under test.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

from botocore.exceptions import ReadTimeoutError

from chalice_app.admission.limits import AdmissionLimits
from chalice_app.aws.dynamodb.in_flight import InFlightRows
from chalice_app.bootstrap.adapters import Adapters
from chalice_app.bootstrap.application import Application
from chalice_app.domain.errors import Unavailable
from chalice_app.domain.sentence import Caption, Origin, Sentence
from chalice_app.domain.session import Session
from chalice_app.rosters.catch_up import CatchUp
from chalice_app.rosters.notifier import RosterNotifier
from chalice_app.rosters.synchronisation import RosterSync
from chalice_app.sessions.closing import ConnectionCloser
from chalice_app.settings import Settings
from chalice_app.synthesis.voices import ALL_GOOD
from chalice_app.translation.engine import TranslationEngine
from chalice_app.translation.sentence_translator import SentenceTranslator
from tests.fakes.threads import SameThread
from tests.simulation.client import SimulatedClient, Tables
from tests.simulation.delivery.sockets import SimulatedGateway
from tests.simulation.tables import CONNECTIONS, ROSTERS, SENTENCES, SESSIONS
from tests.simulation.threadless import LateThread
from tests.simulation.virtual_time import VirtualClock

_SETTINGS = Settings(
    sessions_table=SESSIONS.name,
    connections_table=CONNECTIONS.name,
    cached_translations_table="",
    rosters_table=ROSTERS.name,
    sentences_table=SENTENCES.name,
    region="simulated",
    stage="simulated",
    websocket_url="",
    management_endpoint="",
    session_ttl_seconds=3600,
    # A simulated second holds more sentences than a real one.
    limits=AdmissionLimits(sentences_per_second=0),
    voice_languages=ALL_GOOD,
)


class Stage(Application):
    """The use cases of one run; a design that is known to be wrong is a subclass."""

    client: SimulatedClient
    is_late: bool

    @classmethod
    def over(
        cls,
        tables: Tables,
        client: SimulatedClient,
        clock: VirtualClock,
        slice_listeners: int,
        is_late: bool,
    ) -> "Stage":
        """The application over these; where `is_late`, its threads run as late as threads may."""
        stage = cls(
            replace(_SETTINGS, slice_listeners=slice_listeners), cls.adapted(tables, client, clock)
        )
        stage.__dict__.update(client=client, is_late=is_late)
        return stage

    @classmethod
    def adapted(cls, tables: Tables, client: SimulatedClient, clock: VirtualClock) -> Adapters:
        """The adapters; those that a run has no use for are missing."""
        seen = Watch(clock)
        rows = InFlightRows(tables.sessions.table)
        missing: Any = None
        return Adapters(
            sessions=tables.sessions,
            sentences=tables.sentences,
            counters=missing,
            glossaries=missing,
            dictation=missing,
            recogniser=missing,
            in_flight=rows,
            tallies=rows,
            invoker=Invoker(client),
            voice_invoker=VoiceInvoker(),
            speech_engine=missing,
            sounds=missing,
            transcript_work=missing,
            transcript_files=missing,
            transcript_invoker=missing,
            connections=tables.connections,
            roster=tables.rosters,
            ledger=tables.rosters,
            survey=tables.survey,
            cache=missing,
            translator=missing,
            gateway=SimulatedGateway(client, seen),
            metrics=Unmeasured(),
            clock=seen,
            hits=missing,
            recency=missing,
            owners=None,
            directory=tables.sessions,
            monitor=missing,
            prepare=lambda: None,
        )

    @cached_property
    def engine(self) -> TranslationEngine:
        """An engine that offers every language."""
        return cast("TranslationEngine", AnyLanguage())

    @cached_property
    def sentence_translator(self) -> SentenceTranslator:
        """Captions that say what was said."""
        return cast("SentenceTranslator", Interpreter(self.client))

    @cached_property
    def closer(self) -> ConnectionCloser:
        """As it is, but for the wait."""
        return replace(super().closer, wait=self.wait)

    @cached_property
    def roster_sync(self) -> RosterSync:
        """As it is, but for the wait."""
        return RosterSync(self.adapters.ledger, wait=self.wait)

    @cached_property
    def notifier(self) -> RosterNotifier:
        """As it is, but for the wait."""
        return replace(super().notifier, wait=self.wait)

    @cached_property
    def catch_up(self) -> CatchUp:
        """As it is, but for the wait."""
        return replace(super().catch_up, wait=self.wait)

    def wait(self, seconds: float) -> None:
        """Lets the time pass."""
        self.client.route("wait", {"seconds": seconds})

    def _executor(self, name: str, threads: int = 0) -> Executor:
        return LateThread() if self.is_late else SameThread()


@dataclass(frozen=True)
class Watch:
    """`Clock` that shows the run's time."""

    clock: VirtualClock

    def now_ms(self) -> int:
        """Epoch milliseconds."""
        return self.clock.milliseconds

    def monotonic(self) -> float:
        """Seconds, of the same clock."""
        return self.clock.milliseconds / 1000


@dataclass(frozen=True)
class Invoker:
    """`BatchInvoker` whose invocations a schedule starts."""

    client: SimulatedClient

    def invoke(self, payload: Mapping[str, Any]) -> None:
        """Hands the payload over, if the request arrives."""
        try:
            self.client.route("invoke", payload)
        except ReadTimeoutError:
            raise Unavailable("no answer") from None


def _unheard(_: Mapping[str, Any]) -> None:
    """Nobody looks at what is asked."""


@dataclass
class VoiceInvoker:
    """`synthesis.ports.VoiceInvoker`: what is asked is looked at, and not spoken."""

    asked: Callable[[Mapping[str, Any]], None] = _unheard

    def invoke(self, payload: Mapping[str, Any]) -> None:
        """Has it looked at."""
        self.asked(payload)


@dataclass(frozen=True)
class Interpreter:
    """In place of `SentenceTranslator`: each language takes a call of its own."""

    client: SimulatedClient

    def translate(
        self, session: Session, sentence: Sentence, languages: Collection[str]
    ) -> Iterator[Caption]:
        """A caption for each language, one after the other."""
        for language in languages:
            self.client.route("translate", {"language": language})
            yield Caption(
                session.session_id,
                sentence.sequence,
                language,
                sentence.text,
                sentence.source_language,
                sentence.spoken_at,
                Origin.ENGINE,
                sentence.revision,
            )

    def remember(self, _: Sentence, __: Collection[Caption]) -> None:
        """Nothing is cached here."""


class AnyLanguage:
    """In place of `TranslationEngine`."""

    def require_language(self, tag: str) -> str:
        """It is offered."""
        return tag


class Unmeasured:
    """In place of `MetricsSink`."""

    def emit(self, _: object) -> None:
        """A metric."""

    def emit_pair(self, _: str, __: object) -> None:
        """A metric of a language pair."""
