"""What every table in memory has: calls that are counted, and calls that are refused."""

import threading
from collections import Counter

from chalice_app.domain.errors import Unavailable


class MemoryTable:
    """One lock makes each method atomic, as one call of DynamoDB is.

    `calls` counts the methods called; `refusing` names methods that raise Unavailable.
    """

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.refusing: set[str] = set()
        self._lock = threading.RLock()

    def _called(self, method: str) -> None:
        with self._lock:
            self.calls[method] += 1
            if method in self.refusing:
                raise Unavailable("the test refuses it")
