"""What writes cost, by DynamoDB's rules.

A write takes one unit for each started KB of the larger of the item before and after, twice that in
a transaction; one refused by its condition costs the same. An index takes units of its own: one
write for an entry that appears, changes or goes, two where its key changes, none where it stays as
it was. Sources:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html and
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.simulation.expressions import Item

_KB = 1024


@dataclass(frozen=True, slots=True)
class IndexDefinition:
    """A global secondary index; `projected` are attributes besides the keys, None means all."""

    partition_key: str
    sort_key: str
    projected: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class TableDefinition:
    """A table; its key is one string attribute, or two."""

    name: str
    key: str
    indexes: Mapping[str, IndexDefinition]
    sort_key: str | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """The attributes of the key."""
        return (self.key,) if self.sort_key is None else (self.key, self.sort_key)


def write_units(
    table: TableDefinition, before: Item | None, after: Item | None, transactional: bool
) -> int:
    """The units of one write that was done."""
    base = refused_units(before, after, transactional)
    return base + sum(
        _index_units(index, table.key, before, after) for index in table.indexes.values()
    )


def refused_units(before: Item | None, after: Item | None, transactional: bool) -> int:
    """The units of one write that its condition refused: the table's own, none of the indexes."""
    return _units(max(item_size(before), item_size(after))) * (2 if transactional else 1)


def _index_units(index: IndexDefinition, key: str, before: Item | None, after: Item | None) -> int:
    old, new = index_entry(index, key, before), index_entry(index, key, after)
    if old == new:
        return 0
    if old is None or new is None:
        return _units(max(item_size(old), item_size(new)))
    if (
        old[index.partition_key] == new[index.partition_key]
        and old[index.sort_key] == (new[index.sort_key])
    ):
        return _units(max(item_size(old), item_size(new)))
    return _units(item_size(old)) + _units(item_size(new))


def index_entry(index: IndexDefinition, key: str, item: Item | None) -> Item | None:
    """What the index holds of an item: nothing unless the item has both of its keys."""
    if item is None or index.partition_key not in item or index.sort_key not in item:
        return None
    if index.projected is None:
        return item
    wanted = {key, index.partition_key, index.sort_key} | index.projected
    return {name: value for name, value in item.items() if name in wanted}


def _units(size: int) -> int:
    return max(1, -(-size // _KB))


def item_size(item: Item | None) -> int:
    """Bytes of names and values.

    A number takes about one byte for two digits, and one more. Source:
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    """
    if item is None:
        return 0
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(attribute: Mapping[str, Any]) -> int:
    kind, value = next(iter(attribute.items()))
    match kind:
        case "S":
            return len(value.encode())
        case "N":
            number: str = value
            return (len(number.strip("-0")) + 1) // 2 + 1 + number.startswith("-")
        case "B":
            return len(value)
        case "BOOL":
            return 1
    raise ValueError(f"attribute values of type {kind} are not measured here")
