"""Time as the use cases see it, so that tests can hold it still."""

import time
from dataclasses import dataclass
from typing import Protocol


class Clock(Protocol):
    """Two clocks: one has the time of day, one measures durations."""

    def now_ms(self) -> int:
        """Epoch milliseconds."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start, never set back."""


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's clocks."""

    def now_ms(self) -> int:
        """Epoch milliseconds."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Seconds of `time.monotonic`."""
        return time.monotonic()
