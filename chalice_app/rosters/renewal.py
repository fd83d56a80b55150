"""Asks clients to renew their connections before API Gateway closes them.

It closes a connection after two hours, whatever happens on it. A hall that came together would be
cut together, in the middle of a sentence. So the reconciler, which reads all of Connections every
five minutes anyway, asks each connection older than `after_seconds` to come back at a random moment
within `within_seconds`. Listeners come back with the last sequence they heard, and so they miss
nothing; a speaker takes over from itself. The reconciler asks at each look, which is harmless. A
client that does not understand is closed by API Gateway, and comes back then.

Source of the two hours:
https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
"""

from collections.abc import Collection
from dataclasses import dataclass

from chalice_app.delivery.broadcast import Broadcast
from chalice_app.domain.reports import Posted
from chalice_app.domain.session import Connection
from chalice_app.wire import outgoing

ASKING_SECONDS = 60.0
"""Limit of the asking at one look. The next look, still ten minutes ahead, asks the others."""

ASKING_SHARE = 0.25
"""Of the requests a second: captions and returning listeners need the rest."""


@dataclass(frozen=True, slots=True)
class Renewal:
    """Whom to ask, and to come back within how many seconds."""

    broadcast: Broadcast
    after_seconds: int
    within_seconds: int

    def is_due(self, connection: Connection, now_ms: int) -> bool:
        """Whether the connection is so old that API Gateway will close it soon."""
        return now_ms - connection.connected_at >= self.after_seconds * 1000

    def ask(self, connection_ids: Collection[str]) -> Posted:
        """Asks these connections to renew."""
        deadline = self.broadcast.clock.monotonic() + ASKING_SECONDS
        message = outgoing.renew(self.within_seconds * 1000)
        return self.broadcast.send(sorted(connection_ids), message, deadline, ASKING_SHARE)
