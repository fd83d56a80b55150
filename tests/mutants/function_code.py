"""Changes functions that are imported already: what uses them need not be imported anew."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from types import CodeType, FunctionType

Place = tuple[str, str, int]
"""A function's file, its qualified name and its first line."""


class NotThatWay(Exception):
    """Only a new import shows the change."""


def loaded(objects: Iterable[object]) -> Mapping[Place, list[FunctionType]]:
    """The functions among some objects."""
    found: dict[Place, list[FunctionType]] = {}
    for each in objects:
        if isinstance(each, FunctionType):
            found.setdefault(_place(each.__code__), []).append(each)
    return found


def change(
    functions: Mapping[Place, list[FunctionType]], file: str, before: str, after: str
) -> None:
    """Gives the functions of a file the code that another text of the file has for them.

    Raises:
        NotThatWay: a function cannot be told from another one, or has other free variables.
    """
    old, new = _codes(file, before), _codes(file, after)
    places = Counter(map(_place, old))
    names = Counter(code.co_qualname for code in old)
    same = names == Counter(code.co_qualname for code in new)
    numbered = dict(_numbered(new))
    for key, code in _numbered(old):
        changed = numbered.get(key)
        if changed == code:
            continue
        for function in functions.get(_place(code), ()):
            ambiguous = places[_place(code)] > 1 or (names[code.co_qualname] > 1 and not same)
            if changed is None or ambiguous or changed.co_freevars != code.co_freevars:
                raise NotThatWay(code.co_qualname)
            function.__code__ = changed


def _place(code: CodeType) -> Place:
    return code.co_filename, code.co_qualname, code.co_firstlineno


def _numbered(codes: Iterable[CodeType]) -> Iterator[tuple[tuple[str, int], CodeType]]:
    """A number tells those of one name apart, such as a property and its setter."""
    numbers: Counter[str] = Counter()
    for code in codes:
        numbers[code.co_qualname] += 1
        yield (code.co_qualname, numbers[code.co_qualname]), code


def _codes(file: str, text: str) -> list[CodeType]:
    return list(_within(compile(text, file, "exec", dont_inherit=True)))


def _within(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _within(constant)
