"""Closes connections, and notifies each of the reason first.

`$disconnect` then removes the rows, as for every socket that is closed. So a connection costs three
requests of the account's quota (the notice, the closing and `$disconnect`, which is an invocation,
too), and the captions of other halls share it. A large hall is closed in waves for that reason.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum, auto
from time import sleep
from typing import Any

from chalice_app.delivery.broadcast import Broadcast
from chalice_app.domain.errors import NotSpeaker, SessionFull
from chalice_app.sessions.capacity import FULL
from chalice_app.wire import outgoing

HANDSHAKE_WAITS = (0.05, 0.1, 0.2)
"""Seconds between the tries to reach connections that answer 410; most of them have simply left."""

DISPLACING_SECONDS = 1.5
"""Limit of the notice to a former speaker, and again of the closing: the new speaker's handshake
waits for both."""

WAVE_SECONDS = 0.25
CLOSING_SHARE = 0.125
"""Of the requests a second, for closings: with their notices and `$disconnect`s three times that.
At 8,000 a second (`settings.POSTS_PER_SECOND`) 10,000 listeners are closed in 10 s."""

MOST_WAVES = 80
"""20 s: a hall that would take longer is closed faster, for a session's end is a request to API
Gateway, which gives it up after 29 s."""

LONGEST_SECONDS = 24.0
"""When no further wave begins, even if a gateway that hangs has held the others up."""

_log = logging.getLogger(__name__)


class CloseReason(StrEnum):
    """Why a connection is closed from this side."""

    SESSION_ENDED = auto()
    SESSION_EXPIRED = auto()
    SESSION_FULL = auto()
    DISPLACED = auto()


@dataclass(frozen=True, slots=True)
class ConnectionCloser:
    """Notifies connections and closes them; `wait` takes seconds.

    `per_second` is how many requests a second functions may make.
    """

    broadcast: Broadcast
    per_second: int
    wait: Callable[[float], None] = sleep

    def notify_and_close(self, connection_ids: Iterable[str], reason: CloseReason) -> None:
        """Sends each connection the reason, then closes it.

        A connection whose handshake is not over answers 410 and cannot be notified yet. It is tried
        again, and is closed after the last try whether or not it was notified.
        """
        notice = _notice(reason)
        unreached = self._close_in_waves(list(connection_ids), notice)
        for seconds in HANDSHAKE_WAITS:
            if not unreached:
                break
            self.wait(seconds)
            unreached = self._close(unreached, notice)
        self.broadcast.close(unreached)

    def _close_in_waves(
        self, connection_ids: Sequence[str], notice: Mapping[str, Any]
    ) -> Sequence[str]:
        """Closes so many in a quarter of a second; returns those that answer 410."""
        clock = self.broadcast.clock
        size = max(
            int(self.per_second * CLOSING_SHARE * WAVE_SECONDS) or 1,
            -(-len(connection_ids) // MOST_WAVES),
        )
        began = clock.monotonic()
        unreached: list[str] = []
        for start in range(0, len(connection_ids), size):
            since = clock.monotonic() - began
            if since >= LONGEST_SECONDS:
                _log.warning("%d connections were not closed in time", len(connection_ids) - start)
                break
            ahead = start // size * WAVE_SECONDS - since
            if ahead > 0:
                self.wait(ahead)
            unreached += self._close(connection_ids[start : start + size], notice)
        return unreached

    def _close(self, connection_ids: Sequence[str], notice: Mapping[str, Any]) -> Sequence[str]:
        """Notifies and closes; returns those that answer 410, which are not closed."""
        gone = set(self.broadcast.notify(connection_ids, notice).gone)
        self.broadcast.close([each for each in connection_ids if each not in gone])
        return [each for each in connection_ids if each in gone]

    def notify_and_close_former_speaker(self, connection_id: str, request_id: str) -> None:
        """The same, once and in bounded time, within the new speaker's handshake.

        Errors are logged: the former speaker's messages are refused, whether or not it learns why.
        """
        notice = _notice(CloseReason.DISPLACED, request_id)
        deadline = self.broadcast.clock.monotonic() + DISPLACING_SECONDS
        try:
            self.broadcast.send([connection_id], notice, deadline)
            self.broadcast.close([connection_id], DISPLACING_SECONDS)
        except Exception:  # noqa: BLE001
            _log.exception("the former speaker could not be notified")


def _notice(reason: CloseReason, request_id: str = "") -> Mapping[str, Any]:
    match reason:
        case CloseReason.SESSION_ENDED:
            return outgoing.session_ended("ended by the speaker")
        case CloseReason.SESSION_EXPIRED:
            return outgoing.session_ended("its time is over")
        case CloseReason.SESSION_FULL:
            return outgoing.error(SessionFull(FULL), request_id)
        case CloseReason.DISPLACED:
            displaced = NotSpeaker("another connection speaks in this session now")
            return outgoing.error(displaced, request_id)
