"""A token bucket: how fast requests may start."""

BURST_SECONDS = 0.1
"""What may be saved up, as seconds at the rate: in any second at most a tenth above the rate.

API Gateway's own bucket is half a second deep (10,000 a second, 5,000 at once), but the whole
account and region drinks from it.
"""


_ROUNDING = 1e-9  # or else a token would not be there when it was promised


class TokenBucket:
    """Admits `rate` requests a second; times are time.monotonic() seconds. Not thread-safe."""

    __slots__ = ("_burst", "_rate", "_seen", "_tokens")

    def __init__(self, rate: float) -> None:
        if rate <= 0:
            raise ValueError("a rate is above 0 requests a second")
        self._rate = rate
        self._burst = max(1.0, rate * BURST_SECONDS)
        self._tokens = self._burst
        self._seen = 0.0

    def wait(self, now: float) -> float:
        """Takes a token and returns 0, or takes none and returns the seconds until there is one."""
        if now > self._seen:
            self._tokens = min(self._burst, self._tokens + (now - self._seen) * self._rate)
            self._seen = now
        if self._tokens < 1.0 - _ROUNDING:
            return (1.0 - self._tokens) / self._rate
        self._tokens -= 1.0
        return 0.0

    def put_back(self) -> None:
        """Returns a token that was taken and not used."""
        self._tokens += 1.0
