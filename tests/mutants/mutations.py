"""Every way to change one place of a module, as a careless edit would.

Changed are comparisons, conditions, `and`/`or`/`not`, sums, constants, keyword arguments that are
constants, answers that are booleans, and calls whose result is unused. Left alone is what a unit
test could not notice: docstrings, type annotations and imports for these, `Protocol` bodies,
`__all__`, `__slots__`, the words of an error or a log line, `strict` of `zip` (it says what the
code around it ensures), and the flags of `@dataclass` (mypy holds `frozen`; `slots` only saves
memory).
"""

import ast
import builtins
import copy
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from chalice_app.domain import errors

_COMPARED: Mapping[type[ast.cmpop], Sequence[ast.cmpop]] = {
    ast.Lt: (ast.LtE(), ast.GtE()),
    ast.LtE: (ast.Lt(), ast.Gt()),
    ast.Gt: (ast.GtE(), ast.LtE()),
    ast.GtE: (ast.Gt(), ast.Lt()),
    ast.Eq: (ast.NotEq(),),
    ast.NotEq: (ast.Eq(),),
    ast.Is: (ast.IsNot(),),
    ast.IsNot: (ast.Is(),),
    ast.In: (ast.NotIn(),),
    ast.NotIn: (ast.In(),),
}
_CALCULATED: Mapping[type[ast.operator], ast.operator] = {
    ast.Add: ast.Sub(),
    ast.Sub: ast.Add(),
    ast.Mult: ast.Add(),
    ast.Div: ast.Mult(),
    ast.FloorDiv: ast.Mult(),
}
_LOG_METHODS = {"debug", "info", "warning", "error", "exception", "critical", "log"}
_OF_TYPES = {"TypeVar", "NewType", "ParamSpec", "Literal", "cast", "dataclass"}
_UNREAD_NAMES = {"__all__", "__slots__"}
_ERRORS = {
    name
    for module in (builtins, errors)
    for name, value in vars(module).items()
    if isinstance(value, type) and issubclass(value, Exception)
}
_BODIES = ("body", "orelse", "finalbody", "handlers", "cases")

Change = tuple[ast.AST, ast.AST]
"""A node, and what stands in its place."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One changed place.

    `start` and `end` are offsets in the module's UTF-8 text. `number` tells mutants of equal keys
    apart: the same change in two equal statements of a module.
    """

    module: str
    lines: range
    start: int
    end: int
    statement: str
    before: str
    after: str
    number: int = 0

    @property
    def key(self) -> tuple[str, str, str]:
        """The module, the statement as `ast` writes it, and the change: lines may move."""
        return self.module, self.statement, f"{self.before} → {self.after}"

    def applied(self, source: str) -> str:
        """The module's text with the change in it."""
        text = source.encode()
        return (text[: self.start] + self.after.encode() + text[self.end :]).decode()


def sample(mutants: Iterable[Mutant], size: int, seed: int) -> list[Mutant]:
    """Those that a seed draws.

    The order is that of a hash of each mutant's key. So the same seed draws the same mutants again
    when others come, go or move.
    """

    def place(mutant: Mutant) -> bytes:
        return hashlib.sha256(repr((seed, mutant.key, mutant.number)).encode()).digest()

    return sorted(mutants, key=place)[:size]


def mutants_of(module: str, source: str) -> list[Mutant]:
    """Every mutant of a module."""
    seen: Counter[tuple[str, str, str]] = Counter()
    numbered = []
    for mutant in _Finder(module, source).found():
        numbered.append(replace(mutant, number=seen[mutant.key]))
        seen[mutant.key] += 1
    return numbered


@dataclass(frozen=True, slots=True)
class _Place:
    """What surrounds a node."""

    statement: ast.AST
    text: ast.JoinedStr | None = None
    """The outermost f-string: Python 3.11 does not know where its parts stand."""
    prose: bool = False
    """Within an error that is made, or a log line."""
    answers_bool: bool = False

    def of(self, node: ast.AST) -> "_Place":
        """The same for a node's parts."""
        place = self
        if isinstance(node, ast.stmt):
            place = replace(place, statement=node)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            place = replace(place, answers_bool=_name(node.returns) == "bool")
        if isinstance(node, ast.JoinedStr) and self.text is None:
            place = replace(place, text=node)
        if isinstance(node, ast.Raise) or _is_log_call(node) or _name(node) in _ERRORS:
            place = replace(place, prose=True)
        return place


class _Finder:
    """Walks through one module."""

    def __init__(self, module: str, source: str) -> None:
        self._module = module
        self._tree = ast.parse(source)
        self._text = source.encode()
        lengths = [len(line) for line in self._text.splitlines(keepends=True)]
        self._line_starts = [0, *accumulate(lengths)]

    def found(self) -> Iterator[Mutant]:
        """Every mutant, from the top."""
        for statement in self._tree.body:
            yield from self._within(statement, _Place(statement))

    def _within(self, node: ast.AST, outer: _Place) -> Iterator[Mutant]:
        if _is_left_alone(node):
            return
        place = outer.of(node)
        for old, new in _changes(node, place):
            yield self._mutant(old, new, place)
        for part in _parts(node):
            yield from self._within(part, place)

    def _mutant(self, old: ast.AST, new: ast.AST, place: _Place) -> Mutant:
        statement = _header(place.statement)
        whole = place.text or old
        after = _swapped(place.text, old, new) if place.text else _written(new)
        start, end = self._offsets(whole)
        simple = not any(hasattr(place.statement, body) for body in _BODIES)
        first, last = _lines(place.statement if simple else whole)
        return Mutant(
            self._module, range(first, last + 1), start, end, statement, ast.unparse(whole), after
        )

    def _offsets(self, node: ast.AST) -> tuple[int, int]:
        assert isinstance(node, ast.expr | ast.stmt)
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return (
            self._line_starts[node.lineno - 1] + node.col_offset,
            self._line_starts[node.end_lineno - 1] + node.end_col_offset,
        )


