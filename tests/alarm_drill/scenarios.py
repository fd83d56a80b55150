"""An hour of a stage in each state that an alarm is, or is not, to notice.

What the functions measure is their own: the application speaks a talk over the tests' fakes, and
prints the embedded metrics that CloudWatch would read from its log. What AWS measures by itself
(errors, iterator age, queue depth) is made up.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from chalice_app.bootstrap.process import composed
from chalice_app.domain.sentence import Sentence
from chalice_app.domain.session import Session
from chalice_app.observability.metrics import EmbeddedMetrics
from chalice_app.synthesis.voices import NEURAL, STANDARD
from infra.deployment.policies import read_policies
from infra.deployment.stage_names import PROJECT, Stage, read_config
from infra.monitoring.alarm_rules import Stream, embedded_metrics
from infra.monitoring.embedded_metrics import MetricKey
from streams import voice
from tests.fakes.domain import NOW_MS, FakeClock, listener
from tests.fakes.observability import RecordingMetrics
from tests.fakes.world import World

HOUR: Final = 3600
PAUSE_SECONDS: Final = 10
"""A sentence every ten seconds."""

STAGE: Final = Stage("drill", read_config()["app_name"])
LANGUAGES: Final = ("es", "fr", "de")
LISTENERS_A_LANGUAGE: Final = 5
REPEATED: Final = 10
"""Of how many sentences a talk that repeats itself consists: liturgy, rules, announcements."""


@dataclass(frozen=True)
class Scenario:
    """An hour, and the alarms that it must set off; every other one must stay silent."""

    name: str
    stream: Stream
    fires: frozenset[str] = frozenset()


@dataclass
class _Printed(RecordingMetrics):
    """What the functions print, beside what the fakes keep."""

    embedded: EmbeddedMetrics = field(kw_only=True)

    def __post_init__(self) -> None:
        super().__init__()

    def emit(self, values: Mapping[str, float]) -> None:
        self.embedded.emit(values)


@dataclass
class Talk:
    """An hour's talk. `weather` changes the world before each sentence, by the minute.

    With `listens`, a listener of each language wants its voice.
    """

    weather: Callable[[World, float], None] = lambda world, minute: None
    texts: Callable[[int], str] = lambda number: f"Sentence {number % REPEATED}."
    minutes: float = 60
    listens: bool = False

    def stream(self) -> Stream:
        """The metrics of the talk, as the functions print them."""
        log, clock = io.StringIO(), FakeClock()
        world = World(clock=clock, metrics=_Printed(embedded=EmbeddedMetrics(log, "drill", clock)))
        session = _hall(world, self.listens)
        for number in range(int(self.minutes * 60) // PAUSE_SECONDS):
            self.weather(world, number * PAUSE_SECONDS / 60)
            sentence = Sentence(number + 1, self.texts(number), "en", clock.now_ms())
            world.app.speech.speak(world.now(session), "speaker", sentence)
            _speak_aloud(world)
            clock.advance(PAUSE_SECONDS * 1000)
        return embedded_metrics(log.getvalue().splitlines(), NOW_MS)


def _hall(world: World, listens: bool) -> Session:
    session = world.open()
    world.speaker(session)
    for language in LANGUAGES:
        for number in range(LISTENERS_A_LANGUAGE):
            name = f"{language}-{number}"
            connection = listener(session, name, language, world.clock.now_ms())
            hears = listens and number == 0
            world.tables.put_connection(replace(connection, wants_voice=hears))
            world.count([name])
    return world.now(session)


def _speak_aloud(world: World) -> None:
    """What Lambda does with the queue of the voice function."""
    payloads, world.voice_invoker.payloads = world.voice_invoker.payloads, []
    with composed(world.app):
        for payload in payloads:
            voice.handler(json.loads(payload), None)


def scenarios() -> Iterator[Scenario]:
    """Every scenario of the drill."""
    healthy = Talk().stream()
    yield Scenario("idle: nobody speaks", _aws())
    yield Scenario("healthy hour", {**healthy, **_aws()})
    yield from _of_talks()
    yield from _of_voices()
    yield from _of_functions(healthy)
    yield from _of_streams(healthy)


def _of_talks() -> Iterator[Scenario]:
    never_heard = Talk(texts=lambda number: f"Never heard {number}.")
    yield _talk("every sentence is new", never_heard, "CacheHitRate")
    some = {"es-0", "fr-0"}
    yield _talk("a tenth of the posts fail", Talk(_from(0, 60, failing=some)), _SUCCESS)
    short = Talk(_from(20, 24, failing=some))
    yield _talk("they do for four minutes", short)
    mended = Talk(_from(20, 40, failing=some))
    yield _talk("they do for twenty minutes", mended, _SUCCESS)
    late = Talk(_from(0, 60, late=some))
    # What is dropped is not delivered either.
    yield _talk("a tenth is too late and dropped", late, "BufferOverflowRate", _SUCCESS)
    gone = Talk(_from(0, 60, gone={f"es-{number}" for number in range(LISTENERS_A_LANGUAGE)}))
    yield _talk("a third of the listeners have left", gone)
    down = Talk(_engine_down, texts=lambda number: f"Sentence {number % REPEATED}.")
    yield _talk("the engine fails for one language", down, "FailedLanguagesCount")
    ends = Talk(_from(0, 60, failing=some), minutes=9)
    yield _talk("posts fail, and the talk ends at once", ends, _SUCCESS)


def _of_voices() -> Iterator[Scenario]:
    yield _talk("listeners listen", Talk(listens=True))
    yield _talk("Polly fails", Talk(_polly_fails, listens=True), "FailedVoicesCount")
    yield _talk("Polly throttles its neural voices", Talk(_polly_throttles, listens=True))
    out_of_reach = Talk(_sounds_out_of_reach(0, 60), listens=True)
    yield _talk("the sounds are out of reach", out_of_reach, "FailedVoicesCount")
    short = Talk(_sounds_out_of_reach(20, 24), listens=True)
    yield _talk("they are for four minutes", short)
    refused = Talk(_voices_refused, listens=True)
    yield _talk("no voice function is invoked", refused, "FailedVoicesCount")


def _polly_fails(world: World, _: float) -> None:
    world.polly.failing = {NEURAL, STANDARD}


def _polly_throttles(world: World, _: float) -> None:
    world.polly.busy = {NEURAL}


def _voices_refused(world: World, _: float) -> None:
    world.voice_invoker.refusing = True


def _sounds_out_of_reach(begin: float, end: float) -> Callable[[World, float], None]:
    def weather(world: World, minute: float) -> None:
        world.sounds.refusing = {"find"} if begin <= minute < end else set()

    return weather


def _talk(name: str, talk: Talk, *fires: str) -> Scenario:
    return Scenario(name, {**talk.stream(), **_aws()}, frozenset(fires))


_SUCCESS: Final = "BroadcastSuccessRate"


def _from(begin: float, end: float, **states: set[str]) -> Callable[[World, float], None]:
    """Connections in a state of the fakes' gateway from one minute to another."""

    def weather(world: World, minute: float) -> None:
        for state, connections in states.items():
            setattr(world.gateway, state, connections if begin <= minute < end else set())

    return weather


