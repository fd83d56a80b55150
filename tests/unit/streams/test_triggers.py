"""What runs the functions that have no caller, as Chalice deploys it."""

from typing import Any

import pytest

import app

SOURCES: dict[str, Any] = {source.name: source for source in app.app.event_sources}


@pytest.mark.parametrize("name", ["cache_eviction", "reconcile"])
def test_a_schedule_is_every_five_minutes(name: str) -> None:
    assert SOURCES[name].schedule_expression.to_string() == "rate(5 minutes)"


@pytest.mark.parametrize(
    ("name", "window_seconds"),
    [("rosters", 0), ("cache_access", 1)],
    ids=["the rosters wait for nothing", "hits wait for those of other containers"],
)
def test_a_stream_comes_in_large_batches_and_from_its_start(name: str, window_seconds: int) -> None:
    source = SOURCES[name]
    assert source.maximum_batching_window_in_seconds == window_seconds
    assert source.batch_size == 500
    assert source.starting_position == "TRIM_HORIZON"


def test_these_are_all() -> None:
    assert SOURCES.keys() == {"cache_eviction", "reconcile", "rosters", "cache_access"}
    names = [function.name for function in app.app.pure_lambda_functions]
    assert names == ["broadcast", "voice", "transcript"]
