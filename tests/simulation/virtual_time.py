"""Time as a run knows it: it passes when the run says so, and nobody ever waits."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import SupportsIndex

START = 1_800_000_000
"""Where runs begin, in seconds since the epoch: any moment will do."""


class VirtualClock:
    """Milliseconds since the epoch, standing still between two operations of a schedule."""

    def __init__(self, seconds: int) -> None:
        self.milliseconds = seconds * 1000

    @property
    def seconds(self) -> int:
        """The same moment in whole seconds, as DynamoDB's TTL has it."""
        return self.milliseconds // 1000

    @seconds.setter
    def seconds(self, seconds: int) -> None:
        self.milliseconds = seconds * 1000

    def pass_until(self, seconds: int) -> None:
        """Moves forward to that moment, if it has not come yet."""
        self.seconds = max(self.seconds, seconds)

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Gives the calling thread this clock for `time.time` and `time.sleep`; others keep theirs.

        The adapters take the time for a tombstone's TTL and sleep between tries: a simulation that
        let them would depend on the day and last as long as the system it simulates.
        """
        thread, real_time, real_sleep = threading.get_ident(), time.time, time.sleep

        def virtual_time() -> float:
            return self.seconds if threading.get_ident() == thread else real_time()

        def virtual_sleep(seconds: float | SupportsIndex) -> None:
            if threading.get_ident() != thread:
                real_sleep(seconds)

        time.time, time.sleep = virtual_time, virtual_sleep
        try:
            yield
        finally:
            time.time, time.sleep = real_time, real_sleep
