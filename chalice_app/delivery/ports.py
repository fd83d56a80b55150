"""What delivery needs from the outside: `aws/` provides it, tests provide fakes.

Every method raises `errors.Unavailable` when its service is down or throttled.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from chalice_app.domain.reports import Posted


class GoneConnections(Protocol):
    """The rows of sockets that are gone."""

    def delete_gone(self, connection_ids: Iterable[str], connected_before: int) -> None:
        """Deletes the rows of sockets that are gone, but none connected after that time (ms)."""


class Gateway(Protocol):
    """The sockets' other end: API Gateway's `@connections`."""

    def post(
        self, connection_ids: Sequence[str], data: bytes, deadline: float, share: float = 1.0
    ) -> Posted:
        """Posts the same bytes to every connection, until `deadline` (time.monotonic seconds).

        `share` is the part of the requests a second that these may take, where other functions send
        the rest at the same time. Never raises for what one connection does; every connection is in
        exactly one count.
        """

    def post_once(self, connection_ids: Sequence[str], data: bytes, deadline: float) -> Posted:
        """Posts what may be lost: nothing is retried, and no failure is logged."""

    def notify(self, connection_ids: Sequence[str], data: bytes, deadline: float) -> Posted:
        """Posts what may come twice, so that it is tried oftener, and also where no answer came."""

    def notify_each(self, messages: Mapping[str, bytes], deadline: float) -> Posted:
        """The same where each connection gets a message of its own."""

    def probe(self, connection_ids: Sequence[str], deadline: float, share: float = 1.0) -> Posted:
        """Asks whether connections are open, as `notify` tries: `delivered` are, `gone` are not."""

    def close(self, connection_ids: Sequence[str], deadline: float) -> Posted:
        """Closes connections, until `deadline`: `delivered` are closed, `gone` already were.

        Never raises for what one connection does; every connection is in exactly one count.
        """
