"""The tables of the simulation: their definitions, and their rows with all that they once were."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from chalice_app.aws.dynamodb.connections import LISTENERS_INDEX
from tests.simulation.expressions import Item
from tests.simulation.write_units import IndexDefinition, TableDefinition

SESSIONS = TableDefinition("Sessions", "sessionId", {})
CONNECTIONS = TableDefinition(
    "Connections",
    "connectionId",
    {LISTENERS_INDEX: IndexDefinition("sessionId", "targetLanguage", projected=None)},
)
SENTENCES = TableDefinition("Sentences", "sessionKey", {}, "sequence")
ROSTERS = TableDefinition("Rosters", "sessionKey", {}, "connectionId")


def sort_value(value: Mapping[str, Any]) -> str:
    """A sort key's value so that text has its order; whole numbers from 0 have one, too."""
    return str(value["S"]) if "S" in value else str(value["N"]).zfill(16)


Stream = Callable[[str, Item | None, Item | None, bool], None]
"""Takes a change: the row's key, the row before and after, and whether TTL made it."""


class AsOf(NamedTuple):
    """What eventually consistent reads show: the rows of a moment, in milliseconds."""

    moment: int


Lag = int | AsOf
"""How far behind a read is: so many changes of each row, 0 for none, or the rows of a moment."""


class StoredTable:
    """Rows by key, each a value that is never changed but replaced, and their earlier versions.

    The earlier versions are what eventually consistent reads and indexes may still show. `writes`
    counts changes; `now` has the moment of each, in milliseconds.
    """

    def __init__(
        self,
        definition: TableDefinition,
        stream: Stream | None = None,
        now: Callable[[], int] = lambda: 0,
    ) -> None:
        self.definition = definition
        self.rows: dict[str, Item] = {}
        self.writes = 0
        self._now = now
        self._earlier: dict[str, list[Item | None]] = {}
        self._moments: dict[str, list[int]] = {}
        self._stream = stream

    def key_of(self, item: Item) -> str:
        """An item's key; where it has two attributes, the rows of a partition are neighbours."""
        partition: str = item[self.definition.key]["S"]
        sort_key = self.definition.sort_key
        return partition if sort_key is None else f"{partition}/{sort_value(item[sort_key])}"

    def seen(self, key: str, lag: Lag) -> Item | None:
        """The row as it was so many changes ago, or at a moment; 0 is now."""
        if not lag:
            return self.rows.get(key)
        earlier = self._earlier.get(key, [])
        if isinstance(lag, int):
            return earlier[-lag] if lag <= len(earlier) else None
        position = bisect_right(self._moments.get(key, []), lag.moment)
        return earlier[position] if position < len(earlier) else self.rows.get(key)

    def all_seen(self, lag: Lag) -> Iterator[Item]:
        """Every row as it was then."""
        if not lag:
            yield from self.rows.values()
            return
        for key in self._earlier:
            item = self.seen(key, lag)
            if item is not None:
                yield item

    def write(self, key: str, item: Item | None, by_ttl: bool = False) -> None:
        """Replaces, creates or (None) deletes a row; the stream hears of it if it changed."""
        before = self.rows.get(key)
        if before == item:
            return
        self.writes += 1
        self._earlier.setdefault(key, []).append(before)
        self._moments.setdefault(key, []).append(self._now())
        if item is None:
            del self.rows[key]
        else:
            self.rows[key] = item
        if self._stream is not None:
            self._stream(key, before, item, by_ttl)
