"""Looks for connections that nobody holds any more, also where no caption would find them.

API Gateway does its best to call `$disconnect` and promises no more, and a function may die between
the row it has put and the answer of `$connect`. The next caption to such a connection is answered
410, and its row goes; where nobody speaks it would be counted for two hours, until its TTL. So the
reconciler, which looks through Connections every five minutes anyway, asks the gateway for each of
them. Who has no turn in time has it at a later look: the order is another one each time.

Source of the promise:
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-keys-connect-disconnect.html
"""

import random
from collections.abc import Collection
from dataclasses import dataclass

from chalice_app.bootstrap import Application
from chalice_app.broadcast import HANDSHAKE_GRACE_MS, Broadcast
from chalice_app.models import Connection, Posted

PROBING_SECONDS = 60.0
PROBING_SHARE = 0.25
"""Of the requests a second: captions need the rest. 87,000 connections have a turn at each look."""


@dataclass(frozen=True, slots=True)
class Probe:
    """Asks the gateway who is still there."""

    broadcast: Broadcast

    @classmethod
    def of(cls, application: Application) -> "Probe":
        """Over an application's parts."""
        return cls(application.broadcast)

    def is_due(self, connection: Connection, now_ms: int) -> bool:
        """Whether its handshake is over: before that, the gateway knows no connection."""
        return now_ms - connection.connected_at > HANDSHAKE_GRACE_MS

    def ask(self, connection_ids: Collection[str]) -> Posted:
        """Asks for these connections; the rows of those who are gone are deleted."""
        deadline = self.broadcast.clock.monotonic() + PROBING_SECONDS
        anyhow = random.sample(sorted(connection_ids), len(connection_ids))
        return self.broadcast.probe(anyhow, deadline, PROBING_SHARE)
