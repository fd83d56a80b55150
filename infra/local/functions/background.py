"""What runs in the functions' host without being called: streams, schedules, the sweeper."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.config import Config

from chalice_app.bootstrap import application as all_parts
from chalice_app.bootstrap.process import current
from chalice_app.domain.session import Session
from chalice_app.operations.operations import SESSIONS
from infra.local.cloudwatch.metrics import Metrics
from infra.local.dynamodb import tables
from infra.local.dynamodb.expiries import Expiries
from infra.local.dynamodb.stream_records import Record
from infra.local.dynamodb.sweeper import Sweeper
from infra.local.event_sources.batches import BatchPolicy
from infra.local.event_sources.checkpoints import Checkpoints
from infra.local.event_sources.event_source import EventSource
from infra.local.event_sources.failure_destination import FailureFile
from infra.local.event_sources.schedules import Ticker, rate_seconds
from infra.local.event_sources.shard_reader import EventSourceMapping
from infra.local.functions.registry import Application
from infra.local.invocation import Invoker
from infra.local.polly import voice_warmup
from infra.local.polly.voice_warmup import VoiceWarmup
from infra.local.translate.engine_warmup import EngineWarmup, asking
from infra.local.warmup import Warmup

LOGGER = logging.getLogger(__name__)

STREAM_THREADS: Final = 8
"""Threads of the stream handlers: apart, so that a crowd of requests cannot starve them."""


@dataclass(frozen=True)
class Background:
    """Everything that runs without being called."""

    sources: tuple[EventSource, ...]
    tickers: tuple[Ticker, ...]
    sweeper: Sweeper
    warmups: tuple[Warmup[Any], ...]
    wake: Callable[[], None]

    def start(self) -> None:
        """Begin to poll, tick and sweep."""
        for thread in (*self.sources, *self.tickers, self.sweeper, *self.warmups):
            thread.start()

    def stop(self, seconds: float) -> None:
        """Handle what the streams still hold, for at most so long."""
        deadline = time.monotonic() + seconds
        self.sweeper.stop()
        for warmup in self.warmups:
            warmup.stop()
        for ticker in self.tickers:
            ticker.stop()
        for source in self.sources:
            source.stop(deadline)
        for source in self.sources:
            source.join(max(0.0, deadline - time.monotonic()))


def background(
    application: Application,
    invoker: Invoker,
    failures: FailureFile,
    state: Path,
    metrics: Metrics,
) -> Background:
    """The event sources, the schedules and the sweeper of an application."""
    expiries = Expiries(declared.stream_arn for declared in application.streams)
    warmups: tuple[Warmup[Any], ...] = (_engine_warmup(), *_voice_warmup())

    def preview(records: Sequence[Record]) -> None:
        for warmup in warmups:
            warmup.see(records)

    sources = _event_sources(application, failures, expiries, state, metrics, preview)

    def wake() -> None:
        for source in sources:
            source.wake()

    tickers = tuple(_tickers(application, invoker, wake))
    sweeper = Sweeper(boto3.client("dynamodb"), tables.read_tables(), expiries, wake)
    return Background(sources, tickers, sweeper, warmups, wake)


def _engine_warmup() -> EngineWarmup:
    """All parts at once: so this process's functions share their engine and cache from then on."""
    return EngineWarmup(
        session=lambda each: current(all_parts.Application).adapters.sessions.get_session(each),
        open_sessions=_open_sessions,
        prepare=asking(os.environ["AWS_ENDPOINT_URL_TRANSLATE"]),
    )


def _voice_warmup() -> Iterator[VoiceWarmup]:
    """None where the stage has no voices."""
    if endpoint := os.environ.get("AWS_ENDPOINT_URL_POLLY"):
        yield VoiceWarmup(_open_sessions, voice_warmup.asking(endpoint))


def _open_sessions() -> Iterable[Session]:
    return current(all_parts.Application).adapters.directory.list_open(SESSIONS)


def _event_sources(
    application: Application,
    failures: FailureFile,
    expiries: Expiries,
    state: Path,
    metrics: Metrics,
    preview: Callable[[Sequence[Record]], None],
) -> tuple[EventSource, ...]:
    # One try a call: the readers try again themselves, and at the end the emulator may be gone.
    once = Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=10)
    client = boto3.client("dynamodbstreams", config=once)
    checkpoints = Checkpoints(state / "checkpoints.json")
    checkpoints.keep_only({declared.stream_arn for declared in application.streams})
    invoker = Invoker(STREAM_THREADS)
    return tuple(
        EventSource(
            EventSourceMapping(
                stream_arn=declared.stream_arn,
                function=application.functions[declared.function],
                policy=BatchPolicy(declared.batch_size, declared.window),
                client=client,
                invoker=invoker,
                checkpoints=checkpoints,
                failures=failures,
                expiries=expiries,
                note_age=_iterator_age(application, declared.function, metrics),
                preview=preview,
            )
        )
        for declared in application.streams
    )


def _iterator_age(
    application: Application, function: str, metrics: Metrics
) -> Callable[[float], None]:
    """Measures a function's IteratorAge under the name that it would have on AWS."""
    name = f"{application.chalice.app_name}-{tables.STAGE}-{function}"
    key = ("AWS/Lambda", "IteratorAge", frozenset({("FunctionName", name)}))
    return lambda age_ms: metrics.put(key, time.time_ns() // 1_000_000, age_ms)


def _tickers(
    application: Application, invoker: Invoker, wake: Callable[[], None]
) -> Iterator[Ticker]:
    for schedule in application.schedules:
        seconds = rate_seconds(schedule.expression)
        if seconds is None:
            LOGGER.warning("%s runs on AWS alone: %s", schedule.function, schedule.expression)
        else:
            yield Ticker(application.functions[schedule.function], seconds, invoker, wake)
