"""What the cache's writes cost, told from the stream: a record's images are what DynamoDB bills.

A write takes one unit for each started KB of the larger of the item before and after, twice that in
a transaction. The recency index takes one for an entry that appears, changes or goes, two where it
moves. Sources:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html and
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html
"""

from collections.abc import Iterable, Mapping
from typing import Any

from chalice_app.cache.hits import ROW_PREFIX

_KB = 1024
_PROJECTED = ("cacheKey", "recencyBucket", "lastAccessedAt", "accessCount", "ttl")

Image = Mapping[str, Mapping[str, Any]]


def units(records: Iterable[Mapping[str, Any]], index_factor: int = 1) -> int:
    """The write units of these records' changes.

    Outbox rows and changes of entries are written by transactions, new entries are not; evictions
    are left out. Whether a transaction doubles the index's units, too, is not documented:
    `index_factor` 2 supposes it.
    """
    return sum(_units(record["dynamodb"], record["eventName"], index_factor) for record in records)


def _units(change: Mapping[str, Any], name: str, index_factor: int) -> int:
    old, new = change.get("OldImage") or {}, change.get("NewImage") or {}
    base = _started(max(_size(old), _size(new)))
    if change["Keys"]["cacheKey"]["S"].startswith(ROW_PREFIX):
        return 2 * base
    if name == "MODIFY":
        return 2 * base + index_factor * _index_units(old, new)
    return base + 1 if name == "INSERT" else 0


def _index_units(old: Image, new: Image) -> int:
    before, after = _projected(old), _projected(new)
    if before == after:
        return 0
    moved = old.get("lastAccessedAt") != new.get("lastAccessedAt")
    return _started(_size(before)) + _started(_size(after)) if moved else _started(_size(after))


def _projected(image: Image) -> Image:
    return {name: image[name] for name in _PROJECTED if name in image}


def _started(size: int) -> int:
    return max(1, -(-size // _KB))


def _size(image: Image) -> int:
    return sum(len(name.encode()) + _value(value) for name, value in image.items())


def _value(attribute: Mapping[str, Any]) -> int:
    """Bytes of a value; a number takes one for two digits and one more, a list or map 3 and 1 each.

    Source:
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    """
    ((kind, value),) = attribute.items()
    match kind:
        case "S":
            return len(value.encode())
        case "N":
            return (len(value) + 1) // 2 + 1
        case "L":
            return 3 + sum(1 + _value(each) for each in value)
        case "M":
            return 3 + sum(1 + len(name.encode()) + _value(each) for name, each in value.items())
    raise ValueError(f"attribute values of type {kind} are not measured here")
