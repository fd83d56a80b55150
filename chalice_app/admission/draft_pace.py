"""At most four drafts a second from a speaker; more are skipped, without an error.

Counted in this process, without a call: a draft is never worth a write. On AWS a speaker's drafts
meet one container as a rule, because each is handled before the next one comes.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from threading import Lock

MOST_A_SECOND = 4
"""The protocol's limit."""

_SECOND_MS = 1_000

_REMEMBERED = 4_096
"""Speakers that a process remembers, the ones that were heard last."""


@dataclass(slots=True)
class DraftPace:
    """The moments of each connection's last drafts, as the gateway got them (epoch ms)."""

    _admitted: OrderedDict[str, deque[int]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def admits(self, connection_id: str, received_at: int) -> bool:
        """Whether the draft may be sent; it counts then. One that was overtaken may not."""
        with self._lock:
            latest = self._admitted.setdefault(connection_id, deque(maxlen=MOST_A_SECOND))
            self._admitted.move_to_end(connection_id)
            if len(self._admitted) > _REMEMBERED:
                self._admitted.popitem(last=False)
            if latest and not self._is_due(latest, received_at):
                return False
            latest.append(received_at)
            return True

    @staticmethod
    def _is_due(latest: deque[int], received_at: int) -> bool:
        if received_at < latest[-1]:
            return False
        return len(latest) < MOST_A_SECOND or received_at - latest[0] >= _SECOND_MS
