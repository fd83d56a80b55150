"""What every table in memory has: calls that are counted, and calls that are refused."""

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import TypeVar

from chalice_app.domain.errors import Unavailable

INDEX_LAG_MS = 2_000
"""How old that is which a read shows that does not ask for consistency, or cannot: an index's."""

_Key = TypeVar("_Key")
_Row = TypeVar("_Row")


class Rows(dict[_Key, _Row]):
    """The rows of a table by key, which know what they once were."""

    def __init__(self, table: "MemoryTable") -> None:
        super().__init__()
        self._table = table
        self._versions: defaultdict[_Key, list[tuple[float, _Row | None]]] = defaultdict(list)

    def __setitem__(self, key: _Key, row: _Row) -> None:
        super().__setitem__(key, row)
        self._versions[key].append((self._table.seconds(), row))

    def __delitem__(self, key: _Key) -> None:
        super().__delitem__(key)
        self._versions[key].append((self._table.seconds(), None))

    def discard(self, key: _Key) -> None:
        """Deletes a row, if it is there."""
        if key in self:
            del self[key]

    def old(self) -> Iterator[tuple[_Key, _Row]]:
        """What an eventually consistent read may show: the rows of `lag_ms` ago."""
        at = self._table.seconds() - self._table.lag_ms / 1000
        for key, versions in self._versions.items():
            seen = [row for since, row in versions if since <= at]
            if seen and seen[-1] is not None:
                yield key, seen[-1]


class MemoryTable:
    """One lock makes each method atomic, as one call of DynamoDB is.

    `calls` counts the methods called; `refusing` names methods that raise Unavailable. `seconds`
    tells the time. Reads that do not ask for consistency are `lag_ms` behind.
    """

    seconds: Callable[[], float] = staticmethod(time.time)
    lag_ms = INDEX_LAG_MS

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.refusing: set[str] = set()
        self._lock = threading.RLock()

    def _called(self, method: str) -> None:
        with self._lock:
            self.calls[method] += 1
            if method in self.refusing:
                raise Unavailable("the test refuses it")
