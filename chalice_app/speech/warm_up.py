"""What the first `speak` of a fresh container would wait for, done while its speaker is joining.

Lambda starts a container when a message finds none that is free. The speaker's page asks for the
session's status as soon as it has joined, seconds before it sends a sentence; any client may send a
heartbeat. The answer to either goes out first, then the container is made ready.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WarmUp:
    """Steps that are taken once in a container's life, each whether or not the others succeed."""

    steps: Sequence[Callable[[], object]]
    _turn: Lock = field(default_factory=Lock)

    def once(self) -> None:
        """Takes the steps, the first time it is called. Never raises: `speak` does without them."""
        if not self._turn.acquire(blocking=False):
            return
        for step in self.steps:
            try:
                step()
            except Exception:  # noqa: BLE001 - it is done for a sentence that may never come
                _log.warning("a container could not be made ready", exc_info=True)