def _lines(node: ast.AST) -> tuple[int, int]:
    assert isinstance(node, ast.expr | ast.stmt)
    return node.lineno, node.end_lineno or node.lineno


def _header(statement: ast.AST) -> str:
    """A statement without the statements in it."""
    header = copy.copy(statement)
    for body in _BODIES:
        if hasattr(header, body):
            setattr(header, body, [])
    return ast.unparse(header)


class _Swap(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self._old = old
        self._new = new

    def visit(self, node: ast.AST) -> ast.AST:
        return self._new if node is self._old else self.generic_visit(node)


def _swapped(text: ast.JoinedStr, old: ast.AST, new: ast.AST) -> str:
    """An f-string with another part."""
    written = ast.unparse(_Swap(old, new).visit(text))
    _Swap(new, old).visit(text)
    return written


def _written(node: ast.AST) -> str:
    """Python's text for a node, in parentheses where these could be needed."""
    text = ast.unparse(node)
    safe = ast.Constant | ast.JoinedStr | ast.Name | ast.Attribute | ast.Call | ast.stmt
    return text if isinstance(node, safe) else f"({text})"


def _name(node: ast.AST | None) -> str:
    """The last word of a name or of what is called or subscribed: `List` of `typing.List[int]`."""
    match node:
        case ast.Name(name) | ast.Attribute(attr=name):
            return name
        case ast.Call(func=inner) | ast.Subscript(value=inner):
            return _name(inner)
    return ""


def _is_log_call(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and _name(node.func) in _LOG_METHODS


def _is_left_alone(node: ast.AST) -> bool:
    match node:
        case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant()):
            return True
        case ast.ClassDef(bases=bases):
            return "Protocol" in map(_name, bases)
        case ast.If(test=test):
            return _name(test) == "TYPE_CHECKING"
        case ast.Call() | ast.Subscript():
            return _name(node) in _OF_TYPES
        case ast.Assign(targets=[target]):
            return _name(target) in _UNREAD_NAMES
    return False


def _told(call: ast.Call) -> Iterator[ast.keyword]:
    """The keyword arguments that change what a call does."""
    return (each for each in call.keywords if (_name(call), each.arg) != ("zip", "strict"))


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    """What a node is made of, without names of types."""
    of_types = {
        ast.AnnAssign: {"annotation"},
        ast.arg: {"annotation"},
        ast.FunctionDef: {"returns"},
        ast.AsyncFunctionDef: {"returns"},
        ast.ClassDef: {"bases", "keywords"},
        ast.FormattedValue: {"format_spec"},
    }
    if isinstance(node, ast.Call):
        yield from (node.func, *node.args, *_told(node))
        return
    for field, value in ast.iter_fields(node):
        if field not in of_types.get(type(node), ()):
            yield from (
                part
                for part in (value if isinstance(value, list) else [value])
                if isinstance(part, ast.AST)
            )


def _changes(node: ast.AST, place: _Place) -> Iterator[Change]:
    """What can be changed at a node itself."""
    yield from ((node, new) for new in _other_forms(node, place))
    match node:
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
            yield from _negated(test)
        case ast.comprehension(ifs=tests):
            for test in tests:
                yield from _negated(test)
        case ast.Return(value=ast.expr() as value) if place.answers_bool:
            yield from _negated(value)


def _negated(test: ast.expr) -> Iterator[Change]:
    """A condition that has no operator to change."""
    if isinstance(test, ast.Name | ast.Attribute | ast.Call | ast.Subscript | ast.NamedExpr):
        yield test, ast.UnaryOp(ast.Not(), test)


def _other_forms(node: ast.AST, place: _Place) -> Iterator[ast.AST]:
    yield from _other_comparisons(node)
    yield from _other_operators(node)
    match node:
        case ast.Constant(value):
            yield from (ast.Constant(other) for other in _other_values(value, place.prose))
        case ast.Call(function, arguments, keywords):
            for keyword in _told(node):
                if keyword.arg and isinstance(keyword.value, ast.Constant):
                    rest = [each for each in keywords if each is not keyword]
                    yield ast.Call(function, arguments, rest)
        case ast.Expr(value=ast.Call()):
            yield ast.Pass()


def _other_comparisons(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Compare):
        for index, operator in enumerate(node.ops):
            for other in _COMPARED[type(operator)]:
                others = [*node.ops[:index], other, *node.ops[index + 1 :]]
                yield ast.Compare(node.left, others, node.comparators)


def _other_operators(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.BoolOp(operator, values):
            yield ast.BoolOp(ast.Or() if isinstance(operator, ast.And) else ast.And(), values)
        case ast.UnaryOp(ast.Not(), operand):
            yield operand
        case ast.BinOp(left, operator, right) if type(operator) in _CALCULATED:
            yield ast.BinOp(left, _CALCULATED[type(operator)], right)
        case ast.AugAssign(target, operator, value) if type(operator) in _CALCULATED:
            yield ast.AugAssign(target, _CALCULATED[type(operator)], value)


def _other_values(value: object, prose: bool) -> Iterator[bool | float | str | bytes]:
    """What could stand where a constant does."""
    match value:
        case bool():
            yield not value
        case int() | float():
            yield value + 1
        case str() if not (prose and " " in value):
            yield f"XX{value}"
        case bytes():
            yield b"XX" + value
