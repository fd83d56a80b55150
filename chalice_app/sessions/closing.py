"""Closes connections, and notifies each of the reason first.

`$disconnect` then removes the rows, as for every socket that is closed.
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

_log = logging.getLogger(__name__)


class CloseReason(StrEnum):
    """Why a connection is closed from this side."""

    SESSION_ENDED = auto()
    SESSION_FULL = auto()
    DISPLACED = auto()


@dataclass(frozen=True, slots=True)
class ConnectionCloser:
    """Notifies connections and closes them; `wait` takes seconds."""

    broadcast: Broadcast
    wait: Callable[[float], None] = sleep

    def notify_and_close(self, connection_ids: Iterable[str], reason: CloseReason) -> None:
        """Sends each connection the reason, then closes it.

        A connection whose handshake is not over answers 410 and cannot be notified yet. It is tried
        again, and is closed after the last try whether or not it was notified.
        """
        notice = _notice(reason)
        unreached: Sequence[str] = list(connection_ids)
        for seconds in (*HANDSHAKE_WAITS, None):
            gone = set(self.broadcast.notify(unreached, notice).gone)
            self.broadcast.close([each for each in unreached if each not in gone])
            unreached = [each for each in unreached if each in gone]
            if not unreached or seconds is None:
                break
            self.wait(seconds)
        self.broadcast.close(unreached)

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
        case CloseReason.SESSION_FULL:
            return outgoing.error(SessionFull(FULL), request_id)
        case CloseReason.DISPLACED:
            displaced = NotSpeaker("another connection speaks in this session now")
            return outgoing.error(displaced, request_id)
