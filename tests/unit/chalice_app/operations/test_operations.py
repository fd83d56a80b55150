"""The operator's view: who may see it, and what it shows, whatever of it can be had."""

import hashlib
from dataclasses import replace

import pytest

from chalice_app.domain.errors import NoOperatorView, NotOperator, SessionFull, Unavailable
from chalice_app.domain.session import Session
from chalice_app.observability import metrics
from chalice_app.operations import messages as operator_messages
from chalice_app.operations.monitoring import Alarm, Metric, Series
from chalice_app.operations.operations import ALARMS, LAGS, MINUTES, SESSIONS
from tests.fakes.domain import NOW_MS
from tests.fakes.memory import INDEX_LAG_MS
from tests.fakes.world import SETTINGS, World

TOKEN = "an-operators-token"
HASHED = replace(SETTINGS, operator_token_hash=hashlib.sha256(TOKEN.encode()).hexdigest())
OPEN = replace(SETTINGS, operator_token_hash="open")
STAGE = (("Stage", "test"),)


def alarm(name: str, statistic: str = "Average", **changes: object) -> Alarm:
    metric = Metric(metrics.NAMESPACE, name, STAGE)
    made = Alarm(
        f"{name}-test", metric, statistic, 5, 2, 30, "LessThanThreshold", "OK", NOW_MS - 60_000
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def lag_alarm(name: str) -> Alarm:
    metric = Metric("AWS/Lambda", "IteratorAge", (("FunctionName", name),))
    return alarm(name, "Maximum", metric=metric, threshold=60_000)


@pytest.fixture
def world() -> World:
    return World(settings=OPEN)


def told(world: World, *found: Alarm) -> None:
    world.monitor.alarms |= {each.name: each for each in found}


# --- who may see it ---


def test_where_no_token_is_set_there_is_no_view() -> None:
    operations = World().app.operations
    for see in (operations.require_view, lambda: operations.state(TOKEN)):
        with pytest.raises(NoOperatorView):
            see()


@pytest.mark.parametrize(
    "token", ["", "open", "another", TOKEN.upper(), HASHED.operator_token_hash]
)
def test_another_token_is_refused(token: str) -> None:
    world = World(settings=HASHED)
    world.app.operations.require_view()
    with pytest.raises(NotOperator):
        world.app.operations.state(token)
    assert not world.tables.calls, "nothing is read for a stranger"


def test_its_token_opens_the_view() -> None:
    assert World(settings=HASHED).app.operations.state(TOKEN).stage == "test"


@pytest.mark.parametrize("token", ["", "anything"])
def test_a_stage_that_is_open_asks_for_none(world: World, token: str) -> None:
    assert world.app.operations.state(token).at_ms == NOW_MS


# --- sessions ---


def test_open_sessions_are_shown_newest_first_with_their_rosters(world: World) -> None:
    first = world.open()
    world.speaker(first)
    world.listener(first, "c1", "es")
    world.clock.advance(1000)
    second = world.open("es")
    ended = world.open()
    world.app.sessions.end(ended)
    world.clock.advance(INDEX_LAG_MS)
    state = world.app.operations.state("")
    assert [each.session_id for each in state.sessions] == [second.session_id, first.session_id]
    shown = operator_messages.stage_state(state)["sessions"][1]
    assert shown == {
        "sessionId": first.session_id,
        "sourceLanguage": "en",
        "listenerCount": 1,
        "languages": {"es": 1},
        "voices": {},
        "hasSpeaker": True,
        "lastSequence": 0,
        "createdAt": NOW_MS,
        "expiresAt": NOW_MS + SETTINGS.session_ttl_seconds * 1000,
        "title": None,
        "refused": {"minutes": 5, "reasons": {}},
    }
    assert "token" not in str(operator_messages.stage_state(state)).lower()


def test_a_session_tells_who_was_refused_lately(world: World) -> None:
    refused, quiet = world.open(), world.open()
    world.app.refusals.note_session(refused)
    for _ in range(3):
        world.app.refusals.count(SessionFull("full"), refused.session_id)
    world.clock.advance(INDEX_LAG_MS)
    state = world.app.operations.state("")
    assert state.refused == {refused.session_id: {"SESSION_FULL": 3}, quiet.session_id: {}}
    world.tables.refusing.add("get_many")
    state = world.app.operations.state("")
    assert len(state.sessions) == 2
    shown = operator_messages.stage_state(state)["sessions"]
    assert [each["refused"]["reasons"] for each in shown] == [{}, {}]


def test_a_session_past_its_life_is_not_shown_though_its_row_is_still_there(world: World) -> None:
    world.open()
    world.clock.advance(SETTINGS.session_ttl_seconds * 1000)
    assert world.app.operations.state("").sessions == []


def test_one_more_than_is_shown_is_read_to_know_whether_there_are_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def list_open(most: int) -> list[Session]:
        asked.append(most)
        return []

    monkeypatch.setattr(world.tables, "list_open", list_open)
    world.app.operations.state("")
    assert asked == [SESSIONS + 1]


def test_no_more_are_shown_than_can_be_read(world: World) -> None:
    for _ in range(SESSIONS):
        world.open()
    world.clock.advance(INDEX_LAG_MS)
    assert not world.app.operations.state("").has_more_sessions
    world.open()
    world.clock.advance(INDEX_LAG_MS)
    state = world.app.operations.state("")
    assert len(state.sessions) == SESSIONS
    assert state.has_more_sessions


def test_a_database_that_refuses_is_told_to_the_operator(world: World) -> None:
    world.tables.refusing = {"list_open"}
    with pytest.raises(Unavailable):
        world.app.operations.state("")


# --- measurements ---


def test_without_cloudwatch_the_sessions_are_still_shown(world: World) -> None:
    world.open()
    world.clock.advance(INDEX_LAG_MS)
    world.monitor.unavailable = True
    state = world.app.operations.state("")
    assert len(state.sessions) == 1
    shown = operator_messages.stage_state(state)
    assert shown["measurements"] is None
    assert shown["stage"] == SETTINGS.stage


def test_the_charts_end_with_the_running_minute(world: World) -> None:
    measured = world.app.operations.state("").measurements
    assert measured is not None
    assert measured.begin_ms % 60_000 == 0
    assert measured.begin_ms + (MINUTES - 1) * 60_000 <= NOW_MS
    assert measured.begin_ms + MINUTES * 60_000 > NOW_MS
    assert world.monitor.begun == [measured.begin_ms]


def test_what_was_measured_is_shown(world: World) -> None:
    latency = Metric(metrics.NAMESPACE, metrics.DELIVERY_LATENCY, STAGE)
    hits = Metric(metrics.NAMESPACE, metrics.CACHE_HIT_RATE, STAGE)
    empty = [None] * (MINUTES - 1)
    lags = {name: lag_alarm(name) for name in LAGS.values()}
    told(world, *lags.values())
    world.monitor.points = {
        Series(latency, "p50"): [*empty, 41.0],
        Series(latency, "p99"): [*empty, 96.0],
        Series(latency, "SampleCount"): [*empty, 4.0],
        Series(hits, "Sum"): [*empty, 300.0],
        Series(hits, "SampleCount"): [*empty, 4.0],
        Series(lags["RostersIteratorAge"].metric, "Maximum"): [*empty, 120.0],
    }
    state = world.app.operations.state("")
    shown = operator_messages.stage_state(state)["measurements"]
    assert state.measurements is not None
    assert shown["begin"] == state.measurements.begin_ms
    assert shown["latencyMedian"][-1] == 41
    assert shown["latencyP99"][-1] == 96
    assert shown["sentences"][-1] == 4
    assert shown["cacheHitRate"] == [*empty, 75.0]
    assert shown["cacheSize"] == [*empty, None]
    assert shown["lags"] == {"rosters": [*empty, 120.0], "cache": [*empty, None]}


def test_the_alarms_are_shown_with_value_and_limit(world: World) -> None:
    told(world, alarm("CacheHitRate"), alarm("FailedLanguagesCount", "Sum", state="ALARM"))
    hits = Metric(metrics.NAMESPACE, "CacheHitRate", STAGE)
    failed = Metric(metrics.NAMESPACE, "FailedLanguagesCount", STAGE)
    world.monitor.points = {
        Series(hits, "Sum"): [None] * 14 + [100.0],
        Series(hits, "SampleCount"): [None] * 14 + [4.0],
        Series(failed, "Sum"): [9.0] * 15,
    }
    shown = operator_messages.stage_state(world.app.operations.state(""))["measurements"]
    by_name = {each["name"]: each for each in shown["alarms"]}
    assert list(by_name) == list(ALARMS)
    assert by_name["CacheHitRate"] == {
        "name": "CacheHitRate",
        "state": "OK",
        "since": NOW_MS - 60_000,
        "value": 25.0,
        "unit": "Percent",
        "threshold": 30,
        "comparison": "LessThanThreshold",
        "minutes": 5,
        "periods": 2,
    }
    assert by_name["FailedLanguagesCount"]["state"] == "ALARM"
    assert by_name["FailedLanguagesCount"]["value"] == 45
    assert by_name["BufferOverflowRate"] == {"name": "BufferOverflowRate", "state": "MISSING"}


def test_the_wire_s_names_are_those_of_the_page_s() -> None:
    world = World(settings=OPEN)
    world.open()
    shown = operator_messages.stage_state(world.app.operations.state(""))
    assert shown.keys() == {"stage", "at", "sessions", "hasMoreSessions", "measurements"}
    assert shown["measurements"].keys() == {
        *("begin", "latencyMedian", "latencyP99", "sentences", "cacheHitRate", "cacheSize"),
        *("lags", "alarms"),
    }


def test_a_cloudwatch_that_does_not_answer_is_logged_with_its_cause(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.monitor.unavailable = True
    world.app.operations.state("")
    (record,) = caplog.records
    assert (record.levelname, record.getMessage()) == ("WARNING", "CloudWatch does not answer")
    assert record.exc_info is not None
    assert record.exc_info[0] is Unavailable