def _engine_down(world: World, _: float) -> None:
    world.translator.failing = {"es"}


def _of_functions(healthy: Stream) -> Iterator[Scenario]:
    for function in sorted(read_policies(PROJECT)):
        camel = "".join(part.capitalize() for part in function.split("_"))
        failing = _lambda(function, "Errors", [1.0] * 60)
        yield Scenario(f"{function} fails", {**healthy, **failing}, frozenset({f"{camel}Errors"}))
        throttled = _lambda(function, "Throttles", [1.0] * 60)
        fires = frozenset({f"{camel}Throttles"})
        yield Scenario(f"{function} is throttled", {**healthy, **throttled}, fires)
    once = _lambda("reconcile", "Errors", [0.0] * 30 + [1.0] + [0.0] * 29)
    yield Scenario("reconcile fails once", {**healthy, **once})
    # A hall of 10,000 leaves: as many invocations, which Lambda retries.
    crowd = _lambda("websocket_disconnect", "Throttles", [0.0] * 30 + [500.0] + [0.0] * 29)
    yield Scenario("a hall leaves, and is throttled for a minute", {**healthy, **crowd})


def _of_streams(healthy: Stream) -> Iterator[Scenario]:
    growing = [minute * 60_000.0 for minute in range(60)]
    for function, alarm in (("rosters", "Rosters"), ("cache_access", "CacheAccess")):
        stuck = _lambda(function, "IteratorAge", growing)
        fires = frozenset({f"{alarm}IteratorAge"})
        yield Scenario(f"the stream of {function} is stuck", {**healthy, **stuck}, fires)
    # Ten minutes behind once, and caught up within a period: nobody needs to get up.
    hiccup = _lambda("rosters", "IteratorAge", [200.0] * 30 + [600_000.0] * 2 + [200.0] * 28)
    yield Scenario("a stream was behind for two minutes", {**healthy, **hiccup})
    letters = {_queue(): _by_minute([0.0] * 20 + [1.0] * 40)}
    fires = frozenset({"DeadLetters"})
    yield Scenario("a record is put aside", {**healthy, **letters}, fires)


def _aws() -> Stream:
    """What AWS measures while nothing is wrong."""
    stream: dict[MetricKey, Sequence[tuple[float, float]]] = {_queue(): _by_minute([0.0] * 60)}
    for function in read_policies(PROJECT):
        for metric in ("Errors", "Throttles"):
            stream |= _lambda(function, metric, [0.0] * 60)
    for function in ("rosters", "cache_access"):
        stream |= _lambda(function, "IteratorAge", [200.0] * 60)
    return stream


def _lambda(function: str, metric: str, by_minute: Sequence[float]) -> Stream:
    dimensions = frozenset({("FunctionName", STAGE.function_name(function))})
    return {("AWS/Lambda", metric, dimensions): _by_minute(by_minute)}


def _queue() -> MetricKey:
    name = f"{STAGE.application}-{STAGE.name}-dead-letters"
    return "AWS/SQS", "ApproximateNumberOfMessagesVisible", frozenset({("QueueName", name)})


def _by_minute(values: Sequence[float]) -> Sequence[tuple[float, float]]:
    return [(minute * 60.0, value) for minute, value in enumerate(values)]
