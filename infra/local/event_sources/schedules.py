"""EventBridge's schedules on one machine: `rate(...)` expressions invoke their functions."""

from __future__ import annotations

import json
import logging
import re
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from infra.local.invocation import ACCOUNT, REGION, Function, Invoker

LOGGER = logging.getLogger(__name__)

_RATE: Final = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_SECONDS: Final = {"minute": 60.0, "hour": 3600.0, "day": 86400.0}


def rate_seconds(expression: str) -> float | None:
    """The period of a rate expression; None for `cron(...)`, which only AWS runs."""
    match = _RATE.fullmatch(expression)
    return int(match[1]) * _SECONDS[match[2]] if match else None


def scheduled_event(name: str) -> dict[str, object]:
    """What EventBridge sends to a function on schedule."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{name}"],
        "detail": {},
    }


class Ticker(threading.Thread):
    """Invokes one function every so many seconds, the first time after one period."""

    def __init__(
        self, function: Function, seconds: float, invoker: Invoker, after_call: Callable[[], None]
    ) -> None:
        """Nothing is invoked before `start`."""
        super().__init__(name=f"{function.name} schedule", daemon=True)
        self._function = function
        self._seconds = seconds
        self._invoker = invoker
        self._after_call = after_call
        self._stopped = threading.Event()

    def run(self) -> None:
        """Invoke and wait in turn: a slow run is never overtaken by the next one."""
        while not self._stopped.wait(self._seconds):
            self._invoker.call(self._function, json.dumps(scheduled_event(self._function.name)))
            self._after_call()

    def stop(self) -> None:
        """Invoke no more."""
        self._stopped.set()
