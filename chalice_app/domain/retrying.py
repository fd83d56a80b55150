"""One loop for writes that another writer may prevent: read, write, and try again."""

import random
from collections.abc import Callable, Collection
from typing import TypeVar

Pending = TypeVar("Pending")

TRIES = 8
"""Readings of the truth before a row is reported as failed."""

_BACKOFF_SECONDS = 0.01
_BACKOFF_LIMIT_SECONDS = 0.5


def backoff(attempt: int) -> float:
    """Seconds before an effect reads again, for retry number `attempt` (from 1), with full jitter.

    Shorter than the tables' own between calls: somebody else has just changed the same rows.
    """
    return random.uniform(0, min(_BACKOFF_LIMIT_SECONDS, _BACKOFF_SECONDS * 2**attempt))  # noqa: S311


def retry_pending(
    pending: Collection[Pending],
    try_once: Callable[[Collection[Pending]], Collection[Pending]],
    wait: Callable[[float], None],
) -> Collection[Pending]:
    """Tries what is pending, several times; returns what is still pending after the last try.

    `try_once` reads and writes, and returns what another writer kept it from; `wait` takes the
    seconds to wait before it is called again.
    """
    for attempt in range(TRIES):
        if not pending:
            break
        if attempt:
            wait(backoff(attempt))
        pending = try_once(pending)
    return pending
