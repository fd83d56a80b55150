"""Fan-out: one message to many connections, and the rows of those that are gone removed."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalice_app.delivery.ports import Gateway, GoneConnections
from chalice_app.domain.clock import Clock
from chalice_app.domain.errors import Unavailable
from chalice_app.domain.reports import Posted
from chalice_app.wire import outgoing

_log = logging.getLogger(__name__)

NOTICE_SECONDS = 5.0
"""How long a notice (joined, roster, error, sessionEnded) is tried for."""

CLOSING_SECONDS = 10.0
"""How long closing is tried for: 80,000 connections at `settings.POSTS_PER_SECOND`. With the notice
before it, well within the 29 s after which API Gateway gives up a request for a session's end."""

LONGEST_HANDSHAKE_MS = 29_000
"""API Gateway answers 410 until `$connect` has returned, and gives it up after this time. Source:
https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
"""

HANDSHAKE_GRACE_MS = 35_000
"""Younger connections are never deleted on 410: such a socket may not be there yet."""


@dataclass(frozen=True, slots=True)
class Broadcast:
    """Posts to connections; what is gone is deleted, and the stream does the rest."""

    gateway: Gateway
    connections: GoneConnections
    clock: Clock

    def send(
        self,
        connection_ids: Sequence[str],
        message: Mapping[str, Any],
        deadline: float,
        share: float = 1.0,
    ) -> Posted:
        """Sends one message to all of them until the deadline (`Clock.monotonic` seconds).

        `share` is the part of the requests a second that is theirs (`ports.Gateway.post`).
        """
        if not connection_ids:
            return Posted()
        data, began = outgoing.encode(message), self.clock.now_ms()
        return self._without_gone(self.gateway.post(connection_ids, data, deadline, share), began)

    def offer(
        self, connection_ids: Sequence[str], message: Mapping[str, Any], seconds: float
    ) -> None:
        """Posts once, within so many seconds, what may be lost; who is gone is left alone."""
        if connection_ids:
            deadline = self.clock.monotonic() + seconds
            self.gateway.post_once(connection_ids, outgoing.encode(message), deadline)

    def notify(self, connection_ids: Sequence[str], message: Mapping[str, Any]) -> Posted:
        """Sends a notice: the same, within `NOTICE_SECONDS`.

        Better twice than never: a page that does not get `joined` shows nothing, a speaker without
        the report does not know what became of the sentence.
        """
        if not connection_ids:
            return Posted()
        deadline = self.clock.monotonic() + NOTICE_SECONDS
        data, began = outgoing.encode(message), self.clock.now_ms()
        return self._without_gone(self.gateway.notify(connection_ids, data, deadline), began)

    def notify_each(self, messages: Mapping[str, bytes]) -> Posted:
        """Sends each connection a notice of its own, encoded."""
        if not messages:
            return Posted()
        deadline = self.clock.monotonic() + NOTICE_SECONDS
        began = self.clock.now_ms()
        return self._without_gone(self.gateway.notify_each(messages, deadline), began)

    def probe(self, connection_ids: Sequence[str]) -> Posted:
        """Asks within `NOTICE_SECONDS` whether sockets are there; `gone` are not, or not yet."""
        if not connection_ids:
            return Posted()
        return self.gateway.probe(connection_ids, self.clock.monotonic() + NOTICE_SECONDS)

    def close(self, connection_ids: Sequence[str], seconds: float = CLOSING_SECONDS) -> Posted:
        """Closes connections, within so many seconds; their `$disconnect` removes the rows."""
        if not connection_ids:
            return Posted()
        return self.gateway.close(connection_ids, self.clock.monotonic() + seconds)

    def _without_gone(self, posted: Posted, began: int) -> Posted:
        """The same, when the rows of those who are gone have been deleted.

        They were gone when the posts began (ms): a handshake may have ended since their answer.
        """
        if posted.gone:
            try:
                self.connections.delete_gone(posted.gone, began - HANDSHAKE_GRACE_MS)
            except Unavailable:
                # The rows have a TTL and the next broadcast finds them gone again: nothing is lost.
                _log.warning("could not delete %d gone connections", len(posted.gone))
        return posted
