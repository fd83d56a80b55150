"""How often a call to DynamoDB is tried, and how long the pauses are."""

import random
import time
from collections.abc import Iterator

_TRIES = 8
_BACKOFF_SECONDS = 0.02
_BACKOFF_LIMIT_SECONDS = 0.5


def backoff(attempt: int) -> float:
    """Seconds to wait before retry number `attempt` (from 0): exponential with full jitter.

    Source: https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
    """
    return random.uniform(0, min(_BACKOFF_LIMIT_SECONDS, _BACKOFF_SECONDS * 2**attempt))  # noqa: S311


def tries() -> Iterator[None]:
    """The tries that a call gets, with a pause between one and the next."""
    yield
    for attempt in range(_TRIES - 1):
        time.sleep(backoff(attempt))
        yield
