"""Functions that are imported already get the code of another text."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.mutants.function_code import NotThatWay, change, loaded

SOURCE = """
from functools import cache

def counted(number):
    def inner():
        return number + 1
    return inner

two = counted(1)

@cache
def cached():
    return 1

class Box:
    @property
    def size(self):
        return 1

    @size.setter
    def size(self, value):
        self.written = value + 1

pair = (lambda: 1), (lambda: 2)
"""
FILE = "box.py"


@pytest.fixture
def module() -> Mapping[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(SOURCE, FILE, "exec"), names)  # noqa: S102 - the text above
    return names


def changed(module: Mapping[str, Any], old: str, new: str) -> None:
    box = module["Box"]
    functions = [module["counted"], module["two"], module["cached"].__wrapped__]
    functions += [box.size.fget, box.size.fset, *module["pair"]]
    change(loaded([1, *functions]), FILE, SOURCE, SOURCE.replace(old, new))


def test_a_function_that_others_wrap_is_changed(module: Mapping[str, Any]) -> None:
    changed(module, "cached():\n    return 1", "cached():\n    return 2")
    assert module["cached"]() == 2


def test_so_is_one_that_a_function_has_made_at_the_import(module: Mapping[str, Any]) -> None:
    changed(module, "number + 1", "number - 1")
    assert module["two"]() == 0
    assert module["counted"](1)() == 0


def test_functions_of_one_name_are_told_apart(module: Mapping[str, Any]) -> None:
    changed(module, "value + 1", "value - 1")
    box = module["Box"]()
    box.size = 5
    assert (box.size, box.written) == (1, 4)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("lambda: 1", "lambda: 3", id="two in one line"),
        pytest.param("number + 1", "1", id="a variable of the outer function is not used any more"),
        pytest.param("def size(self, value)", "def sizes(self, value)", id="it is gone"),
    ],
)
def test_what_cannot_be_changed_that_way_is_said(
    module: Mapping[str, Any], old: str, new: str
) -> None:
    with pytest.raises(NotThatWay):
        changed(module, old, new)
