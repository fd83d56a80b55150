"""Metric names and units, and the embedded metric format of CloudWatch.

Format: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalice_app.observability import metrics
from chalice_app.observability.metrics import UNITS, EmbeddedMetrics
from tests.fakes.domain import NOW_MS, FakeClock

PERCENT = {"CacheHitRate", "BroadcastSuccessRate", "BufferOverflowRate"}
MILLISECONDS = {"ProcessingDuration", "DeliveryLatency", "SpeechLatency"}
SECONDS = {"DictationSeconds"}
COUNT = {
    "DictationStarted",
    "CacheSize",
    "CacheEvictions",
    "LanguagesProcessed",
    "FailedLanguagesCount",
    "ListenerCount",
    "CharactersTranslated",
    "CharactersSaved",
    "RosterDrift",
    "FailedVoicesCount",
    "CharactersSpoken",
    "CacheExpirations",
    "SessionsOpened",
    "HandshakesAdmitted",
    "HandshakesRefused",
    "ConnectionsClosed",
    "MessagesRefused",
    "RefusedRateLimited",
    "RefusedSessionFull",
    "RefusedWrongCode",
    "RefusedWrongToken",
    "RefusedNotFound",
}


def emitted(values: dict[str, float]) -> list[dict[str, Any]]:
    """The lines that are printed for these values."""
    stream = io.StringIO()
    EmbeddedMetrics(stream, "prod", FakeClock()).emit(values)
    printed = stream.getvalue()
    assert printed == "" or printed.endswith("\n")
    return [json.loads(line) for line in printed.splitlines()]


def check_format(line: dict[str, Any]) -> None:
    """What the specification demands of one line."""
    metadata = line["_aws"]
    assert isinstance(metadata["Timestamp"], int)
    for directive in metadata["CloudWatchMetrics"]:
        assert 1 <= len(directive["Namespace"]) <= 1024
        for dimensions in directive["Dimensions"]:
            assert len(dimensions) <= 30
            assert all(isinstance(line[name], str) for name in dimensions)
        assert len(directive["Metrics"]) <= 100
        for metric in directive["Metrics"]:
            assert isinstance(line[metric["Name"]], int | float)
            assert metric["Unit"] in {"Percent", "Count", "Seconds", "Milliseconds"}


@pytest.mark.parametrize(
    ("unit", "names"),
    [("Percent", PERCENT), ("Milliseconds", MILLISECONDS), ("Seconds", SECONDS), ("Count", COUNT)],
)
def test_every_metric_of_the_protocol_has_its_unit(unit: str, names: set[str]) -> None:
    assert {name for name in UNITS if UNITS[name] == unit} == names


def test_every_name_has_a_unit() -> None:
    names = {
        value
        for name, value in vars(metrics).items()
        if name.isupper() and isinstance(value, str) and name != "NAMESPACE"
    }
    assert names == set(UNITS)


def test_metrics_are_one_line_of_the_embedded_metric_format() -> None:
    assert emitted({metrics.CACHE_HIT_RATE: 62.5, metrics.LISTENER_COUNT: 3}) == [
        {
            "_aws": {
                "Timestamp": NOW_MS,
                "CloudWatchMetrics": [
                    {
                        "Namespace": "TranslationPipeline",
                        "Dimensions": [["Stage"]],
                        "Metrics": [
                            {"Name": "CacheHitRate", "Unit": "Percent"},
                            {"Name": "ListenerCount", "Unit": "Count"},
                        ],
                    }
                ],
            },
            "Stage": "prod",
            "CacheHitRate": 62.5,
            "ListenerCount": 3,
        }
    ]


@given(
    st.dictionaries(
        st.sampled_from(sorted(UNITS)),
        st.floats(allow_nan=False, allow_infinity=False) | st.integers(0, 10**12),
        min_size=1,
    )
)
def test_whatever_is_emitted_follows_the_specification(values: dict[str, float]) -> None:
    (line,) = emitted(values)
    check_format(line)
    assert {name: line[name] for name in values} == values


def test_nothing_to_tell_prints_nothing() -> None:
    assert emitted({}) == []


def test_a_metric_without_a_unit_is_an_error() -> None:
    with pytest.raises(KeyError):
        emitted({"Unheard": 1})


def test_a_line_is_one_write_so_that_threads_do_not_mix_theirs() -> None:
    class Writes(io.StringIO):
        count = 0

        def write(self, text: str) -> int:
            self.count += 1
            return super().write(text)

    stream = Writes()
    EmbeddedMetrics(stream, "prod", FakeClock()).emit({metrics.LISTENER_COUNT: 1})
    assert stream.count == 1


def test_a_rate_is_a_percentage() -> None:
    assert metrics.rate("X", 1, 4) == {"X": 25.0}


def test_a_rate_of_nothing_is_absent() -> None:
    assert metrics.rate("X", 0, 0) == {}


@given(st.data())
def test_a_rate_is_never_beyond_its_bounds(data: st.DataObject) -> None:
    whole = data.draw(st.integers(1, 10**6))
    part = data.draw(st.integers(0, whole))
    assert 0.0 <= metrics.rate("X", part, whole)["X"] <= 100.0


def test_a_line_leaves_the_process_at_once() -> None:
    """Lambda freezes a container after a call: what stays in a buffer would come minutes later."""
    written = io.BytesIO()
    stream = io.TextIOWrapper(written)
    EmbeddedMetrics(stream, "prod", FakeClock()).emit({"CacheSize": 1})
    assert written.getvalue().endswith(b"\n")


def test_a_language_pair_is_a_dimension_of_its_own() -> None:
    stream = io.StringIO()
    EmbeddedMetrics(stream, "prod", FakeClock()).emit_pair("en:es", {"CharactersSaved": 5})
    line = json.loads(stream.getvalue())
    assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["Stage", "LanguagePair"]]
    assert (line["Stage"], line["LanguagePair"]) == ("prod", "en:es")


def test_zero_is_the_rate_of_nothing_of_something() -> None:
    assert metrics.rate("X", 0, 1) == {"X": 0.0}
