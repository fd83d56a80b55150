"""One message on its way to many connections: what is left to send, and what became of the rest."""

import heapq
import itertools
import math
import random
from collections import Counter
from collections.abc import Sequence

from chalice_app.aws.posting.connection_requests import ConnectionRequests
from chalice_app.aws.posting.token_bucket import TokenBucket
from chalice_app.domain.reports import Posted

MAX_RETRIES = 2
"""Of a caption: the next one comes soon, and is worth more than the third try of this one."""

REPEATABLE_RETRIES = 5
"""Of notices, of which no other comes soon: within 3 s. Where 30 % of requests fail, one notice in
a thousand is lost."""

BACK_OFF_SECONDS = 0.1
"""A retry waits up to this, doubled each time, with full jitter (AWS Architecture Blog, 2015)."""


class Attempt:
    """One connection's turn; what is in flight is given up at its `deadline`."""

    __slots__ = ("connection_id", "deadline", "fan_out", "retries")

    def __init__(self, fan_out: "FanOut", connection_id: str) -> None:
        self.fan_out = fan_out
        self.connection_id = connection_id
        self.retries = 0
        self.deadline = fan_out.deadline

    def request(self, now: float) -> bytes:
        """What to send, signed."""
        return self.fan_out.requests.to(self.connection_id, now)


class FanOut:
    """The same bytes to every connection until the deadline (time.monotonic() seconds).

    `bucket` bounds these requests alone, below what bounds them all. `outcomes` counts responses by
    status and failures by kind, retried ones too. What is sent may come twice: captions have
    sequences, and a client shows each once. `repeatable` is tried more often, and also where no
    answer came in time; anything else has so many `retries` a connection. Not thread-safe.
    """

    __slots__ = (
        "_delivered", "_dropped", "_failed", "_gone", "_ids", "_most_retries", "_next", "_order",
        "_retries", "_total", "bucket", "deadline", "outcomes", "repeatable", "requests",
    )  # fmt: skip

    def __init__(
        self,
        requests: ConnectionRequests,
        connection_ids: Sequence[str],
        deadline: float,
        bucket: TokenBucket | None = None,
        *,
        repeatable: bool = False,
        retries: int = MAX_RETRIES,
    ) -> None:
        self.requests = requests
        self.repeatable = repeatable
        self._most_retries = REPEATABLE_RETRIES if repeatable else retries
        self.bucket = bucket
        self.deadline = deadline
        self.outcomes: Counter[int | str] = Counter()
        self._ids = connection_ids
        self._total = len(connection_ids)
        self._next = 0
        self._retries: list[tuple[float, int, Attempt]] = []
        self._order = itertools.count()
        self._gone: list[str] = []
        self._delivered = self._dropped = self._failed = 0

    @property
    def done(self) -> bool:
        """Whether every connection has been counted."""
        return self._delivered + len(self._gone) + self._dropped + self._failed == self._total

    def posted(self) -> Posted:
        """The counts so far; complete once done."""
        return Posted(self._delivered, tuple(self._gone), self._dropped, self._failed)

    def has_work(self, now: float) -> bool:
        """Whether an attempt could start now."""
        if self._next < self._total:
            return True
        return bool(self._retries) and self._retries[0][0] <= now

    def next_attempt(self, now: float) -> Attempt:
        """The attempt to start now: a retry that is due, else the next connection's first."""
        if self._retries and self._retries[0][0] <= now:
            return heapq.heappop(self._retries)[2]
        connection_id = self._ids[self._next]
        self._next += 1
        return Attempt(self, connection_id)

    def next_due(self, now: float) -> float:
        """When to look at it again: as its next retry comes due, else at the deadline.

        A retry overdue needs no alarm: it only waits for room, and is the next to start.
        """
        if self._retries and self._retries[0][0] > now:
            return self._retries[0][0]
        return self.deadline

    def answered(self, attempt: Attempt, status: int, now: float) -> None:
        """Counts a response."""
        self.outcomes[status] += 1
        if 200 <= status < 300:
            self._delivered += 1
        elif status == 410:
            self._gone.append(attempt.connection_id)
        elif status == 429 or status >= 500:
            self._retry(attempt, now)
        else:
            self._failed += 1

    def broke(self, attempt: Attempt, kind: str, now: float, *, final: bool = False) -> None:
        """Counts a socket's failure. What was sent may have been delivered, and is tried again.

        Where the failure is `final`, only what is repeatable is: another try of a caption would
        hardly come in time, and would keep a socket from other listeners.
        """
        self.outcomes[kind] += 1
        if final and not self.repeatable:
            self._failed += 1
        else:
            self._retry(attempt, now)

    def expire(self) -> None:
        """The deadline has passed: what never started is dropped, what waits for a retry failed."""
        self._dropped += self._total - self._next
        self._next = self._total
        self._failed += len(self._retries)
        self._retries.clear()

    def fail(self, kind: str) -> None:
        """Fails what has not started, all of it for the same reason."""
        left = self._total - self._next
        self.outcomes[kind] += left
        self._failed += left
        self._next = self._total

    def _retry(self, attempt: Attempt, now: float) -> None:
        longest = BACK_OFF_SECONDS * math.ldexp(1.0, attempt.retries)
        due = now + random.uniform(0.0, longest)  # noqa: S311 - jitter, not a secret
        if attempt.retries == self._most_retries or due >= self.deadline:
            self._failed += 1
            return
        attempt.retries += 1
        heapq.heappush(self._retries, (due, next(self._order), attempt))
