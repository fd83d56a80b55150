"""The mutants of a snippet: what is changed, what is left alone, and how one is put in."""

import ast
from textwrap import dedent

import pytest

from tests.mutants.mutations import Mutant, mutants_of, sample


def changes(source: str) -> list[str]:
    return [mutant.key[-1] for mutant in mutants_of("a.py", dedent(source))]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a < b", ["a < b → (a <= b)", "a < b → (a >= b)"]),
        ("a == b", ["a == b → (a != b)"]),
        ("a is None", ["a is None → (a is not None)"]),
        ("a in b", ["a in b → (a not in b)"]),
        ("a and b", ["a and b → (a or b)"]),
        ("not a", ["not a → a"]),
        ("a + b", ["a + b → (a - b)"]),
        ("a -= b", ["a -= b → a += b"]),
        ("a = True", ["True → False"]),
        ("a = 2", ["2 → 3"]),
        ("a = 0.5", ["0.5 → 1.5"]),
        ("a = 'key'", ["'key' → 'XXkey'"]),
        ("a = b''", ["b'' → b'XX'"]),
        ("a: str = ''", ["'' → 'XX'"]),
        ("f(a)", ["f(a) → pass"]),
        ("a = f(b, c=True)", ["f(b, c=True) → f(b)", "True → False"]),
        ("if a: b", ["a → (not a)"]),
        ("while f(): b", ["f() → (not f())"]),
        ("a = [b for b in c if b.d]", ["b.d → (not b.d)"]),
        ("def f(a=1): ...", ["1 → 2"]),
        ("def f() -> bool: return a", ["a → (not a)"]),
        ("@f(1)\ndef g(): ...", ["1 → 2"]),
        ("match a:\n  case 'b' if c < d: ...", ["'b' → 'XXb'", "c < d → (c <= d)",
                                                "c < d → (c >= d)"]),
        ("try: ...\nexcept E:\n  f()", ["f() → pass"]),
    ],
)  # fmt: skip
def test_one_place_is_changed(source: str, expected: list[str]) -> None:
    assert changes(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        '"""A module."""',
        'def f(a: "X") -> "Y":\n  """A function."""',
        'class C(Protocol):\n  def f(self, a=1): ...',
        '__all__ = ["f"]',
        '__slots__ = ("a",)',
        "import a.b as c",
        'T = TypeVar("T")',
        'Name = Literal["a", "b"]',
        "@dataclass(frozen=True)\nclass C: ...",
        'raise Wrong("only words") from None',
        'def f(): return Conflict("only words")',
        "a = zip(b, c, strict=True)",
        "if TYPE_CHECKING:\n  import a",
        """raise Wrong(f"{', '.join(a)} are wrong")""",
        'a = log.info("so many: %d", b)',
        "def f() -> int: return a",
    ],
)  # fmt: skip
def test_what_no_test_could_notice_is_left_alone(source: str) -> None:
    assert changes(source) == []


def test_a_code_in_an_error_is_no_prose() -> None:
    assert changes('raise Wrong("CODE", f"many words of {a}")') == ["'CODE' → 'XXCODE'"]


def test_parts_of_an_f_string_change_within_it() -> None:
    assert changes('a = f"k#{b + 1}"') == [
        "f'k#{b + 1}' → f'XXk#{b + 1}'",
        "f'k#{b + 1}' → f'k#{b - 1}'",
        "f'k#{b + 1}' → f'k#{b + 2}'",
    ]


def test_a_mutant_is_the_source_with_one_change_in_it() -> None:
    source = "é = 1  # a comment\n\ndef f(\n    a,\n    b=2,\n): ...\n"
    first, second = mutants_of("a.py", source)
    assert first.applied(source) == source.replace("= 1", "= 2")
    assert second.applied(source) == source.replace("b=2", "b=3")
    assert (second.lines, second.statement) == (range(5, 6), "def f(a, b=2):")


def test_the_lines_of_a_simple_statement_are_all_of_it() -> None:
    (mutant,) = mutants_of("a.py", "a = [\n    b,\n    1,\n]\n")
    assert mutant.lines == range(1, 5)


def test_every_mutant_can_be_parsed_and_differs() -> None:
    source = dedent(
        """
        a = f(*b, -1 if c else 2, (d for d in e if not d < 3)) ** 2
        with open("f") as g, h(i=0): j[0:1] = k <= l < m
        """
    )
    for mutant in mutants_of("a.py", source):
        assert ast.dump(ast.parse(mutant.applied(source))) != ast.dump(ast.parse(source))


def test_a_key_survives_lines_that_move_and_equal_keys_are_numbered() -> None:
    source = "def f():\n    g(1)\ndef h():\n    g(1)\n"
    here = mutants_of("a.py", source)
    moved = mutants_of("a.py", "# moved\n\n" + source)
    assert [(each.key, each.number) for each in here] == [
        (("a.py", "g(1)", "g(1) → pass"), 0),
        (("a.py", "g(1)", "1 → 2"), 0),
        (("a.py", "g(1)", "g(1) → pass"), 1),
        (("a.py", "g(1)", "1 → 2"), 1),
    ]
    assert [each.key for each in moved] == [each.key for each in here]


def test_a_seed_draws_the_same_mutants_when_others_come() -> None:
    some = mutants_of("a.py", "\n".join(f"a = {n}" for n in range(50)))
    more = [*mutants_of("b.py", "b = 1"), *some]
    drawn = sample(some, 10, seed=3)
    assert drawn == sample(reversed(some), 10, seed=3)
    assert drawn != sample(some, 10, seed=4)
    with_more: list[Mutant] = sample(more, 11, seed=3)
    assert [each for each in with_more if each.module == "a.py"][:10] == drawn
