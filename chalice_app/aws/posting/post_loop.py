"""The loop that drives every fan-out over one pool of sockets: who starts next, who has waited out.

One loop serves all callers, so that the bound on requests in flight and the rate hold for all of
them together, languages take turns, and no post needs a lock. (Under the GIL, a loop a thread would
gain nothing.)
"""

import math
import ssl
import time
from collections import deque
from dataclasses import dataclass

from chalice_app.aws.posting.fan_out import Attempt, FanOut
from chalice_app.aws.posting.http_socket import HttpSocket
from chalice_app.aws.posting.socket_pool import SocketPool
from chalice_app.aws.posting.token_bucket import TokenBucket

_LONGEST_WAIT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may be in flight, and for how long (seconds)."""

    max_in_flight: int
    connect_seconds: float
    request_seconds: float


class PostLoop:
    """Used by one thread at a time; only `add` and `wake` are for any thread.

    `_alarm` is the earliest time at which something might happen without a socket being ready. It
    may be early, never late, so that it costs nothing to keep: a request that ends leaves its own
    alarm behind, and the look round that this costs finds the true one.
    """

    def __init__(self, pool: SocketPool, limits: Limits, bucket: TokenBucket | None) -> None:
        self._pool = pool
        self._limits = limits
        self._bucket = bucket
        self._arrivals: deque[FanOut] = deque()
        self._fan_outs: deque[FanOut] = deque()
        self._busy: dict[HttpSocket, Attempt] = {}
        self._alarm = math.inf

    def add(self, fan_out: FanOut) -> None:
        """Hands in a fan-out, from any thread; the caller that drives the loop serves it."""
        self._arrivals.append(fan_out)

    def wake(self) -> None:
        """Has the thread that drives the loop look for arrivals; from any thread."""
        self._pool.wake()

    def begin(self) -> None:
        """To be called before a drive: finds idle sockets that were closed or have grown old."""
        self._pool.prune(time.monotonic())
        self._serve_ready(0.0)

    def step(self) -> bool:
        """Starts what can be started and, unless that ends one, waits for what comes next.

        Returns:
            Whether any fan-out was finished.
        """
        self._admit()
        now = time.monotonic()
        if now >= self._alarm:
            self._look_round(now)
        self._fill(now)
        # A caller whose time has just run out does not wait for the others.
        if not self._any_done():
            self._serve_ready(min(self._alarm - time.monotonic(), _LONGEST_WAIT_SECONDS))
        if not self._any_done():
            return False
        self._fan_outs = deque(each for each in self._fan_outs if not each.done)
        return True

    def end(self, fan_out: FanOut) -> None:
        """To be called after a drive: lets go of its fan-out, be it done or interrupted."""
        for sock, attempt in tuple(self._busy.items()):
            if attempt.fan_out is fan_out:
                self._drop(sock)
        self._admit()
        if fan_out in self._fan_outs:
            self._fan_outs.remove(fan_out)
        self._pool.prune(time.monotonic())

    def close(self) -> None:
        """Closes every socket."""
        self._busy.clear()
        self._pool.close()

    def _any_done(self) -> bool:
        return any(fan_out.done for fan_out in self._fan_outs)

    def _admit(self) -> None:
        while self._arrivals:
            fan_out = self._arrivals.popleft()
            self._fan_outs.append(fan_out)
            self._alarm = min(self._alarm, fan_out.deadline)

    def _fill(self, now: float) -> None:
        """Starts attempts while there is room; the fan-outs take turns."""
        fan_outs = self._fan_outs
        resting = 0
        while resting < len(fan_outs) and len(self._busy) < self._limits.max_in_flight:
            fan_out = fan_outs[0]
            fan_outs.rotate(-1)
            if not fan_out.has_work(now):
                resting += 1
                continue
            if self._bucket is not None and (wait := self._bucket.wait(now)):
                self._alarm = min(self._alarm, now + wait)
                return
            if fan_out.bucket is not None and (wait := fan_out.bucket.wait(now)):
                self._alarm = min(self._alarm, now + wait)
                if self._bucket is not None:
                    self._bucket.give_back()
                resting += 1
                continue
            resting = 0
            self._start(fan_out.next_attempt(now), now, fresh=False)

    def _start(self, attempt: Attempt, now: float, *, fresh: bool) -> None:
        request = attempt.request(now)
        try:
            sock = self._pool.open() if fresh else self._pool.take(now)
        except OSError as error:
            self._pool.doubt_addresses()
            attempt.fan_out.broke(attempt, type(error).__name__, now)
            self._alarm = min(self._alarm, attempt.fan_out.next_due(now))
            return
        sock.start(request)
        self._busy[sock] = attempt
        self._set_expiry(attempt, sock, now)
        self._pool.watch(sock)
        if attempt.retries:
            self._alarm = min(self._alarm, attempt.fan_out.next_due(now))

    def _set_expiry(self, attempt: Attempt, sock: HttpSocket, now: float) -> None:
        limits = self._limits
        patience = limits.request_seconds if sock.connected else limits.connect_seconds
        attempt.expires_at = min(now + patience, attempt.fan_out.deadline)
        self._alarm = min(self._alarm, attempt.expires_at)

    def _serve_ready(self, timeout: float) -> None:
        for sock in self._pool.ready(timeout):
            attempt = self._busy.get(sock)
            if attempt is None:
                self._pool.drop_closed(sock)
            else:
                now = time.monotonic()
                self._serve(sock, attempt, now)
                self._fill(now)  # at once, so that the peer has work while the others are served

    def _serve(self, sock: HttpSocket, attempt: Attempt, now: float) -> None:
        was_connected = sock.connected
        try:
            status = sock.advance()
        except Exception as error:  # noqa: BLE001
            # OSError and MalformedResponseError as a rule. Whatever else it is, it is this post's
            # alone: out of the loop it would leave other callers' posts uncounted for ever.
            self._broke(sock, attempt, error, now)
            return
        if status:
            self._answered(sock, attempt, status, now)
            return
        if sock.connected and not was_connected:
            self._set_expiry(attempt, sock, now)
        self._pool.watch(sock)

    def _answered(self, sock: HttpSocket, attempt: Attempt, status: int, now: float) -> None:
        del self._busy[sock]
        self._pool.release(sock, now)
        attempt.fan_out.answered(attempt, status, now)
        if status >= 429:
            self._alarm = min(self._alarm, attempt.fan_out.next_due(now))

    def _broke(self, sock: HttpSocket, attempt: Attempt, error: Exception, now: float) -> None:
        stale = sock.stale
        # A certificate that is not trusted now will not be trusted on the next try.
        final = isinstance(error, ssl.SSLError) and not sock.connected
        if not sock.connected:
            self._pool.doubt_addresses()
        self._drop(sock)
        if stale:  # a fresh socket never is, so this happens once
            self._start(attempt, now, fresh=True)
            return
        attempt.fan_out.broke(attempt, type(error).__name__, now, final=final)
        self._alarm = min(self._alarm, attempt.fan_out.next_due(now))

    def _drop(self, sock: HttpSocket) -> None:
        del self._busy[sock]
        self._pool.discard(sock)

    def _look_round(self, now: float) -> None:
        """Gives up what has waited too long, and finds the next alarm."""
        for sock, attempt in tuple(self._busy.items()):
            if attempt.expires_at <= now:
                self._expire(sock, attempt, now)
        for fan_out in self._fan_outs:
            if fan_out.deadline <= now:
                fan_out.expire()
        expiries = [attempt.expires_at for attempt in self._busy.values()]
        dues = [fan_out.next_due(now) for fan_out in self._fan_outs if not fan_out.done]
        self._alarm = min([*expiries, *dues], default=math.inf)

    def _expire(self, sock: HttpSocket, attempt: Attempt, now: float) -> None:
        status = sock.status  # known already where only the body's end is missing
        sent = sock.connected
        if not sent:
            self._pool.doubt_addresses()
        self._drop(sock)
        if status:
            attempt.fan_out.answered(attempt, status, now)
        else:
            attempt.fan_out.broke(attempt, "timeout", now, final=sent)
