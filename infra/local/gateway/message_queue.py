"""One connection's messages on their way to the handler: in order, one at a time, bounded."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import NamedTuple


class Message(NamedTuple):
    """A message (bytes if binary) and when it arrived, in epoch milliseconds."""

    body: str | bytes
    received_at_ms: int


class MessageQueue:
    """Hands messages to `handle` one after the other, beyond a burst at `per_second`.

    On AWS a flood meets processors of its own. Here all share one interpreter, so a client that
    floods waits, and not the others (`GatewayLimits.messages_per_second`).
    A worker lives only while there is something to do: thousands of silent listeners cost nothing.
    """

    def __init__(
        self,
        handle: Callable[[Message], Awaitable[None]],
        limit: int,
        sender_is_gone: Callable[[], bool],
        per_second: float,
        burst: int,
    ) -> None:
        self._handle = handle
        self._limit = limit
        self._sender_is_gone = sender_is_gone
        self._step = 1 / per_second
        self._burst_seconds = burst * self._step
        self._spent_until = 0.0  # monotonic seconds
        self._full = False
        self._waiting: deque[Message] = deque()
        self._worker: asyncio.Task[None] | None = None

    async def put(self, message: Message) -> bool:
        """Queue a message; when `limit` of them wait, only return once all have been handled.

        Meanwhile the caller does not read its socket, which is the back-pressure a client feels.
        If the client leaves instead, what still waits is dropped, and the answer is False. A
        client that sends no faster than its messages are handled has each of them handled, also
        after its end: API Gateway, too, passes every message on when it comes.
        """
        self._waiting.append(message)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        if len(self._waiting) >= self._limit:
            self._full = True
            await self.emptied()
            self._full = False
            return not self._sender_is_gone()
        return True

    async def emptied(self) -> None:
        """Return once everything queued has been handled."""
        if self._worker is not None:
            await self._worker

    async def _work(self) -> None:
        while self._waiting:
            if self._full and self._sender_is_gone():
                self._waiting.clear()
                return
            await self._take_turn()
            await self._handle(self._waiting.popleft())

    async def _take_turn(self) -> None:
        """Waits while the burst is spent, unless the client has left: it sends nothing more."""
        now = time.monotonic()
        self._spent_until = max(self._spent_until, now) + self._step
        early = self._spent_until - now - self._burst_seconds
        if early > 0 and not self._sender_is_gone():
            await asyncio.sleep(early)
