"""API Gateway's sockets: a post is answered 410 until the handshake is over, and once it is closed.

`SimulatedGateway` is the production code's end of them: `ports.Gateway`, one call a connection, so
that an invocation may be stopped, or die, between two listeners of one caption.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from botocore.exceptions import ReadTimeoutError

from chalice_app.domain.clock import Clock
from chalice_app.domain.reports import Posted
from tests.simulation.client import SimulatedClient

GONE = 410
SENT = 200


HANDSHAKE_MS = 29_000
"""The longest that API Gateway waits for `$connect`: its integration's time-out."""


@dataclass
class Socket:
    """One socket: it `began` then (ms), and `opens_at` when its handshake is over, None until then.

    API Gateway refuses a handshake that takes too long, whatever `$connect` does after that.
    """

    began: int
    opens_at: int | None = None
    is_closed: bool = False

    def is_refused(self, now_ms: int) -> bool:
        """Whether it will never be open."""
        return self.is_closed or (self.opens_at is None and now_ms - self.began > HANDSHAKE_MS)

    def is_open(self, now_ms: int) -> bool:
        """Whether a post reaches it."""
        return not self.is_closed and self.opens_at is not None and self.opens_at <= now_ms


@dataclass(frozen=True)
class SimulatedGateway:
    """`ports.Gateway` whose requests are calls of the invocation that posts."""

    client: SimulatedClient
    clock: Clock

    def post(
        self, connection_ids: Sequence[str], data: bytes, deadline: float, share: float = 1.0
    ) -> Posted:
        """Posts to one after the other."""
        return self._each("post", connection_ids, json.loads(data), deadline)

    def post_once(self, connection_ids: Sequence[str], data: bytes, deadline: float) -> Posted:
        """The same, of what may be lost."""
        return self._each("post", connection_ids, json.loads(data), deadline)

    def notify(self, connection_ids: Sequence[str], data: bytes, deadline: float) -> Posted:
        """The same, of what may come twice."""
        return self._each("notify", connection_ids, json.loads(data), deadline)

    def notify_each(self, messages: Mapping[str, bytes], deadline: float) -> Posted:
        """The same, to each its own."""
        posted = Posted()
        for connection_id, data in messages.items():
            posted += self._each("notify", [connection_id], json.loads(data), deadline)
        return posted

    def probe(self, connection_ids: Sequence[str], deadline: float, share: float = 1.0) -> Posted:
        """Asks one after the other."""
        return self._each("probe", connection_ids, None, deadline)

    def close(self, connection_ids: Sequence[str], deadline: float) -> Posted:
        """Closes one after the other."""
        return self._each("close", connection_ids, None, deadline)

    def _each(
        self, method: str, connection_ids: Sequence[str], message: object, deadline: float
    ) -> Posted:
        delivered = dropped = failed = 0
        gone: list[str] = []
        for connection_id in connection_ids:
            request = {"connection": connection_id, "message": message}
            if self.clock.monotonic() >= deadline:
                self.client.route("dropped", request)
                dropped += 1
                continue
            try:
                status = self.client.route(method, request)["status"]
            except ReadTimeoutError:
                failed += 1
                continue
            if status == GONE:
                gone.append(connection_id)
            else:
                delivered += 1
        return Posted(delivered, tuple(gone), dropped, failed)
