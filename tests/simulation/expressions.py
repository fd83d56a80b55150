"""DynamoDB's expressions, as far as the adapters use them; any other is refused loudly.

Each text is compiled once into closures. Like DynamoDB, a request that names a placeholder which
its expressions do not use, or the reverse, is invalid.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from chalice_app.wire.attribute_values import AttributeValue

Item = Mapping[str, AttributeValue]
Placeholders = Mapping[str, Any]
Condition = Callable[[Item, Placeholders, Placeholders], bool]
Update = Callable[[dict[str, AttributeValue], Placeholders, Placeholders], None]


_NONE: Mapping[str, Any] = {}


class InvalidRequest(Exception):
    """DynamoDB would refuse the request, or the simulation does not know its expression."""


@dataclass(frozen=True, slots=True)
class Expressions:
    """The compiled expressions of one request; `placeholders` are all that they use.

    `kept` is the filter of a query or a scan.
    """

    condition: Condition
    kept: Condition
    updates: tuple[Update, ...]
    projection: tuple[str, ...]
    placeholders: frozenset[str]

    def holds(self, item: Item | None, request: Mapping[str, Any]) -> bool:
        """Whether the condition holds for the item; an absent item has no attributes."""
        names, values = self._placeholders(request)
        return self.condition(item or {}, names, values)

    def updated(self, item: Item, request: Mapping[str, Any]) -> Item:
        """The item after the update."""
        names, values = self._placeholders(request)
        changed = dict(item)
        for update in self.updates:
            update(changed, names, values)
        return changed

    def finds(self, item: Item, request: Mapping[str, Any]) -> bool:
        """Whether a query finds the item, whatever its filter leaves."""
        return self.condition(item, *self._placeholders(request))

    def keeps(self, item: Item, request: Mapping[str, Any]) -> bool:
        """Whether a query or a scan finds the item and its filter leaves it."""
        names, values = self._placeholders(request)
        return self.condition(item, names, values) and self.kept(item, names, values)

    def projected(self, item: Item, request: Mapping[str, Any]) -> Item:
        """What a query shows of an item: all of it, where it asks for nothing less."""
        if not self.projection:
            return item
        names, _ = self._placeholders(request)
        wanted = {names.get(path, path) for path in self.projection}
        return {name: value for name, value in item.items() if name in wanted}

    def _placeholders(self, request: Mapping[str, Any]) -> tuple[Placeholders, Placeholders]:
        names = request.get("ExpressionAttributeNames", _NONE)
        values = request.get("ExpressionAttributeValues", _NONE)
        if names.keys() | values.keys() != self.placeholders:
            raise InvalidRequest(f"placeholders differ from the expressions': {request}")
        return names, values


@lru_cache(maxsize=4096)
def compiled(
    condition: str = "", update: str = "", projection: str = "", filtering: str = ""
) -> Expressions:
    """The expressions of a request."""
    every = f"{condition} {update} {projection} {filtering}"
    return Expressions(
        _condition(condition) if condition else _anything,
        _condition(filtering) if filtering else _anything,
        tuple(_clauses(update)) if update else (),
        tuple(projection.split(", ")) if projection else (),
        frozenset(re.findall(r"[#:]\w+", every)),
    )


def _anything(*_: object) -> bool:
    return True


def _condition(text: str) -> Condition:
    """OR binds weaker than AND; parentheses stand around one side of an OR, if anywhere."""
    parts = [_BRACKETS.sub(r"\1", part) for part in text.split(" OR ")]
    choices = [[_term(term) for term in part.split(" AND ")] for part in parts]
    if len(choices) == 1 and len(choices[0]) == 1:
        return choices[0][0]
    return lambda *about: any(all(term(*about) for term in terms) for terms in choices)


_BRACKETS = re.compile(r"^\((.*)\)$")
_FUNCTION = re.compile(r"(attribute_exists|attribute_not_exists)\(([#\w]+)\)")
_COMPARISON = re.compile(r"([#\w]+) (=|<>|<|<=|>|>=) (:\w+)")
_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _term(text: str) -> Condition:
    if match := _FUNCTION.fullmatch(text):
        wanted, path = match[1] == "attribute_exists", match[2]
        return lambda item, names, _: (names.get(path, path) in item) is wanted
    if match := _COMPARISON.fullmatch(text):
        return _comparison(match[1], _OPERATORS[match[2]], match[3])
    raise InvalidRequest(f"the simulation does not know the condition {text!r}")


def _comparison(path: str, compare: Callable[[Any, Any], bool], value: str) -> Condition:
    def holds(item: Item, names: Placeholders, values: Placeholders) -> bool:
        attribute = item.get(names.get(path, path))
        if attribute is None:
            return False
        other = values[value]
        if "N" in attribute and "N" in other:
            return compare(int(attribute["N"]), int(other["N"]))
        return compare(attribute, other)

    return holds


_COMMA = re.compile(r", (?![^(]*\))")
_SET = re.compile(r"([#\w]+) = (?:(:\w+)|if_not_exists\(([#\w]+), (:\w+)\))")
_ADD = re.compile(r"([#\w]+) (:\w+)")
_NAME = re.compile(r"([#\w]+)")


def _clauses(text: str) -> list[Update]:
    _, *parts = re.split(r"\b(SET|ADD|REMOVE) ", text)
    updates: list[Update] = []
    for verb, clauses in zip(parts[::2], parts[1::2], strict=True):
        pattern, made = _VERBS[verb]
        for clause in _COMMA.split(clauses.strip()):
            match = pattern.fullmatch(clause)
            if match is None:
                raise InvalidRequest(f"the simulation does not know the update {text!r}")
            updates.append(made(*match.groups("")))
    if not updates:
        raise InvalidRequest(f"the simulation does not know the update {text!r}")
    return updates


def _set(path: str, value: str, kept: str, initial: str) -> Update:
    """Sets an attribute to a value or, where that is asked for, to an initial one if it is absent.

    The groups of the form that the text does not have are empty.
    """

    def update(item: dict[str, Any], names: Placeholders, values: Placeholders) -> None:
        item[names.get(path, path)] = values[value]

    def update_once(item: dict[str, Any], names: Placeholders, values: Placeholders) -> None:
        there = item.get(names.get(kept, kept))
        item[names.get(path, path)] = values[initial] if there is None else there

    return update if value else update_once


def _add(path: str, value: str) -> Update:
    def update(item: dict[str, Any], names: Placeholders, values: Placeholders) -> None:
        name = names.get(path, path)
        total = int(item[name]["N"] if name in item else 0) + int(values[value]["N"])
        item[name] = {"N": str(total)}

    return update


def _remove(path: str) -> Update:
    def update(item: dict[str, Any], names: Placeholders, _: Placeholders) -> None:
        item.pop(names.get(path, path), None)

    return update


_VERBS: Mapping[str, tuple[re.Pattern[str], Callable[..., Update]]] = {
    "SET": (_SET, _set),
    "ADD": (_ADD, _add),
    "REMOVE": (_NAME, _remove),
}
