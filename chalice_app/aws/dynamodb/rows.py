"""Rows as values of the domain, and what becomes of those that are malformed."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from chalice_app.domain.errors import MalformedRows
from chalice_app.wire.attribute_values import Item

Found = TypeVar("Found")
Row = TypeVar("Row")

_log = logging.getLogger(__name__)


def read_rows(found: Mapping[str, Item], read: Callable[[Item], Row]) -> dict[str, Row]:
    """The values of the rows, by key.

    Raises:
        MalformedRows: some are not what `read` expects.
    """
    return dict(zip(found, read_all(found.items(), read), strict=True))


def read_all(named: Iterable[tuple[str, Item]], read: Callable[[Item], Row]) -> list[Row]:
    """The values of the items, in their order; each item comes with the name that errors give it.

    Raises:
        MalformedRows: some are not what `read` expects.
    """
    rows: list[Row] = []
    malformed: list[str] = []
    for name, item in named:
        try:
            rows.append(read(item))
        except (KeyError, TypeError, ValueError):
            _log.exception("a row of the table is malformed")
            malformed.append(name)
    if malformed:
        raise MalformedRows(malformed)
    return rows


def readable_rows(items: Iterable[Found], read: Callable[[Found], Row]) -> Iterator[Row]:
    """The values of the items; those that are not what `read` expects are logged and left out."""
    for item in items:
        try:
            yield read(item)
        except (KeyError, TypeError, ValueError):
            _log.exception("a row of the table is malformed")


def number(row: Mapping[str, object], name: str) -> int:
    """An attribute that every such row has.

    Raises:
        KeyError, TypeError: the row is malformed.
    """
    value = row[name]
    if not isinstance(value, int):
        raise TypeError(f"{name} must be a number")
    return value


def number_or_none(row: Mapping[str, object], name: str) -> int | None:
    """An attribute that a row may have; raises as `number`."""
    return number(row, name) if name in row else None
