"""Finds connections whose client is gone, also where no caption would meet them.

API Gateway does its best to call `$disconnect` and promises no more, and a function may die between
the row it has put and the answer of `$connect`. The next caption to such a connection is answered
410, and its row is deleted; where nobody speaks it would be counted for two hours, until its TTL.
So the reconciler, which reads all of Connections every five minutes anyway, asks the gateway for
each whose handshake is over. A connection that has no turn in time is asked for at a later look:
the order is random each time.

Source of the promise:
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-keys-connect-disconnect.html
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from chalice_app.delivery.broadcast import HANDSHAKE_GRACE_MS
from chalice_app.delivery.ports import Gateway
from chalice_app.domain.clock import Clock
from chalice_app.domain.session import Connection
from chalice_app.sessions.ports import ConnectionStore, SessionStore

CHECK_SECONDS = 60.0
CHECK_SHARE = 0.25
"""Of the requests a second: captions need the rest. At 8,000 a second (`settings.POSTS_PER_SECOND`)
120,000 connections have a turn at each look."""


@dataclass(frozen=True, slots=True)
class LivenessCheck:
    """Asks the gateway which connections still exist."""

    gateway: Gateway
    connections: ConnectionStore
    sessions: SessionStore
    clock: Clock

    def is_due(self, connection: Connection, now_ms: int) -> bool:
        """Whether its handshake is over: before that, the gateway knows no connection."""
        return now_ms - connection.connected_at > HANDSHAKE_GRACE_MS

    def remove_gone(self, connections: Sequence[Connection]) -> int:
        """Deletes the rows of those that the gateway does not know; returns how many they were.

        Raises:
            Unavailable: the tables cannot be written; gone connections are found again.
        """
        shuffled = random.sample(connections, len(connections))
        deadline = self.clock.monotonic() + CHECK_SECONDS
        checked = self.gateway.probe(
            [each.connection_id for each in shuffled], deadline, CHECK_SHARE
        )
        gone = frozenset(checked.gone)
        for each in connections:
            if each.connection_id in gone and not each.is_listener:
                # Before the row is deleted: a `$disconnect` that comes after all looks for the row.
                self.sessions.clear_speaker(each.session_id, each.connection_id)
        if gone:
            self.connections.delete_gone(gone, self.clock.now_ms() - HANDSHAKE_GRACE_MS)
        return len(gone)
