"""Schedules: which are run, and with which event."""

import json
import threading
from typing import Any

import pytest

from infra.local.event_sources.schedules import Ticker, rate_seconds
from infra.local.invocation import Function, Invoker

PATIENCE = 10.0


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [
        ("rate(1 minute)", 60.0),
        ("rate(5 minutes)", 300.0),
        ("rate(2 hours)", 7200.0),
        ("rate(1 day)", 86400.0),
        ("cron(0 12 * * ? *)", None),
        ("rate(soon)", None),
    ],
)
def test_rates(expression: str, seconds: float | None) -> None:
    assert rate_seconds(expression) == seconds


def test_a_ticker_invokes_again_and_again_until_it_is_stopped() -> None:
    events: list[dict[str, Any]] = []
    third = threading.Event()

    def handler(event: dict[str, Any], _context: object) -> None:
        events.append(event)
        if len(events) == 3:
            third.set()

    ticker = Ticker(Function("tidy", handler), 0.001, Invoker(1), lambda: None)
    ticker.start()
    assert third.wait(PATIENCE)
    ticker.stop()
    ticker.join(PATIENCE)
    assert not ticker.is_alive()
    assert {event["source"] for event in events} == {"aws.events"}
    assert json.loads(json.dumps(events)) == events
