"""How many listeners a session admits.

The count follows the Connections table by a moment. In a rush more listeners pass the handshake
than the session admits, and the stream closes the last of them (`chalice_app.rosters.notifier`).
"""

from dataclasses import dataclass

from chalice_app.domain.errors import SessionFull
from chalice_app.domain.session import Session

FULL = "the session is full"


@dataclass(frozen=True, slots=True)
class Capacity:
    """The session's own limit or, where it has none, the stage's; 0 is no limit."""

    max_listeners: int

    def is_full(self, session: Session) -> bool:
        """Whether it has as many listeners as it admits."""
        most = self._most_listeners(session)
        return 0 < most <= session.listener_count

    def require_room(self, session: Session) -> None:
        """Checks that one more listener may join.

        Raises:
            SessionFull: the session has as many listeners as it admits.
        """
        if self.is_full(session):
            raise SessionFull(FULL)

    def surplus(self, session: Session) -> int:
        """How many listeners it has beyond those it admits."""
        most = self._most_listeners(session)
        return max(0, session.listener_count - most) if most else 0

    def _most_listeners(self, session: Session) -> int:
        return session.max_listeners or self.max_listeners
