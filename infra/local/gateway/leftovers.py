"""What closed connections leave in memory, given back when there is enough of it.

A closed transport of asyncio refers to itself (Python 3.11). Only a full collection finds it, which
the collector's own thresholds delay for hours: 1,000 connections over TLS that had ended kept
195 MB.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from infra.local.process import memory

COLLECT_AFTER = 100
"""A collection takes 60 us an open connection, so it is due when a fifth as many have ended."""

PAUSE_SECONDS = 1.0
"""Between it being due and it being done: connections often end together, and one collection finds
them all. Each would hold up captions by itself."""


class Leftovers:
    """Counts the connections that have ended."""

    def __init__(
        self, pause: float = PAUSE_SECONDS, release: Callable[[], None] = memory.release_unused
    ) -> None:
        self._pause = pause
        self._release = release
        self._ended = 0
        self._due: asyncio.TimerHandle | None = None

    def ended(self, still_open: int) -> None:
        """One more has ended; so many of its kind are open."""
        self._ended += 1
        if self._due is None and self._ended >= max(COLLECT_AFTER, still_open // 5):
            self._due = asyncio.get_running_loop().call_later(self._pause, self._give_back)

    def close(self) -> None:
        """Give nothing back any more."""
        if self._due is not None:
            self._due.cancel()

    def _give_back(self) -> None:
        self._ended = 0
        self._due = None
        self._release()
