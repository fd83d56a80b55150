"""The machine's clocks, in the units that the use cases count in."""

import time

from chalice_app.domain.clock import SystemClock


def test_the_time_of_day_is_in_epoch_milliseconds() -> None:
    before = time.time() * 1000
    now = SystemClock().now_ms()
    assert int(before) <= now <= time.time() * 1000


def test_durations_are_measured_in_seconds_of_the_monotonic_clock() -> None:
    before = time.monotonic()
    assert before <= SystemClock().monotonic() <= time.monotonic()
