"""Mutants in a small project: who notices them, and what the command says of it."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from tests.mutants.__main__ import ROOT, equivalents, exit_status, line, summary
from tests.mutants.coverage_map import CoverageMap
from tests.mutants.mutations import Mutant, mutants_of
from tests.mutants.runs import Copy, Verdict, copy_of, served

MODULE = "streams/adding.py"
SOURCE = "LIMIT = 3\n\ndef add(a: int, b: int = 0) -> int:\n    return a + b\n"
TEST = "tests/unit/streams/test_adding.py"
TESTS = """
from streams.adding import add

def test_one():
    assert add(1) == 1

def test_two():
    assert add(1, 2) == 3
"""
KEY = {mutant.key[-1]: mutant for mutant in mutants_of(MODULE, SOURCE)}
SAME = replace(KEY["a + b → (a - b)"], after="(b + a)")
SUM, DEFAULT, LIMIT = KEY["a + b → (a - b)"], KEY["0 → 1"], KEY["3 → 4"]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    tree = tmp_path_factory.mktemp("project")
    files: Mapping[str, str] = {
        MODULE: SOURCE,
        TEST: TESTS,
        "pyproject.toml": '[tool.pytest.ini_options]\nmarkers = ["thorough"]\n',
    }
    for name, text in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text, encoding="utf-8")
    shutil.copytree(ROOT / "tests/mutants", tree / "tests/mutants")
    with served(tree, ["tests/unit"]) as copy:
        yield copy


@pytest.fixture(scope="module")
def tests(project: Copy) -> CoverageMap:
    return project.coverage_map(workers=0, tests=["tests/unit"])


def test_the_map_says_which_tests_run_a_line(tests: CoverageMap) -> None:
    assert set(tests.seconds) == {f"{TEST}::test_one", f"{TEST}::test_two"}
    assert tests.lines[MODULE]["1"] == [""]
    assert tests.lines[MODULE]["4"] == [f"{TEST}::test_one", f"{TEST}::test_two"]


@pytest.mark.parametrize(
    ("mutant", "killed_by"), [(SUM, "test_two"), (DEFAULT, "test_one"), (LIMIT, None)]
)
def test_the_test_that_fails_is_named(
    project: Copy, tests: CoverageMap, mutant: Mutant, killed_by: str | None
) -> None:
    expected = killed_by and f"{TEST}::{killed_by}"
    assert project.verdict(mutant, tests) == Verdict(mutant, expected, asked=2)
    assert (project.tree / MODULE).read_text(encoding="utf-8") == SOURCE


def test_one_mutant_leaves_nothing_to_the_next(tests: CoverageMap, project: Copy) -> None:
    with served(project.tree, ["tests/unit"]) as copy:
        first, then = copy.verdict(SUM, tests), copy.verdict(SAME, tests)
    assert (first.killed_by, then.killed_by) == (f"{TEST}::test_two", None)


def test_what_the_likeliest_tests_pass_may_be_left_at_that(
    project: Copy, tests: CoverageMap
) -> None:
    assert project.verdict(SUM, tests, most_rounds=0) == Verdict(SUM, None, asked=0)


def test_a_copy_has_the_project_and_is_gone_afterwards() -> None:
    with copy_of(ROOT) as copy:
        assert (copy.tree / "pyproject.toml").read_bytes() == (ROOT / "pyproject.toml").read_bytes()
        assert not (copy.tree / ".git").exists()
    assert not copy.tree.exists()


def test_too_few_killed_are_a_failure() -> None:
    verdicts = [Verdict(SUM, "a test", 1)] * 97 + [Verdict(LIMIT, None, 2)] * 3
    assert exit_status(verdicts, floor=97) == 0
    assert exit_status(verdicts[1:], floor=97) == 1


def test_a_survivor_is_shown_with_its_statement() -> None:
    verdicts = [Verdict(SUM, "a test", 1), Verdict(LIMIT, None, 2)]
    assert list(summary(verdicts, seconds=5)) == [
        "",
        "survived 2 tests: streams/adding.py:1",
        "    LIMIT = 3",
        "    3 → 4",
        "1 of 2 killed: 50.0%, in 5 s",
    ]
    assert [line(each) for each in verdicts] == [
        "streams/adding.py:4  a + b → (a - b)  a test",
        "streams/adding.py:1  3 → 4  SURVIVED",
    ]


def test_each_equivalent_mutant_has_its_reason() -> None:
    text = '[[equivalent]]\nmodule = "a.py"\nstatement = "a = 1"\nchange = "1 → 2"\nreason = "r"\n'
    assert equivalents(text) == {("a.py", "a = 1", "1 → 2")}
    with pytest.raises(KeyError, match="reason"):
        equivalents(text.replace("reason", "because"))
