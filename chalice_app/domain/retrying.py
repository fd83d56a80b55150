"""One loop for all that another writer may get in the way of: read, write, and try again."""

import random
from collections.abc import Callable, Collection

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
    pending: Collection[str],
    settle: Callable[[Collection[str]], Collection[str]],
    wait: Callable[[float], None],
) -> Collection[str]:
    """Settles what is pending, in several tries; returns what is not settled after the last.

    `settle` reads and writes, and returns what another writer kept it from; `wait` takes the
    seconds to wait before it is called again.
    """
    for attempt in range(TRIES):
        if not pending:
            break
        if attempt:
            wait(backoff(attempt))
        pending = settle(pending)
    return pending
